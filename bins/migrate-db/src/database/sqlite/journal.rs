//! How SQLite keeps what a transaction overwrites, when a commit waits for the disk, and which files share one; never what is written.

use std::time::{Duration, Instant};

use super::Sqlite;
use crate::database::{DatabaseError, Lasting};

/// What becomes of the file that holds what a transaction overwrites (sqlite.org/pragma.html, `journal_mode`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Journal {
    /// Nobody has looked yet.
    Unseen,
    /// What the database or its owner says.
    AsItIs,
    /// It stays until the run ends: making and deleting it would cost each file a third of its time.
    Kept,
}

impl Sqlite {
    /// Only where it would be deleted after each transaction: other modes are somebody's choice, and WAL is kept in the file.
    pub(super) fn keep_journal(&mut self) -> Result<(), DatabaseError> {
        if self.journal == Journal::Unseen {
            self.journal = match self.value("PRAGMA journal_mode")?.as_str() {
                "delete" => Journal::Kept,
                _ => Journal::AsItIs,
            };
            if self.journal == Journal::Kept {
                self.value("PRAGMA journal_mode = PERSIST")?;
            }
        }
        Ok(())
    }
}

/// When a commit waits for the disk (sqlite.org/pragma.html, `synchronous`), which is said before it begins. At `NORMAL` it waits for what it overwrites
/// and for what it writes, and not until it is known to be over: if the power fails, the journal or the log that is left may take it back as a whole.
pub(super) const fn synchronous(lasting: Lasting) -> &'static str {
    match lasting {
        Lasting::AtOnce => "PRAGMA synchronous = FULL;",
        Lasting::WithTheNext | Lasting::InTheNext => "PRAGMA synchronous = NORMAL;",
    }
}

/// How long files go on sharing a transaction: what a killed run loses.
const SHARED_TIME_MAX: Duration = Duration::from_millis(100);
/// Ends a file and begins the next one.
pub(super) const NEXT: &str = "RELEASE seaworthy_file; SAVEPOINT seaworthy_file;";
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
    pub(super) fn goes_on(&self) -> bool {
        self.began.elapsed() < SHARED_TIME_MAX
    }
}
