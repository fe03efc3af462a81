//! Images: what holds them behind one trait, how they are copied with their evidence, packed and unpacked; never what a tag should be called.
//!
//! [`open`] gives the [`Repository`] of a location. Bytes are checked against their digest whenever they are read and never rewritten;
//! a tag never moves.

mod attach;
mod blob;
mod descriptor;
mod error;
mod layout;
mod lock;
mod manifest;
pub mod media_type;
mod pack;
mod repository;
mod transfer;
mod tree;
mod unpack;

use contract::Location;

pub use attach::{Artifact, attach};
pub use blob::Blob;
pub use descriptor::{Descriptor, InvalidPlatform, Platform};
pub use error::OciError;
pub use layout::Layout;
pub use manifest::{Content, Image, Index, InvalidManifest, MANIFEST_BYTES_MAX, Manifest};
pub use pack::{Package, Recipe};
pub use repository::{Repository, Role, Stored};
pub use transfer::{DEPTH_MAX, MANIFESTS_MAX, Moved, Transfer, copy, validate};
pub use unpack::{for_platform, unpack};

/// A repository that exists.
///
/// # Errors
/// [`OciError::Registry`] for a registry; otherwise as [`Layout::open`].
pub fn open(location: &Location) -> Result<Box<dyn Repository>, OciError> {
    match location {
        Location::Layout(directory) => Ok(Box::new(Layout::open(directory)?)),
        Location::Registry { .. } => Err(OciError::Registry(location.clone())),
    }
}

/// A repository to write to: a layout that does not exist yet is made by the first write.
///
/// # Errors
/// [`OciError::Registry`] for a registry; otherwise as [`Layout::open_or_new`].
pub fn open_or_new(location: &Location) -> Result<Box<dyn Repository>, OciError> {
    match location {
        Location::Layout(directory) => Ok(Box::new(Layout::open_or_new(directory)?)),
        Location::Registry { .. } => Err(OciError::Registry(location.clone())),
    }
}
