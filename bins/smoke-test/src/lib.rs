//! Does what we deployed really work, and does it keep working? Sends the requests of a suite, judges the answers, and leaves the
//! result as evidence; it signs nothing and changes nothing but what the suite asks for.

pub mod apply;
pub mod args;
pub mod ask;
pub mod context;
pub mod error;
pub mod judge;
pub mod outcome;
pub mod outputs;
pub mod plan;
pub mod suite;
pub mod template;
pub mod variables;

use std::path::PathBuf;

use ci::{Mode, Report, Session, Stop};
use contract::TestResult;
use serde_json::json;

pub use args::Args;
use args::Command;
use context::Context;
use error::Error;
use outcome::{List, SuiteOutcome, Verdict};
use outputs::Whereabouts;
use plan::{Plan, Plans};
use suite::SuiteError;

/// Carries out what was typed.
pub fn run(args: Args, session: &Session) -> Result<Report, Stop> {
    match args.command {
        Command::Check { suites } => check(&suites),
        Command::Run(run) => test(Context::new(*run, session)?, session),
    }
}

fn test(mut context: Context, session: &Session) -> Result<Report, Stop> {
    let environment = context.environment.clone();
    if session.mode() == Mode::DryRun {
        let plans =
            context.suites.iter().map(|prepared| Plan::new(&prepared.suite.form, environment.as_ref()));
        return Ok(Report::planned(&Plans(plans.collect()), json!(null)));
    }
    let Context { suites, base, files, timeout, release, .. } = &mut context;
    let mut outcomes = apply::apply(suites, base, environment.as_ref(), *timeout, session)?;
    for outcome in &mut outcomes {
        outcome.redact(session);
    }
    let run_url = session.runner().and_then(ci::Runner::run_url).map(str::to_owned);
    let at = Whereabouts { base, environment: environment.as_ref(), run_url };
    let report = outputs::deliver(&outcomes, &at, files, release.take(), session)?;
    verdict(&outcomes, report)
}

/// The end of the run: interrupted, refused, or good.
fn verdict(outcomes: &[SuiteOutcome<'_>], report: Report) -> Result<Report, Stop> {
    if outcomes.iter().any(|outcome| outcome.interrupted) {
        return Err(Stop::with(report, ci::signals::Interrupted));
    }
    if outputs::worst(outcomes) != TestResult::Failed {
        return Ok(report);
    }
    let failed: Vec<_> = outcomes.iter().flat_map(|outcome| outcome.of(Verdict::Failed)).collect();
    let failure = match failed.first() {
        None => Error::NothingTested,
        Some(wait) if wait.list == List::Wait => Error::NeverReady(wait.complaint()),
        Some(first) => Error::Failed {
            failed: failed.len(),
            of: outcomes.iter().map(SuiteOutcome::counted).sum(),
            first: first.title(),
        },
    };
    Err(Stop::with(report, failure))
}

fn check(paths: &[PathBuf]) -> Result<Report, Stop> {
    let suites = paths.iter().map(|path| suite::load(path)).collect::<Result<Vec<_>, SuiteError>>()?;
    let steps = |list: &[serde_saphyr::Spanned<suite::Step>]| -> Vec<String> {
        list.iter().map(|step| step.value.name.clone()).collect()
    };
    let data = suites.iter().map(|suite| {
        let form = &suite.form;
        json!({"name": form.name.value, "digest": suite.digest, "steps": steps(&form.steps), "cleanup": steps(&form.cleanup)})
    });
    let data = json!(data.collect::<Vec<_>>());
    Ok(Report::planned(&Plans(suites.iter().map(|suite| Plan::listed(&suite.form)).collect()), data))
}
