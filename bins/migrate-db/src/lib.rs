//! Can the schema move, did it, and can we go back? The order of the rooms: context → facts → plan → apply → verify → outputs.

pub mod apply;
pub mod args;
pub mod backup;
pub mod context;
pub mod database;
pub mod effect;
pub mod error;
pub mod facts;
pub mod layout;
pub mod outputs;
pub mod plan;
pub mod predicate;
pub mod statement;
pub mod verify;

use std::{path::Path, time::Instant};

use ci::{Mode, Page, Report, Session, Stop, record::RecordError};
use contract::{EnvironmentName, Release, Span};
use jiff::Timestamp;

use crate::{
    apply::{Bounds, Done},
    backup::Wanted,
    context::{Change, Currency, Target, Up, Work},
    database::{Access, Database},
    error::Error,
    layout::{Migration, Version},
    plan::{Plan, Standing},
    predicate::{Happened, Predicate},
    verify::{Answer, Query},
};

pub use args::Args;

/// Runs one command.
pub fn run(args: Args, session: &Session) -> Result<Report, Stop> {
    let (target, work) = context::read(args, session)?;
    match &work {
        Work::Plan(wanted) => Ok(show_plan(&target, wanted)?),
        Work::Up(wanted) if session.mode() == Mode::DryRun => Ok(show_plan(&target, wanted)?),
        Work::Up(wanted) => up(&target, wanted, session),
        Work::Down { change, migrations, to } => down(&target, change, migrations, *to, session),
        Work::Status { migrations, currency } => status(&target, migrations, *currency),
        Work::Verify { queries, budget } => verify(&target, queries, *budget),
        Work::Backup(directory) => back_up(&target, directory, session),
    }
}

fn show_plan(target: &Target, wanted: &Up) -> Result<Report, Error> {
    let (facts, database) = facts::look(target, Access::Read)?;
    if let Some(database) = database {
        database.close();
    }
    Ok(outputs::planned(&plan::up(&target.url, wanted, &facts)?))
}

fn up(target: &Target, wanted: &Up, session: &Session) -> Result<Report, Stop> {
    let started = Instant::now();
    let record = Record::read(wanted.change.environment.as_ref(), session)?;
    let (facts, database) = facts::look(target, Access::Write)?;
    let plan = plan::up(&target.url, wanted, &facts)?;
    let mut database = match database {
        Some(database) => database,
        None => facts::connect(target, Access::Create)?,
    };
    let (mut done, mut answers) = (Done::default(), Vec::new());
    let result = apply::apply(&plan, database.as_mut(), bounds(target, &wanted.change), session, &mut done)
        .and_then(|()| answer(database.as_mut(), &wanted.queries, wanted.change.budget, &mut answers));
    database.close();
    let report = outputs::changed(&plan, &done, &answers);
    let attested = result.and_then(|()| attest(&plan, wanted, &done, session.now() + started.elapsed()));
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

fn attest(plan: &Plan<'_>, wanted: &Up, done: &Done, finished_on: Timestamp) -> Result<(), Error> {
    let Some((path, environment)) = &wanted.predicate else { return Ok(()) };
    let happened = Happened {
        environment,
        after: plan.after,
        applied: &outputs::taken(plan, done),
        migrations: &wanted.migrations,
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

fn down(
    target: &Target,
    change: &Change,
    migrations: &[Migration],
    to: Version,
    session: &Session,
) -> Result<Report, Stop> {
    let record = Record::read(change.environment.as_ref(), session)?;
    let access = if session.mode() == Mode::DryRun { Access::Read } else { Access::Write };
    let (facts, mut database) = facts::look_at_existing(target, access)?;
    let mut ways_back = Vec::new();
    for row in plan::above(&facts.history, to)? {
        let failed = |source| Error::Database { doing: "reading the history", source };
        let kept = database.down_sql(row.version).map_err(failed)?;
        let migration = migrations.iter().find(|one| one.version == row.version);
        ways_back.push((row, plan::way_back(row, kept.as_deref(), migration, target.url.dialect())?));
    }
    let plan = plan::down(&target.url, &change.backups, &facts, ways_back);
    if session.mode() == Mode::DryRun {
        database.close();
        return Ok(outputs::planned(&plan));
    }
    let mut done = Done::default();
    let result = apply::apply(&plan, database.as_mut(), bounds(target, change), session, &mut done);
    database.close();
    let report = outputs::changed(&plan, &done, &[]);
    finish(report, result, record, &plan, &done, session)
}

fn bounds(target: &Target, change: &Change) -> Bounds {
    Bounds { budget: change.budget, patience: target.lock_timeout }
}

fn status(target: &Target, migrations: &[Migration], currency: Currency) -> Result<Report, Stop> {
    let (facts, database) = facts::look_at_existing(target, Access::Read)?;
    database.close();
    let standings = plan::compare(migrations, &facts.history)?;
    let report = outputs::status(&target.url.to_string(), &standings, &facts.history);
    let mut pending = standings.iter().filter(|(_, standing)| *standing == Standing::Pending);
    match (currency, pending.next()) {
        (Currency::Required, Some((first, _))) => {
            let error = Error::Pending { count: 1 + pending.count(), first: first.version };
            Err(Stop::with(report, error))
        }
        _ => Ok(report),
    }
}

fn verify(target: &Target, queries: &[Query], budget: Span) -> Result<Report, Stop> {
    let (_, mut database) = facts::look_at_existing(target, Access::Read)?;
    let mut answers = Vec::new();
    let result = answer(database.as_mut(), queries, budget, &mut answers);
    database.close();
    let report = outputs::verified(&answers);
    match result {
        Ok(()) => Ok(report),
        Err(error) => Err(Stop::with(report, error)),
    }
}

fn back_up(target: &Target, directory: &Path, session: &Session) -> Result<Report, Stop> {
    // SQLite counts `VACUUM INTO` as writing, though not to the database it copies.
    let (_, mut database) = facts::look_at_existing(target, Access::Write)?;
    if session.mode() == Mode::DryRun {
        database.close();
        let line =
            format!("{}: back up into {}, open the copy and compare it", target.url, directory.display());
        return Ok(Report::new(Page::new().line(line), serde_json::Value::Null));
    }
    let name = target.url.name();
    let wanted = Wanted {
        name: &name,
        extension: target.url.extension(),
        directory,
        now: session.now(),
        patience: target.lock_timeout,
    };
    let backup = backup::make(database.as_mut(), &wanted);
    database.close();
    Ok(outputs::backed_up(&target.url.to_string(), &backup?))
}
