//! Our own history: it keeps the checksum, the phase and the way back of each version; never another tool's rows.

use contract::Digest;

use crate::{
    layout::{
        Migration, Version,
        history::{Applied, Entry, HistoryTable, Place, State, Texts, moment, number, text},
    },
    statement::Dialect,
};

/// `migrate_db_history`.
pub(crate) struct Table;

impl HistoryTable for Table {
    fn table(&self) -> &'static str {
        "migrate_db_history"
    }

    fn mark(&self) -> (&'static str, bool) {
        ("", false)
    }

    fn create(&self, at: &Place) -> String {
        // Not STRICT in SQLite: an application with SQLite before 3.37 could then no longer open its own database.
        let (key, moment, text) = match at.dialect {
            Dialect::Sqlite => ("INTEGER PRIMARY KEY NOT NULL", "TEXT", "TEXT"),
            Dialect::Postgres => ("bigint PRIMARY KEY", "timestamptz", "TEXT"),
            // In UTC. A TEXT of MySQL's ends at 64 KiB.
            Dialect::Mysql => ("bigint PRIMARY KEY", "datetime(6)", "LONGTEXT"),
        };
        let name = at.name();
        format!(
            "CREATE TABLE IF NOT EXISTS {name} (
    version {key},
    description TEXT NOT NULL,
    checksum TEXT NOT NULL,
    phase TEXT NOT NULL,
    down_checksum TEXT,
    down_sql {text},
    applied_on {moment} NOT NULL,
    execution_ms bigint NOT NULL,
    tool_version TEXT NOT NULL
){};",
            at.options()
        )
    }

    fn select(&self, at: &Place) -> String {
        let columns = "version, description, checksum, phase, down_checksum, applied_on, execution_ms";
        format!("SELECT {columns} FROM {} ORDER BY version", at.name())
    }

    fn applied(&self, rows: &[Texts], _: &[Migration]) -> Result<Vec<Applied>, String> {
        rows.iter().map(applied).collect()
    }

    fn stamp(&self, at: &Place) -> String {
        format!("(SELECT {} FROM {})", at.joined(&["count(*)", "coalesce(max(version), 0)"]), at.name())
    }

    fn add(&self, at: &Place, entry: &Entry<'_>) -> String {
        format!(
            "INSERT INTO {} \
             (version, description, checksum, phase, down_checksum, down_sql, applied_on, execution_ms, tool_version) \
             VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {});",
            at.name(),
            entry.version,
            at.literal(entry.description),
            at.optional(entry.checksum),
            at.literal(entry.phase.word()),
            at.optional(entry.down.map(|down| down.checksum)),
            at.optional(entry.down.map(|down| down.text.as_str())),
            at.literal(&moment_of(at, entry)),
            entry.took.as_millis(),
            at.literal(env!("CARGO_PKG_VERSION")),
        )
    }

    fn remove(&self, at: &Place, entry: &Entry<'_>) -> String {
        format!("DELETE FROM {} WHERE version = {};", at.name(), entry.version)
    }

    fn kept_way_back(&self, at: &Place, version: &Version) -> Option<String> {
        Some(format!("SELECT down_sql FROM {} WHERE version = {version}", at.name()))
    }

    fn correct(&self, at: &Place, migration: &Migration) -> Option<String> {
        // A way back that is kept and has no file stays.
        let down = migration.down.as_ref().map(|down| {
            let (checksum, text) = (down.checksum.to_string(), down.text.as_str());
            format!(", down_checksum = {}, down_sql = {}", at.literal(&checksum), at.literal(text))
        });
        Some(format!(
            "UPDATE {} SET checksum = {}{} WHERE version = {};",
            at.name(),
            at.optional(migration.checksums.written.as_deref()),
            down.unwrap_or_default(),
            migration.version
        ))
    }
}

/// When, as its column takes it.
fn moment_of(at: &Place, entry: &Entry<'_>) -> String {
    match at.dialect {
        Dialect::Mysql => entry.applied_on.strftime("%Y-%m-%d %H:%M:%S.%6f").to_string(),
        Dialect::Postgres | Dialect::Sqlite => entry.applied_on.to_string(),
    }
}

fn applied(row: &Texts) -> Result<Applied, String> {
    let damaged = |text: &str| format!("it holds `{text}`, which this program did not write");
    let digest =
        |at| text(row, at)?.parse::<Digest>().map_err(|_| damaged(text(row, at).unwrap_or_default()));
    let kept = row.get(4).is_some_and(Option::is_some);
    Ok(Applied {
        version: number(row, 0)?,
        description: text(row, 1)?.to_owned(),
        checksum: Some(digest(2)?.to_string()),
        phase: Some(text(row, 3)?.parse().map_err(|()| damaged(text(row, 3).unwrap_or_default()))?),
        down: kept.then(|| digest(4)).transpose()?,
        applied_on: Some(moment(row, 5).ok_or_else(|| damaged(text(row, 5).unwrap_or_default()))?),
        execution_ms: Some(text(row, 6)?.parse().map_err(|_| damaged(text(row, 6).unwrap_or_default()))?),
        state: State::Whole,
    })
}
