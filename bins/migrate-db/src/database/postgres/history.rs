//! The history table in PostgreSQL, and the rows that this program writes into it.

use std::str::FromStr;

use contract::Digest;

use super::{
    Postgres,
    answer::{Texts, literal},
};
use crate::{
    database::{Applied, DatabaseError},
    layout::{Script, Version},
};

/// The same columns as everywhere.
pub(super) fn table(name: &str) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {name} (
    version bigint PRIMARY KEY,
    description text NOT NULL,
    checksum text NOT NULL,
    phase text NOT NULL,
    down_checksum text,
    down_sql text,
    applied_on timestamptz NOT NULL,
    execution_ms bigint NOT NULL,
    tool_version text NOT NULL
);"
    )
}

impl Postgres {
    pub(super) fn read_history(&mut self) -> Result<Vec<Applied>, DatabaseError> {
        let history = self.history.clone();
        self.has_history = self.is_true(&format!("SELECT to_regclass({}) IS NOT NULL", literal(&history)))?;
        if !self.has_history {
            return Ok(Vec::new());
        }
        let columns = "version, description, checksum, phase, down_checksum, applied_on, execution_ms";
        let rows = self.texts(&format!("SELECT {columns} FROM {history} ORDER BY version"));
        rows.map_err(foreign)?.iter().map(applied).collect()
    }

    pub(super) fn read_from(&mut self, version: Version) -> Result<Vec<(Version, Digest)>, DatabaseError> {
        let rows = self.texts(&format!(
            "SELECT version, checksum FROM {} WHERE version >= {version} ORDER BY version LIMIT 3",
            self.history
        ))?;
        rows.iter().map(|row| Ok((version_of(row)?, parsed(row, 1)?))).collect()
    }

    pub(super) fn read_down(&mut self, version: Version) -> Result<Option<String>, DatabaseError> {
        self.text(&format!("SELECT down_sql FROM {} WHERE version = {version}", self.history))
    }
}

/// The statement that enters a row.
pub(super) fn row(history: &str, applied: &Applied, down: Option<&Script>) -> String {
    let optional = |text: Option<String>| text.map_or_else(|| "NULL".to_owned(), |text| literal(&text));
    format!(
        "INSERT INTO {history} \
         (version, description, checksum, phase, down_checksum, down_sql, applied_on, execution_ms, tool_version) \
         VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {});",
        applied.version,
        literal(&applied.description),
        literal(&applied.checksum.to_string()),
        literal(applied.phase.word()),
        optional(down.map(|down| down.checksum.to_string())),
        optional(down.map(|down| down.text.clone())),
        literal(&applied.applied_on.to_string()),
        applied.execution_ms,
        literal(env!("CARGO_PKG_VERSION")),
    )
}

/// A table of this name with other columns is not ours.
fn foreign(error: DatabaseError) -> DatabaseError {
    match error {
        DatabaseError::Statement { why, .. } => DatabaseError::History(why),
        other => other,
    }
}

fn text(row: &Texts, at: usize) -> Option<&str> {
    row.get(at)?.as_deref()
}

fn applied(row: &Texts) -> Result<Applied, DatabaseError> {
    Ok(Applied {
        version: version_of(row)?,
        description: text(row, 1).unwrap_or_default().to_owned(),
        checksum: parsed(row, 2)?,
        phase: parsed(row, 3)?,
        down: text(row, 4).map(|_| parsed(row, 4)).transpose()?,
        applied_on: parsed(row, 5)?,
        execution_ms: parsed(row, 6)?,
    })
}

fn version_of(row: &Texts) -> Result<Version, DatabaseError> {
    Version::from_row(parsed(row, 0)?).ok_or_else(|| damaged(text(row, 0).unwrap_or_default()))
}

fn parsed<T: FromStr>(row: &Texts, at: usize) -> Result<T, DatabaseError> {
    let text = text(row, at).unwrap_or_default();
    text.parse().map_err(|_| damaged(text))
}

fn damaged(text: &str) -> DatabaseError {
    DatabaseError::History(format!("migrate_db_history holds `{text}`, which this program did not write"))
}
