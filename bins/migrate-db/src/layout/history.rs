//! How a tool keeps its history: a table that is read and written in that tool's own words; never what runs them.

use std::{fmt::Display, time::Duration};

use contract::Digest;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use super::{Migration, Phase, Version, script::Script};
use crate::statement::Dialect;

/// One row of an answer, each value as a text.
pub type Texts = Vec<Option<String>>;

/// Where a history lies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// Whose SQL is spoken there.
    pub dialect: Dialect,
    /// The database's name; nothing in SQLite.
    pub database: String,
    /// The schema; none in SQLite.
    pub schema: Option<String>,
    /// Who is connected; nobody in SQLite.
    pub user: Option<String>,
    /// The table.
    pub table: String,
}

impl Place {
    /// The table's name as SQL writes it.
    pub fn name(&self) -> String {
        self.beside(&self.table)
    }

    /// Another name in the same schema.
    pub fn beside(&self, name: &str) -> String {
        let quoted = |name: &str| match self.dialect {
            Dialect::Mysql => format!("`{}`", name.replace('`', "``")),
            Dialect::Postgres | Dialect::Sqlite => format!("\"{}\"", name.replace('"', "\"\"")),
        };
        match &self.schema {
            Some(schema) => format!("{}.{}", quoted(schema), quoted(name)),
            None => quoted(name),
        }
    }

    /// A text as SQL writes it, whatever the session's settings.
    pub fn literal(&self, text: &str) -> String {
        let quoted = text.replace('\'', "''");
        match self.dialect {
            Dialect::Postgres if quoted.contains('\\') => format!("E'{}'", quoted.replace('\\', "\\\\")),
            Dialect::Mysql => format!("'{}'", quoted.replace('\\', "\\\\")),
            _ => format!("'{quoted}'"),
        }
    }

    /// Values as one text, with a `/` between them.
    pub fn joined(&self, values: &[&str]) -> String {
        match self.dialect {
            Dialect::Mysql => format!("concat({})", values.join(", '/', ")),
            Dialect::Postgres | Dialect::Sqlite => values.join(" || '/' || "),
        }
    }

    /// A moment as a column of MySQL's type `TIMESTAMP` says it in milliseconds since 1970, whatever the session's time zone.
    pub fn moment_of(&self, column: &str) -> String {
        match self.dialect {
            Dialect::Mysql => format!("CAST(unix_timestamp({column}) * 1000 AS SIGNED)"),
            Dialect::Postgres | Dialect::Sqlite => column.to_owned(),
        }
    }

    /// What a table of MySQL's has behind its columns: rows that a transaction holds, and texts that hold every character.
    pub const fn options(&self) -> &'static str {
        match self.dialect {
            Dialect::Mysql => " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
            Dialect::Postgres | Dialect::Sqlite => "",
        }
    }

    /// A text, or nothing.
    pub fn optional(&self, text: Option<impl Display>) -> String {
        text.map_or_else(|| "NULL".to_owned(), |text| self.literal(&text.to_string()))
    }
}

/// A migration that is applied, as its history knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Applied {
    /// Its version.
    pub version: Version,
    /// What it does.
    pub description: String,
    /// The checksum that the history keeps, where it keeps one.
    pub checksum: Option<String>,
    /// Which half of a change it was, where the history says it.
    pub phase: Option<Phase>,
    /// SHA-256 of the way back that is kept with it.
    pub down: Option<Digest>,
    /// When, where the history says it.
    pub applied_on: Option<Timestamp>,
    /// How long its statements took, in milliseconds, where the history says it.
    pub execution_ms: Option<u64>,
    /// Whether it is there as a whole.
    pub state: State,
}

/// Whether a migration is there as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// It is.
    Whole,
    /// The history says that somebody began it.
    Begun,
    /// The history says that the schema had all up to it before there was a history.
    Stated,
}

impl Applied {
    /// One of which the history says no more than that it is there.
    pub fn of(version: Version, description: impl Into<String>) -> Self {
        Self {
            version,
            description: description.into(),
            checksum: None,
            phase: None,
            down: None,
            applied_on: None,
            execution_ms: None,
            state: State::Whole,
        }
    }
}

/// What a step writes into the history.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Its version.
    pub version: &'a Version,
    /// The applied version just below.
    pub below: &'a Version,
    /// What it does.
    pub description: &'a str,
    /// What its tool calls it: the name of its file or directory.
    pub name: &'a str,
    /// The checksum that its tool keeps.
    pub checksum: Option<&'a str>,
    /// Which half of a change it is.
    pub phase: Phase,
    /// The way back.
    pub down: Option<&'a Script>,
    /// When.
    pub applied_on: Timestamp,
    /// How long its statements took.
    pub took: Duration,
}

/// The history table of one tool. All of it is text: SQL for the database, and rows that it gave back.
pub trait HistoryTable: Sync {
    /// The table's name unless somebody gave it another.
    fn table(&self) -> &'static str;
    /// A column that tells it from another tool's table of the same name: there, or not there.
    fn mark(&self) -> (&'static str, bool);
    /// Makes the table if it is missing.
    fn create(&self, at: &Place) -> String;
    /// Asks for all rows.
    fn select(&self, at: &Place) -> String;
    /// Understands them. `migrations` are the files, for a history that keeps only the newest version.
    fn applied(&self, rows: &[Texts], migrations: &[Migration]) -> Result<Vec<Applied>, String>;
    /// The migrations that count, given the rows.
    fn settled(&self, _: &[Texts], migrations: Vec<Migration>) -> Vec<Migration> {
        migrations
    }
    /// A value that changes with every change of the history: a scalar expression.
    fn stamp(&self, at: &Place) -> String;
    /// Enters a step.
    fn add(&self, at: &Place, entry: &Entry<'_>) -> String;
    /// Takes a step out.
    fn remove(&self, at: &Place, entry: &Entry<'_>) -> String;
    /// Says that a step has begun of which no transaction holds the whole; nothing where the tool has no word for that.
    fn begin(&self, _: &Place, _: &Entry<'_>) -> String {
        String::new()
    }
    /// Asks for the way back that is kept with a version, where one is.
    fn kept_way_back(&self, _: &Place, _: &Version) -> Option<String> {
        None
    }
    /// Puts another checksum in the place of the one that is there; nothing where none is kept.
    fn correct(&self, _: &Place, _: &Migration) -> Option<String> {
        None
    }
    /// The advisory locks of PostgreSQL that the tool itself takes.
    fn locks(&self, _: &Place) -> Vec<i64> {
        Vec::new()
    }
    /// The names that the tool itself gives `GET_LOCK` in MySQL.
    fn named_locks(&self, _: &Place) -> Vec<String> {
        Vec::new()
    }
}

/// The value of a row.
pub fn text(row: &Texts, at: usize) -> Result<&str, String> {
    let value = row.get(at).and_then(Option::as_deref);
    value.ok_or_else(|| format!("its column {} is empty", at + 1))
}

/// A truth value, as each engine writes it.
pub fn truth(row: &Texts, at: usize) -> Result<bool, String> {
    match text(row, at)? {
        "t" | "1" | "true" => Ok(true),
        "f" | "0" | "false" => Ok(false),
        other => Err(format!("`{other}` is no truth value")),
    }
}

/// A moment, as each tool and engine writes it: with an offset, in UTC without one, or in milliseconds since 1970.
pub fn moment(row: &Texts, at: usize) -> Option<Timestamp> {
    let text = row.get(at)?.as_deref()?;
    if let Ok(ms) = text.parse::<i64>() {
        return Timestamp::from_millisecond(ms).ok();
    }
    let civil = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    text.parse().ok().or_else(civil)
}

/// A version that is a number.
pub fn number(row: &Texts, at: usize) -> Result<Version, String> {
    let text = text(row, at)?;
    Version::number(text).ok_or_else(|| format!("`{text}` is no version"))
}

/// What the file of a version is called, or nothing. The migrations are in ascending order.
pub fn described(migrations: &[Migration], version: &Version) -> String {
    let found = migrations.binary_search_by(|one| one.version.cmp(version));
    found.ok().and_then(|at| migrations.get(at)).map(|one| one.description.clone()).unwrap_or_default()
}

/// The stamp of a history that keeps no more than versions, as texts.
pub fn stamp_of_versions(at: &Place) -> String {
    format!("(SELECT {} FROM {})", at.joined(&["count(*)", "coalesce(max(version), '')"]), at.name())
}

/// Enters a version into such a history.
pub fn add_version(at: &Place, version: &Version) -> String {
    add_version_as(at, "version", version)
}

/// The same, for a tool that calls the column otherwise.
pub fn add_version_as(at: &Place, column: &str, version: &Version) -> String {
    format!("INSERT INTO {} ({column}) VALUES ({});", at.name(), at.literal(version.text()))
}

/// Takes a version out of a history that keeps them as texts.
pub fn remove_version(at: &Place, version: &Version) -> String {
    format!("DELETE FROM {} WHERE version = {};", at.name(), at.literal(version.text()))
}

/// Hexadecimal digits of bytes.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[allow(missing_docs, reason = "a test says what it is")]
pub mod tests {
    use super::*;

    /// A place of this dialect.
    pub fn place(dialect: Dialect, table: &dyn HistoryTable) -> Place {
        let schema = (dialect == Dialect::Postgres).then(|| "public".to_owned());
        let user = (dialect != Dialect::Sqlite).then(|| "app".to_owned());
        Place { dialect, database: "lk1".into(), schema, user, table: table.table().into() }
    }

    #[test]
    fn moments_are_read_however_they_are_written() {
        let read = |text: &str| moment(&vec![Some(text.to_owned())], 0).map(|moment| moment.to_string());
        let expected = Some("2023-11-14T22:13:20Z".to_owned());
        for text in ["2023-11-14T22:13:20Z", "2023-11-14 22:13:20+00", "2023-11-14 22:13:20", "1700000000000"]
        {
            assert_eq!(read(text), expected, "{text}");
        }
        assert_eq!(read("yesterday"), None);
    }

    #[test]
    fn a_literal_cannot_end_its_quotes() {
        let mut place =
            Place { schema: None, ..place(Dialect::Postgres, &crate::layout::flyway::history::Table) };
        assert_eq!(place.literal(r"it's \ "), r"E'it''s \\ '");
        place.dialect = Dialect::Sqlite;
        assert_eq!(place.literal(r"it's \ "), r"'it''s \ '");
        assert_eq!(place.optional(None::<&str>), "NULL");
    }
}
