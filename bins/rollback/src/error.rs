//! Why an environment was not taken back, and how to mend it.

use std::{borrow::Cow, fmt};

use ci::{Code, Failure, Kind, process::ProcessError};
use contract::EnvironmentName;

use crate::{args::To, database::Obstacle};

/// A failure of this binary.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The reason is empty.
    #[error("--reason is empty")]
    NoReason,
    /// The ledger is empty.
    #[error("the ledger of {0} is empty: nothing was ever deployed or adopted there")]
    NothingRan(EnvironmentName),
    /// No earlier release counts as good.
    #[error("{environment} has no earlier release that is known to be good")]
    NoneGood {
        /// The environment.
        environment: EnvironmentName,
        /// What was looked at.
        #[source]
        looked_at: LookedAt,
        /// Whether one of them could not be looked at.
        unknown: Unknown,
    },
    /// The release that was named never ran here.
    #[error("{to} never ran in {environment}")]
    NeverRan {
        /// As it was named.
        to: To,
        /// The environment.
        environment: EnvironmentName,
    },
    /// The release that was named was taken back itself.
    #[error("{to} was taken back from {environment} itself, in entry {by}")]
    KnownBad {
        /// As it was named.
        to: To,
        /// The environment.
        environment: EnvironmentName,
        /// The entry.
        by: u64,
    },
    /// The release that was named is the one to be left.
    #[error("{to} is what runs in {environment}")]
    IsPresent {
        /// As it was named.
        to: To,
        /// The environment.
        environment: EnvironmentName,
    },
    /// The code can't go back without the database, and the database can't go back.
    #[error("the code of {0} stays as it is, and the fault is to be mended forwards")]
    StayAndHotfix(EnvironmentName, #[source] Why),
    /// The command that takes the schema down could not be run.
    #[error("the database could not be taken down")]
    DownProcess(#[source] ProcessError),
    /// The command that takes the schema down said no.
    #[error("the command that takes the database down ended with {}", .0.map_or_else(|| "a signal".to_owned(), |status| format!("status {status}")))]
    DownStatus(Option<i32>),
}

/// Whether something could not be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// Everything was seen.
    Nothing,
    /// Something was not.
    Something,
}

/// The releases that were looked at, and what is wrong with each.
#[derive(Debug, thiserror::Error)]
pub(crate) struct LookedAt(pub(crate) Vec<String>);

impl fmt::Display for LookedAt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [] => out.write_str("no other release ran there and was not taken back"),
            said => out.write_str(&said.join("; ")),
        }
    }
}

/// Why the database can't go back.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Why(pub(crate) Obstacle);

impl Failure for Error {
    fn code(&self) -> Code {
        match self {
            Self::NoReason => Code::new("reason-missing"),
            Self::NothingRan(_) => Code::new("nothing-to-roll-back"),
            Self::NoneGood { .. } => Code::new("no-earlier-release"),
            Self::NeverRan { .. } => Code::new("target-never-ran"),
            Self::KnownBad { .. } => Code::new("target-known-bad"),
            Self::IsPresent { .. } => Code::new("target-is-present"),
            Self::StayAndHotfix(..) => Code::new("stay-and-hotfix"),
            Self::DownProcess(_) | Self::DownStatus(_) => Code::new("database-down-failed"),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::NoReason | Self::NothingRan(_) | Self::NeverRan { .. } | Self::IsPresent { .. } => {
                Kind::Input
            }
            Self::NoneGood { unknown: Unknown::Nothing, .. }
            | Self::KnownBad { .. }
            | Self::StayAndHotfix(..) => Kind::Refused,
            Self::NoneGood { .. } | Self::DownProcess(_) | Self::DownStatus(_) => Kind::World,
        }
    }

    fn fix(&self) -> Cow<'static, str> {
        match self {
            Self::NoReason => "say why: it is recorded in the ledger and in the incident",
            Self::NothingRan(_) => "check the ledger's directory; `promote adopt` records what runs today",
            Self::NoneGood { unknown: Unknown::Nothing, .. } => {
                "name a signed release that you know to be good with --to SEQUENCE; `promote status` and the ledger list them"
            }
            Self::NoneGood { .. } => "mend what could not be looked at and run again; nothing was changed",
            Self::NeverRan { .. } => {
                "name an entry or a version of this environment's ledger; for another release use `promote`"
            }
            Self::KnownBad { .. } => "name another one, or promote it again with --override known-bad --reason",
            Self::IsPresent { .. } => "leave --to out to restore the last verified release before it",
            Self::StayAndHotfix(_, Why(Obstacle::Unknown)) => {
                "nothing was switched. Mend the fault in a new release; to make this decidable, attest each migration (`sbom-sign attest --type migration`)"
            }
            Self::StayAndHotfix(_, Why(Obstacle::NoCommand)) => {
                "nothing was switched. Set database.down in release.toml and run again, or mend the fault in a new release"
            }
            Self::StayAndHotfix(..) => {
                "nothing was switched. Mend the fault in a new release; the incident file has what is known"
            }
            Self::DownProcess(_) | Self::DownStatus(_) => {
                "see what it printed above; the code was not switched, and a second run goes on from here"
            }
        }
        .into()
    }
}
