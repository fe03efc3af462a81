//! Can the schema move, did it, and can we go back? The order of the rooms: context → facts → plan → apply → verify → outputs.

pub mod apply;
pub mod args;
pub mod backup;
pub mod context;
pub mod database;
pub mod drift;
pub mod effect;
pub mod error;
pub mod facts;
pub mod layout;
pub mod lint;
pub mod lock;
pub mod outputs;
pub mod plan;
pub mod policy;
pub mod predicate;
pub mod rehearsal;
pub mod remote;
pub mod repair;
pub mod statement;
pub mod tool;
pub mod verify;

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use ci::{Mode, Page, Report, Session, Stop, record::RecordError};
use contract::{EnvironmentName, Release, Span};
use jiff::Timestamp;

use crate::{
    apply::{Bounds, Done},
    backup::{Keep, Wanted},
    context::{Change, Currency, Drifting, Judge, Target, Up, Work},
    database::{Access, Database},
    drift::Drift,
    error::Error,
    facts::{Facts, Sight, Turn},
    plan::{Plan, Standing},
    predicate::{Happened, Predicate},
    remote::{Fetch, Remote},
    repair::{Repair, Said},
    verify::{Answer, Query},
};

pub use args::Args;

/// Runs one command.
pub fn run(args: Args, session: &Session) -> Result<Report, Stop> {
    let (target, work) = context::read(args, session)?;
    match &work {
        Work::Plan(wanted) => Ok(show_plan(&target, wanted, session)?),
        Work::Up(wanted) if session.mode() == Mode::DryRun => Ok(show_plan(&target, wanted, session)?),
        Work::Up(wanted) => up(&target, wanted, session),
        Work::Down { change, to } => down(&target, change, to, session),
        Work::Status(currency, age) => status(&target, *currency, age.as_ref(), session),
        Work::Verify { queries, drift, budget } => verify(&target, queries, *drift, *budget, session),
        Work::Lint(since, judge) => lint(&target, since.as_deref(), judge.as_ref(), session),
        Work::Repair(said) => repair(&target, said, session),
        Work::Backup { directory, keep, remote } => {
            back_up(&target, directory, *keep, remote.as_ref(), session)
        }
        Work::Fetch(wanted) => Ok(fetch(&target, wanted, session)?),
        Work::Rehearse(wanted) => Ok(rehearsal::rehearse(&target, wanted, session)?),
    }
}

fn show_plan(target: &Target, wanted: &Up, session: &Session) -> Result<Report, Error> {
    let (facts, database) = facts::look(target, Access::Read, Turn::Anyones, Sight::Pending)?;
    if let Some(database) = database {
        database.close();
    }
    let plan = plan::up(&target.url, wanted, &facts)?;
    facts::may_contract(&policy::of_plan(&plan, &facts)?, wanted.judge.as_ref(), session)?;
    Ok(outputs::planned(&plan))
}

fn up(target: &Target, wanted: &Up, session: &Session) -> Result<Report, Stop> {
    let started = Instant::now();
    let record = Record::read(wanted.change.environment.as_ref(), session)?;
    let sight = if wanted.predicate.is_some() { Sight::All } else { Sight::Pending };
    let (facts, database) = facts::look(target, Access::Write, Turn::Ours, sight)?;
    let plan = plan::up(&target.url, wanted, &facts)?;
    facts::may_contract(&policy::of_plan(&plan, &facts)?, wanted.judge.as_ref(), session)?;
    let mut database = match database {
        Some(database) => database,
        None => facts::connect(target, Access::Create)?,
    };
    let (mut done, mut answers) = (Done::default(), Vec::new());
    let result =
        apply::apply(&plan, &facts, database.as_mut(), bounds(target, &wanted.change), session, &mut done)
            .and_then(|()| answer(database.as_mut(), &wanted.queries, wanted.change.budget, &mut answers));
    database.close();
    let report = outputs::changed(&plan, &done, &answers);
    let attested =
        result.and_then(|()| attest(&plan, &facts, wanted, &done, session.now() + started.elapsed()));
    finish(report, attested, record, &plan, &done, session)
}

/// Asks the queries and keeps the answers even if they are wrong: they are what the reader needs then.
fn answer(
    database: &mut dyn Database,
    queries: &[Query],
    budget: Span,
    answers: &mut Vec<Answer>,
) -> Result<(), Error> {
    if queries.is_empty() {
        return Ok(());
    }
    *answers = verify::ask(database, queries, budget)?;
    verify::judge(answers)
}

fn attest(
    plan: &Plan<'_>,
    facts: &Facts,
    wanted: &Up,
    done: &Done,
    finished_on: Timestamp,
) -> Result<(), Error> {
    let Some((path, environment)) = &wanted.predicate else { return Ok(()) };
    let happened = Happened {
        environment,
        after: &plan.after,
        applied: &outputs::taken(plan, done),
        facts,
        backup: done.backup.as_ref(),
        finished_on,
    };
    Predicate::of(&happened).write(path)
}

/// The release record, read before anything changes: one of another commit must stop the run while there is something to stop.
struct Record {
    release: Release,
    environment: EnvironmentName,
}

impl Record {
    fn read(environment: Option<&EnvironmentName>, session: &Session) -> Result<Option<Self>, RecordError> {
        let read = |environment: &EnvironmentName| {
            Ok(Self { release: session.release()?, environment: environment.clone() })
        };
        environment.map(read).transpose()
    }
}

/// Adds a finished change to the release record, and keeps the report of one that failed.
fn finish(
    report: Report,
    result: Result<(), Error>,
    record: Option<Record>,
    plan: &Plan<'_>,
    done: &Done,
    session: &Session,
) -> Result<Report, Stop> {
    if let Err(error) = result {
        return Err(Stop::with(report, error));
    }
    let Some(Record { mut release, environment }) = record else { return Ok(report) };
    release.environment(&environment).database = Some(outputs::record(plan, done));
    match session.save(&release) {
        Ok(()) => Ok(report),
        Err(error) => Err(Stop::with(report, error)),
    }
}

fn down(target: &Target, change: &Change, to: &str, session: &Session) -> Result<Report, Stop> {
    let record = Record::read(change.environment.as_ref(), session)?;
    let access = if session.mode() == Mode::DryRun { Access::Read } else { Access::Write };
    let (mut facts, mut database) = facts::look_at_existing(target, access, Turn::of(session.mode()))?;
    if facts.tool.is_some() {
        // Only a release that has all files knows the way back.
        plan::compare(&facts)?;
        facts.see(Sight::All)?;
    }
    let mut ways_back = Vec::new();
    for row in plan::above(&facts, to)? {
        let failed = |source| Error::Database { doing: "reading the history", source };
        let kept = match facts.layout.history().kept_way_back(&facts.place, &row.version) {
            Some(question) => {
                database.texts(&question).map_err(failed)?.into_iter().flatten().flatten().next()
            }
            None => None,
        };
        let migration = facts.migrations.iter().find(|one| one.version == row.version);
        ways_back.push((row, plan::way_back(row, kept.as_deref(), migration)?));
    }
    let plan = plan::down(&target.url, &change.backups, &facts, ways_back)?;
    let plan = Plan { remote: change.remote.as_ref(), ..plan };
    if session.mode() == Mode::DryRun {
        database.close();
        return Ok(outputs::planned(&plan));
    }
    let mut done = Done::default();
    let result = apply::apply(&plan, &facts, database.as_mut(), bounds(target, change), session, &mut done);
    database.close();
    let report = outputs::changed(&plan, &done, &[]);
    finish(report, result, record, &plan, &done, session)
}

fn bounds(target: &Target, change: &Change) -> Bounds {
    Bounds { budget: change.budget, patience: target.lock_timeout, keep: change.keep }
}

fn status(
    target: &Target,
    currency: Currency,
    age: Option<&(PathBuf, Span)>,
    session: &Session,
) -> Result<Report, Stop> {
    let (facts, mut database) = facts::look_at_existing(target, Access::Read, Turn::Anyones)?;
    let find = |(directory, _): &(PathBuf, Span)| {
        backup::find(database.as_mut(), directory, &target.url, session.now())
    };
    let found = age.map(find).transpose();
    database.close();
    let (standings, found) = (plan::compare(&facts)?, found?);
    let report = outputs::status(&target.url.to_string(), &facts, &standings, found.as_ref(), session);
    if let Some((found, (directory, max))) = found.zip(age)
        && let Err(error) = found.young(directory, *max, session.now())
    {
        return Err(Stop::with(report, error));
    }
    let mut pending = standings.iter().filter(|(_, standing)| *standing == Standing::Pending);
    match (currency, pending.next()) {
        (Currency::Required, Some((first, _))) => {
            let error = Error::Pending { count: 1 + pending.count(), first: first.version.clone() };
            Err(Stop::with(report, error))
        }
        _ => Ok(report),
    }
}

fn verify(
    target: &Target,
    queries: &[Query],
    drift: Drifting,
    budget: Span,
    session: &Session,
) -> Result<Report, Stop> {
    let mut answers = Vec::new();
    if !queries.is_empty() {
        let mut database = facts::existing(target, Access::Read)?;
        let result = answer(database.as_mut(), queries, budget, &mut answers);
        database.close();
        if let Err(error) = result {
            return Err(Stop::with(outputs::verified(&answers, &Drift::default()), error));
        }
    }
    if drift == Drifting::Passed || session.mode() == Mode::DryRun {
        return Ok(outputs::verified(&answers, &Drift::default()));
    }
    let change = Change { backups: PathBuf::new(), budget, keep: None, remote: None, environment: None };
    let drift = drift::look(target, change, session)?;
    let report = outputs::verified(&answers, &drift);
    if drift.is_none() {
        return Ok(report);
    }
    Err(Stop::with(report, Error::Drift { live: drift.live.len(), files: drift.files.len() }))
}

fn lint(
    target: &Target,
    since: Option<&str>,
    judge: Option<&Judge>,
    session: &Session,
) -> Result<Report, Stop> {
    let mut facts = facts::files(target)?;
    facts.see(Sight::All)?;
    let remarks = lint::lint(&facts, since)?;
    let report = lint::report(&remarks, facts.migrations.len());
    // Without an environment there is nobody whose releases a step could break.
    let contracts = match judge {
        Some(_) => {
            policy::of_files(&facts, since).and_then(|steps| facts::may_contract(&steps, judge, session))
        }
        None => Ok(()),
    };
    match lint::judged(&remarks).and(contracts) {
        Ok(()) => Ok(report),
        Err(error) => Err(Stop::with(report, error)),
    }
}

fn repair(target: &Target, said: &Said, session: &Session) -> Result<Report, Stop> {
    let access = if session.mode() == Mode::DryRun { Access::Read } else { Access::Write };
    let (facts, mut database) = facts::look_at_existing(target, access, Turn::of(session.mode()))?;
    let repair = Repair::of(&target.url, &facts, said)?;
    let result = match session.mode() {
        Mode::DryRun => Ok(()),
        Mode::Apply => apply::repair(&repair, &facts, database.as_mut(), session),
    };
    database.close();
    result?;
    Ok(outputs::repaired(&repair))
}

fn back_up(
    target: &Target,
    directory: &Path,
    keep: Option<Keep>,
    remote: Option<&Remote>,
    session: &Session,
) -> Result<Report, Stop> {
    // SQLite counts `VACUUM INTO` as writing, though not to the database it copies.
    let (facts, mut database) = facts::look_at_existing(target, Access::Write, Turn::Anyones)?;
    if session.mode() == Mode::DryRun {
        database.close();
        let sent = remote.map(|remote| format!(", send a copy to {remote}, read it back and compare it"));
        let line = format!(
            "{}: back up into {}, open the copy and compare it{}",
            target.url,
            directory.display(),
            sent.unwrap_or_default()
        );
        return Ok(Report::new(Page::new().line(line), serde_json::Value::Null));
    }
    let name = target.url.name();
    let wanted = Wanted {
        facts: &facts,
        name: &name,
        extension: target.url.extension(),
        directory,
        now: session.now(),
        patience: target.lock_timeout,
        keep,
        remote: remote.map(|remote| (remote, &target.url)),
    };
    let backup = backup::make(database.as_mut(), &wanted);
    database.close();
    Ok(outputs::backed_up(&target.url.to_string(), &backup?))
}

fn fetch(target: &Target, wanted: &Fetch, session: &Session) -> Result<Report, Error> {
    let copy = wanted.remote.choose(&target.url, wanted.name.as_deref())?;
    if session.mode() == Mode::DryRun {
        let line = format!("fetch {} from {} into {}", copy.name, wanted.remote, wanted.directory.display());
        return Ok(Report::new(Page::new().line(line), serde_json::Value::Null));
    }
    let path = wanted.remote.fetch(
        &copy,
        wanted.identities.as_ref(),
        (&wanted.directory, &target.url.name()),
        target.lock_timeout,
    )?;
    Ok(outputs::fetched(&path, &copy))
}
