//! What is typed: the public contract of the command line; never what it means.

use std::{fmt, path::PathBuf, str::FromStr};

use clap::{Parser, Subcommand};
use contract::{EnvironmentName, Version};

/// What was good, what about the database, and who needs to know?
#[derive(Parser, Debug)]
#[command(name = "rollback", version, about, disable_help_subcommand = true)]
pub struct Args {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
    /// What all binaries share
    #[command(flatten)]
    pub common: ci::Common,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Restore the last verified release, decide about the database (default)
    Run(Rollback),
    /// Show what run would do and change nothing
    Plan(Rollback),
    /// Write the incident file for what runs now and switch nothing
    Incident(Rollback),
}

/// What all three take.
#[derive(clap::Args, Debug)]
pub struct Rollback {
    /// Where
    #[arg(long, value_name = "NAME")]
    pub environment: EnvironmentName,
    /// Which entry or version to restore [default: the last verified one]
    #[arg(long, value_name = "SEQUENCE|VERSION")]
    pub to: Option<To>,
    /// Why; recorded in the ledger and the incident
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "release.toml")]
    pub config: PathBuf,
}

/// How a release of this environment's past is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// By the number of its ledger entry.
    Sequence(u64),
    /// By its version.
    Version(Version),
}

/// The text is neither.
#[derive(Debug, thiserror::Error)]
#[error("expected the number of a ledger entry, such as 3, or a version, such as 1.2.3")]
pub struct InvalidTo;

impl FromStr for To {
    type Err = InvalidTo;

    fn from_str(text: &str) -> Result<Self, InvalidTo> {
        let version = || text.parse().map(Self::Version).map_err(|_| InvalidTo);
        text.parse().map(Self::Sequence).or_else(|_| version())
    }
}

impl fmt::Display for To {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sequence(sequence) => write!(out, "entry {sequence}"),
            Self::Version(version) => version.fmt(out),
        }
    }
}

impl ci::Arguments for Args {
    const DEFAULT_COMMAND: Option<&'static str> = Some("run");

    fn common(&self) -> &ci::Common {
        &self.common
    }
}
