//! May this release enter that environment, and is it running there now?
//!
//! `run` is: context (what was meant) → facts (what the world says) → plan (the gates decide) → apply (copy, intent, switch, outcome) →
//! outputs. `status`, `adopt` and `init` are small enough for a room each.

mod adopt;
mod apply;
pub mod args;
mod checklist;
mod context;
mod error;
mod facts;
mod gates;
mod init;
pub mod named;
mod outputs;
mod plan;
mod status;

use ci::{Mode, Report, Session, Stop};
use contract::Promotion;
use ledger::Held;

pub use args::Args;
use args::Command;
use context::Context;
use facts::Facts;
use plan::{Decision, Plan};

/// Runs one command.
///
/// # Errors
/// Every way in which a release does not move, with what there is to report all the same.
pub fn run(args: Args, session: &Session) -> Result<Report, Stop> {
    match args.command {
        Command::Run(typed) => {
            let context = Context::of(typed, &args.common, session)?;
            match session.mode() {
                Mode::Apply => promote(&context, session),
                Mode::DryRun => show(&context, session),
            }
        }
        Command::Plan(typed) => {
            let context = Context::of(typed.promotion, &args.common, session)?;
            show(&context.skipping(typed.skip), session)
        }
        Command::Status(typed) => status::run(&typed, session),
        Command::Adopt(typed) => adopt::run(&typed, session),
        Command::Init(typed) => init::run(&typed, session),
    }
}

/// Ends as the promotion would, so that a workflow can ask before it touches anything.
fn show(context: &Context, session: &Session) -> Result<Report, Stop> {
    let facts = facts::read(context, session)?;
    let plan = plan::plan(context, &facts);
    let report = outputs::planned(&plan);
    match plan.decision {
        Decision::Refuse(verdict) => Err(Stop::with(report, outputs::refusal(&plan, verdict))),
        _ => Ok(report),
    }
}

/// The environment is held from before the first look until the last write.
fn promote(context: &Context, session: &Session) -> Result<Report, Stop> {
    let held = context.ledger.lock(session, &context.name)?;
    let facts = facts::read(context, session)?;
    let plan = plan::plan(context, &facts);
    match &plan.decision {
        Decision::Refuse(verdict) => Err(outputs::refused(&plan, &facts, *verdict)),
        Decision::AlreadyRunning(sequence) => {
            let running = facts.history.entry(*sequence).map(|entry| entry.what.time);
            let promotion =
                Promotion { sequence: *sequence, finished_on: running.unwrap_or_else(|| session.now()) };
            finish(&plan, &facts, facts.history.head(), promotion, context, session)
        }
        Decision::Enter(entry) => enter(&plan, entry, &facts, context, &held, session),
    }
}

fn enter(
    plan: &Plan,
    entry: &plan::Entry,
    facts: &Facts,
    context: &Context,
    held: &Held,
    session: &Session,
) -> Result<Report, Stop> {
    let done = apply::apply(plan, entry, context, facts, held, session)?;
    if let Some(failure) = done.failure {
        return Err(Stop::with(outputs::failed(plan, facts, done.head), failure));
    }
    let promotion = Promotion { sequence: done.head.sequence, finished_on: done.time };
    finish(plan, facts, done.head, promotion, context, session)
}

/// Adds the promotion to the run's record, if that is about this release, and reports.
fn finish(
    plan: &Plan,
    facts: &Facts,
    head: ledger::Head,
    promotion: Promotion,
    context: &Context,
    session: &Session,
) -> Result<Report, Stop> {
    let named = matches!(&context.release, named::Named::File(path) if *path == context.release_file);
    let mut release = match session.release() {
        _ if !context.release_file.exists() => return Ok(outputs::done(plan, facts, head, None)),
        Ok(release) if named || facts::is_about(&release, &facts.candidate) => release,
        Err(error) if named => return Err(error.into()),
        _ => return Ok(outputs::done(plan, facts, head, None)),
    };
    let record = release.environment(&context.name);
    record.promotion = Some(promotion);
    record.rolled_back = None;
    session.save(&release)?;
    Ok(outputs::done(plan, facts, head, release.environments.get(&context.name)))
}
