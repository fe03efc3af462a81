//! A file of which no transaction holds the whole: each statement on its own, and beside the history how far it came; never a transaction
//! around them.

use std::time::Instant;

use ci::Place;

use super::{Outcome, Steps};
use crate::{
    database::DatabaseError,
    effect::{self, Memory},
    error::Error,
    layout::progress::{self, Progress},
    plan::{Entry, Step},
    statement::{Dialect, Statement},
};

impl Steps<'_> {
    /// Goes on where an earlier run was killed. Whether a statement outside of a transaction was done before that run could say so is seen
    /// by what it makes.
    pub(super) fn alone(&mut self, step: &Step<'_>) -> Result<Outcome, Error> {
        self.database.rollback();
        let started = Instant::now();
        let mut progress = self.begun(step)?;
        self.remember(step, progress.done)?;
        for one in step.cut.statements.iter().skip(progress.done) {
            self.in_time(step)?;
            if effect::stands_alone(one) {
                self.outside(step, one, &mut progress)?;
            } else {
                self.unchanged(step)?;
                self.say_again(step, progress.done)?;
                self.database.execute(one).map_err(|source| self.refused(step, one, source))?;
                progress.step(&step.cut.statements);
            }
            if progress.done < step.cut.statements.len() {
                self.close(step, &progress.write(&self.facts.place))?;
            }
        }
        if step.cut.statements.is_empty() {
            self.unchanged(step)?;
        }
        // In the transaction that says of the last statement that it is done.
        let closing = self.row(step, started.elapsed()) + &Progress::finish(&self.facts.place);
        self.close(step, &closing)?;
        Ok(Outcome::Taken(u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)))
    }

    /// How far it came before; if nowhere, that it begins now.
    fn begun(&mut self, step: &Step<'_>) -> Result<Progress, Error> {
        let asked = match self.database.columns(&[progress::TABLE]) {
            Ok(found) if found.is_empty() => Ok(Vec::new()),
            Ok(_) => self.database.texts(&Progress::select(&self.facts.place)),
            Err(error) => Err(error),
        };
        let rows = asked.map_err(|error| self.failed(step, error))?;
        let known = Progress::read(&rows).map_err(|why| self.failed(step, DatabaseError::History(why)))?;
        let mut fresh = step.progress(self.facts.layout);
        if let Some(known) = known.and_then(|known| step.resumed(&known, self.facts.layout)) {
            self.stamp = Some(self.open(step)?);
            self.database.rollback();
            return Ok(known);
        }
        // With the first statement said to be begun, if a trace tells later that it was not.
        if let Some(first) = step.cut.statements.first().filter(|one| effect::stands_alone(one)) {
            fresh.trace = self.database.trace(first).map_err(|error| self.failed(step, error))?;
            fresh.begun = fresh.trace.is_some();
        }
        let (table, place) = (self.facts.layout.history(), &self.facts.place);
        let mark = match step.entry {
            Entry::Added(_) => table.begin(place, &self.entry(step, std::time::Duration::ZERO)),
            Entry::Removed => String::new(),
        };
        let note = format!("{}{}{mark}", Progress::create(place), fresh.write(place));
        self.stamp = Some(self.open(step)?);
        self.close(step, &note)?;
        Ok(fresh)
    }

    /// Says again what an earlier run said to a session that is gone. What only that session had can't be made again.
    fn remember(&mut self, step: &Step<'_>, done: usize) -> Result<(), Error> {
        for one in step.cut.statements.iter().take(done) {
            match effect::memory(one) {
                Memory::Kept => {}
                Memory::Said => {
                    self.database.execute(one).map_err(|source| self.refused(step, one, source))?;
                }
                Memory::Lost => return Err(doubtful(step, one)),
            }
        }
        let mut left = step
            .cut
            .statements
            .iter()
            .skip(done)
            .take_while(|one| !effect::inserts(one) || effect::leans(one));
        match left.find(|one| done > 0 && effect::leans(one)) {
            None => Ok(()),
            Some(one) => Err(doubtful(step, one)),
        }
    }

    /// In PostgreSQL every row of the history is written by a session as it was opened, so what the file has set before is set again.
    fn say_again(&mut self, step: &Step<'_>, done: usize) -> Result<(), Error> {
        for one in said(step, done) {
            self.database.execute(one).map_err(|source| self.refused(step, one, source))?;
        }
        Ok(())
    }

    /// Outside of any transaction; then begins the one that says so. A failure that the database itself reports leaves nothing in doubt.
    fn outside(&mut self, step: &Step<'_>, one: &Statement, progress: &mut Progress) -> Result<(), Error> {
        self.say_again(step, progress.done)?;
        let seen = self.database.trace(one).map_err(|error| self.failed(step, error))?;
        let is_done = match (progress.begun, &progress.trace, &seen) {
            (false, ..) => false,
            (true, Some(before), Some(now)) => before != now,
            (true, ..) => return Err(doubtful(step, one)),
        };
        if !is_done {
            if !progress.begun {
                (progress.begun, progress.trace) = (true, seen);
                self.note(step, progress)?;
            }
            if let Err(source) = self.database.execute_alone(&said(step, progress.done), one) {
                progress.begun = matches!(source, DatabaseError::Torn(_));
                let error = self.refused(step, one, source);
                // Where the connection is lost, the doubt stays, and the next run looks.
                _ = self.note(step, progress);
                return Err(error);
            }
        }
        progress.step(&step.cut.statements);
        self.unchanged(step)
    }

    fn note(&mut self, step: &Step<'_>, progress: &Progress) -> Result<(), Error> {
        self.unchanged(step)?;
        let note = progress.write(&self.facts.place);
        self.close(step, &note)
    }

    /// Begins a transaction on the history that we left.
    fn unchanged(&mut self, step: &Step<'_>) -> Result<(), Error> {
        let stamp = self.open(step)?;
        if self.stamp.as_ref() == Some(&stamp) { Ok(()) } else { Err(Error::Moved(step.version.clone())) }
    }
}

/// What a file in PostgreSQL has set for its session; in MySQL the session keeps it.
fn said<'s>(step: &'s Step<'_>, done: usize) -> Vec<&'s Statement> {
    let done = step.cut.statements.iter().take(done);
    done.filter(|one| one.dialect == Dialect::Postgres && effect::memory(one) == Memory::Said).collect()
}

/// A run was killed while this ran, or its session had what the rest needs, and nothing shows what is left of it.
fn doubtful(step: &Step<'_>, one: &Statement) -> Error {
    let place = Place { file: step.script.file.clone(), line: Some(one.line) };
    Error::Doubtful { place, statement: one.shown() }
}
