//! Carries a plan out: the backup, then each file in one transaction with its row of the history; the only room that writes.

mod alone;
mod delegated;
mod repair;
mod turn;

use std::{
    thread,
    time::{Duration, Instant},
};

use ci::{Place, Session};
use contract::Span;

use crate::{
    backup::{self, Backup, Wanted},
    database::{Dangling, Database, DatabaseError, Lasting},
    effect,
    error::Error,
    facts::{Contents, Facts},
    layout::{self, Applied, State, Unit, Version},
    lock::Locks,
    plan::{Entry, Plan, Step},
    statement::{Dialect, Statement},
};

pub use repair::repair;

/// What was done, also if the rest failed.
#[derive(Default, Debug)]
pub struct Done {
    /// The backup.
    pub backup: Option<Backup>,
    /// What became of the plan's steps, in their order, as far as it came.
    pub steps: Vec<Outcome>,
}

/// What became of a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// This run took it, and its statements took so many milliseconds.
    Taken(u64),
    /// It was taken together with the step before it, in one run of the tool whose files they are.
    TakenWithIt,
    /// Another run had taken it meanwhile.
    TakenByAnother,
}

/// What a run is bound to.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How long all files together may take.
    pub budget: Span,
    /// How long to wait for another run.
    pub patience: Duration,
    /// How many backups stay.
    pub keep: Option<backup::Keep>,
}

/// Carries out the plan and notes in `done` what is finished, step by step.
pub fn apply(
    plan: &Plan<'_>,
    facts: &Facts,
    database: &mut dyn Database,
    bounds: Bounds,
    session: &Session,
    done: &mut Done,
) -> Result<(), Error> {
    if plan.steps.is_empty() {
        return Ok(());
    }
    let progress = session.progress("backing up");
    if let Some(directory) = plan.backup {
        let name = plan.url.name();
        let extension = plan.url.extension();
        let wanted = Wanted {
            facts,
            name: &name,
            extension,
            directory,
            now: session.now(),
            patience: bounds.patience,
            keep: bounds.keep,
            remote: plan.remote.map(|remote| (remote, plan.url)),
        };
        done.backup = Some(backup::make(database, &wanted)?);
    }
    // A budget that ends after the end of time is no budget.
    let deadline = Instant::now().checked_add(bounds.budget.duration());
    if let Some(tool) = &facts.tool {
        let run = delegated::Run { bounds, deadline, session };
        return delegated::run(plan, facts, tool, database, &run, done);
    }
    let mut steps = Steps::of(database, facts, session, bounds, deadline);
    steps.stop_at(deadline)?;
    steps.all(&plan.steps, done, &progress)?;
    steps.stop_at(None)?;
    repair::tidy(database, &facts.place)
        .map_err(|source| Error::Database { doing: "changing the schema", source })
}

/// How long everyone else has the tables before the next attempt.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(500);

struct Steps<'r> {
    database: &'r mut dyn Database,
    facts: &'r Facts,
    session: &'r Session,
    budget: Span,
    patience: Duration,
    deadline: Option<Instant>,
    /// The advisory locks: ours, and those of the tool whose history it is.
    locks: Locks,
    has_history: bool,
    /// What the history's stamp was when we ourselves last wrote it.
    stamp: Option<String>,
    /// The step that is taken, and all after it.
    left: &'r [Step<'r>],
    /// The transaction of the step that is taken next was begun, under the lock, with the end of the one before it.
    is_open: bool,
    /// A step was committed that is to last with the next.
    is_unsettled: bool,
    /// When a step must be safe that another one follows.
    followed: Lasting,
    /// What pointed to nothing before, which is not ours to refuse. Known once a step may have added to it.
    dangling: Option<Dangling>,
}

impl<'r> Steps<'r> {
    fn of(
        database: &'r mut dyn Database,
        facts: &'r Facts,
        session: &'r Session,
        bounds: Bounds,
        deadline: Option<Instant>,
    ) -> Self {
        let locks = Locks::of(facts.layout.history(), &facts.place);
        let (budget, patience, has_history) = (bounds.budget, bounds.patience, facts.has_history);
        Self {
            database,
            facts,
            session,
            budget,
            patience,
            deadline,
            locks,
            // In MySQL a run can be killed between a table and the row that its tool puts there first.
            has_history: has_history && (facts.place.dialect != Dialect::Mysql || !facts.history.is_empty()),
            stamp: None,
            left: &[],
            is_open: false,
            is_unsettled: false,
            // Nobody else uses what was not there.
            followed: match facts.contents {
                Contents::NoDatabase => Lasting::InTheNext,
                Contents::Nothing | Contents::Something => Lasting::WithTheNext,
            },
            dangling: None,
        }
    }
}

impl Steps<'_> {
    fn stop_at(&mut self, deadline: Option<Instant>) -> Result<(), Error> {
        self.database
            .stop_at(deadline)
            .map_err(|source| Error::Database { doing: "setting the deadline", source })
    }

    /// One file. A table in use is waited for in short attempts: whoever waits for a table keeps all who come later waiting, too.
    fn take(&mut self, step: &Step<'_>) -> Result<Outcome, Error> {
        let give_up = Instant::now() + self.patience;
        loop {
            match self.attempt(step) {
                Err(Error::Statement { source: DatabaseError::Locked(_), .. })
                    if Instant::now() < give_up =>
                {
                    self.session.check_interrupt()?;
                    thread::sleep(BETWEEN_ATTEMPTS);
                }
                outcome => return outcome,
            }
        }
    }

    /// One transaction.
    fn attempt(&mut self, step: &Step<'_>) -> Result<Outcome, Error> {
        self.database.forget().map_err(|error| self.failed(step, error))?;
        let outcome = self.begin(step).and_then(|open| match open {
            Open::Ours if step.cut.unit == Unit::Statement => self.alone(step),
            Open::Ours => self.within(step).map(Outcome::Taken),
            Open::Others => Ok(Outcome::TakenByAnother),
        });
        if !matches!(outcome, Ok(Outcome::Taken(_))) {
            self.database.rollback();
            self.stamp = None;
        }
        outcome
    }

    /// Takes the lock, and looks under it at what the plan was made from.
    fn begin(&mut self, step: &Step<'_>) -> Result<Open, Error> {
        let is_open = std::mem::take(&mut self.is_open);
        self.in_time(step)?;
        if is_open { Ok(Open::Ours) } else { self.look(step) }
    }

    /// Begins, and says whose step it is.
    fn look(&mut self, step: &Step<'_>) -> Result<Open, Error> {
        let stamp = self.open(step)?;
        if self.stamp.as_ref() == Some(&stamp) {
            return Ok(Open::Ours);
        }
        let history = self.history().map_err(|error| self.failed(step, error))?;
        self.whose(step, &history)
    }

    /// Begins a transaction under the lock; the stamp that the history has there.
    fn open(&mut self, step: &Step<'_>) -> Result<String, Error> {
        let (table, place) = (self.facts.layout.history(), &self.facts.place);
        let opening = if self.has_history { String::new() } else { table.create(place) };
        let lasting = self.lasting(self.left);
        let begun = self.database.lock(&self.locks);
        let begun = begun.and_then(|()| self.database.begin(&opening, &table.stamp(place), lasting));
        begun.map_err(|error| self.failed(step, error))
    }

    /// Whose step it is, given the history under the lock.
    fn whose(&self, step: &Step<'_>, history: &[Applied]) -> Result<Open, Error> {
        let begun = history.iter().find(|row| row.state == State::Begun);
        if let Some(row) = begun.filter(|row| self.facts.progress.is_none() || row.version != *step.version) {
            return Err(Error::Begun { version: row.version.clone(), layout: self.facts.layout });
        }
        let whole = || history.iter().filter(|row| row.state != State::Begun && !row.version.is_repeated());
        let from: Vec<&Applied> = whole().filter(|row| row.version >= step.below).collect();
        let above = match from.as_slice() {
            above if step.below == Version::NONE => above,
            [first, above @ ..] if first.version == step.below => above,
            _ => return Err(Error::Moved(step.version.clone())),
        };
        if step.version.is_repeated() {
            let row = history.iter().find(|row| row.version == *step.version);
            let is_done =
                row.and_then(|row| row.checksum.as_deref()).is_some_and(|kept| step.checksums.is(kept));
            return match above {
                [] if is_done => Ok(Open::Others),
                [] => Ok(Open::Ours),
                _ => Err(Error::Moved(step.version.clone())),
            };
        }
        match (&step.entry, above) {
            (Entry::Added(_), []) => Ok(Open::Ours),
            (Entry::Removed, []) => Ok(Open::Others),
            (Entry::Removed, [row]) if row.version == *step.version => Ok(Open::Ours),
            (Entry::Added(_), [row, ..]) if row.version == *step.version => {
                let found = step.checksums.written.clone();
                match row.checksum.clone().zip(found).filter(|(kept, _)| !step.checksums.is(kept)) {
                    None => Ok(Open::Others),
                    Some((applied, found)) => {
                        let (version, file) = (row.version.clone(), step.script.file.clone());
                        Err(Error::Changed { version, file, applied, found })
                    }
                }
            }
            _ => Err(Error::Moved(step.version.clone())),
        }
    }

    fn within(&mut self, step: &Step<'_>) -> Result<u64, Error> {
        let checked = step.cut.statements.iter().any(effect::may_dangle);
        if checked && self.dangling.is_none() {
            self.dangling = Some(self.database.dangling().map_err(|error| self.failed(step, error))?);
        }
        let started = Instant::now();
        for one in &step.cut.statements {
            self.in_time(step)?;
            self.database.execute(one).map_err(|source| self.refused(step, one, source))?;
        }
        if checked {
            self.compare_dangling(step)?;
        }
        self.enter(step, started)
    }

    /// A statement that failed, with the line that the database speaks of.
    fn refused(&self, step: &Step<'_>, one: &Statement, source: DatabaseError) -> Error {
        let position = match &source {
            DatabaseError::Deadline => return self.failed(step, DatabaseError::Deadline),
            DatabaseError::Statement { position, .. } => position.unwrap_or_default(),
            _ => 0,
        };
        let before = one.text.chars().take(position.saturating_sub(1));
        let line = Some(one.line + before.filter(|character| *character == '\n').count());
        let place = Place { file: step.script.file.clone(), line };
        Error::Statement { place, statement: one.shown(), unit: step.cut.unit, source }
    }

    fn compare_dangling(&mut self, step: &Step<'_>) -> Result<(), Error> {
        let after = self.database.dangling().map_err(|error| self.failed(step, error))?;
        let before = self.dangling.get_or_insert_default();
        let more = |(pair, count): (&String, &i64)| {
            (*count > before.get(pair).copied().unwrap_or_default()).then(|| pair.clone())
        };
        let tables: Vec<String> = after.iter().filter_map(more).collect();
        if !tables.is_empty() {
            return Err(Error::Dangling { file: step.script.file.clone(), tables });
        }
        self.dangling = Some(after);
        Ok(())
    }

    fn enter(&mut self, step: &Step<'_>, started: Instant) -> Result<u64, Error> {
        let took = started.elapsed();
        self.turn(step, &self.row(step, took))?;
        Ok(u64::try_from(took.as_millis()).unwrap_or(u64::MAX))
    }

    /// What the step writes into the history.
    fn row(&self, step: &Step<'_>, took: Duration) -> String {
        let (table, place) = (self.facts.layout.history(), &self.facts.place);
        match step.entry {
            Entry::Added(_) => table.add(place, &self.entry(step, took)),
            Entry::Removed => table.remove(place, &self.entry(step, took)),
        }
    }

    fn entry<'s>(&self, step: &'s Step<'_>, took: Duration) -> layout::Entry<'s> {
        layout::Entry {
            version: step.version,
            below: &step.below,
            description: step.description,
            name: step.name,
            checksum: step.checksums.written.as_deref(),
            phase: step.phase,
            down: if let Entry::Added(down) = step.entry { down } else { None },
            applied_on: self.session.now(),
            took,
        }
    }

    /// Writes this and commits.
    fn close(&mut self, step: &Step<'_>, closing: &str) -> Result<(), Error> {
        let stamp = self.facts.layout.history().stamp(&self.facts.place);
        let stamp = self.database.commit(closing, &stamp).map_err(|error| self.at_commit(step, error))?;
        self.wrote(Some(stamp));
        Ok(())
    }

    fn in_time(&self, step: &Step<'_>) -> Result<(), Error> {
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline => Err(self.failed(step, DatabaseError::Deadline)),
            _ => Ok(()),
        }
    }

    fn failed(&self, step: &Step<'_>, source: DatabaseError) -> Error {
        match source {
            DatabaseError::Deadline => {
                Error::Budget { budget: self.budget, version: step.version.clone(), unit: step.cut.unit }
            }
            source => Error::Database { doing: "changing the schema", source },
        }
    }
}

/// Whose step it is, seen under the lock.
enum Open {
    Ours,
    Others,
}

#[cfg(test)]
mod tests;
