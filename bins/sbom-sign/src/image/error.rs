//! Why the contents of an image can't be told; never how an image is reached.

use std::borrow::Cow;

use ci::{Code, Failure, Kind};
use contract::Digest;
use oci::OciError;

use crate::catalog::Malformed;

/// An image whose contents would be told wrongly.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The layers.
    #[error(transparent)]
    Image(#[from] OciError),
    /// A list of packages is none.
    #[error("/{path}{}, of layer {layer}, can't be read", in_line(source))]
    Malformed {
        /// The layer.
        layer: Digest,
        /// The file in it.
        path: String,
        /// What is wrong.
        source: Malformed,
    },
    /// A file is longer than it can be.
    #[error("/{path} in layer {layer} is longer than {limit} bytes")]
    TooLong {
        /// The layer.
        layer: Digest,
        /// The file in it.
        path: String,
        /// How long it may be.
        limit: u64,
    },
    /// A list of packages is a link to what is not read.
    #[error("/{path} in layer {layer} is a link to {target}, which is not read as a list of packages")]
    Elsewhere {
        /// The layer.
        layer: Digest,
        /// The link in it.
        path: String,
        /// Where it leads.
        target: String,
    },
    /// More links than are kept.
    #[error("layer {layer} has too many symbolic links")]
    TooManyLinks {
        /// The layer.
        layer: Digest,
    },
    /// More is told than is kept.
    #[error(
        "what the layers tell of packages takes more than {limit} bytes; layer {layer} has the last of it"
    )]
    TooMuch {
        /// The layer.
        layer: Digest,
        /// How many bytes may be kept.
        limit: u64,
    },
    /// Changes to RPM's database that are not in it yet.
    #[error(
        "the RPM database /{database} is not all there is: /{log}, of layer {layer}, holds changes to it"
    )]
    RpmUnfinished {
        /// The layer.
        layer: Digest,
        /// The log in it.
        log: String,
        /// The database.
        database: String,
    },
    /// No package at all.
    #[error("nothing in {digest} says what it is made of")]
    Nothing {
        /// The image.
        digest: Digest,
    },
}

fn in_line(source: &Malformed) -> String {
    source.line.map(|line| format!(", line {line}")).unwrap_or_default()
}

impl Failure for Unreadable {
    fn code(&self) -> Code {
        match self {
            Self::Image(error) => error.code(),
            Self::Malformed { .. } => Code::new("package-database-malformed"),
            Self::TooLong { .. } => Code::new("image-file-too-long"),
            Self::Elsewhere { .. } => Code::new("package-database-elsewhere"),
            Self::TooManyLinks { .. } => Code::new("image-links-endless"),
            Self::TooMuch { .. } => Code::new("image-packages-endless"),
            Self::RpmUnfinished { .. } => Code::new("rpm-database-unfinished"),
            Self::Nothing { .. } => Code::new("image-without-packages"),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Image(error) => error.kind(),
            _ => Kind::Input,
        }
    }

    fn fix(&self) -> Cow<'static, str> {
        match self {
            Self::Image(error) => return error.fix(),
            Self::Malformed { .. } => {
                "find out which step of the build wrote it; a list of packages that is cut off is no list"
            }
            Self::TooLong { .. } | Self::TooManyLinks { .. } | Self::TooMuch { .. } => {
                "check that this is the image you meant; no ordinary one is like this"
            }
            Self::Elsewhere { .. } => "build the image with the database in its place",
            Self::RpmUnfinished { .. } => {
                "run `rpmdb --rebuilddb` as the last step of the build that calls rpm, or let the step end whose rpm was killed"
            }
            Self::Nothing { .. } => {
                "check that this is the image you meant; an SBOM that lists nothing proves nothing: attest one that was made where it was built"
            }
        }
        .into()
    }
}
