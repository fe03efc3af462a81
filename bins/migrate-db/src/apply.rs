//! Carries a plan out: the backup, then each file in one transaction with its row of the history; the only room that writes.

use std::{
    thread,
    time::{Duration, Instant},
};

use ci::{Place, Session};
use contract::Span;

use crate::{
    backup::{self, Backup, Wanted},
    database::{Applied, Dangling, Database, DatabaseError},
    effect,
    error::Error,
    layout::{Unit, Version},
    plan::{Entry, Plan, Step},
    statement::Statement,
};

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
}

/// Carries out the plan and notes in `done` what is finished, step by step.
pub fn apply(
    plan: &Plan<'_>,
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
        let wanted =
            Wanted { name: &name, extension, directory, now: session.now(), patience: bounds.patience };
        done.backup = Some(backup::make(database, &wanted)?);
    }
    // A budget that ends after the end of time is no budget.
    let deadline = Instant::now().checked_add(bounds.budget.duration());
    let mut steps = Steps {
        database,
        session,
        budget: bounds.budget,
        patience: bounds.patience,
        deadline,
        dangling: None,
    };
    steps.stop_at(deadline)?;
    for step in &plan.steps {
        session.check_interrupt()?;
        progress.say(format!("version {} {}", step.version, step.description));
        done.steps.push(steps.take(step)?);
    }
    steps.stop_at(None)
}

/// How long everyone else has the tables before the next attempt.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(500);

struct Steps<'r> {
    database: &'r mut dyn Database,
    session: &'r Session,
    budget: Span,
    patience: Duration,
    deadline: Option<Instant>,
    /// What pointed to nothing before, which is not ours to refuse. Known once a step may have added to it.
    dangling: Option<Dangling>,
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
        let outcome = self.begin(step).and_then(|open| match open {
            Open::Ours if step.script.unit == Unit::Statement => self.alone(step),
            Open::Ours => self.within(step).map(Outcome::Taken),
            Open::Others => Ok(Outcome::TakenByAnother),
        });
        if !matches!(outcome, Ok(Outcome::Taken(_))) {
            self.database.rollback();
        }
        outcome
    }

    /// Takes the lock, and looks under it at what the plan was made from.
    fn begin(&mut self, step: &Step<'_>) -> Result<Open, Error> {
        self.in_time(step)?;
        self.database.begin().map_err(|error| self.failed(step, error))?;
        let applied = self.database.applied_from(step.below).map_err(|error| self.failed(step, error))?;
        let above = match applied.as_slice() {
            above if step.below == Version::NONE => above,
            [(version, _), above @ ..] if *version == step.below => above,
            _ => return Err(Error::Moved(step.version)),
        };
        match (&step.entry, above) {
            (Entry::Added(_), []) => Ok(Open::Ours),
            (Entry::Removed, []) => Ok(Open::Others),
            (Entry::Removed, [(version, _)]) if *version == step.version => Ok(Open::Ours),
            (Entry::Added(_), [(version, checksum), ..]) if *version == step.version => {
                if *checksum == step.checksum {
                    return Ok(Open::Others);
                }
                let file = step.script.file.clone();
                Err(Error::Changed { version: *version, file, applied: *checksum, found: step.checksum })
            }
            _ => Err(Error::Moved(step.version)),
        }
    }

    fn within(&mut self, step: &Step<'_>) -> Result<u64, Error> {
        let checked = step.script.statements.iter().any(effect::may_dangle);
        if checked && self.dangling.is_none() {
            self.dangling = Some(self.database.dangling().map_err(|error| self.failed(step, error))?);
        }
        let started = Instant::now();
        for one in &step.script.statements {
            self.in_time(step)?;
            self.database.execute(one).map_err(|source| self.refused(step, one, source))?;
        }
        if checked {
            self.compare_dangling(step)?;
        }
        self.enter(step, started)
    }

    /// Statements that no transaction holds. Each may run twice, so a run that is killed among them is repeated from the first; under the
    /// lock, and the row of the history comes last.
    fn alone(&mut self, step: &Step<'_>) -> Result<Outcome, Error> {
        self.database.rollback();
        let started = Instant::now();
        for one in &step.script.statements {
            self.in_time(step)?;
            self.database.execute_alone(one).map_err(|source| self.refused(step, one, source))?;
        }
        match self.begin(step)? {
            Open::Ours => self.enter(step, started).map(Outcome::Taken),
            Open::Others => Ok(Outcome::TakenByAnother),
        }
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
        Error::Statement { place, statement: one.shown(), unit: step.script.unit, source }
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
        let execution_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.write(step, execution_ms).map_err(|error| self.failed(step, error))?;
        Ok(execution_ms)
    }

    fn write(&mut self, step: &Step<'_>, execution_ms: u64) -> Result<(), DatabaseError> {
        match step.entry {
            Entry::Added(down) => {
                let row = Applied {
                    version: step.version,
                    description: step.description.to_owned(),
                    checksum: step.checksum,
                    phase: step.phase,
                    down: down.map(|down| down.checksum),
                    applied_on: self.session.now(),
                    execution_ms,
                };
                self.database.record(&row, down)?;
            }
            Entry::Removed => self.database.erase(step.version)?,
        }
        self.database.commit()
    }

    fn in_time(&self, step: &Step<'_>) -> Result<(), Error> {
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline => Err(self.failed(step, DatabaseError::Deadline)),
            _ => Ok(()),
        }
    }

    fn failed(&self, step: &Step<'_>, source: DatabaseError) -> Error {
        match source {
            DatabaseError::Deadline => Error::Budget { budget: self.budget, version: step.version },
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
