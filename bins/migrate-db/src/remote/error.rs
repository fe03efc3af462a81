//! What can go wrong with copies outside of this machine: what, why, whose turn it is; never a signed address, which is a secret.

use std::borrow::Cow;

use ci::{Code, Failure, Kind};
use http::HttpError;
use oci::OciError;

/// Why a copy was not sent, found or fetched.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message says what the variant is")]
pub enum RemoteError {
    #[error("backups can't be kept there: {0}")]
    Place(String),
    #[error("{0}")]
    Key(String),
    #[error("{place} did not do what it was asked")]
    Registry { place: String, source: Box<OciError> },
    #[error("{place} can't be reached")]
    Unreachable { place: String, source: Box<HttpError> },
    #[error("{place} answers {status} to {asked}: {said}")]
    Answer { place: String, asked: &'static str, status: u16, said: String },
    #[error("another copy has the name {name} in {place}")]
    Taken { name: String, place: String },
    #[error("what {place} gives back as {name} is not the backup")]
    Differs { name: String, place: String },
    #[error("there is no copy of a backup of this database in {0}")]
    Missing(String),
}

impl Failure for RemoteError {
    fn code(&self) -> Code {
        match self {
            Self::Place(_) => Code::new("backup-place-invalid"),
            Self::Key(_) => Code::new("backup-key-wrong"),
            Self::Registry { .. } | Self::Unreachable { .. } | Self::Answer { .. } => {
                Code::new("backup-place-failed")
            }
            Self::Taken { .. } | Self::Differs { .. } => Code::new("backup-copy-differs"),
            Self::Missing(_) => Code::new("backup-missing"),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Place(_) | Self::Key(_) => Kind::Input,
            Self::Missing(_) => Kind::Refused,
            _ => Kind::World,
        }
    }

    fn fix(&self) -> Cow<'static, str> {
        match self {
            Self::Place(_) => {
                "write s3://BUCKET/PREFIX with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a repository such as registry.example.com/app-backups or oci:DIR"
            }
            Self::Key(_) => {
                "give --encrypt-to a public key (age1…), and --identity the file that age-keygen wrote for it"
            }
            Self::Answer { status: 401 | 403, .. } => {
                "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION, and that this key may read, write and list there; then run again: the backup lies here, and nothing was removed"
            }
            Self::Registry { .. } | Self::Unreachable { .. } | Self::Answer { .. } => {
                "check the place, its credentials and the way to it, then run again: the backup lies here, and nothing was removed"
            }
            Self::Taken { .. } | Self::Differs { .. } => {
                "find out who writes there; the backup lies here, and nothing was removed"
            }
            Self::Missing(_) => "check the place, and that the database is the one whose backups were sent there",
        }
        .into()
    }
}
