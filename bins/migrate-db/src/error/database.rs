//! What the failures of a database are called, whose turn they are, and how to mend them; never what a migration does wrong.

use ci::{Code, Kind};

use crate::database::DatabaseError;

/// What to do about what is half done.
pub(super) const HALF_DONE: &str = "run the command that was killed again; or look what of it is there, finish it or take it back by hand, and say so with `migrate-db repair --applied VERSION` or `--not-applied VERSION`";

impl DatabaseError {
    pub(super) fn code(&self) -> Code {
        match self {
            Self::Locked(_) => Code::new("database-locked"),
            Self::Deadline => Code::new("budget-exceeded"),
            Self::NeedsRecovery(_) => Code::new("database-needs-recovery"),
            Self::Statement { .. } => Code::new("migration-failed"),
            Self::Torn(_) => Code::new("migration-half-done"),
            Self::ReadOnly(_) | Self::World(_) => Code::new("database-failed"),
            Self::Pooled => Code::new("database-pooled"),
            Self::Tool(_) => Code::new("backup-tool-missing"),
            Self::History(_) => Code::new("history-damaged"),
        }
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Locked(_) | Self::NeedsRecovery(_) | Self::ReadOnly(_) | Self::World(_) | Self::Tool(_) => {
                Kind::World
            }
            Self::Deadline | Self::Statement { .. } | Self::Torn(_) | Self::History(_) => Kind::Refused,
            Self::Pooled => Kind::Input,
        }
    }

    pub(super) fn fix(&self) -> &'static str {
        match self {
            Self::Locked(_) => {
                "end the process that holds the database, or wait longer with --lock-timeout; a second run continues"
            }
            Self::Deadline => {
                "make the statement cheaper, or allow more time with --budget; a second run continues with this file"
            }
            Self::NeedsRecovery(_) => {
                "run this as a user who may write the database, or start the application once: either settles it"
            }
            Self::Statement { .. } => {
                "correct the statement and run again: files before this one stay applied"
            }
            Self::Torn(_) => HALF_DONE,
            Self::ReadOnly(_) | Self::World(_) => {
                "check that the database can be reached, its permissions and the free space, then run again"
            }
            Self::Pooled => "name the database's own address in --database-url, not the pooler's",
            Self::Tool(_) => {
                "install the client programs of the server's kind and major version, such as postgresql-client-17 or mariadb-client"
            }
            Self::History(_) => "find out who wrote to the history, and restore a backup if need be",
        }
    }
}
