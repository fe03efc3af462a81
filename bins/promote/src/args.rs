//! What is typed: the public contract of the command line; never what it means.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use config::Gate;
use contract::EnvironmentName;

use crate::named::Named;

/// May this release enter that environment, and is it running there now?
#[derive(Parser, Debug)]
#[command(name = "promote", version, about, disable_help_subcommand = true)]
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
    /// Ask the gates, copy, switch, record (default)
    Run(Promote),
    /// Show what run would do, end as it would, and change nothing
    Plan(Plan),
    /// Show what each environment runs
    Status(Status),
    /// Record what runs today as known good, on the first day
    Adopt(Adopt),
    /// Write a release.toml to begin with, where there is none
    Init(Init),
}

/// `plan`.
#[derive(clap::Args, Debug)]
pub struct Plan {
    /// The promotion it is about
    #[command(flatten)]
    pub promotion: Promote,
    /// Leave this gate out, because its time comes later; can be repeated
    #[arg(long, value_name = "GATE")]
    pub skip: Vec<Gate>,
}

/// `run`, and what `plan` shows.
#[derive(clap::Args, Debug)]
pub struct Promote {
    /// Where to
    #[arg(long, value_name = "NAME")]
    pub environment: EnvironmentName,
    /// Which release [default: the release file]
    #[arg(long, value_name = "VERSION|DIGEST|FILE")]
    pub release: Option<Named>,
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "release.toml")]
    pub config: PathBuf,
    /// Let the release in against this gate; can be repeated
    #[arg(long = "override", value_name = "GATE")]
    pub overrides: Vec<Gate>,
    /// Why; recorded, and required by an override
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// `status`.
#[derive(clap::Args, Debug)]
pub struct Status {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "release.toml")]
    pub config: PathBuf,
}

/// `adopt`.
#[derive(clap::Args, Debug)]
pub struct Adopt {
    /// Where
    #[arg(long, value_name = "NAME")]
    pub environment: EnvironmentName,
    /// A record that names what runs, by the same digests
    #[arg(long, value_name = "FILE")]
    pub release: Option<PathBuf>,
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "release.toml")]
    pub config: PathBuf,
    /// Why what runs counts as good; recorded
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

/// `init`.
#[derive(clap::Args, Debug)]
pub struct Init {
    /// The file to write
    #[arg(long, value_name = "FILE", default_value = "release.toml")]
    pub config: PathBuf,
}

impl ci::Arguments for Args {
    const DEFAULT_COMMAND: Option<&'static str> = Some("run");

    fn common(&self) -> &ci::Common {
        &self.common
    }
}
