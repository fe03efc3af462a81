//! What was good, what about the database, and who needs to know?
//!
//! `run` is: context (what was meant) → facts (the ledger, the evidence, what runs) → plan (which release, what about the database) →
//! apply (intent, incident, database, switch, outcome) → outputs.

mod apply;
pub mod args;
mod choice;
mod context;
mod database;
mod error;
mod facts;
mod incident;
mod outputs;
mod plan;

use ci::{Mode, Report, Session, Stop};
use contract::RolledBack;

pub use args::Args;
use args::Command;
use context::Context;
use database::Decision;
use error::{Error, Why};
use facts::Facts;
use plan::{Action, Plan};

/// Runs one command.
///
/// # Errors
/// Every way in which an environment is not taken back, with what there is to report all the same.
pub fn run(args: Args, session: &Session) -> Result<Report, Stop> {
    match args.command {
        Command::Run(typed) => {
            let context = Context::of(typed, &args.common, session)?;
            match session.mode() {
                Mode::Apply => back(&context, session),
                Mode::DryRun => show(&context, session),
            }
        }
        Command::Plan(typed) => show(&Context::of(typed, &args.common, session)?, session),
        Command::Incident(typed) => write(&Context::of(typed, &args.common, session)?, session),
    }
}

fn show(context: &Context, session: &Session) -> Result<Report, Stop> {
    let facts = facts::read(context, session)?;
    Ok(outputs::planned(&plan::plan(context, &facts)?))
}

/// The environment is held from before the first look until the last write.
fn back(context: &Context, session: &Session) -> Result<Report, Stop> {
    let lock = context.ledger.lock(session, &context.name)?;
    let facts = facts::read(context, session)?;
    let plan = plan::plan(context, &facts)?;
    match plan.action {
        Action::Stay => stay(&plan, &facts, context, session),
        Action::Already => {
            let done = apply::nothing(&plan, context, &facts, session)?;
            finish(&plan, &done, facts, context, session)
        }
        Action::Restore(steps) => {
            let mut done = apply::restore(&plan, steps, context, &lock, session)?;
            match done.failure.take() {
                Some(stop) => Err(Stop { report: Box::new(outputs::failed(&plan, &done)), ..stop }),
                None => finish(&plan, &done, facts, context, session),
            }
        }
    }
}

fn stay(plan: &Plan, facts: &Facts, context: &Context, session: &Session) -> Result<Report, Stop> {
    let incident = apply::stay(plan, context, &facts.history, session)?;
    let report = outputs::stayed(plan, &incident, facts.history.head());
    match &plan.database {
        Decision::StayAndHotfix(obstacle) => {
            let why = Why(obstacle.clone());
            Err(Stop::with(report, Error::StayAndHotfix(context.name.clone(), why)))
        }
        _ => Ok(report),
    }
}

/// Adds the way back to the run's record, if there is one, and reports.
fn finish(
    plan: &Plan,
    done: &apply::Done,
    facts: Facts,
    context: &Context,
    session: &Session,
) -> Result<Report, Stop> {
    if let Some(mut record) = facts.record {
        record.environment(&context.name).rolled_back = Some(RolledBack {
            sequence: done.entry.sequence,
            to_sequence: plan.to.sequence,
            incident: done.incident.display().to_string(),
            finished_on: done.entry.what.time,
        });
        session.save(&record)?;
    }
    Ok(outputs::done(plan, done))
}

/// `incident`: opens the file for what runs and switches nothing.
fn write(context: &Context, session: &Session) -> Result<Report, Stop> {
    let history = context.ledger.read(&context.name)?;
    let bad = history.present().ok_or_else(|| Error::NothingRan(context.name.clone()))?;
    let path = match session.mode() {
        Mode::Apply => apply::open(bad, None, context, &history, session)?,
        Mode::DryRun => apply::path(bad, session.now(), context)?,
    };
    Ok(outputs::incident(bad, &path))
}
