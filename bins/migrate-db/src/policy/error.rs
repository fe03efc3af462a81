//! Why a contract step may not run, or nobody can tell: what, why, whose turn it is; never how it is shown.

use std::borrow::Cow;

use ci::{Code, Failure, Kind, Place};
use config::{ConfigError, LedgerNotPersistent};
use contract::EnvironmentName;
use ledger::LedgerError;

use crate::error::Error;

/// Why a contract step is not let in.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message says what the variant is")]
pub enum PolicyError {
    #[error(
        "version {version} takes away what {runs}, which can still run, may use: nothing has used it since release {since}"
    )]
    TooEarly { place: Place, version: String, since: String, runs: String },
    #[error(
        "version {version} takes something away, and its file says neither since which release nothing in {environment} uses it nor who approved it"
    )]
    Unsaid { place: Place, version: String, environment: EnvironmentName },
    #[error(
        "version {version} says since which release nothing uses what it takes away, and no ledger was named that could tell whether that release runs"
    )]
    NoLedger { place: Place, version: String },
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    NotPersistent(#[from] LedgerNotPersistent),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<PolicyError> for Error {
    fn from(error: PolicyError) -> Self {
        Self::Policy(Box::new(error))
    }
}

impl Failure for PolicyError {
    fn code(&self) -> Code {
        match self {
            Self::TooEarly { .. } => Code::new("contract-too-early"),
            Self::Unsaid { .. } => Code::new("contract-unsaid"),
            Self::NoLedger { .. } => Code::new("contract-unjudged"),
            Self::Config(error) => error.code(),
            Self::NotPersistent(error) => error.code(),
            Self::Ledger(error) => error.code(),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::TooEarly { .. } | Self::Unsaid { .. } => Kind::Refused,
            Self::NoLedger { .. } => Kind::Input,
            Self::Config(error) => error.kind(),
            Self::NotPersistent(error) => error.kind(),
            Self::Ledger(error) => error.kind(),
        }
    }

    fn fix(&self) -> Cow<'static, str> {
        match self {
            Self::TooEarly { .. } => {
                "release it when that release runs and is the one that a rollback would restore; or have it approved, with `approve=TICKET` in the file"
            }
            Self::Unsaid { .. } => {
                "write `-- migrate-db: phase=contract unused-since=VERSION` with the first release that does without it, or `approve=TICKET`"
            }
            Self::NoLedger { .. } => {
                "name the environment with --environment and, if it is not release.toml, the configuration with --config; or have it approved, with `approve=TICKET` in the file"
            }
            Self::Config(error) => return error.fix(),
            Self::NotPersistent(error) => return error.fix(),
            Self::Ledger(error) => return error.fix(),
        }
        .into()
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::TooEarly { place, .. } | Self::Unsaid { place, .. } | Self::NoLedger { place, .. } => {
                Some(place.clone())
            }
            Self::Config(error) => error.place(),
            Self::NotPersistent(_) => None,
            Self::Ledger(error) => error.place(),
        }
    }
}
