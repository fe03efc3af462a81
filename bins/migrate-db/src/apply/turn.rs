//! The turn from one file to the next, and when what was committed must be safe; never what a file does.

use ci::Place;

use super::{Open, Steps};
use crate::{
    database::{DatabaseError, Lasting},
    error::Error,
    layout::Unit,
    plan::Step,
};

/// When the first of these steps must be safe: one flush of the disk is enough for all files, if the run gets to the last. Beside statements
/// that commit by themselves, the history must not fall behind.
pub(super) fn lasting(left: &[Step<'_>]) -> Lasting {
    match left {
        [step, _, ..] if step.cut.unit != Unit::Statement => Lasting::WithTheNext,
        _ => Lasting::AtOnce,
    }
}

impl Steps<'_> {
    /// Ends the step. Where a message to the server is what a short file waits for, the next one begins in the same.
    pub(super) fn turn(&mut self, step: &Step<'_>, row: &str) -> Result<(), Error> {
        let next = match self.left {
            [_, next @ ..] if next.first().is_some_and(|next| next.cut.unit != Unit::Statement) => next,
            _ => return self.close(step, row),
        };
        let stamp = self.facts.layout.history().stamp(&self.facts.place);
        match self.database.commit_and_begin(row, &stamp, lasting(next)) {
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
        let is_taken = matches!(self.begin(step), Ok(Open::Others));
        self.database.rollback();
        self.is_unsettled |= is_taken;
        is_taken
    }

    /// The history is as we wrote it.
    pub(super) fn wrote(&mut self, stamp: String) {
        (self.stamp, self.has_history) = (Some(stamp), true);
        self.is_unsettled = lasting(self.left) == Lasting::WithTheNext;
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
