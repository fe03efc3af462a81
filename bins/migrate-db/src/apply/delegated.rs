//! A way that the tool goes whose files they are: its program under our lock and deadline, and afterwards a look into its history; never a
//! statement of a migration.

use std::{
    collections::BTreeSet,
    thread,
    time::{Duration, Instant},
};

use ci::{Session, process::ProcessError, signals::Interrupted};

use super::{BETWEEN_ATTEMPTS, Bounds, Done, Outcome};
use crate::{
    database::{Database, DatabaseError, Handed},
    error::Error,
    facts::{self, Facts},
    layout::{Applied, Unit, Version},
    lock::Locks,
    plan::{Entry, Plan, Step},
    tool::{Aim, Tool, ToolError, Way},
};

/// How long a tool may take where nothing bounds it.
const TIME_MAX: Duration = Duration::from_hours(24);

/// Goes the way of the plan. What is done is what the history says, whatever the tool said.
pub(super) fn run(
    plan: &Plan<'_>,
    facts: &Facts,
    tool: &Tool,
    database: &mut dyn Database,
    run: &Run<'_>,
    done: &mut Done,
) -> Result<(), Error> {
    let failed = |source: DatabaseError| Error::Database { doing: "changing the schema", source };
    database.lock(&Locks::of(facts.layout.history(), &facts.place)).map_err(failed)?;
    database.stop_at(run.deadline).map_err(failed)?;
    let handed = database.hand_over().map_err(failed)?;
    if tool.aim() == Aim::Beside && !tool.is_here(database, &facts.place, &facts.migrations)? {
        return Err(ToolError::Elsewhere {
            tool: tool.name(),
            why: "it would have changed another database than the copy",
        }
        .into());
    }
    let before = history(facts, database)?;
    let versions =
        |rows: &[Applied]| rows.iter().map(|row| row.version.text().to_owned()).collect::<BTreeSet<_>>();
    moved(plan, &versions(&facts.history), &versions(&before))?;
    let left: Vec<&Step<'_>> = plan.steps.iter().filter(|step| !is_done(step, &versions(&before))).collect();
    if left.is_empty() {
        note(plan, &versions(&before), &versions(&before), Duration::ZERO, done);
    } else {
        for statement in left.iter().flat_map(|step| &step.cut.statements) {
            database.clear_half_done(statement).map_err(failed)?;
        }
        let invalid = database.half_done().map_err(failed)?;
        let started = Instant::now();
        let result = commands(plan, facts, tool, &left, &handed, run);
        // Whatever it says, its sessions are gone before anybody looks.
        let ended = database.end_tool();
        drop(handed);
        ended.map_err(failed)?;
        let after = versions(&history(facts, database)?);
        note(plan, &versions(&before), &after, started.elapsed(), done);
        result?;
        if !plan.steps.iter().all(|step| is_done(step, &after)) {
            let why = "it ended well, and the history of this one does not say so";
            return Err(ToolError::Elsewhere { tool: tool.name(), why }.into());
        }
        if let Some(index) = database.half_done().map_err(failed)?.difference(&invalid).next() {
            let why = format!("{} left the index {index} invalid", tool.name());
            return Err(failed(DatabaseError::Statement { why, position: None }));
        }
    }
    database.stop_at(None).map_err(failed)
}

/// What a run of the tool is bound to.
pub(super) struct Run<'r> {
    /// What our own steps are bound to, too.
    pub(super) bounds: Bounds,
    /// When it is stopped.
    pub(super) deadline: Option<Instant>,
    /// Where it is told.
    pub(super) session: &'r Session,
}

fn history(facts: &Facts, database: &mut dyn Database) -> Result<Vec<Applied>, Error> {
    let failed = |source: DatabaseError| Error::Database { doing: "reading the history", source };
    let (table, place) = (facts.layout.history(), &facts.place);
    if database.columns(&[table.table()]).map_err(failed)?.is_empty() {
        return Ok(Vec::new());
    }
    let rows = database.texts(&table.select(place)).map_err(failed)?;
    facts::resolved(table, &rows, &facts.migrations, place).map_err(failed)
}

/// Whether a history has what the step leads to.
fn is_done(step: &Step<'_>, history: &BTreeSet<String>) -> bool {
    history.contains(step.version.text()) == matches!(step.entry, Entry::Added(_))
}

/// Somebody may have gone the same way meanwhile, but no other.
fn moved(plan: &Plan<'_>, planned: &BTreeSet<String>, found: &BTreeSet<String>) -> Result<(), Error> {
    let ours: BTreeSet<&str> = plan.steps.iter().map(|step| step.version.text()).collect();
    match planned.symmetric_difference(found).find(|version| !ours.contains(version.as_str())) {
        Some(version) => Err(Error::Moved(Version::name(version))),
        None => Ok(()),
    }
}

/// What became of the steps, as far as they came. All of them are one run of the tool, whose time is that of the first.
fn note(
    plan: &Plan<'_>,
    before: &BTreeSet<String>,
    after: &BTreeSet<String>,
    took: Duration,
    done: &mut Done,
) {
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let mut first = true;
    for step in plan.steps.iter().take_while(|step| is_done(step, after)) {
        done.steps.push(match (is_done(step, before), first) {
            (true, _) => Outcome::TakenByAnother,
            (false, true) => Outcome::Taken(ms),
            (false, false) => Outcome::TakenWithIt,
        });
        first &= is_done(step, before);
    }
}

fn commands(
    plan: &Plan<'_>,
    facts: &Facts,
    tool: &Tool,
    left: &[&Step<'_>],
    handed: &Handed,
    run: &Run<'_>,
) -> Result<(), Error> {
    let way = if plan.goes_down() { Way::Down } else { Way::Up };
    let steps: Vec<&Version> = left.iter().map(|step| step.version).collect();
    let give_up = Instant::now() + run.bounds.patience;
    for words in tool.commands(way, &plan.after, &steps, plan.left.len(), &facts.migrations) {
        while let Attempt::Again = attempt(tool, &words, handed, run, &steps, give_up)? {
            run.session.check_interrupt()?;
            thread::sleep(BETWEEN_ATTEMPTS);
        }
    }
    Ok(())
}

/// What became of an attempt.
enum Attempt {
    Done,
    /// Somebody else had a table.
    Again,
}

fn attempt(
    tool: &Tool,
    words: &[String],
    handed: &Handed,
    run: &Run<'_>,
    steps: &[&Version],
    give_up: Instant,
) -> Result<Attempt, Error> {
    let limit = run.deadline.map_or(TIME_MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
    let holds = handed.holds.as_ref().and_then(|file| file.try_clone().ok());
    let budget = || Error::Budget {
        budget: run.bounds.budget,
        unit: Unit::File,
        version: steps.first().map_or(Version::NONE, |one| (*one).clone()),
    };
    let finished = match tool.run(words, &handed.options, limit, holds) {
        Ok(finished) => finished,
        Err(ProcessError::Deadline { printed, .. }) => {
            run.session.relay(tool.name(), &printed);
            return Err(budget());
        }
        Err(ProcessError::Interrupted { .. }) => return Err(Interrupted.into()),
        Err(source) => return Err(ToolError::NotRun { tool: tool.name(), source }.into()),
    };
    let said = finished.all_text();
    let is_locked =
        ["LockNotAvailable", "lock timeout", "database is locked"].iter().any(|word| said.contains(word));
    if is_locked && !finished.is_success() && Instant::now() < give_up {
        return Ok(Attempt::Again);
    }
    run.session.relay(tool.name(), &said);
    match finished.is_success() {
        true => Ok(Attempt::Done),
        // The server itself ended a statement a moment before our own deadline was seen.
        false if said.contains("statement timeout") || said.contains("QueryCanceled") => Err(budget()),
        false => Err(tool.failed(&finished).into()),
    }
}
