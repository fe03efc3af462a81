//! How SQLite keeps what a transaction overwrites, and when a commit waits for the disk; never what is written.

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
