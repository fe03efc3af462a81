//! What a session is set to while a file runs: time limits and how text is read; never what the file itself sets.

use std::time::{Duration, Instant};

use super::{AS_OURSELVES, Postgres, QUESTION_TIME_MAX, answer::literal};
use crate::database::Lasting;

/// How long a statement waits for a table before it makes room for those who wait behind it.
const TABLE_WAIT_MAX: Duration = Duration::from_secs(2);
/// How much later than we the server itself ends a statement, in case we are gone.
const SERVER_LATER: Duration = Duration::from_millis(500);

/// How long a setting holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Until the transaction ends.
    Transaction(Lasting),
    /// Until the session ends, or another file begins.
    Session,
}

impl Postgres {
    /// How long a statement may wait and how long it may take, whoever sends it, in milliseconds.
    pub(super) fn limits(&self) -> Vec<(&'static str, String)> {
        let mut limits = self.steady_limits();
        limits.push(("statement_timeout", self.time_left()));
        limits
    }

    /// How long a statement may take, as a text of SQL.
    pub(super) fn statement_timeout(&self) -> String {
        literal(&self.time_left())
    }

    fn time_left(&self) -> String {
        let left = self.deadline.map_or(Duration::ZERO, |deadline| {
            deadline.saturating_duration_since(Instant::now()) + SERVER_LATER
        });
        left.as_millis().to_string()
    }

    /// Those limits that are the same for every file.
    fn steady_limits(&self) -> Vec<(&'static str, String)> {
        let mut limits = vec![("lock_timeout", self.patience.min(TABLE_WAIT_MAX).as_millis().to_string())];
        if self.version >= 140_000 {
            // The server notices that we are gone while it works, not only after.
            limits.push(("client_connection_check_interval", "1000".to_owned()));
        }
        limits
    }

    /// What holds within each transaction, or for the session. What an earlier file set for its session ends before it.
    pub(super) fn settings(&self, scope: Scope) -> String {
        format!("{AS_OURSELVES} RESET ALL; SELECT {};", self.set(scope, &self.statement_timeout()))
    }

    /// Columns of one question, which set all that holds: a statement each would cost a short file more than the file itself. How long a
    /// statement may take is an expression.
    pub(super) fn set(&self, scope: Scope, statement_timeout: &str) -> String {
        let mut settings = self.steady_limits();
        settings.push(("standard_conforming_strings", "on".to_owned()));
        settings.push(("idle_in_transaction_session_timeout", QUESTION_TIME_MAX.as_millis().to_string()));
        if matches!(scope, Scope::Transaction(Lasting::WithTheNext | Lasting::InTheNext)) {
            // The log is written in its order, so the next commit that waits for the disk waits for this one, too.
            settings.push(("synchronous_commit", "off".to_owned()));
        }
        let is_local = scope != Scope::Session;
        let set = |name, value| format!("set_config('{name}', {value}, {is_local})");
        let timeout = std::iter::once(set("statement_timeout", statement_timeout.to_owned()));
        let set: Vec<String> =
            timeout.chain(settings.into_iter().map(|(name, value)| set(name, literal(&value)))).collect();
        set.join(", ")
    }
}
