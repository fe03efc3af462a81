//! The history table in SQLite, and the rows that this program writes into it.

use std::str::FromStr;

use contract::Digest;
use sqlx::{Row, sqlite::SqliteRow};

use super::Sqlite;
use crate::{
    database::{Applied, DatabaseError},
    layout::{Script, Version},
};

/// Not STRICT: an application with SQLite before 3.37 could then no longer open its own database.
pub(super) const TABLE: &str = "\
CREATE TABLE IF NOT EXISTS migrate_db_history (
    version INTEGER PRIMARY KEY NOT NULL,
    description TEXT NOT NULL,
    checksum TEXT NOT NULL,
    phase TEXT NOT NULL,
    down_checksum TEXT,
    down_sql TEXT,
    applied_on TEXT NOT NULL,
    execution_ms INTEGER NOT NULL,
    tool_version TEXT NOT NULL
)";

const EXISTS: &str = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migrate_db_history'";
const READ: &str = "\
SELECT version, description, checksum, phase, down_checksum, applied_on, execution_ms
FROM migrate_db_history ORDER BY version";
const READ_FROM: &str =
    "SELECT version, checksum FROM migrate_db_history WHERE version >= ? ORDER BY version LIMIT 3";
const READ_DOWN: &str = "SELECT down_sql FROM migrate_db_history WHERE version = ?";
const WRITE: &str = "\
INSERT INTO migrate_db_history
(version, description, checksum, phase, down_checksum, down_sql, applied_on, execution_ms, tool_version)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
const ERASE: &str = "DELETE FROM migrate_db_history WHERE version = ?";

impl Sqlite {
    pub(super) fn read_history(&mut self) -> Result<Vec<Applied>, DatabaseError> {
        let found = self.runtime.block_on(sqlx::query(EXISTS).fetch_optional(&mut self.connection))?;
        self.has_history = found.is_some();
        if !self.has_history {
            return Ok(Vec::new());
        }
        let rows =
            self.runtime.block_on(sqlx::query(READ).fetch_all(&mut self.connection)).map_err(foreign)?;
        rows.iter().map(applied).collect()
    }

    pub(super) fn read_from(&mut self, version: Version) -> Result<Vec<(Version, Digest)>, DatabaseError> {
        let query = sqlx::query(READ_FROM).bind(version.number());
        let rows = self.runtime.block_on(query.fetch_all(&mut self.connection))?;
        rows.iter().map(|row| Ok((version_of(row)?, parsed(row, "checksum")?))).collect()
    }

    pub(super) fn read_down(&mut self, version: Version) -> Result<Option<String>, DatabaseError> {
        let query = sqlx::query_scalar(READ_DOWN).bind(version.number());
        let found: Option<Option<String>> =
            self.runtime.block_on(query.fetch_optional(&mut self.connection))?;
        Ok(found.flatten())
    }

    pub(super) fn write_history(
        &mut self,
        applied: &Applied,
        down: Option<&Script>,
    ) -> Result<(), DatabaseError> {
        let query = sqlx::query(WRITE)
            .bind(applied.version.number())
            .bind(applied.description.as_str())
            .bind(applied.checksum.to_string())
            .bind(applied.phase.word())
            .bind(down.map(|down| down.checksum.to_string()))
            .bind(down.map(|down| down.text.as_str()))
            .bind(applied.applied_on.to_string())
            .bind(i64::try_from(applied.execution_ms).unwrap_or(i64::MAX))
            .bind(env!("CARGO_PKG_VERSION"));
        self.runtime.block_on(query.execute(&mut self.connection))?;
        Ok(())
    }

    pub(super) fn erase_history(&mut self, version: Version) -> Result<(), DatabaseError> {
        let query = sqlx::query(ERASE).bind(version.number());
        self.runtime.block_on(query.execute(&mut self.connection))?;
        Ok(())
    }
}

/// A table of this name with other columns is not ours.
fn foreign(error: sqlx::Error) -> DatabaseError {
    match DatabaseError::from(error) {
        DatabaseError::Statement { why, .. } => DatabaseError::History(why),
        other => other,
    }
}

/// A value of another type was not written by us.
fn get<'r, T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>>(
    row: &'r SqliteRow,
    column: &str,
) -> Result<T, DatabaseError> {
    row.try_get(column).map_err(|error| DatabaseError::History(error.to_string()))
}

fn applied(row: &SqliteRow) -> Result<Applied, DatabaseError> {
    let down: Option<String> = get(row, "down_checksum")?;
    Ok(Applied {
        version: version_of(row)?,
        description: get(row, "description")?,
        checksum: parsed(row, "checksum")?,
        phase: parsed(row, "phase")?,
        down: down.map(|_| parsed(row, "down_checksum")).transpose()?,
        applied_on: parsed(row, "applied_on")?,
        execution_ms: u64::try_from(get::<i64>(row, "execution_ms")?).unwrap_or_default(),
    })
}

fn version_of(row: &SqliteRow) -> Result<Version, DatabaseError> {
    let number = get::<i64>(row, "version")?;
    Version::from_row(number).ok_or_else(|| damaged(&number.to_string(), "version"))
}

fn parsed<T: FromStr>(row: &SqliteRow, column: &str) -> Result<T, DatabaseError> {
    let text: String = get(row, column)?;
    text.parse().map_err(|_| damaged(&text, column))
}

fn damaged(text: &str, column: &str) -> DatabaseError {
    DatabaseError::History(format!("migrate_db_history holds `{text}` as {column}"))
}
