//! The sessions of another tool that works under our lock: what they are bound to, and how they end; never what it does in them.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::Postgres;
use crate::{
    database::{Database, DatabaseError, bounded::END_TIME_MAX},
    tool::SESSION,
};

/// How often it is looked whether they have ended.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

impl Postgres {
    /// `PGOPTIONS` of a tool: what our own transactions are bound to, as far as a whole session can be.
    pub(super) fn tool_options(&self) -> String {
        let option = |(name, value): (&str, String)| format!("-c {name}={value}");
        self.limits().into_iter().map(option).collect::<Vec<_>>().join(" ")
    }

    /// A run that was killed leaves its tool at work, without our lock. Under the lock nobody starts a second one, so it is only waited for.
    pub(super) fn wait_for_tool(&mut self) -> Result<(), DatabaseError> {
        let give_up = Instant::now() + self.patience;
        while let Some(session) = self.tool_session()? {
            if Instant::now() >= give_up {
                return Err(DatabaseError::Locked(format!(
                    "{session}, which an earlier run started, is still at work"
                )));
            }
            thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }

    /// What the tool left open when it was stopped is taken back by the server.
    pub(super) fn end_tool_sessions(&mut self) -> Result<(), DatabaseError> {
        let give_up = Instant::now() + END_TIME_MAX;
        while let Some(session) = self.tool_session()? {
            if Instant::now() >= give_up {
                return Err(DatabaseError::Locked(format!("{session} does not end")));
            }
            self.texts(&format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE datname = current_database() AND application_name = '{SESSION}'"
            ))?;
            thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }

    fn tool_session(&mut self) -> Result<Option<String>, DatabaseError> {
        self.text(&format!(
            "SELECT format('process %s of role %s (%s, since %s)', pid, usename, application_name, backend_start) \
             FROM pg_stat_activity WHERE datname = current_database() AND application_name = '{SESSION}' LIMIT 1"
        ))
    }
}
