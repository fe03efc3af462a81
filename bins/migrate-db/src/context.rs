//! What was typed, understood: files read, texts parsed; never a look at the database.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use ci::Session;
use config::Config;
use contract::{EnvironmentName, Span};

use crate::{
    args::{self, Args, Command},
    backup::Keep,
    database::Url,
    error::Error,
    layout::{Candidates, Files, Layout},
    policy::PolicyError,
    remote::{Fetch, Identities, Remote},
    repair::Said,
    tool::Tool,
    verify::{self, Query},
};

/// A database, the files for it, and how long to wait.
#[derive(Debug)]
pub struct Target {
    /// Where it is.
    pub url: Url,
    /// The migrations, as far as they are known before the database is.
    pub files: Files,
    /// The tool whose files these are, if it runs them itself.
    pub tool: Option<Tool>,
    /// What the history of another tool means.
    pub others: Others,
    /// How long to wait for another writer.
    pub lock_timeout: Duration,
}

/// What the history of another tool than the files' means for a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Others {
    /// Everything would run a second time.
    Refused,
    /// People know of it.
    Seen,
}

/// What a change of the schema is bound to.
#[derive(Debug)]
pub struct Change {
    /// Where its backup goes.
    pub backups: PathBuf,
    /// How long all its files together may take.
    pub budget: Span,
    /// How many backups stay; all, if nothing is said.
    pub keep: Option<Keep>,
    /// Where a copy of the backup goes.
    pub remote: Option<Remote>,
    /// Whose part of the release record is written.
    pub environment: Option<EnvironmentName>,
}

/// The way up.
#[derive(Debug)]
pub struct Up {
    /// What it is bound to.
    pub change: Change,
    /// The last version to apply, as it was typed.
    pub to: Option<String>,
    /// What to ask afterwards.
    pub queries: Vec<Query>,
    /// Whose ledger judges contract steps.
    pub judge: Option<Judge>,
    /// Where to attest to it, and for which environment.
    pub predicate: Option<(PathBuf, EnvironmentName)>,
}

/// Whose ledger judges contract steps.
#[derive(Clone, Debug)]
pub struct Judge {
    /// The configuration that names it.
    pub config: PathBuf,
    /// The environment.
    pub environment: EnvironmentName,
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
        /// The version to go back to, as it was typed.
        to: String,
    },
    /// Show the history; whether pending ones are a failure, and a newest backup that is older than this.
    Status(Currency, Option<(PathBuf, Span)>),
    /// Ask queries.
    Verify {
        /// What to ask.
        queries: Vec<Query>,
        /// Whether the schema is compared with that of the files.
        drift: Drifting,
        /// How long all of them together may take.
        budget: Span,
    },
    /// Judge the files above this version, or all.
    Lint(Option<String>, Option<Judge>),
    /// Rewrite the history.
    Repair(Said),
    /// Back up.
    Backup {
        /// Into this directory.
        directory: PathBuf,
        /// Where so many stay.
        keep: Option<Keep>,
        /// And there.
        remote: Option<Remote>,
    },
    /// Fetch a copy of a backup.
    Fetch(Fetch),
    /// Restore the newest backup beside the database and do there what `up` would do.
    Rehearse(Up),
}

/// Whether `status` accepts pending migrations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Currency {
    /// It says so.
    Shown,
    /// It fails.
    Required,
}

/// Whether `verify` looks for drift.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Drifting {
    /// It does.
    Looked,
    /// It asks queries only.
    Passed,
}

/// A longer wait is a hang, and SQLite counts in 32 bits.
const LOCK_TIMEOUT_MAX: Duration = Duration::from_hours(24);

/// Where migrations lie if nothing else is said.
const DIRECTORY: &str = "migrations";
/// The configuration that promote reads, too.
const CONFIG: &str = "release.toml";
/// Where a project of Alembic or Django is looked for then.
const HERE: &str = ".";

/// Understands what was typed.
pub fn read(args: Args, session: &Session) -> Result<(Target, Work), Error> {
    Ok(match args.command {
        Command::Plan(typed) => up(typed, session).map(|(target, up)| (target, Work::Plan(up)))?,
        Command::Up(typed) => up(typed, session).map(|(target, up)| (target, Work::Up(up)))?,
        Command::Down { target: typed, change: bound, to } => {
            (target(&typed, Need::MayLack, session)?, Work::Down { change: change(bound, session)?, to })
        }
        Command::Status { target: typed, require_current, backup_dir, max_backup_age } => {
            let currency = if require_current { Currency::Required } else { Currency::Shown };
            (
                target(&typed, Need::Must, session)?,
                Work::Status(currency, max_backup_age.map(|age| (backup_dir, age))),
            )
        }
        Command::Verify { target: typed, verify, drift, budget } => {
            let drift = if drift { Drifting::Looked } else { Drifting::Passed };
            let need = if drift == Drifting::Looked { Need::Must } else { Need::None };
            let target = target(&typed, need, session)?;
            let queries =
                verify.as_deref().map(|file| verify::read(file, target.url.dialect())).transpose()?;
            (target, Work::Verify { queries: queries.unwrap_or_default(), drift, budget })
        }
        Command::Lint { target: typed, since, environment, config } => {
            (target(&typed, Need::Must, session)?, Work::Lint(since, judge(config, environment)?))
        }
        Command::Repair { target: typed, applied, not_applied } => {
            let said = match (applied, not_applied) {
                (Some(version), _) => Said::Applied(version),
                (None, Some(version)) => Said::NotApplied(version),
                (None, None) => Said::Nothing,
            };
            let target = target(&typed, Need::Must, session)?;
            (Target { others: Others::Seen, ..target }, Work::Repair(said))
        }
        Command::Backup { target: typed, backup_dir, keep, upload, encrypt_to } => {
            let remote = remote(upload.as_deref(), &encrypt_to, session)?;
            (target(&typed, Need::None, session)?, Work::Backup { directory: backup_dir, keep, remote })
        }
        Command::Fetch { target: typed, from, backup_dir, name, identity } => {
            let remote = Remote::read(&from, &[], session)?;
            let identities = identity.as_deref().map(Identities::read).transpose()?;
            let fetch = Fetch { remote, directory: backup_dir, name, identities };
            (target(&typed, Need::None, session)?, Work::Fetch(fetch))
        }
        Command::Rehearse { target: typed, backup_dir, budget, verify, environment, config } => {
            let change = args::Change {
                backup_dir,
                budget,
                keep: None,
                upload: None,
                encrypt_to: Vec::new(),
                environment,
            };
            let typed = args::Up { target: typed, change, config, to: None, verify, predicate: None };
            up(typed, session).map(|(target, up)| (target, Work::Rehearse(up)))?
        }
    })
}

fn up(typed: args::Up, session: &Session) -> Result<(Target, Up), Error> {
    let target = target(&typed.target, Need::Must, session)?;
    // clap lets no predicate through without its environment.
    let predicate = typed.predicate.zip(typed.change.environment.clone());
    let queries = typed.verify.as_deref().map(|file| verify::read(file, target.url.dialect()));
    let up = Up {
        queries: queries.transpose()?.unwrap_or_default(),
        judge: judge(typed.config, typed.change.environment.clone())?,
        change: change(typed.change, session)?,
        to: typed.to,
        predicate,
    };
    Ok((target, up))
}

/// Without an environment there is no ledger; a configuration that nobody named may be missing.
fn judge(config: Option<PathBuf>, environment: Option<EnvironmentName>) -> Result<Option<Judge>, Error> {
    if let Some(named) = &config {
        // Else the first contract step would be the first to miss it.
        Config::load(named).map_err(PolicyError::from)?;
    }
    let usual = || Some(PathBuf::from(CONFIG)).filter(|usual| usual.exists());
    let judge = environment.zip(config.or_else(usual));
    Ok(judge.map(|(environment, config)| Judge { config, environment }))
}

/// The password is masked before anything could show it.
fn target(typed: &args::Target, need: Need, session: &Session) -> Result<Target, Error> {
    let lock_timeout = typed.lock_timeout.duration().min(LOCK_TIMEOUT_MAX);
    let url = Url::read(typed.database_url.reveal(), session.env())?;
    if let Some(secret) = url.secret() {
        session.mask(secret);
    }
    let files = files(typed.layout, typed.dir.as_deref(), need)?;
    let tool = match files.candidates {
        Candidates::One(layout) => {
            let (words, address) = (typed.tool.as_deref(), typed.database_url.reveal());
            Tool::of(layout, words, &files.home, address, &url, session.env())?
        }
        _ => None,
    };
    Ok(Target { url, files, tool, others: Others::Refused, lock_timeout })
}

/// Whether a command needs the migrations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Need {
    /// It does.
    Must,
    /// A release that is being left may come without its files; one that says where they are must have them.
    MayLack,
    /// The database is all it looks at.
    None,
}

fn files(layout: Option<Layout>, directory: Option<&Path>, need: Need) -> Result<Files, Error> {
    let usual = match Path::new(DIRECTORY) {
        usual if !usual.exists() && Files::is_project(Path::new(HERE)) => Path::new(HERE),
        usual => usual,
    };
    match (need, directory) {
        (Need::None, _) => Ok(Files::none(layout)),
        (Need::MayLack, None) if !usual.exists() => Ok(Files::none(layout)),
        _ => Files::read(directory.unwrap_or(usual), layout),
    }
}

fn change(typed: args::Change, session: &Session) -> Result<Change, Error> {
    Ok(Change {
        remote: remote(typed.upload.as_deref(), &typed.encrypt_to, session)?,
        backups: typed.backup_dir,
        budget: typed.budget,
        keep: typed.keep,
        environment: typed.environment,
    })
}

fn remote(place: Option<&str>, recipients: &[String], session: &Session) -> Result<Option<Remote>, Error> {
    place.map(|place| Remote::read(place, recipients, session)).transpose()
}
