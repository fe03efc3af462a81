//! What was typed, understood: files read, texts parsed; never a look at the database.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use ci::Session;
use contract::{EnvironmentName, Span};

use crate::{
    args::{self, Args, Command},
    database::Url,
    error::Error,
    layout::{self, Layout, Migration, Version},
    statement::Dialect,
    verify::{self, Query},
};

/// A database and how long to wait for it.
#[derive(Debug)]
pub struct Target {
    /// Where it is.
    pub url: Url,
    /// How long to wait for another writer.
    pub lock_timeout: Duration,
}

/// What a change of the schema is bound to.
#[derive(Debug)]
pub struct Change {
    /// Where its backup goes.
    pub backups: PathBuf,
    /// How long all its files together may take.
    pub budget: Span,
    /// Whose part of the release record is written.
    pub environment: Option<EnvironmentName>,
}

/// The way up.
#[derive(Debug)]
pub struct Up {
    /// What it is bound to.
    pub change: Change,
    /// All migrations of the directory.
    pub migrations: Vec<Migration>,
    /// The last one to apply.
    pub to: Option<Version>,
    /// What to ask afterwards.
    pub queries: Vec<Query>,
    /// Where to attest to it, and for which environment.
    pub predicate: Option<(PathBuf, EnvironmentName)>,
}

/// What to do.
#[derive(Debug)]
pub enum Work {
    /// Show what `up` would do.
    Plan(Up),
    /// Do it.
    Up(Up),
    /// Go back.
    Down {
        /// What it is bound to.
        change: Change,
        /// The migrations of the directory, possibly none: the history keeps the ways back.
        migrations: Vec<Migration>,
        /// The version to go back to.
        to: Version,
    },
    /// Show the history.
    Status {
        /// All migrations of the directory.
        migrations: Vec<Migration>,
        /// Whether pending ones are a failure.
        currency: Currency,
    },
    /// Ask queries.
    Verify {
        /// What to ask.
        queries: Vec<Query>,
        /// How long all of them together may take.
        budget: Span,
    },
    /// Back up into this directory.
    Backup(PathBuf),
}

/// Whether `status` accepts pending migrations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Currency {
    /// It says so.
    Shown,
    /// It fails.
    Required,
}

/// A longer wait is a hang, and SQLite counts in 32 bits.
const LOCK_TIMEOUT_MAX: Duration = Duration::from_hours(24);

/// Where migrations lie if nothing else is said.
const DIRECTORY: &str = "migrations";

/// Understands what was typed.
pub fn read(args: Args, session: &Session) -> Result<(Target, Work), Error> {
    Ok(match args.command {
        Command::Plan(typed) => up(typed, session).map(|(target, up)| (target, Work::Plan(up)))?,
        Command::Up(typed) => up(typed, session).map(|(target, up)| (target, Work::Up(up)))?,
        Command::Down { target: typed, change: bound, to } => {
            let target = target(&typed, session)?;
            let migrations = migrations_if_there(typed.layout, typed.dir.as_deref(), target.url.dialect())?;
            (target, Work::Down { change: change(bound), migrations, to })
        }
        Command::Status { target: typed, require_current } => {
            let currency = if require_current { Currency::Required } else { Currency::Shown };
            let target = target(&typed, session)?;
            let migrations = migrations(&typed, target.url.dialect())?;
            (target, Work::Status { migrations, currency })
        }
        Command::Verify { target: typed, verify, budget } => {
            let target = target(&typed, session)?;
            let queries = verify::read(&verify, target.url.dialect())?;
            (target, Work::Verify { queries, budget })
        }
        Command::Backup { target: typed, backup_dir } => (target(&typed, session)?, Work::Backup(backup_dir)),
    })
}

fn up(typed: args::Up, session: &Session) -> Result<(Target, Up), Error> {
    let target = target(&typed.target, session)?;
    let dialect = target.url.dialect();
    // clap lets no predicate through without its environment.
    let predicate = typed.predicate.zip(typed.change.environment.clone());
    let queries = typed.verify.as_deref().map(|file| verify::read(file, dialect));
    let up = Up {
        migrations: migrations(&typed.target, dialect)?,
        queries: queries.transpose()?.unwrap_or_default(),
        change: change(typed.change),
        to: typed.to,
        predicate,
    };
    Ok((target, up))
}

/// The password is masked before anything could show it.
fn target(typed: &args::Target, session: &Session) -> Result<Target, Error> {
    let lock_timeout = typed.lock_timeout.duration().min(LOCK_TIMEOUT_MAX);
    let url = Url::read(typed.database_url.reveal(), session.env())?;
    if let Some(secret) = url.secret() {
        session.mask(secret);
    }
    Ok(Target { url, lock_timeout })
}

fn change(typed: args::Change) -> Change {
    Change { backups: typed.backup_dir, budget: typed.budget, environment: typed.environment }
}

fn migrations(typed: &args::Target, dialect: Dialect) -> Result<Vec<Migration>, Error> {
    layout::read(typed.layout, typed.dir.as_deref().unwrap_or(Path::new(DIRECTORY)), dialect)
}

/// A release that is being left may come without its files; one that says where they are must have them.
fn migrations_if_there(
    layout: Layout,
    directory: Option<&Path>,
    dialect: Dialect,
) -> Result<Vec<Migration>, Error> {
    match directory {
        None if !Path::new(DIRECTORY).exists() => Ok(Vec::new()),
        _ => layout::read(layout, directory.unwrap_or(Path::new(DIRECTORY)), dialect),
    }
}
