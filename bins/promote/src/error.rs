//! Why a release did not move, and how to mend it.

use std::{borrow::Cow, path::PathBuf};

use ci::{Code, Failure, Kind, Place};
use config::Gate;
use contract::{ComponentName, EnvironmentName, InvalidRelease};
use ledger::Verdict;

use crate::named::Named;

/// A failure of this binary.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A person's decision needs a person's reason.
    #[error("--override is given without --reason")]
    OverrideWithoutReason,
    /// What is adopted is good on somebody's word.
    #[error("the reason is empty")]
    AdoptWithoutReason,
    /// The configuration does not let anyone override this gate.
    #[error("{gate} may not be overridden in {environment}")]
    NotOverridable {
        /// The gate.
        gate: Gate,
        /// The environment.
        environment: EnvironmentName,
        /// The gates that may be.
        overridable: Vec<Gate>,
    },
    /// No ledger knows the release.
    #[error("no release manifest and no environment's ledger knows the release {named}")]
    ReleaseUnknown {
        /// As it was named.
        named: Named,
        /// The releases that are known.
        known: Vec<String>,
    },
    /// Two releases of one version.
    #[error(
        "there are two releases {named} with different digests, in the ledgers or in a ledger and a release manifest"
    )]
    ReleaseAmbiguous {
        /// As it was named.
        named: Named,
    },
    /// The file is no release record.
    #[error("{} is no release record", .path.display())]
    ReleaseInvalid {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: InvalidRelease,
    },
    /// The release and the configuration do not name the same components.
    #[error("the release {}", components(.missing, .extra))]
    ReleaseIncomplete {
        /// Configured and not in the release.
        missing: Vec<ComponentName>,
        /// In the release and not configured.
        extra: Vec<ComponentName>,
    },
    /// A gate said no.
    #[error("{release} may not enter {environment}: {gates}")]
    Refused {
        /// What people call the release.
        release: String,
        /// The environment.
        environment: EnvironmentName,
        /// The gates that decided, in words.
        gates: String,
        /// The worst of their answers.
        verdict: Verdict,
    },
    /// The evidence that let the release in does not hold where it was copied to.
    #[error("the evidence does not hold where {environment} keeps its images: {why}")]
    LostOnTheWay {
        /// The environment.
        environment: EnvironmentName,
        /// What is missing.
        why: String,
    },
    /// Nothing runs that could be adopted.
    #[error("nothing runs in {0} that could be adopted")]
    NothingToAdopt(EnvironmentName),
    /// What runs is not the release that was named.
    #[error("{environment} does not run the release that {} names", .path.display())]
    AdoptsAnother {
        /// The environment.
        environment: EnvironmentName,
        /// The record.
        path: PathBuf,
    },
}

fn components(missing: &[ComponentName], extra: &[ComponentName]) -> String {
    let list = |names: &[ComponentName]| names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match (missing.is_empty(), extra.is_empty()) {
        (false, true) => format!("lacks {}, which release.toml has", list(missing)),
        (true, _) => format!("has {}, which release.toml lacks", list(extra)),
        _ => format!("lacks {} and has {}, unlike release.toml", list(missing), list(extra)),
    }
}

impl Failure for Error {
    fn code(&self) -> Code {
        match self {
            Self::OverrideWithoutReason => Code::new("override-without-reason"),
            Self::AdoptWithoutReason => Code::new("reason-missing"),
            Self::NotOverridable { .. } => Code::new("override-not-allowed"),
            Self::ReleaseUnknown { .. } => Code::new("release-unknown"),
            Self::ReleaseAmbiguous { .. } => Code::new("release-ambiguous"),
            Self::ReleaseInvalid { .. } => Code::new("release-file-invalid"),
            Self::ReleaseIncomplete { .. } => Code::new("release-incomplete"),
            Self::Refused { verdict: Verdict::Error, .. } => Code::new("gate-error"),
            Self::Refused { verdict: Verdict::Pending | Verdict::Inconclusive, .. } => {
                Code::new("promotion-pending")
            }
            Self::Refused { .. } => Code::new("promotion-refused"),
            Self::LostOnTheWay { .. } => Code::new("evidence-lost"),
            Self::NothingToAdopt(_) => Code::new("nothing-to-adopt"),
            Self::AdoptsAnother { .. } => Code::new("adopts-another"),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Refused { verdict: Verdict::Error, .. } => Kind::World,
            Self::Refused { verdict: Verdict::Pending | Verdict::Inconclusive, .. } => Kind::NotYet,
            Self::Refused { .. } | Self::LostOnTheWay { .. } | Self::AdoptsAnother { .. } => Kind::Refused,
            _ => Kind::Input,
        }
    }

    fn fix(&self) -> Cow<'static, str> {
        match self {
            Self::OverrideWithoutReason => "say why with --reason: it is recorded in the ledger".into(),
            Self::AdoptWithoutReason => "say why what runs counts as good: it is recorded in the ledger".into(),
            Self::NotOverridable { overridable, .. } if overridable.is_empty() => {
                "mend what the gate found; overridable in release.toml names no gate here".into()
            }
            Self::NotOverridable { overridable, .. } => {
                let list: Vec<String> = overridable.iter().map(ToString::to_string).collect();
                format!("mend what the gate found; overridable here: {}", list.join(", ")).into()
            }
            Self::ReleaseUnknown { known, .. } if known.is_empty() => {
                "store the release manifest with `tag-image release`, or name a release record; the ledgers know no release yet".into()
            }
            Self::ReleaseUnknown { known, .. } => {
                format!("name one of {}, a release record, or a version that `tag-image release` has stored", known.join(", ")).into()
            }
            Self::ReleaseAmbiguous { .. } => "name it by the digest of one of its components".into(),
            Self::ReleaseInvalid { .. } => {
                "compare it with docs/release.schema.json, or start at `tag-image`".into()
            }
            Self::ReleaseIncomplete { .. } => {
                "let `tag-image` record every component, or correct [components] in release.toml".into()
            }
            Self::Refused { verdict: Verdict::Error, .. } => {
                "mend what could not be looked at and run again; nothing was changed".into()
            }
            Self::Refused { verdict: Verdict::Pending | Verdict::Inconclusive, .. } => {
                "run again later; nothing was changed".into()
            }
            Self::Refused { .. } => {
                "mend what the gates found and run again; nothing was changed. In an emergency: --override GATE --reason TEXT, where release.toml allows it".into()
            }
            Self::LostOnTheWay { .. } => {
                "find out who writes to the destination; the environment was not switched".into()
            }
            Self::NothingToAdopt(_) => "check the observe command, or promote a first release".into(),
            Self::AdoptsAnother { .. } => {
                "leave --release out to adopt what runs without a name, or name the right record".into()
            }
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::ReleaseInvalid { path, .. } => Some(Place { file: path.clone(), line: None }),
            _ => None,
        }
    }
}
