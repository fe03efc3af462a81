//! What was meant: configuration, environment, target and reason, typed and checked; never what the world says.

use std::{path::PathBuf, sync::Arc};

use ci::{Session, Stop};
use config::{Config, Environment};
use contract::EnvironmentName;
use ledger::Directory;
use oci::Access;

use crate::{
    args::{Rollback, To},
    database::WayDown,
    error::Error,
};

/// One way back, as it was asked for.
pub(crate) struct Context {
    /// The configuration.
    pub(crate) config: Config,
    /// Where.
    pub(crate) name: EnvironmentName,
    /// Its part of the configuration.
    pub(crate) environment: Environment,
    /// Where the histories lie.
    pub(crate) ledger: Directory,
    /// The way into registries, one for the whole run.
    pub(crate) access: Arc<Access>,
    /// Where the incident files lie.
    pub(crate) incidents: PathBuf,
    /// Which release, if one was named.
    pub(crate) to: Option<To>,
    /// The person's reason.
    pub(crate) reason: String,
    /// The record of this run.
    pub(crate) release_file: PathBuf,
}

impl Context {
    /// Reads the configuration and checks what was typed against it.
    pub(crate) fn of(args: Rollback, common: &ci::Common, session: &Session) -> Result<Self, Stop> {
        let config = Config::load(&args.config)?;
        let environment = config.environment(&args.environment)?.clone();
        let directory = config.ledger_directory(session)?;
        if args.reason.trim().is_empty() {
            return Err(Error::NoReason.into());
        }
        Ok(Self {
            ledger: Directory::new(directory),
            access: Access::of_run(session),
            incidents: directory.join("incidents"),
            environment,
            name: args.environment,
            to: args.to,
            reason: args.reason,
            release_file: common.release_file.clone(),
            config,
        })
    }

    /// Whether the configuration says how the schema goes down.
    pub(crate) fn way_down(&self) -> WayDown {
        match self.environment.database.as_ref().and_then(|database| database.down.as_ref()) {
            Some(_) => WayDown::Configured,
            None => WayDown::Missing,
        }
    }
}
