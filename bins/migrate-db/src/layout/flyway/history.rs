//! `flyway_schema_history` (Flyway 11, `database/*/…Database.java`, `getRawCreateScript`): rows in the order of their ranks; never its lock
//! in an open transaction, which would block indexes that are built concurrently.

use std::collections::BTreeMap;

use super::is_baseline;
use crate::{
    layout::{
        Migration, Version,
        history::{Applied, Entry, HistoryTable, Place, State, Texts, moment, remove_version, text, truth},
    },
    statement::Dialect,
};

/// What all of Flyway's locks begin with: the bytes of `Flyway`, as numbers.
const LOCK: i64 = 77_431_708_279_161;

/// `flyway_schema_history`.
pub(crate) struct Table;

impl HistoryTable for Table {
    fn table(&self) -> &'static str {
        "flyway_schema_history"
    }

    fn mark(&self) -> (&'static str, bool) {
        ("", false)
    }

    fn create(&self, at: &Place) -> String {
        let (name, key, index) = (at.name(), format!("{}_pk", at.table), format!("{}_s_idx", at.table));
        let (rank, on) = match at.dialect {
            Dialect::Postgres => ("INT NOT NULL", "TIMESTAMP NOT NULL DEFAULT now()"),
            Dialect::Sqlite => {
                ("INT NOT NULL", "TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f','now'))")
            }
            Dialect::Mysql => return create_in_mysql(at),
        };
        format!(
            "CREATE TABLE IF NOT EXISTS {name} (installed_rank {rank}, version VARCHAR(50), description VARCHAR(200) NOT NULL, \
             type VARCHAR(20) NOT NULL, script VARCHAR(1000) NOT NULL, checksum INTEGER, installed_by VARCHAR(100) NOT NULL, \
             installed_on {on}, execution_time INTEGER NOT NULL, success BOOLEAN NOT NULL, \
             CONSTRAINT \"{key}\" PRIMARY KEY (installed_rank)); \
             CREATE INDEX IF NOT EXISTS \"{index}\" ON {name} (success);"
        )
    }

    fn select(&self, at: &Place) -> String {
        format!(
            "SELECT version, description, type, checksum, {}, execution_time, success FROM {} ORDER BY installed_rank",
            at.moment_of("installed_on"),
            at.name()
        )
    }

    fn applied(&self, rows: &[Texts], _: &[Migration]) -> Result<Vec<Applied>, String> {
        let mut applied: BTreeMap<Version, Applied> = BTreeMap::new();
        for row in rows {
            let (kind, description) = (text(row, 2)?, text(row, 1)?);
            let version = match row.first().and_then(Option::as_deref) {
                Some(version) => {
                    Version::parts(version).ok_or_else(|| format!("`{version}` is no version"))?
                }
                None if kind == "SCHEMA" => continue,
                None => Version::repeated(description),
            };
            if kind == "SCHEMA" {
                continue;
            }
            if kind.starts_with("UNDO") || kind == "DELETE" {
                applied.remove(&version);
                continue;
            }
            let state = match (truth(row, 6)?, kind) {
                (false, _) => State::Begun,
                (true, "BASELINE") => State::Stated,
                (true, _) => State::Whole,
            };
            let row = Applied {
                checksum: row.get(3).cloned().flatten(),
                applied_on: moment(row, 4),
                execution_ms: text(row, 5)?.parse().ok(),
                state,
                ..Applied::of(version.clone(), description)
            };
            applied.insert(version, row);
        }
        Ok(applied.into_values().collect())
    }

    /// A baseline stands for all versions up to its own: a file's where nothing is applied, a row's where one is there.
    fn settled(&self, rows: &[Texts], migrations: Vec<Migration>) -> Vec<Migration> {
        let is_row = |one: &Migration| {
            rows.iter().any(|row| {
                let version = row.first().and_then(Option::as_deref).and_then(Version::parts);
                version.as_ref() == Some(&one.version) && text(row, 2) != Ok("BASELINE")
            })
        };
        let of_files = migrations.iter().filter(|one| is_baseline(one) && (rows.is_empty() || is_row(one)));
        let newest = of_files.map(|one| one.version.clone()).max();
        let of_rows = rows.iter().filter(|row| text(row, 2) == Ok("BASELINE"));
        let stated = of_rows.filter_map(|row| Version::parts(text(row, 0).ok()?)).max();
        let stays = |one: &Migration| match (is_baseline(one), &newest) {
            (true, newest) => newest.as_ref() == Some(&one.version),
            (false, Some(newest)) if one.version <= *newest => is_row(one) && one.version != *newest,
            _ => stated.as_ref().is_none_or(|stated| one.version > *stated) || is_row(one),
        };
        migrations.into_iter().filter(|one| stays(one)).collect()
    }

    fn stamp(&self, at: &Place) -> String {
        let values = [
            "count(*)",
            "coalesce(max(installed_rank), 0)",
            "coalesce(sum(CASE WHEN success THEN 1 ELSE 0 END), 0)",
        ];
        format!("(SELECT {} FROM {})", at.joined(&values), at.name())
    }

    fn add(&self, at: &Place, entry: &Entry<'_>) -> String {
        write(at, entry, "TRUE")
    }

    fn begin(&self, at: &Place, entry: &Entry<'_>) -> String {
        write(at, entry, "FALSE")
    }

    fn remove(&self, at: &Place, entry: &Entry<'_>) -> String {
        remove_version(at, entry.version)
    }

    fn correct(&self, at: &Place, migration: &Migration) -> Option<String> {
        let checksum = migration.checksums.written.as_deref()?;
        // What is repeated runs again instead.
        if migration.version.is_repeated() {
            return None;
        }
        let which = at.literal(migration.version.text());
        Some(format!("UPDATE {} SET checksum = {checksum} WHERE version = {which};", at.name()))
    }

    /// `LockMigration` of its PostgreSQL database: the number of the tool and Java's hash of the quoted table.
    fn locks(&self, at: &Place) -> Vec<i64> {
        vec![LOCK + i64::from(java_hash(&at.name()))]
    }

    /// `MySQLNamedLockTemplate`: Java's hash of the table with its database, both quoted.
    fn named_locks(&self, at: &Place) -> Vec<String> {
        vec![format!("Flyway-{}", java_hash(&format!("`{}`.{}", at.database, at.name())))]
    }
}

/// As its `MySQLDatabase` makes it.
fn create_in_mysql(at: &Place) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {} (installed_rank INT NOT NULL, version VARCHAR(50), description VARCHAR(200) NOT NULL, \
         type VARCHAR(20) NOT NULL, script VARCHAR(1000) NOT NULL, checksum INT, installed_by VARCHAR(100) NOT NULL, \
         installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, execution_time INT NOT NULL, success BOOL NOT NULL, \
         CONSTRAINT {pk} PRIMARY KEY (installed_rank), INDEX {index} (success)){};",
        at.name(),
        at.options(),
        pk = at.beside(&format!("{}_pk", at.table)),
        index = at.beside(&format!("{}_s_idx", at.table)),
    )
}

/// `String.hashCode`, of UTF-16 code units.
fn java_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

fn write(at: &Place, entry: &Entry<'_>, success: &str) -> String {
    let name = at.name();
    let version = (!entry.version.is_repeated()).then(|| entry.version.text());
    let file = entry.name.rsplit('/').next().unwrap_or_default();
    let (kind, user) = (
        if file.starts_with('B') { "SQL_BASELINE" } else { "SQL" },
        match at.dialect {
            Dialect::Postgres => "current_user",
            Dialect::Sqlite => "''",
            Dialect::Mysql => "substring_index(user(), '@', 1)",
        },
    );
    format!(
        "DELETE FROM {name} WHERE NOT success AND script = {script}; \
         INSERT INTO {name} (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success) \
         SELECT coalesce(max(installed_rank), 0) + 1, {}, {}, '{kind}', {script}, {}, {user}, {}, {success} FROM {name};",
        at.optional(version),
        at.literal(entry.description),
        entry.checksum.unwrap_or("NULL"),
        entry.took.as_millis(),
        script = at.literal(entry.name),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::history::tests::place;

    #[test]
    fn its_lock_is_the_one_that_pg_locks_shows_for_the_tool() {
        // Seen in pg_locks while Flyway 11.8.2 ran.
        assert_eq!(Table.locks(&place(Dialect::Postgres, &Table)), [77_433_833_903_597]);
    }

    #[test]
    fn its_lock_is_the_one_that_mariadb_shows_for_the_tool() {
        // What is_used_lock knew while Flyway 11.8.2 ran.
        let place = Place { database: "fly".into(), ..place(Dialect::Mysql, &Table) };
        assert_eq!(Table.named_locks(&place), ["Flyway--866643290"]);
    }

    #[test]
    fn the_newest_row_of_a_version_counts_and_a_baseline_has_no_file() {
        let row = |version: Option<&str>, kind: &str, checksum: Option<&str>, success: &str| -> Texts {
            [version, Some("d"), Some(kind), checksum, Some("2024-01-01 00:00:00"), Some("5"), Some(success)]
                .map(|one| one.map(str::to_owned))
                .to_vec()
        };
        let rows = [
            row(None, "SCHEMA", None, "t"),
            row(Some("1"), "BASELINE", None, "t"),
            row(Some("2"), "SQL", Some("-5"), "t"),
            row(None, "SQL", Some("1"), "t"),
            row(Some("3"), "SQL", Some("7"), "t"),
            row(Some("3"), "UNDO_SQL", Some("8"), "t"),
            row(None, "SQL", Some("2"), "t"),
            row(Some("4"), "SQL", Some("9"), "f"),
        ];
        let applied = Table.applied(&rows, &[]).unwrap();
        let applied: Vec<_> =
            applied.iter().map(|one| (one.version.text(), one.checksum.as_deref(), one.state)).collect();
        assert_eq!(
            applied,
            [
                ("1", None, State::Stated),
                ("2", Some("-5"), State::Whole),
                ("4", Some("9"), State::Begun),
                ("R d", Some("2"), State::Whole)
            ]
        );
    }
}
