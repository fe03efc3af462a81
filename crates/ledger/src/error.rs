//! Why the ledger can't be used, and how to mend it.

use std::{borrow::Cow, io, path::PathBuf};

use ci::{Code, Failure, Kind, files::FileError};
use contract::EnvironmentName;

use crate::{chain::Broken, directory::Holder};

/// The ledger can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// A file of it can't be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The lock's file can't be opened or locked.
    #[error("cannot lock {}", .path.display())]
    Lock {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another run is at work in the environment.
    #[error("{environment} is busy: {holder} is at work there")]
    Busy {
        /// The environment.
        environment: EnvironmentName,
        /// Who.
        holder: Holder,
    },
    /// The history was changed after it was written.
    #[error("the ledger of {environment} was changed after it was written")]
    Broken {
        /// The environment.
        environment: EnvironmentName,
        /// Where.
        source: Broken,
    },
    /// An entry has no form as JSON, which no entry can cause.
    #[error("an entry cannot be written as JSON")]
    Unwritable(#[source] serde_json::Error),
}

impl Failure for LedgerError {
    fn code(&self) -> Code {
        match self {
            Self::File(error) => error.code(),
            Self::Lock { .. } => Code::new("ledger-lock"),
            Self::Busy { .. } => Code::new("environment-busy"),
            Self::Broken { .. } => Code::new("ledger-broken"),
            Self::Unwritable(_) => Code::new("ledger-entry"),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::File(error) => error.kind(),
            Self::Lock { .. } => Kind::World,
            Self::Busy { .. } => Kind::NotYet,
            Self::Broken { .. } => Kind::Refused,
            Self::Unwritable(_) => Kind::Ours,
        }
    }

    fn fix(&self) -> Cow<'static, str> {
        match self {
            Self::File(error) => error.fix(),
            Self::Lock { .. } => "check the ledger's directory and its permissions".into(),
            Self::Busy { .. } => {
                "wait until that run has ended and run again; the lock ends with its process, so nothing needs to be removed".into()
            }
            Self::Broken { .. } => {
                "bring the file back from a copy whose head you remember; never edit it: what it says decides what may be restored".into()
            }
            Self::Unwritable(_) => "please report this".into(),
        }
    }
}
