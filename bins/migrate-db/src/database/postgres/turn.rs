//! The end of one file and the beginning of the next, in one message; never what a file does.

use super::{AS_OURSELVES, Postgres, lock::turned, settings::Scope};
use crate::database::{Database, DatabaseError, Lasting, Turned};

/// How a file begins: what it is bound to, whose the session is, and how far the history came. For a short file the server takes as long to
/// read and plan that as to do it, so that the session keeps it.
#[derive(Default)]
pub(super) enum Beginning {
    /// Not kept yet.
    #[default]
    Unsaid,
    /// Kept, as this text says.
    Kept(String),
    /// It can't be kept: something came between.
    Said,
}

/// Its name in the session.
const NAME: &str = "seaworthy_beginning";

impl Postgres {
    pub(super) fn turn(
        &mut self,
        closing: &str,
        value: &str,
        lasting: Lasting,
    ) -> Result<Turned, DatabaseError> {
        let scope = Scope::Transaction(lasting);
        let (timeout, ours) = (self.statement_timeout(), self.is_ours());
        let text = format!("SELECT {}, {ours}, {value}", self.set(scope, "$1"));
        let (beginning, after) = match std::mem::replace(&mut self.beginning, Beginning::Said) {
            Beginning::Kept(kept) if kept == text => {
                (format!("EXECUTE {NAME} ({timeout})"), Beginning::Kept(kept))
            }
            Beginning::Unsaid if lasting != Lasting::AtOnce => {
                let both = format!("PREPARE {NAME} (text) AS {text}; EXECUTE {NAME} ({timeout})");
                (both, Beginning::Kept(text))
            }
            // Also for the last file, which begins like no other: its commit waits for the disk.
            _ => (format!("SELECT {}, {ours}, {value}", self.set(scope, &timeout)), Beginning::Said),
        };
        let rows = self.texts(&format!("{AS_OURSELVES} {closing} COMMIT; BEGIN; RESET ALL; {beginning}"))?;
        self.beginning = after;
        Ok(turned(rows))
    }
}
