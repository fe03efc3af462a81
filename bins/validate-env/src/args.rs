//! What may be typed; never what it means.

use std::path::PathBuf;

use contract::EnvironmentName;

/// Holds env files, or the process environment, against a schema in env-spec syntax.
#[derive(clap::Parser, Debug)]
#[command(
    name = "validate-env",
    version,
    about = "Is this environment's configuration complete, well formed and safe for this release?"
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// The flags that all binaries have.
    #[command(flatten)]
    pub(crate) common: ci::Common,
}

impl ci::Arguments for Args {
    const DEFAULT_COMMAND: Option<&'static str> = Some("check");

    fn common(&self) -> &ci::Common {
        &self.common
    }
}

/// The commands.
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    /// Say what is missing or wrong in env files or the process environment (the default)
    Check(Check),
}

/// What is held against what.
#[derive(clap::Args, Debug)]
pub(crate) struct Check {
    /// What the variables must be, in env-spec syntax
    #[arg(long, value_name = "FILE", default_value = ".env.schema")]
    pub(crate) schema: PathBuf,
    /// An env file; a later one wins. Without any, the process environment is checked
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Vec<PathBuf>,
    /// Check the process environment too; it wins over the files
    #[arg(long)]
    pub(crate) with_process_env: bool,
    /// Where this configuration is for; otherwise what the schema's @currentEnv says
    #[arg(long, value_name = "NAME")]
    pub(crate) environment: Option<EnvironmentName>,
}
