//! Why an environment could not be asked or switched, and how to mend it.

use std::{borrow::Cow, path::PathBuf};

use ci::{Code, Failure, InputError, Kind, process::ProcessError};
use contract::ComponentName;

use crate::{InvalidObservation, Running};

/// The environment could not be asked or switched.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// A component's file of variables is not there.
    #[error("the env file of {component}, {}, does not exist", .path.display())]
    EnvFile {
        /// The component.
        component: ComponentName,
        /// The file.
        path: PathBuf,
    },
    /// A variable that configuration hands on is not set.
    #[error("the variable {0}, which the target inherits, is not set")]
    Variable(String),
    /// A variable holds what it can't.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A command could not be run to its end.
    #[error("the {what} command did not end well")]
    Process {
        /// `deploy` or `observe`.
        what: &'static str,
        /// What happened.
        source: ProcessError,
    },
    /// A command said no.
    #[error("the {what} command ended with {}", .status.map_or_else(|| "a signal".to_owned(), |status| format!("status {status}")))]
    Status {
        /// `deploy` or `observe`.
        what: &'static str,
        /// Its exit status; none when a signal ended it.
        status: Option<i32>,
    },
    /// The answer to "what runs?" can't be understood.
    #[error("the observe command does not say what runs")]
    Observation(#[from] InvalidObservation),
    /// The target was switched, and something else runs.
    #[error("the environment runs something else than it was told to: {}", difference(.expected, .running))]
    Differs {
        /// What should run.
        expected: Running,
        /// What runs.
        running: Running,
    },
}

/// Names the components that differ, with both digests.
fn difference(expected: &Running, running: &Running) -> String {
    let short = |side: &Running, name| {
        side.get(name).map_or_else(|| "nothing".to_owned(), |digest| format!("sha256:{}…", digest.short()))
    };
    let names = expected.keys().chain(running.keys().filter(|name| !expected.contains_key(*name)));
    let differing = names.filter(|name| expected.get(*name) != running.get(*name));
    let said = differing
        .map(|name| format!("{name} runs {} instead of {}", short(running, name), short(expected, name)));
    said.collect::<Vec<_>>().join(", ")
}

impl Failure for DeployError {
    fn code(&self) -> Code {
        match self {
            Self::EnvFile { .. } => Code::new("env-file-missing"),
            Self::Variable(_) => Code::new("inherited-variable-missing"),
            Self::Input(error) => error.code(),
            Self::Process { source: ProcessError::Deadline { .. }, .. } => Code::new("deploy-deadline"),
            Self::Process { source, .. } => source.code(),
            Self::Status { what: "observe", .. } => Code::new("observe-failed"),
            Self::Status { .. } => Code::new("deploy-failed"),
            Self::Observation(_) => Code::new("observe-unreadable"),
            Self::Differs { .. } => Code::new("deployed-differs"),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::EnvFile { .. } | Self::Variable(_) | Self::Input(_) => Kind::Input,
            _ => Kind::World,
        }
    }

    fn fix(&self) -> Cow<'static, str> {
        match self {
            Self::EnvFile { .. } => {
                "write it from the secret store before this step, or correct env-files in release.toml"
            }
            Self::Variable(_) => "set it, or take it out of inherit in release.toml",
            Self::Input(error) => return error.fix(),
            Self::Process { source, .. } => return source.fix(),
            Self::Status { what: "observe", .. } => {
                "see what it printed above; run it by hand until it prints component=image@sha256:… for what runs"
            }
            Self::Status { .. } => {
                "see what it printed above, mend the cause and run again; `rollback` takes the environment back"
            }
            Self::Observation(_) => {
                "let it print component=image@sha256:… for each component that runs and nothing else; talk belongs on stderr"
            }
            Self::Differs { .. } => {
                "find out why the script did not switch, or what it observes; until then the release does not count as deployed"
            }
        }
        .into()
    }
}
