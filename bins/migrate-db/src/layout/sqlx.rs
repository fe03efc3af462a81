//! sqlx's layout and `_sqlx_migrations` (sqlx-core 0.9, `migrate/source.rs` and each driver's `migrate.rs`); never its `migrate!` macro.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha384};

use super::{
    Checksums, Migration, Script, Version,
    history::{Applied, Entry, HistoryTable, Place, State, Texts, hex, moment, number, text, truth},
    name::{Way, is_near, split},
    script::Transaction,
    tree::{Source, Tree},
};
use crate::{error::Error, statement::Dialect};

/// A file that begins with this has no transaction.
const NO_TRANSACTION: &str = "-- no-transaction";

/// The migrations of the directory.
pub(super) fn read(tree: &Tree) -> Result<Vec<Migration>, Error> {
    let mut downs: BTreeMap<&str, &Source> = BTreeMap::new();
    let mut ups: Vec<(&str, &Source)> = Vec::new();
    for source in tree.sources.iter().filter(|source| source.parent().is_none() && is_near(source.file())) {
        match split(source.file()) {
            Some((stem, Way::Down)) => _ = downs.insert(stem, source),
            Some((stem, _)) => ups.push((stem, source)),
            None => {
                let why = "sqlx wants <number>_<description>.sql, .up.sql or .down.sql";
                return Err(Error::Misnamed { file: source.path.clone(), why });
            }
        }
    }
    let mut migrations = Vec::new();
    for (stem, source) in ups {
        let (number, description) = stem.split_once('_').unwrap_or((stem, ""));
        let misnamed = |why| Error::Misnamed { file: source.path.clone(), why };
        let version = Version::number(number).ok_or_else(|| misnamed("its number is too large"))?;
        if version.is_none() {
            return Err(misnamed("0 stands for the empty database"));
        }
        migrations.push(Migration {
            version,
            description: description.replace('_', " "),
            name: source.name.clone(),
            checksums: Checksums::of_bytes(source.text(), |bytes| hex(&Sha384::digest(bytes))),
            after: Vec::new(),
            up: script(source),
            down: downs.remove(stem).map(script),
        });
    }
    match downs.pop_first() {
        Some((_, source)) => Err(Error::Misnamed {
            file: source.path.clone(),
            why: "it leads back from a migration that is not there",
        }),
        None => Ok(migrations),
    }
}

fn script(source: &Source) -> Script {
    let off = source.text().starts_with(NO_TRANSACTION);
    Script::section(&source.path, 1, source.text(), if off { Transaction::Off } else { Transaction::Usual })
}

/// `_sqlx_migrations`.
pub(super) struct Table;

impl HistoryTable for Table {
    fn table(&self) -> &'static str {
        "_sqlx_migrations"
    }

    fn mark(&self) -> (&'static str, bool) {
        ("", false)
    }

    fn create(&self, at: &Place) -> String {
        let (moment, bytes) = match at.dialect {
            Dialect::Postgres => ("TIMESTAMPTZ NOT NULL DEFAULT now()", "BYTEA"),
            Dialect::Sqlite | Dialect::Mysql => ("TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP", "BLOB"),
        };
        format!(
            "CREATE TABLE IF NOT EXISTS {} (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on {moment}, \
             success BOOLEAN NOT NULL, checksum {bytes} NOT NULL, execution_time BIGINT NOT NULL){};",
            at.name(),
            at.options()
        )
    }

    fn select(&self, at: &Place) -> String {
        let checksum = match at.dialect {
            Dialect::Postgres => "encode(checksum, 'hex')",
            Dialect::Sqlite | Dialect::Mysql => "lower(hex(checksum))",
        };
        let divided = if at.dialect == Dialect::Mysql { "DIV" } else { "/" };
        format!(
            "SELECT version, description, {checksum}, success, {}, execution_time {divided} 1000000 FROM {} ORDER BY version",
            at.moment_of("installed_on"),
            at.name()
        )
    }

    fn applied(&self, rows: &[Texts], _: &[Migration]) -> Result<Vec<Applied>, String> {
        let applied = |row: &Texts| {
            Ok(Applied {
                checksum: Some(text(row, 2)?.to_owned()),
                state: if truth(row, 3)? { State::Whole } else { State::Begun },
                applied_on: moment(row, 4),
                execution_ms: text(row, 5)?.parse().ok(),
                ..Applied::of(number(row, 0)?, text(row, 1)?)
            })
        };
        rows.iter().map(applied).collect()
    }

    fn stamp(&self, at: &Place) -> String {
        let values = [
            "count(*)",
            "coalesce(max(version), 0)",
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
        format!("DELETE FROM {} WHERE version = {};", at.name(), entry.version)
    }

    fn correct(&self, at: &Place, migration: &Migration) -> Option<String> {
        let checksum = bytes(at, migration.checksums.written.as_deref().unwrap_or_default());
        Some(format!("UPDATE {} SET checksum = {checksum} WHERE version = {};", at.name(), migration.version))
    }

    /// `generate_lock_id` of its PostgreSQL driver.
    fn locks(&self, at: &Place) -> Vec<i64> {
        let crc = i64::from(crc32fast::hash(at.database.as_bytes()));
        vec![0x3d32_ad9e_i64.wrapping_mul(crc)]
    }

    /// The same of its MySQL driver: the same number, in hexadecimal digits.
    fn named_locks(&self, at: &Place) -> Vec<String> {
        self.locks(at).iter().map(|number| format!("{number:x}")).collect()
    }
}

fn write(at: &Place, entry: &Entry<'_>, success: &str) -> String {
    let name = at.name();
    format!(
        "DELETE FROM {name} WHERE version = {version} AND NOT success; \
         INSERT INTO {name} (version, description, success, checksum, execution_time) VALUES ({version}, {}, {success}, {}, {});",
        at.literal(entry.description),
        bytes(at, entry.checksum.unwrap_or_default()),
        entry.took.as_nanos(),
        version = entry.version,
    )
}

fn bytes(at: &Place, hex: &str) -> String {
    match at.dialect {
        Dialect::Postgres => format!("decode('{hex}', 'hex')"),
        Dialect::Sqlite | Dialect::Mysql => format!("x'{hex}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::history::tests::place;

    #[test]
    fn the_checksum_is_that_of_the_bytes_and_other_line_ends_count_as_the_same() {
        let of = |text: &str| Checksums::of_bytes(text, |bytes| hex(&Sha384::digest(bytes)));
        let (unix, windows) = (of("a\nb\n"), of("a\r\nb\r\n"));
        assert_ne!(unix.written, windows.written);
        assert!(unix.is(windows.written.as_deref().unwrap()) && windows.is(unix.written.as_deref().unwrap()));
        assert!(!unix.is(of("a\nc\n").written.as_deref().unwrap()));
    }

    #[test]
    fn what_sqlx_would_refuse_or_we_could_not_name_is_refused() {
        let code =
            |name: &str| crate::layout::tree::tests::read_files(read, &[(name, "SELECT 1;")]).unwrap_err();
        for name in ["0000_init.sql", "a_1.sql", "1.sql", "99999999999999999999_a.sql", "1_a.down.sql"] {
            assert_eq!(code(name), "migration-name", "{name}");
        }
    }

    #[test]
    fn its_lock_is_the_one_that_its_library_takes() {
        // 0x3d32ad9e * crc32("lk1"), as sqlx computes it.
        let expected = 0x3d32_ad9e_i64 * i64::from(crc32fast::hash(b"lk1"));
        assert_eq!(Table.locks(&place(Dialect::Postgres, &Table)), [expected]);
    }
}
