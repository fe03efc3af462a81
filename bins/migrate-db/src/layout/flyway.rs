//! Flyway's layout: `V1_2__description.sql`, `U…`, `R__…`, `B…` and the configuration that changes what they mean (Flyway 11 documentation,
//! "Migrations"); never its migrations in Java, its scripts or its callbacks.

mod config;
pub(super) mod history;
mod placeholder;

use std::collections::BTreeMap;

use super::{
    Checksums, Migration, Place, Script, Version,
    tree::{Source, Tree},
};
use crate::error::Error;
use config::Config;

/// What a file's name says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Versioned,
    Undo,
    Baseline,
    Repeatable,
}

/// `<prefix><version>__<description>.<suffix>`: the kind, the version, the description, the suffix.
fn split(file: &str) -> Option<(Kind, &str, &str, &str)> {
    let kind = match file.chars().next()? {
        'V' => Kind::Versioned,
        'U' => Kind::Undo,
        'B' => Kind::Baseline,
        'R' => Kind::Repeatable,
        _ => return None,
    };
    let (stem, suffix) = file.rsplit_once('.')?;
    let (version, description) = stem[1..].split_once("__")?;
    let fits = match kind {
        Kind::Repeatable => version.is_empty(),
        _ => version.starts_with(|first: char| first.is_ascii_digit()),
    };
    fits.then_some((kind, version, description, suffix))
}

/// Whether a file's name is one of Flyway's.
pub(super) fn is_named(file: &str) -> bool {
    split(file).is_some()
}

/// The moments at which Flyway runs a callback (documentation, "Callback events").
const CALLBACKS: [&str; 6] = ["before", "after", "createSchema", "drop", "undo", "clean"];

fn is_callback(file: &str) -> bool {
    let stem = file.split(['.', '_']).next().unwrap_or_default();
    CALLBACKS.iter().any(|event| {
        stem.strip_prefix(event)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(|one: char| one.is_ascii_uppercase()))
    })
}

/// The migrations of the directory: those with a version, the baselines among them, and behind them those that are repeated.
pub(super) fn read(tree: &Tree, place: &Place) -> Result<Vec<Migration>, Error> {
    let config = Config::read(&tree.directory)?;
    let mut undos: BTreeMap<Version, &Source> = BTreeMap::new();
    let mut migrations = Vec::new();
    for source in tree.sources.iter().filter(|source| !source.name.ends_with(".sql.conf")) {
        let unsupported = |why: &str| Error::Unsupported { file: source.path.clone(), why: why.into() };
        let Some((kind, version, description, suffix)) = split(source.file()) else {
            if is_callback(source.file()) {
                return Err(unsupported("is a callback, which only Flyway runs"));
            }
            if source.is_sql() {
                let why =
                    "Flyway wants V<version>__<description>.sql or R__<description>.sql and would skip it";
                return Err(Error::Misnamed { file: source.path.clone(), why });
            }
            continue;
        };
        if suffix != "sql" {
            return Err(unsupported("is a migration that is not SQL, which only Flyway can run"));
        }
        let version = match kind {
            Kind::Repeatable => Some(Version::repeated(&description.replace('_', " "))),
            _ => Version::parts(&version.replace('_', ".")),
        };
        let version = version.ok_or_else(|| unsupported("has a version that is not made of numbers"))?;
        if kind == Kind::Undo {
            if let Some(first) = undos.insert(version.clone(), source) {
                return Err(Error::Duplicate {
                    version,
                    first: first.path.clone(),
                    second: source.path.clone(),
                });
            }
            continue;
        }
        migrations.push(Migration {
            version,
            description: description.replace('_', " "),
            name: source.name.clone(),
            checksums: checksums(kind, source, &config, place),
            after: Vec::new(),
            up: script(tree, source, &config, place)?,
            down: None,
        });
    }
    for migration in &mut migrations {
        if let Some(undo) = undos.get(&migration.version) {
            migration.down = Some(script(tree, undo, &config, place)?);
        }
    }
    match undos.into_iter().find(|(version, _)| migrations.iter().all(|one| one.version != *version)) {
        Some((_, undo)) => Err(Error::Misnamed {
            file: undo.path.clone(),
            why: "it leads back from a migration that is not there",
        }),
        None => Ok(migrations),
    }
}

/// A repeated migration has the checksum of what runs, placeholders replaced; the other tells nothing but what is in the file.
fn checksums(kind: Kind, source: &Source, config: &Config, place: &Place) -> Checksums {
    let plain = checksum(source.text());
    if kind != Kind::Repeatable {
        return Checksums { written: Some(plain), accepted: Vec::new() };
    }
    let replaced = placeholder::replace(source.text(), source.file(), config, place).text;
    Checksums { written: Some(checksum(&replaced)), accepted: vec![plain] }
}

/// The CRC-32 of all lines without their ends, as a signed number (`ChecksumCalculator`).
fn checksum(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut crc = crc32fast::Hasher::new();
    for line in text.split(['\n', '\r']) {
        crc.update(line.as_bytes());
    }
    crc.finalize().cast_signed().to_string()
}

fn script(tree: &Tree, source: &Source, config: &Config, place: &Place) -> Result<Script, Error> {
    let replaced = placeholder::replace(source.text(), source.file(), config, place);
    let beside = tree.find(&format!("{}.conf", source.name));
    let transaction = match beside {
        Some(conf) => config::transaction(conf)?.unwrap_or(config.transaction),
        None => config.transaction,
    };
    let mut script = Script::section(&source.path, 1, &replaced.text, transaction);
    script.lacks = replaced.lacks;
    Ok(script)
}

/// Whether a migration stands for all versions up to its own.
pub(super) fn is_baseline(migration: &Migration) -> bool {
    migration.name.rsplit('/').next().is_some_and(|file| file.starts_with('B'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        layout::{history::tests::place, script::Transaction},
        statement::Dialect,
    };
    use ci::Failure;

    fn read(files: &[(&str, &str)]) -> Result<Vec<Migration>, &'static str> {
        let directory = testkit::Scratch::new();
        for (name, text) in files {
            directory.file(&format!("sql/{name}"), *text);
        }
        let place = place(Dialect::Postgres, &history::Table);
        super::read(&Tree::read(&directory.join("sql")).unwrap(), &place)
            .map_err(|error| error.code().as_str())
    }

    #[test]
    fn the_checksum_knows_no_line_ends() {
        // Java: CRC32 over the bytes "SELECT 1;" and "SELECT 2;".
        let expected = crc32fast::hash(b"SELECT 1;SELECT 2;").cast_signed().to_string();
        for text in ["SELECT 1;\nSELECT 2;\n", "\u{feff}SELECT 1;\r\nSELECT 2;", "SELECT 1;\rSELECT 2;\n\n"] {
            assert_eq!(checksum(text), expected, "{text:?}");
        }
    }

    #[test]
    fn versions_undos_and_repeated_ones_are_read_from_any_depth() {
        let read = read(&[
            ("V1_1__add_users.sql", "SELECT 1;"),
            ("U1.1__add_users.sql", "SELECT 2;"),
            ("more/R__view_of_users.sql", "SELECT '${flyway:defaultSchema}';"),
            ("B2__all.sql", "SELECT 3;"),
            ("V3__alone.sql", "VACUUM;"),
            ("V3__alone.sql.conf", "executeInTransaction=false\n"),
        ])
        .unwrap();
        let found = |text: &str| read.iter().find(|one| one.version.text() == text).unwrap();
        assert!(found("1.1").down.is_some() && is_baseline(found("2")));
        assert_eq!(found("R view of users").name, "more/R__view_of_users.sql");
        assert_eq!(found("R view of users").up.text, "SELECT 'public';");
        assert_eq!(found("3").up.transaction, Transaction::Off);
    }

    #[test]
    fn a_placeholder_of_flyway_s_own_is_not_said_to_lack_a_value_that_somebody_could_give() {
        for (name, who) in [("flyway:timestamp", "only Flyway itself"), ("owner", "nobody gave")] {
            let read = read(&[("V1__a.sql", &format!("SELECT '${{{name}}}';"))]).unwrap();
            let refused =
                super::super::judge::cut(&read[0].up, super::super::Layout::Flyway, Dialect::Postgres);
            assert!(refused.unwrap_err().to_string().contains(who), "{name}");
        }
    }

    #[test]
    fn what_only_flyway_can_run_is_refused() {
        for (files, code) in [
            (vec![("V1__a.java", "")], "migration-unsupported"),
            (vec![("V1__a.sh", "")], "migration-unsupported"),
            (vec![("afterMigrate.sql", "")], "migration-unsupported"),
            (vec![("beforeEachMigrate__log.js", "")], "migration-unsupported"),
            (vec![("V1_a.sql", "")], "migration-name"),
            (vec![("U1__a.sql", "")], "migration-name"),
            (vec![("U1__a.sql", ""), ("U1__b.sql", ""), ("V1__a.sql", "")], "migration-duplicate"),
            (
                vec![("V1__a.sql", ""), ("V1__a.sql.conf", "placeholderReplacement=false")],
                "migration-unsupported",
            ),
        ] {
            assert_eq!(read(&files).map(|read| read.len()), Err(code), "{files:?}");
        }
    }
}
