//! What was typed; never what it means.

use std::path::PathBuf;

use contract::{EnvironmentName, Span};

/// Does what we deployed really work?
#[derive(clap::Parser)]
#[command(name = "smoke-test", version, about = "Does what we deployed really work?")]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    common: ci::Common,
}

/// The commands.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Send the requests of the suites and judge the answers (default)
    Run(Box<Run>),
    /// Read the suites and list their steps; send nothing
    Check {
        /// Suite files
        #[arg(required = true)]
        suites: Vec<PathBuf>,
    },
}

/// The inputs of `run`.
#[derive(clap::Args)]
pub struct Run {
    /// Suite files
    #[arg(required = true)]
    pub suites: Vec<PathBuf>,
    /// Where the deployment answers: http(s)://host[/prefix]
    #[arg(long, value_name = "URL")]
    pub base_url: String,
    /// The environment it is; decides about `only-in`
    #[arg(long, short = 'e', value_name = "NAME")]
    pub environment: Option<EnvironmentName>,
    /// Set a variable of the suite; repeatable
    #[arg(long, value_name = "NAME=VALUE")]
    pub var: Vec<String>,
    /// The limit for everything but the cleanup
    #[arg(long, value_name = "TIME", default_value = "5m")]
    pub timeout: Span,
    /// Write JUnit XML here
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Write every expectation and answer here, as JSON
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Write the in-toto test result of the one suite here
    #[arg(long, value_name = "FILE")]
    pub predicate: Option<PathBuf>,
}

impl ci::Arguments for Args {
    const DEFAULT_COMMAND: Option<&'static str> = Some("run");

    fn common(&self) -> &ci::Common {
        &self.common
    }
}
