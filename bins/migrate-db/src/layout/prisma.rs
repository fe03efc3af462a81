//! Prisma Migrate's layout and `_prisma_migrations` (prisma-engines, `schema-engine/connectors/schema-connector`): a directory for each
//! migration; never its schema file.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::{
    Checksums, Migration, Script, Version,
    history::{Applied, Entry, HistoryTable, Place, State, Texts, hex, moment, text},
    tree::{Source, Tree},
};
use crate::{error::Error, statement::Dialect};

/// What its engine takes in PostgreSQL.
const LOCK: i64 = 72_707_369;

/// The migrations of the directory. A way back is what its documentation has people keep beside it as `down.sql`.
pub(super) fn read(tree: &Tree) -> Result<Vec<Migration>, Error> {
    let mut directories: BTreeMap<&str, (Option<&Source>, Option<&Source>)> = BTreeMap::new();
    for source in &tree.sources {
        match (source.parent(), source.file()) {
            (Some(parent), "migration.sql") => directories.entry(parent).or_default().0 = Some(source),
            (Some(parent), "down.sql") => directories.entry(parent).or_default().1 = Some(source),
            (Some(parent), _) => _ = directories.entry(parent).or_default(),
            (None, _) if source.is_sql() => {
                let why = "Prisma wants <name>/migration.sql and would skip it";
                return Err(Error::Misnamed { file: source.path.clone(), why });
            }
            (None, _) => {}
        }
    }
    let migration = |(name, (up, down)): (&str, (Option<&Source>, Option<&Source>))| {
        let why = "it has no migration.sql";
        let up = up.ok_or_else(|| Error::Misnamed { file: tree.directory.join(name), why })?;
        let description = name.split_once('_').map_or(name, |(_, rest)| rest);
        Ok(Migration {
            version: Version::name(name),
            description: description.replace('_', " "),
            name: name.to_owned(),
            checksums: Checksums::of_bytes(up.text(), |bytes| hex(&Sha256::digest(bytes))),
            after: Vec::new(),
            up: Script::of(&up.path, up.text()),
            down: down.map(|down| Script::of(&down.path, down.text())),
        })
    };
    directories.into_iter().map(migration).collect()
}

/// `_prisma_migrations`.
pub(super) struct Table;

impl HistoryTable for Table {
    fn table(&self) -> &'static str {
        "_prisma_migrations"
    }

    fn mark(&self) -> (&'static str, bool) {
        ("", false)
    }

    fn create(&self, at: &Place) -> String {
        let columns = match at.dialect {
            Dialect::Mysql => {
                "id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at DATETIME(3), \
                 migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at DATETIME(3), \
                 started_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3), applied_steps_count INTEGER UNSIGNED NOT NULL DEFAULT 0"
            }
            Dialect::Postgres => {
                "id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ, \
                 migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ, \
                 started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0"
            }
            Dialect::Sqlite => {
                "id TEXT PRIMARY KEY NOT NULL, checksum TEXT NOT NULL, finished_at DATETIME, migration_name TEXT NOT NULL, \
                 logs TEXT, rolled_back_at DATETIME, started_at DATETIME NOT NULL DEFAULT current_timestamp, \
                 applied_steps_count INTEGER UNSIGNED NOT NULL DEFAULT 0"
            }
        };
        // Prisma's own for MySQL.
        let options = if at.dialect == Dialect::Mysql {
            " DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
        } else {
            ""
        };
        format!("CREATE TABLE IF NOT EXISTS {} ({columns}){options};", at.name())
    }

    fn select(&self, at: &Place) -> String {
        format!(
            "SELECT migration_name, checksum, started_at, finished_at, rolled_back_at FROM {} ORDER BY started_at, migration_name",
            at.name()
        )
    }

    fn applied(&self, rows: &[Texts], _: &[Migration]) -> Result<Vec<Applied>, String> {
        let is_there = |row: &Texts, at: usize| row.get(at).is_some_and(Option::is_some);
        let applied = |row: &Texts| {
            let name = text(row, 0)?;
            let (started, finished) = (moment(row, 2), moment(row, 3));
            let took = started.zip(finished).map(|(from, to)| to.duration_since(from).as_millis());
            let description = name.split_once('_').map_or(name, |(_, rest)| rest).replace('_', " ");
            Ok(Applied {
                checksum: Some(text(row, 1)?.to_owned()),
                state: if is_there(row, 3) { State::Whole } else { State::Begun },
                applied_on: finished.or(started),
                execution_ms: took.and_then(|ms| u64::try_from(ms).ok()),
                ..Applied::of(Version::name(name), description)
            })
        };
        rows.iter().filter(|row| !is_there(row, 4)).map(applied).collect()
    }

    fn stamp(&self, at: &Place) -> String {
        let values =
            ["count(*)", "count(finished_at)", "count(rolled_back_at)", "coalesce(max(migration_name), '')"];
        format!("(SELECT {} FROM {})", at.joined(&values), at.name())
    }

    fn add(&self, at: &Place, entry: &Entry<'_>) -> String {
        let finished =
            entry.applied_on.as_millisecond() + i64::try_from(entry.took.as_millis()).unwrap_or_default();
        write(at, entry, &time(at, finished), 1)
    }

    fn begin(&self, at: &Place, entry: &Entry<'_>) -> String {
        write(at, entry, "NULL", 0)
    }

    fn remove(&self, at: &Place, entry: &Entry<'_>) -> String {
        format!(
            "UPDATE {} SET rolled_back_at = {} WHERE migration_name = {} AND rolled_back_at IS NULL;",
            at.name(),
            time(at, entry.applied_on.as_millisecond()),
            at.literal(entry.name)
        )
    }

    fn correct(&self, at: &Place, migration: &Migration) -> Option<String> {
        Some(format!(
            "UPDATE {} SET checksum = {} WHERE migration_name = {} AND rolled_back_at IS NULL;",
            at.name(),
            at.optional(migration.checksums.written.as_deref()),
            at.literal(&migration.name)
        ))
    }

    fn locks(&self, _: &Place) -> Vec<i64> {
        vec![LOCK]
    }

    fn named_locks(&self, _: &Place) -> Vec<String> {
        vec!["prisma_migrate".to_owned()]
    }
}

/// A row of a migration that begins, and ends now or not yet; one that we ourselves began goes.
fn write(at: &Place, entry: &Entry<'_>, finished: &str, steps: u8) -> String {
    let (table, name) = (at.name(), at.literal(entry.name));
    format!(
        "DELETE FROM {table} WHERE migration_name = {name} AND finished_at IS NULL AND rolled_back_at IS NULL; \
         INSERT INTO {table} (id, checksum, finished_at, migration_name, started_at, applied_steps_count) \
         VALUES ({}, {}, {finished}, {name}, {}, {steps});",
        identity(at),
        at.optional(entry.checksum),
        time(at, entry.applied_on.as_millisecond()),
    )
}

/// A random identity, made where it is needed: it says nothing.
fn identity(at: &Place) -> &'static str {
    match at.dialect {
        Dialect::Mysql => "uuid()",
        Dialect::Postgres => "md5(random()::text || clock_timestamp()::text)::uuid::text",
        Dialect::Sqlite => {
            "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8' || \
             substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
        }
    }
}

/// A moment as its engine writes it: in SQLite milliseconds since 1970.
fn time(at: &Place, ms: i64) -> String {
    match at.dialect {
        Dialect::Sqlite => ms.to_string(),
        Dialect::Postgres => format!("to_timestamp({ms}::float8 / 1000)"),
        // In UTC, whatever the session's time zone.
        Dialect::Mysql => format!("'1970-01-01' + INTERVAL {ms}000 MICROSECOND"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_rolled_back_is_not_applied_and_what_did_not_end_is_begun() {
        let row = |name: &str, finished: Option<&str>, back: Option<&str>| {
            [Some(name), Some("c"), Some("2024-01-01 00:00:00+00"), finished, back]
                .map(|one| one.map(str::to_owned))
                .to_vec()
        };
        let now = Some("2024-01-01 00:00:01+00");
        let rows =
            [row("1_a", now, None), row("2_b", None, now), row("3_c", now, now), row("4_d", None, None)];
        let applied: Vec<_> = Table
            .applied(&rows, &[])
            .unwrap()
            .iter()
            .map(|one| (one.version.to_string(), one.state))
            .collect();
        assert_eq!(applied, [("1_a".to_owned(), State::Whole), ("4_d".to_owned(), State::Begun)]);
        assert_eq!(Table.applied(&rows, &[]).unwrap()[0].execution_ms, Some(1000));
    }
}
