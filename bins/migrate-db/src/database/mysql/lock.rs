//! The named locks of a session: taken by trying, with whoever holds one shown; never the lock of a table.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::{Mysql, answer::literal};
use crate::database::DatabaseError;

/// How often a held lock is tried again.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

impl Mysql {
    /// Takes a lock of this session, which ends with the session at the latest.
    pub(super) fn take(&mut self, name: &str) -> Result<(), DatabaseError> {
        let patience = Instant::now() + self.patience;
        let give_up = self.deadline.map_or(patience, |deadline| deadline.min(patience));
        let asked = format!("SELECT get_lock({}, 0)", literal(name));
        loop {
            if self.text(&asked)?.as_deref() == Some("1") {
                return Ok(());
            }
            if Instant::now() >= give_up {
                return Err(DatabaseError::Locked(self.holder(name)?));
            }
            self.runtime.block_on(async { sleep(LOOK_AGAIN).await });
        }
    }

    /// Gives one back before the end of the session.
    pub(super) fn give_back(&mut self, name: &str) {
        _ = self.run(&format!("DO release_lock({})", literal(name)));
    }

    /// Who holds a lock, for the person who has to end it. Whose session it is, only a user with the privilege PROCESS or the same one sees.
    fn holder(&mut self, name: &str) -> Result<String, DatabaseError> {
        let holder = self.text(&format!("SELECT is_used_lock({})", literal(name)))?;
        let Some(session) = holder else { return Ok("whoever held it is gone by now".into()) };
        let seen = self.text(&format!(
            "SELECT concat(' of user ', user, ' from ', host, ', ', lower(command), ' for ', time, ' s') \
             FROM information_schema.processlist WHERE id = {session}"
        ))?;
        Ok(format!("session {session}{} holds it", seen.unwrap_or_default()))
    }
}
