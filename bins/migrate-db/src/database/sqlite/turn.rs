//! The end of one file and the beginning of the next in SQLite, and which files share a transaction; never what a file does.

use std::time::{Duration, Instant};

use super::{Sqlite, journal::synchronous};
use crate::database::{Database, DatabaseError, Lasting, Turned};

/// How long files go on sharing a transaction: what a killed run loses.
const SHARED_TIME_MAX: Duration = Duration::from_millis(100);
/// Ends a file and begins the next one.
const NEXT: &str = "RELEASE seaworthy_file; SAVEPOINT seaworthy_file;";
/// Takes the last file back, and keeps those before it.
pub(super) const KEEP: &str = "ROLLBACK TO seaworthy_file; COMMIT";

/// What the first file of a transaction begins with.
pub(super) const fn mark(lasting: Lasting) -> &'static str {
    match lasting {
        Lasting::InTheNext => "SAVEPOINT seaworthy_file;",
        Lasting::AtOnce | Lasting::WithTheNext => "",
    }
}

/// A transaction that several files may share, since nobody else uses the database: waiting for the disk is most of what a short file costs.
pub(super) struct Shared {
    began: Instant,
    /// How many are in it beside the one that is not done.
    pub(super) files: usize,
}

impl Shared {
    /// A transaction that begins, if it may be shared.
    pub(super) fn of(lasting: Lasting) -> Option<Self> {
        (lasting == Lasting::InTheNext).then(|| Self { began: Instant::now(), files: 0 })
    }

    /// Whether one more file may share it.
    fn goes_on(&self) -> bool {
        self.began.elapsed() < SHARED_TIME_MAX
    }
}

impl Sqlite {
    pub(super) fn turn(
        &mut self,
        closing: &str,
        value: &str,
        lasting: Lasting,
    ) -> Result<Turned, DatabaseError> {
        let goes_on = |shared: &Shared| lasting == Lasting::InTheNext && shared.goes_on();
        if self.shared.as_ref().is_some_and(goes_on) {
            self.value(&format!("{closing} {NEXT}"))?;
            self.shared.iter_mut().for_each(|shared| shared.files += 1);
            // Nobody can have come between, so there is nothing to compare later.
            return Ok(Turned { value: None, has_begun: true });
        }
        // No file can have changed it within its transaction.
        let next = if lasting == self.lasting { "" } else { synchronous(lasting) };
        let mark = mark(lasting);
        let rows = self.texts(&format!(
            "{closing} SELECT {value}; COMMIT; {next} BEGIN IMMEDIATE; {mark} SELECT {value}"
        ))?;
        (self.lasting, self.shared) = (lasting, Shared::of(lasting));
        let mut values = rows.into_iter().map(|row| row.into_iter().next().flatten());
        let (left, found) = (values.next().flatten(), values.next().flatten());
        // Nobody is kept out between the two: another run may have gone on.
        let has_begun = left == found;
        if !has_begun {
            self.rollback();
        }
        Ok(Turned { value: left, has_begun })
    }
}
