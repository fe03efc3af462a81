//! The turn from one file to the next, and when what was committed must be safe; never what a file does.

use ci::{Place, Progress};

use super::{Done, Open, Steps};
use crate::{
    database::{DatabaseError, Lasting},
    error::Error,
    facts,
    layout::{Applied, Unit},
    plan::Step,
};

impl<'r> Steps<'r> {
    /// Takes all steps, and notes in `done` which it took. Where one fails and takes others back with it that shared its transaction, those are
    /// taken again, each for itself, so that only the failure stays away.
    pub(super) fn all(
        &mut self,
        steps: &'r [Step<'_>],
        done: &mut Done,
        progress: &Progress,
    ) -> Result<(), Error> {
        let taken = self.rest(steps, done, progress);
        let Some(error) = taken.err() else { return Ok(()) };
        if self.followed != Lasting::InTheNext {
            return Err(error);
        }
        let reached = steps.get(..done.steps.len()).unwrap_or_default();
        // Also when there is no time left.
        self.stop_at(None)?;
        done.steps.truncate(self.left_of(reached));
        self.stop_at(self.deadline)?;
        (self.followed, self.has_history) = (Lasting::WithTheNext, self.facts.has_history);
        // Whatever becomes of them, the outputs say it; what went wrong is the first failure.
        _ = self.rest(reached, done, progress);
        Err(error)
    }

    /// The steps that are not done.
    fn rest(&mut self, steps: &'r [Step<'_>], done: &mut Done, progress: &Progress) -> Result<(), Error> {
        let first = done.steps.len();
        let taken = steps.iter().enumerate().skip(first).try_for_each(|(number, step)| {
            self.session.check_interrupt()?;
            progress.say(format!("version {} {}", step.version, step.description));
            self.left = steps.get(number..).unwrap_or_default();
            done.steps.push(self.take(step)?);
            Ok(())
        });
        self.settle();
        taken
    }

    /// How many of the steps that were taken are there after a failure. What can't be seen is not there: the next run looks.
    fn left_of(&mut self, taken: &[Step<'_>]) -> usize {
        let history = self.history().unwrap_or_default();
        let is_there = |step: &&Step<'_>| history.iter().any(|row| row.version == *step.version);
        taken.iter().take_while(is_there).count()
    }

    /// The history as it is now.
    pub(super) fn history(&mut self) -> Result<Vec<Applied>, DatabaseError> {
        let (table, place) = (self.facts.layout.history(), &self.facts.place);
        let rows = self.database.texts(&table.select(place))?;
        facts::resolved(table, &rows, &self.facts.migrations, place)
    }
}

impl Steps<'_> {
    /// When the first of these steps must be safe: one flush of the disk is enough for all files, if the run gets to the last. Beside statements
    /// that commit by themselves, the history must not fall behind.
    pub(super) fn lasting(&self, left: &[Step<'_>]) -> Lasting {
        match left {
            [step, _, ..] if step.cut.unit != Unit::Statement => self.followed,
            _ => Lasting::AtOnce,
        }
    }

    /// Ends the step. Where a message to the server is what a short file waits for, the next one begins in the same.
    pub(super) fn turn(&mut self, step: &Step<'_>, row: &str) -> Result<(), Error> {
        let next = match self.left {
            [_, next @ ..] if next.first().is_some_and(|next| next.cut.unit != Unit::Statement) => next,
            _ => return self.close(step, row),
        };
        let stamp = self.facts.layout.history().stamp(&self.facts.place);
        match self.database.commit_and_begin(row, &stamp, self.lasting(next)) {
            Ok(turned) => {
                self.wrote(turned.value);
                self.is_open = turned.has_begun;
                Ok(())
            }
            Err(_) if self.is_taken(step) => Ok(()),
            Err(error) => Err(self.at_commit(step, error)),
        }
    }

    /// Where a file is one transaction, a constraint that is deferred fails only here.
    pub(super) fn at_commit(&self, step: &Step<'_>, source: DatabaseError) -> Error {
        match source {
            DatabaseError::Statement { .. } if step.cut.unit != Unit::Statement => Error::Statement {
                place: Place { file: step.script.file.clone(), line: None },
                statement: "COMMIT".to_owned(),
                unit: step.cut.unit,
                source,
            },
            source => self.failed(step, source),
        }
    }

    /// After a failure between two steps: the history knows whether the first is done.
    fn is_taken(&mut self, step: &Step<'_>) -> bool {
        self.database.rollback();
        self.stamp = None;
        // Also when there is no time left, which may be the failure: the first may be done all the same.
        let is_taken = self.stop_at(None).is_ok() && matches!(self.look(step), Ok(Open::Others));
        self.database.rollback();
        _ = self.stop_at(self.deadline);
        self.is_unsettled |= is_taken;
        is_taken
    }

    /// The history is as we wrote it.
    pub(super) fn wrote(&mut self, stamp: Option<String>) {
        (self.stamp, self.has_history) = (stamp, true);
        self.is_unsettled = self.lasting(self.left) != Lasting::AtOnce;
    }

    /// Where the run ends early: what was to last with the next file lasts now.
    pub(super) fn settle(&mut self) {
        if std::mem::take(&mut self.is_open) {
            self.database.rollback();
        }
        if std::mem::take(&mut self.is_unsettled) {
            self.database.settle(&self.facts.place.name());
        }
    }
}
