//! Diesel's layout and `__diesel_schema_migrations` (diesel_migrations 2, `file_based_migrations.rs`): a directory for each migration;
//! never its embedded ones.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    Checksums, Migration, Script, Version,
    history::{self, Applied, Entry, HistoryTable, Place, Texts, described, moment, text},
    script::Transaction,
    section::says_nothing,
    tree::{Source, Tree},
};
use crate::error::Error;

/// `metadata.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    run_in_transaction: Option<bool>,
}

/// The migrations of the directory.
pub(super) fn read(tree: &Tree) -> Result<Vec<Migration>, Error> {
    let mut directories: BTreeMap<&str, Vec<&Source>> = BTreeMap::new();
    for source in &tree.sources {
        match source.parent() {
            Some(parent) => directories.entry(parent).or_default().push(source),
            None if source.is_sql() => {
                let why = "Diesel wants <version>_<name>/up.sql and would skip it";
                return Err(Error::Misnamed { file: source.path.clone(), why });
            }
            None => {}
        }
    }
    directories.into_iter().map(|(name, sources)| migration(tree, name, &sources)).collect()
}

fn migration(tree: &Tree, name: &str, sources: &[&Source]) -> Result<Migration, Error> {
    let misnamed = |why| Error::Misnamed { file: tree.directory.join(name), why };
    let unsupported = |source: &Source, why: String| Error::Unsupported { file: source.path.clone(), why };
    let mut parts = name.splitn(2, '_');
    let version = parts.next().unwrap_or_default().replace('-', "");
    let digits = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || name.contains('/') {
        return Err(misnamed("a directory of a Diesel migration begins with its version: digits and `-`"));
    }
    let (mut up, mut down, mut transaction) = (None, None, Transaction::Usual);
    for source in sources {
        match source.file() {
            "up.sql" => up = Some(*source),
            "down.sql" => down = Some(*source),
            "metadata.toml" => {
                let metadata: Metadata = toml::from_str(source.text()).map_err(|error| {
                    unsupported(source, format!("is not understood: {}", error.message()))
                })?;
                if metadata.run_in_transaction == Some(false) {
                    transaction = Transaction::Off;
                }
            }
            _ => return Err(unsupported(source, "lies beside up.sql, where Diesel refuses it".into())),
        }
    }
    let up = up.ok_or_else(|| misnamed("it has no up.sql"))?;
    let script = |source: &Source| Script::section(&source.path, 1, source.text(), transaction);
    Ok(Migration {
        version: Version::name(&version),
        description: parts.next().unwrap_or_default().replace('_', " "),
        name: name.to_owned(),
        checksums: Checksums::default(),
        after: Vec::new(),
        up: script(up),
        down: down.filter(|down| !says_nothing(down.text())).map(script),
    })
}

/// `__diesel_schema_migrations`.
pub(super) struct Table;

impl HistoryTable for Table {
    fn table(&self) -> &'static str {
        "__diesel_schema_migrations"
    }

    fn mark(&self) -> (&'static str, bool) {
        ("", false)
    }

    fn create(&self, at: &Place) -> String {
        format!(
            "CREATE TABLE IF NOT EXISTS {} (version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP){};",
            at.name(),
            at.options()
        )
    }

    fn select(&self, at: &Place) -> String {
        format!("SELECT version, {} FROM {} ORDER BY version", at.moment_of("run_on"), at.name())
    }

    fn applied(&self, rows: &[Texts], migrations: &[Migration]) -> Result<Vec<Applied>, String> {
        let applied = |row: &Texts| {
            let version = Version::name(text(row, 0)?);
            let description = described(migrations, &version);
            Ok(Applied { applied_on: moment(row, 1), ..Applied::of(version, description) })
        };
        // `diesel setup` enters a row of its own, which stands for no directory unless the project has one.
        let initial = |row: &&Texts| {
            text(row, 0) != Ok("00000000000000")
                || migrations.iter().any(|one| one.version.text() == "00000000000000")
        };
        rows.iter().filter(initial).map(applied).collect()
    }

    fn stamp(&self, at: &Place) -> String {
        history::stamp_of_versions(at)
    }

    fn add(&self, at: &Place, entry: &Entry<'_>) -> String {
        history::add_version(at, entry.version)
    }

    fn remove(&self, at: &Place, entry: &Entry<'_>) -> String {
        history::remove_version(at, entry.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::tree::tests::read_files;

    fn read(files: &[(&str, &str)]) -> Result<Vec<Migration>, &'static str> {
        read_files(super::read, files)
    }

    #[test]
    fn the_hyphens_of_a_date_do_not_count_and_names_may_have_spaces() {
        let read = read(&[
            ("2017-09-23-182408_add users/up.sql", "SELECT 1;"),
            ("2017-09-23-182408_add users/down.sql", "SELECT 2;"),
            ("20170101000000_first/up.sql", "SELECT 1;"),
            ("20170101000000_first/down.sql", "-- nothing\n"),
            ("20170101000000_first/metadata.toml", "run_in_transaction = false\n"),
        ])
        .unwrap();
        let read: Vec<_> = read
            .iter()
            .map(|one| (one.version.text(), one.description.as_str(), one.down.is_some(), one.up.transaction))
            .collect();
        assert!(read.contains(&("20170923182408", "add users", true, Transaction::Usual)), "{read:?}");
        assert!(read.contains(&("20170101000000", "first", false, Transaction::Off)), "{read:?}");
    }

    #[test]
    fn what_diesel_would_refuse_or_skip_is_refused() {
        for (files, code) in [
            (vec![("1_a/down.sql", "")], "migration-name"),
            (vec![("a_1/up.sql", "")], "migration-name"),
            (vec![("1_a.sql", "")], "migration-name"),
            (vec![("1_a/up.sql", ""), ("1_a/more.sql", "")], "migration-unsupported"),
            (vec![("1_a/up.sql", ""), ("1_a/metadata.toml", "transaction = 1")], "migration-unsupported"),
        ] {
            assert_eq!(read(&files).unwrap_err(), code, "{files:?}");
        }
    }
}
