//! The advisory locks of a session: taken by trying, with whoever holds one shown; never the lock of a table.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::Postgres;
use crate::{
    database::{DatabaseError, Turned},
    layout::history::Texts,
};

/// How often a held lock is tried again.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// An advisory lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Key(pub(super) i64);

impl Key {
    /// Takes it once more, by whoever has it or because nobody has it, until the transaction ends.
    pub(super) fn again(self) -> String {
        format!("pg_try_advisory_xact_lock({})", self.0)
    }

    /// How `pg_locks` shows it (documentation, section 54.12).
    pub(super) fn condition(self) -> String {
        let bits = self.0.cast_unsigned();
        format!(
            "locktype = 'advisory' AND granted AND classid = '{}' AND objid = '{}' AND objsubid = 1 \
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            bits >> 32,
            bits & u64::from(u32::MAX)
        )
    }
}

impl Postgres {
    /// Takes a lock of this session, which ends with the session at the latest. It is tried again and again: whoever waited in
    /// `pg_advisory_lock` would hold a snapshot, and with it block indexes that are built concurrently.
    pub(super) fn take(&mut self, key: Key) -> Result<(), DatabaseError> {
        let patience = Instant::now() + self.patience;
        let give_up = self.deadline.map_or(patience, |deadline| deadline.min(patience));
        loop {
            if self.is_true(&format!("SELECT pg_try_advisory_lock({})", key.0))? {
                return Ok(());
            }
            if Instant::now() >= give_up {
                return Err(DatabaseError::Locked(self.holder(key)?));
            }
            self.runtime.block_on(async { sleep(LOOK_AGAIN).await });
        }
    }

    /// A column of a question: whether the session is still the one that holds our lock. It is taken once more, until the transaction ends: nobody else can
    /// have it, whatever a file before has released.
    pub(super) fn is_ours(&self) -> String {
        let lock = self.locked.first().map_or_else(|| "false".to_owned(), |key| key.again());
        format!("pg_backend_pid() = {} AND {lock}", self.process)
    }

    /// A pooler that lends out transactions gives the session that has just become free to the next who asks. Nobody else would
    /// ever answer two connections with one server process.
    pub(super) fn refuse_pooler(&mut self) -> Result<(), DatabaseError> {
        let process = |second: &mut Self| Ok(second.process.clone());
        let second = Self::over_another(self.options.clone(), &self.server, self.patience, process)?;
        if second == self.process { Err(DatabaseError::Pooled) } else { Ok(()) }
    }

    /// Who holds a lock, for the person who has to end it.
    fn holder(&mut self, key: Key) -> Result<String, DatabaseError> {
        let sql = format!(
            "SELECT format('process %s of role %s (%s, %s) has held it since %s', pid, usename, application_name, \
             coalesce(host(client_addr), 'local'), backend_start) \
             FROM pg_locks LEFT JOIN pg_stat_activity USING (pid) WHERE {} LIMIT 1",
            key.condition()
        );
        Ok(self.text(&sql)?.unwrap_or_else(|| "whoever held it is gone by now".into()))
    }
}

/// The answer to [`Postgres::is_ours`], and the value behind it.
pub(super) fn turned(rows: Vec<Texts>) -> Turned {
    let (is_ours, value) = match rows.into_iter().next_back().as_deref() {
        Some([.., is_ours, value]) => (is_ours.clone(), value.clone()),
        _ => (None, None),
    };
    Turned { value, has_begun: is_ours.as_deref() == Some("t") }
}
