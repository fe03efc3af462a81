//! What was typed, as what it means; never reads the world.

use std::path::PathBuf;

use contract::EnvironmentName;

use crate::args;

/// What is to be checked.
#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) schema: PathBuf,
    pub(crate) sources: Sources,
    pub(crate) environment: Option<EnvironmentName>,
}

/// Where values come from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sources {
    /// The environment of this process.
    Process,
    /// These files, a later one wins.
    Files(Vec<PathBuf>),
    /// These files, and over them the environment of this process.
    FilesAndProcess(Vec<PathBuf>),
}

impl Sources {
    /// The files, in the order in which they are laid over each other.
    pub(crate) fn files(&self) -> &[PathBuf] {
        match self {
            Self::Process => &[],
            Self::Files(files) | Self::FilesAndProcess(files) => files,
        }
    }
}

/// Sorts out which sources are meant.
pub(crate) fn check(typed: args::Check) -> Check {
    let sources = match (typed.env_file, typed.with_process_env) {
        (files, _) if files.is_empty() => Sources::Process,
        (files, false) => Sources::Files(files),
        (files, true) => Sources::FilesAndProcess(files),
    };
    Check { schema: typed.schema, sources, environment: typed.environment }
}
