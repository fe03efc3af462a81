//! What was meant: configuration, environment and overrides, typed and checked against each other; never what the world says.

use std::{
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use ci::{Session, Stop};
use config::{Config, Environment, Gate};
use contract::{ComponentName, EnvironmentName, ImageRef};
use ledger::Directory;
use oci::Access;

use crate::{args::Promote, error::Error, named::Named};

/// One promotion, as it was asked for.
pub(crate) struct Context {
    /// The configuration.
    pub config: Config,
    /// Where to.
    pub name: EnvironmentName,
    /// Its part of the configuration.
    pub environment: Environment,
    /// Where the histories lie.
    pub ledger: Directory,
    /// The way into registries.
    pub access: Arc<Access>,
    /// Which release.
    pub release: Named,
    /// The gates that a person decided against.
    pub overrides: Vec<Gate>,
    /// The gates whose time has not come: before the database is touched nobody can prove that it was migrated.
    pub skipped: Vec<Gate>,
    /// The person's reason.
    pub reason: Option<String>,
    /// The record of this run, to which the promotion is added if it is about the same release.
    pub release_file: PathBuf,
}

/// Without `./`, so that the record of this run is known by either spelling.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| *part != Component::CurDir).collect()
}

impl Context {
    /// Reads the configuration and checks what was typed against it.
    pub(crate) fn of(args: Promote, common: &ci::Common, session: &Session) -> Result<Self, Stop> {
        let config = Config::load(&args.config)?;
        let environment = config.environment(&args.environment)?.clone();
        let ledger = Directory::new(config.ledger_directory(session)?);
        let reason = args.reason.filter(|reason| !reason.trim().is_empty());
        let not_allowed = args.overrides.iter().find(|gate| !environment.overridable.contains(gate));
        if let Some(gate) = not_allowed {
            return Err(Error::NotOverridable {
                gate: gate.clone(),
                environment: args.environment,
                overridable: environment.overridable,
            }
            .into());
        }
        if !args.overrides.is_empty() && reason.is_none() {
            return Err(Error::OverrideWithoutReason.into());
        }
        Ok(Self {
            environment,
            ledger,
            access: Access::of_run(session),
            reason,
            name: args.environment,
            release: match args.release {
                Some(Named::File(path)) => Named::File(plain(&path)),
                Some(named) => named,
                None => Named::File(plain(&common.release_file)),
            },
            overrides: args.overrides,
            skipped: Vec::new(),
            release_file: plain(&common.release_file),
            config,
        })
    }

    /// The same promotion, asked before the time of these gates.
    pub(crate) fn skipping(self, gates: Vec<Gate>) -> Self {
        Self { skipped: gates, ..self }
    }

    /// Where a component's images lie for this environment. Every component is configured: facts are not read otherwise.
    pub(crate) fn destination(&self, component: &ComponentName) -> Option<&ImageRef> {
        self.config.image(&self.environment, component)
    }

    /// The environments whose history the gates ask about, besides this one.
    pub(crate) fn upstream(&self) -> Vec<&EnvironmentName> {
        let tests = self.environment.require.smoke_tests.keys();
        let mut names: Vec<&EnvironmentName> = self.environment.after.iter().chain(tests).collect();
        names.sort();
        names.dedup();
        names
    }
}
