//! Images: what holds them behind one trait, how they are copied with their evidence, packed and unpacked; never what a tag should be called.
//!
//! [`open`] gives the [`Repository`] of a location. Bytes are checked against their digest whenever they are read and never rewritten;
//! a tag never moves.

mod attach;
mod blob;
mod descriptor;
mod error;
mod layer;
mod layout;
mod lock;
mod manifest;
pub mod media_type;
mod pack;
mod registry;
mod release;
mod repository;
mod transfer;
mod tree;
mod unpack;

use std::sync::Arc;

use contract::Location;

pub use attach::{Artifact, attach};
pub use blob::Blob;
pub use contract::Platform;
pub use descriptor::Descriptor;
pub use error::OciError;
pub use layer::{Allowance, Entry, EntryKind, Room, layers, read_layer};
pub use layout::Layout;
pub use manifest::{Content, Image, Index, InvalidManifest, MANIFEST_BYTES_MAX, Manifest};
pub use pack::{Package, Recipe};
pub use registry::{Access, Registry, RegistryError};
pub use release::{NewRelease, StoredRelease, release};
pub use repository::{Repository, Role, Stored, Write};
pub use transfer::{DEPTH_MAX, MANIFESTS_MAX, Moved, Transfer, copy, legacy_tag, validate};
pub use unpack::{for_platform, unpack};

/// A repository that exists; a registry as anybody sees it.
///
/// # Errors
/// As [`open_with`].
pub fn open(location: &Location) -> Result<Box<dyn Repository>, OciError> {
    open_with(location, &Arc::default())
}

/// A repository to write to: a layout that does not exist yet is made by the first write. A registry as anybody sees it.
///
/// # Errors
/// As [`open_or_new_with`].
pub fn open_or_new(location: &Location) -> Result<Box<dyn Repository>, OciError> {
    open_or_new_with(location, &Arc::default())
}

/// A repository that exists. A registry is not asked before the first question; use one [`Access`] for a whole run, because it keeps
/// connections and tokens.
///
/// # Errors
/// As [`Registry::new`] and [`Layout::open`].
pub fn open_with(location: &Location, access: &Arc<Access>) -> Result<Box<dyn Repository>, OciError> {
    match location {
        Location::Layout(directory) => Ok(Box::new(Layout::open(directory)?)),
        Location::Registry { .. } => Ok(Box::new(Registry::new(location, access)?)),
    }
}

/// A repository to write to: what does not exist yet is made by the first write.
///
/// # Errors
/// As [`Registry::new`] and [`Layout::open_or_new`].
pub fn open_or_new_with(location: &Location, access: &Arc<Access>) -> Result<Box<dyn Repository>, OciError> {
    match location {
        Location::Layout(directory) => Ok(Box::new(Layout::open_or_new(directory)?)),
        Location::Registry { .. } => Ok(Box::new(Registry::new(location, access)?)),
    }
}
