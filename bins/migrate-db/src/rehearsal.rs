//! The next change, done to what the newest backup gives back: does it restore, does the change run, how long does each take? Never the
//! database itself.

use std::time::{Duration, Instant};

use ci::{Mode, Page, Report, Session};
use contract::Span;
use serde_json::json;

use crate::{
    apply::{self, Bounds, Done, Outcome},
    backup::{self, Lying},
    context::{Target, Up},
    database::{self, Access, Database, Url},
    error::Error,
    facts::{self, Facts, Sight, Turn},
    outputs,
    plan::{self, Plan},
    policy,
    verify::{self, Answer},
};

/// What a rehearsal found.
struct Measured {
    restored_in: Duration,
    steps: Vec<(String, String, Option<u64>)>,
    before: String,
    after: String,
    answers: Vec<Answer>,
    /// Contract steps of which nobody said whose ledger is to let them in.
    unjudged: Vec<String>,
}

/// Restores the newest backup, does there what `up` would do, asks the queries, and takes all of it away.
pub fn rehearse(target: &Target, wanted: &Up, session: &Session) -> Result<Report, Error> {
    let newest = backup::newest(&wanted.change.backups, &target.url)?;
    if session.mode() == Mode::DryRun {
        let line = format!(
            "{}: restore {} beside it and do there what `up` would do",
            target.url,
            newest.path.display()
        );
        return Ok(Report::new(Page::new().line(line), serde_json::Value::Null));
    }
    let mut database = facts::existing(target, Access::Write)?;
    let started = Instant::now();
    let failed = |source| Error::Restore { path: newest.path.clone(), source };
    let restored = database.restore(&newest.path).map_err(failed)?;
    let restored_in = started.elapsed();
    let measured = change(&restored, target, wanted, session, restored_in);
    let discarded = database.discard(&restored);
    database.close();
    let measured = measured?;
    discarded.map_err(|source| Error::Database { doing: "taking the rehearsal away", source })?;
    Ok(report(&target.url, &newest, backup::age(&newest, session.now()), wanted.change.budget, &measured))
}

fn change(
    restored: &Url,
    target: &Target,
    wanted: &Up,
    session: &Session,
    restored_in: Duration,
) -> Result<Measured, Error> {
    let connecting = |source| Error::Database { doing: "connecting to the rehearsal", source };
    let mut database = database::open(restored, Access::Write, target.lock_timeout).map_err(connecting)?;
    let mut facts = facts::ask(target, database.as_mut(), restored, Turn::Anyones)?;
    facts.see(Sight::Pending)?;
    let plan = Plan { backup: None, ..plan::up(restored, wanted, &facts)? };
    let measured = judged(&plan, &facts, wanted, session).and_then(|unjudged| {
        let measured = carry_out(&plan, &facts, database.as_mut(), wanted, target, session, restored_in)?;
        Ok(Measured { unjudged, ..measured })
    });
    database.close();
    measured
}

/// What `up` would refuse is refused here, too, if the environment is named. Without one a step is tried, and named as not judged.
fn judged(plan: &Plan<'_>, facts: &Facts, wanted: &Up, session: &Session) -> Result<Vec<String>, Error> {
    let steps = policy::of_plan(plan, facts)?;
    if wanted.judge.is_some() {
        facts::may_contract(&steps, wanted.judge.as_ref(), session)?;
        return Ok(Vec::new());
    }
    Ok(steps.iter().filter(|step| step.needs_ledger()).map(|step| step.version().to_owned()).collect())
}

fn carry_out(
    plan: &Plan<'_>,
    facts: &Facts,
    database: &mut dyn Database,
    wanted: &Up,
    target: &Target,
    session: &Session,
    restored_in: Duration,
) -> Result<Measured, Error> {
    let bounds = Bounds { budget: wanted.change.budget, patience: target.lock_timeout, keep: None };
    let mut done = Done::default();
    apply::apply(plan, facts, database, bounds, session, &mut done)?;
    let mut answers = Vec::new();
    if !wanted.queries.is_empty() {
        answers = verify::ask(database, &wanted.queries, wanted.change.budget)?;
        verify::judge(&answers)?;
    }
    let took = |outcome: &Outcome| if let Outcome::Taken(ms) = outcome { Some(*ms) } else { None };
    let step = |(step, outcome): (&plan::Step<'_>, &Outcome)| {
        (step.version.to_string(), step.description.to_owned(), took(outcome))
    };
    Ok(Measured {
        restored_in,
        steps: plan.steps.iter().zip(&done.steps).map(step).collect(),
        before: plan.before.to_string(),
        after: plan.after.to_string(),
        answers,
        unjudged: Vec::new(),
    })
}

fn report(url: &Url, backup: &Lying, age: Duration, budget: Span, measured: &Measured) -> Report {
    let total: u64 = measured.steps.iter().filter_map(|(.., ms)| *ms).sum();
    let restored_ms = u64::try_from(measured.restored_in.as_millis()).unwrap_or(u64::MAX);
    let rows = measured.steps.iter().map(|(version, what, ms)| {
        let time = ms.map_or_else(|| "with it".to_owned(), |ms| format!("{ms} ms"));
        [version.clone(), what.clone(), time]
    });
    let mut page = Page::new()
        .heading(format!("{url}: rehearsed version {} → {}", measured.before, measured.after))
        .line(format!("backup: {}", backup.path.display()))
        .line(format!("what would be lost if it had to be used now: {} (RPO)", Span::of(age)))
        .line(format!(
            "how long restoring it takes: {restored_ms} ms (RTO, without finding out that it is needed)"
        ))
        .line(format!("how long the change takes: {total} ms of {budget}"));
    page = match measured.steps.len() {
        0 => page.line("nothing is pending"),
        _ => page.table(&["version", "description", "time"], rows),
    };
    if !measured.unjudged.is_empty() {
        page = page.line(format!(
            "the ledger was not asked whether the contract steps may run yet: {}; `up` asks it where --environment is given, and so does this",
            measured.unjudged.join(", ")
        ));
    }
    let steps: Vec<_> = measured
        .steps
        .iter()
        .map(|(version, what, ms)| json!({ "version": version, "description": what, "executionMs": ms }))
        .collect();
    let data = json!({
        "before": measured.before, "after": measured.after, "backup": backup.path.display().to_string(),
        "rpoSeconds": age.as_secs(), "rtoMs": restored_ms, "executionMs": total, "steps": steps,
        "contractsNotJudged": measured.unjudged, "queries": outputs::answers_json(&measured.answers),
    });
    Report::new(page.then(outputs::answers_page(&measured.answers)), data)
        .output("before", measured.before.clone())
        .output("after", measured.after.clone())
}
