//! Everything that can go wrong with images, told once; never how it is shown.

use std::{borrow::Cow, io, path::PathBuf};

use ci::{Code, Failure, Kind, files::FileError};
use contract::{Digest, ImageRef, InvalidRelease, Location};

use crate::{manifest::InvalidManifest, registry::RegistryError};

/// A question about images was not answered, or a write did not happen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OciError {
    /// A registry.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// No directory, or an empty one.
    #[error("there is no OCI image layout in {}", .0.display())]
    LayoutMissing(PathBuf),
    /// A directory of another form, or a layout that contradicts itself.
    #[error("{} is no OCI image layout of version 1.0.0: {why}", .path.display())]
    LayoutInvalid {
        /// Which directory.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Another process is writing.
    #[error("{} stayed locked by another process for {seconds} s", .path.display())]
    Busy {
        /// What is locked.
        path: PathBuf,
        /// How long we waited.
        seconds: u64,
    },
    /// Nothing carries this name.
    #[error("there is no image {0}")]
    ImageMissing(ImageRef),
    /// An image refers to it, and it is not there.
    #[error("{digest} is missing in {location}")]
    ContentMissing {
        /// What is missing.
        digest: Digest,
        /// Where it should be.
        location: Location,
    },
    /// Damaged or tampered with.
    #[error("the content stored as {expected} is {found}")]
    DigestMismatch {
        /// What it is called.
        expected: Digest,
        /// What it is.
        found: Digest,
    },
    /// Cut off, or described wrongly.
    #[error("{digest} should have {expected} bytes and has {found} or more")]
    SizeMismatch {
        /// Which content.
        digest: Digest,
        /// Its size according to the descriptor.
        expected: u64,
        /// How many bytes were seen.
        found: u64,
    },
    /// Described wrongly.
    #[error("{digest} should be `{expected}` and is `{found}`")]
    TypeMismatch {
        /// Which content.
        digest: Digest,
        /// Its media type according to the descriptor.
        expected: String,
        /// Its media type according to itself.
        found: String,
    },
    /// More bytes than anyone needs.
    #[error("{digest} is larger than {limit} bytes")]
    TooLarge {
        /// Which content.
        digest: Digest,
        /// The limit, in bytes.
        limit: u64,
    },
    /// Bytes that are no manifest.
    #[error("{digest} is no manifest")]
    ManifestInvalid {
        /// Which content.
        digest: Digest,
        /// Why not.
        source: InvalidManifest,
    },
    /// The name of a release, on something else.
    #[error("{image} is {digest}, which is no release manifest")]
    NoRelease {
        /// Which name.
        image: Box<ImageRef>,
        /// What carries it.
        digest: Digest,
    },
    /// A release manifest of another form.
    #[error("the release manifest {digest} cannot be read")]
    ReleaseInvalid {
        /// Which one.
        digest: Digest,
        /// What is wrong with it.
        source: InvalidRelease,
    },
    /// Indexes in indexes, or referrers of referrers, without end.
    #[error("{digest} has more than {limit} {what} below it")]
    Endless {
        /// Where we began.
        digest: Digest,
        /// How many are followed.
        limit: usize,
        /// Of what.
        what: &'static str,
    },
    /// The name belongs to another image.
    #[error("{image} is {from}; it does not move to {to}")]
    TagWouldMove {
        /// Which name.
        image: Box<ImageRef>,
        /// What carries it.
        from: Digest,
        /// What should have got it.
        to: Digest,
    },
    /// One name for two images.
    #[error("the name {0} is given to two images")]
    TagAmbiguous(Box<ImageRef>),
    /// Bytes could not be moved.
    #[error("cannot move the content of {digest}")]
    Transfer {
        /// Which content.
        digest: Digest,
        /// What the system said.
        source: io::Error,
    },
    /// A file of the layout.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file that can't be part of an image.
    #[error("{} cannot be packed: {why}", .path.display())]
    Unpackable {
        /// Which file.
        path: PathBuf,
        /// Why not.
        why: &'static str,
    },
    /// The files changed under our hands.
    #[error("{} changed while it was packed", .0.display())]
    SourceChanged(PathBuf),
    /// An image that has no files for us.
    #[error("no files can be read from {digest}: {why}")]
    NoFiles {
        /// Which image.
        digest: Digest,
        /// Why not.
        why: String,
    },
    /// An index without an image for this platform.
    #[error("{digest} has no image for {platform}{}", offers(.offered))]
    NoPlatform {
        /// The index.
        digest: Digest,
        /// What was asked for.
        platform: String,
        /// The platforms it has, as it names them.
        offered: Vec<String>,
    },
    /// An entry of a layer that would leave the directory, or is no file.
    #[error("the layer {digest} has the entry `{entry}`, which is not unpacked: {why}")]
    Unsafe {
        /// Which layer.
        digest: Digest,
        /// The entry's path.
        entry: String,
        /// Why not.
        why: &'static str,
    },
    /// Bytes that are no archive.
    #[error("the layer {digest} is no readable archive")]
    Archive {
        /// Which layer.
        digest: Digest,
        /// What is wrong with it.
        source: io::Error,
    },
    /// The directory is in use.
    #[error("{} is there already and holds something else", .0.display())]
    TargetDiffers(PathBuf),
}

/// What may be asked for instead.
fn offers(platforms: &[String]) -> String {
    if platforms.is_empty() {
        return ", and names no platform at all".to_owned();
    }
    format!(", only for {}", platforms.join(", "))
}

impl Failure for OciError {
    fn code(&self) -> Code {
        match self {
            Self::Registry(error) => error.code(),
            Self::LayoutMissing(_) => Code::new("layout-missing"),
            Self::LayoutInvalid { .. } => Code::new("layout-invalid"),
            Self::Busy { .. } => Code::new("layout-busy"),
            Self::ImageMissing(_) => Code::new("image-missing"),
            Self::ContentMissing { .. } => Code::new("content-missing"),
            Self::DigestMismatch { .. } => Code::new("digest-mismatch"),
            Self::SizeMismatch { .. } => Code::new("size-mismatch"),
            Self::TypeMismatch { .. } => Code::new("media-type-mismatch"),
            Self::TooLarge { .. } => Code::new("content-too-large"),
            Self::ManifestInvalid { .. } => Code::new("manifest-invalid"),
            Self::NoRelease { .. } => Code::new("release-manifest-expected"),
            Self::ReleaseInvalid { .. } => Code::new("release-manifest-invalid"),
            Self::Endless { .. } => Code::new("image-endless"),
            Self::TagWouldMove { .. } => Code::new("tag-would-move"),
            Self::TagAmbiguous(_) => Code::new("tag-ambiguous"),
            Self::Transfer { .. } => Code::new("content-transfer"),
            Self::File(error) => error.code(),
            Self::Unpackable { .. } => Code::new("pack-file-kind"),
            Self::SourceChanged(_) => Code::new("pack-source-changed"),
            Self::NoFiles { .. } | Self::NoPlatform { .. } => Code::new("unpack-no-files"),
            Self::Unsafe { .. } => Code::new("unpack-unsafe"),
            Self::Archive { .. } => Code::new("layer-invalid"),
            Self::TargetDiffers(_) => Code::new("unpack-target-differs"),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            // What is stored is not what it claims to be, or must not become it: the answer is no.
            Self::DigestMismatch { .. }
            | Self::SizeMismatch { .. }
            | Self::TypeMismatch { .. }
            | Self::TagWouldMove { .. }
            | Self::NoRelease { .. }
            | Self::ReleaseInvalid { .. }
            | Self::Unsafe { .. } => Kind::Refused,
            Self::Busy { .. }
            | Self::ContentMissing { .. }
            | Self::Transfer { .. }
            | Self::SourceChanged(_) => Kind::World,
            Self::Registry(error) => error.kind(),
            Self::File(error) => error.kind(),
            _ => Kind::Input,
        }
    }

    fn fix(&self) -> Cow<'static, str> {
        match self {
            Self::Registry(error) => return error.fix(),
            Self::LayoutMissing(_) => "check the path; relative paths start at the working directory",
            Self::LayoutInvalid { .. } => "name a directory that a tool wrote as an OCI image layout, or a new one",
            Self::Busy { .. } => "let the other process end, then run again",
            Self::ImageMissing(_) => "check the name; `tag-image resolve` shows what a name carries",
            Self::ContentMissing { .. } => "copy the image again from where it is complete",
            Self::DigestMismatch { .. } | Self::SizeMismatch { .. } | Self::TypeMismatch { .. } => {
                "do not use this copy: find out who changed it, remove it, and copy the image again from a source you trust"
            }
            Self::TooLarge { .. } | Self::Endless { .. } => "check that this is the image you meant; no ordinary one is like this",
            Self::ManifestInvalid { .. } => "push the image again with a tool that writes OCI or Docker schema 2 manifests",
            Self::NoRelease { .. } => "find out who gave this name to something else; name the release by a record or a digest",
            Self::ReleaseInvalid { .. } => "find out who wrote it; compare it with docs/release-manifest.schema.json",
            Self::TagWouldMove { .. } => "give the new content a new version; a name that moves proves nothing",
            Self::TagAmbiguous(_) => "name the image by its digest, and remove one of the two entries from index.json",
            Self::Transfer { .. } | Self::SourceChanged(_) => "run again; what is already there is kept",
            Self::File(error) => return error.fix(),
            Self::Unpackable { .. } => "leave it out of the directory",
            Self::NoPlatform { .. } => "ask for a platform that it has, or build the image for this one",
            Self::NoFiles { .. } => "name an image whose layers are tar archives, plain, gzip or zstd",
            Self::Unsafe { .. } => "do not unpack this image; build it again without this entry",
            Self::Archive { .. } => "build the image again",
            Self::TargetDiffers(_) => "name a directory that does not exist yet, one for each digest, or remove this one",
        }
        .into()
    }
}
