//! golang-migrate's layout and `schema_migrations` (golang-migrate 4, `source/parse.go`, `database/postgres`, `database/sqlite`): one row
//! that says how far, and whether somebody broke off there; never its Go sources.

use std::collections::BTreeMap;

use super::{
    Checksums, Migration, Script, Version,
    history::{Applied, Entry, HistoryTable, Place, State, Texts, described, number, truth},
    name::{Way, is_near, split},
    tree::{Source, Tree},
};
use crate::{error::Error, statement::Dialect};

/// What `GenerateAdvisoryLockId` multiplies with.
const SALT: u32 = 1_486_364_155;

/// The migrations of the directory. The tool itself skips what does not fit without a word.
pub(super) fn read(tree: &Tree) -> Result<Vec<Migration>, Error> {
    let mut ups: BTreeMap<Version, (&str, &Source)> = BTreeMap::new();
    let mut downs: BTreeMap<Version, &Source> = BTreeMap::new();
    for source in tree.sources.iter().filter(|source| source.parent().is_none() && is_near(source.file())) {
        let misnamed = |why| Error::Misnamed { file: source.path.clone(), why };
        let Some((stem, way @ (Way::Up | Way::Down))) = split(source.file()) else {
            let why = "golang-migrate wants <number>_<title>.up.sql or .down.sql and would skip it";
            return Err(misnamed(why));
        };
        let (number, title) = stem.split_once('_').unwrap_or((stem, ""));
        let version = Version::number(number).ok_or_else(|| misnamed("its number is too large"))?;
        if version.is_none() {
            return Err(misnamed("0 stands for the empty database"));
        }
        let other = match way {
            Way::Down => downs.insert(version.clone(), source),
            _ => ups.insert(version.clone(), (title, source)).map(|(_, source)| source),
        };
        if let Some(first) = other {
            return Err(Error::Duplicate { version, first: first.path.clone(), second: source.path.clone() });
        }
    }
    let migrations = ups.into_iter().map(|(version, (title, source))| Migration {
        description: title.replace('_', " "),
        name: source.name.clone(),
        checksums: Checksums::default(),
        after: Vec::new(),
        up: Script::of(&source.path, source.text()),
        down: downs.remove(&version).map(|source| Script::of(&source.path, source.text())),
        version,
    });
    let migrations = migrations.collect();
    match downs.pop_first() {
        Some((_, source)) => Err(Error::Misnamed {
            file: source.path.clone(),
            why: "it leads back from a migration that is not there",
        }),
        None => Ok(migrations),
    }
}

/// `schema_migrations` with its one row.
pub(super) struct Table;

impl HistoryTable for Table {
    fn table(&self) -> &'static str {
        "schema_migrations"
    }

    fn mark(&self) -> (&'static str, bool) {
        ("dirty", true)
    }

    fn create(&self, at: &Place) -> String {
        let name = at.name();
        match at.dialect {
            Dialect::Postgres | Dialect::Mysql => {
                format!(
                    "CREATE TABLE IF NOT EXISTS {name} (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL);"
                )
            }
            Dialect::Sqlite => format!(
                "CREATE TABLE IF NOT EXISTS {name} (version uint64, dirty bool); \
                 CREATE UNIQUE INDEX IF NOT EXISTS version_unique ON {name} (version);"
            ),
        }
    }

    fn select(&self, at: &Place) -> String {
        format!("SELECT version, dirty FROM {} WHERE version >= 0", at.name())
    }

    /// All files up to the one version that the row holds. Whether each of them ran, only the tool's users know.
    fn applied(&self, rows: &[Texts], migrations: &[Migration]) -> Result<Vec<Applied>, String> {
        let row = match rows {
            [] => return Ok(Vec::new()),
            [row] => row,
            _ => return Err("it has more than one row".into()),
        };
        let head = number(row, 0)?;
        let known = migrations.iter().map(|one| &one.version).filter(|version| **version < head);
        let mut applied: Vec<Applied> =
            known.map(|version| Applied::of(version.clone(), described(migrations, version))).collect();
        let mut last = Applied::of(head.clone(), described(migrations, &head));
        if truth(row, 1)? {
            last.state = State::Begun;
        }
        applied.push(last);
        Ok(applied)
    }

    fn stamp(&self, at: &Place) -> String {
        // By the index: in PostgreSQL every version that was there before is still in the table, dead, until it is vacuumed.
        format!(
            "(SELECT {} FROM {} ORDER BY version DESC LIMIT 1)",
            at.joined(&["version", "dirty"]),
            at.name()
        )
    }

    fn add(&self, at: &Place, entry: &Entry<'_>) -> String {
        write(at, entry.below, entry.version, "FALSE")
    }

    fn begin(&self, at: &Place, entry: &Entry<'_>) -> String {
        write(at, entry.below, entry.version, "TRUE")
    }

    fn remove(&self, at: &Place, entry: &Entry<'_>) -> String {
        if entry.below.is_none() {
            return format!("DELETE FROM {};", at.name());
        }
        write(at, entry.version, entry.below, "FALSE")
    }

    /// Through its command line the database's name is the path of the URL with its `/`; through its library it is the name alone.
    fn locks(&self, at: &Place) -> Vec<i64> {
        let schema = at.schema.as_deref().unwrap_or_default();
        let lock = |database: &str| i64::from(lock_id(&format!("{schema}\0{}\0{database}", at.table)));
        vec![lock(&format!("/{}", at.database)), lock(&at.database)]
    }

    /// Its MySQL driver names a lock by the digits of such a number.
    fn named_locks(&self, at: &Place) -> Vec<String> {
        vec![lock_id(&format!("{}:{}", at.database, at.table)).to_string()]
    }
}

/// `GenerateAdvisoryLockId`.
fn lock_id(name: &str) -> u32 {
    crc32fast::hash(name.as_bytes()).wrapping_mul(SALT)
}

/// Where a version stood before, its row is there.
fn write(at: &Place, before: &Version, version: &Version, dirty: &str) -> String {
    let name = at.name();
    if !before.is_none() {
        return format!("UPDATE {name} SET version = {version}, dirty = {dirty};");
    }
    format!("DELETE FROM {name}; INSERT INTO {name} (version, dirty) VALUES ({version}, {dirty});")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::history::tests::place;

    #[test]
    fn its_locks_are_those_that_pg_locks_shows_for_the_tool() {
        // Seen in pg_locks while golang-migrate 4.20 ran on a database called lk1, from its command line and from its library.
        assert_eq!(Table.locks(&place(Dialect::Postgres, &Table)), [243_211_182, 1_914_169_853]);
    }

    #[test]
    fn one_row_says_how_far() {
        let rows = |version: &str, dirty: &str| vec![vec![Some(version.to_owned()), Some(dirty.to_owned())]];
        let applied = Table.applied(&rows("7", "t"), &[]).unwrap();
        assert_eq!((applied.len(), applied[0].state), (1, State::Begun));
        assert_eq!(Table.applied(&rows("7", "0"), &[]).unwrap()[0].state, State::Whole);
        assert!(Table.applied(&rows("x", "0"), &[]).is_err());
        assert!(Table.applied(&[], &[]).unwrap().is_empty());
    }
}
