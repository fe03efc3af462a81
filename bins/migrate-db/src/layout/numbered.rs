//! Plain numbered files: `NNN_description.sql` and, optionally, `NNN_description.down.sql`; a file that comes near is never skipped.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use ci::Place;

use crate::{
    effect::Breakage,
    error::Error,
    layout::{Migration, Phase, Script, Version, directive},
    statement::Dialect,
};

/// More than any project has; fewer than would fill the memory.
const ENTRIES_MAX: usize = 100_000;

/// What a file's name says.
#[derive(PartialEq, Eq, Debug)]
enum Name {
    /// A way there.
    Up(Version, String),
    /// A way back.
    Down(Version, String),
    /// Nothing of ours: a README, a hidden file.
    Other,
}

/// A name that comes near and does not fit: why.
type Misnamed = &'static str;

/// Tools that know another form skip such files without a word, and a later migration then fails or, worse, does not.
fn name(file: &str) -> Result<Name, Misnamed> {
    let sql = file.to_ascii_lowercase().ends_with(".sql");
    if file.starts_with('.') || !sql && !file.starts_with(|first: char| first.is_ascii_digit()) {
        return Ok(Name::Other);
    }
    let stem = file.strip_suffix(".sql").ok_or("it begins with a number and does not end in .sql")?;
    let (number, description) = stem.split_once('_').ok_or("it has no `_` behind its number")?;
    let version: Version = number.parse().map_err(|_| "what stands before the first `_` is no number")?;
    if version == Version::NONE {
        return Err("0 stands for the empty database");
    }
    let (description, down) = match description.strip_suffix(".down") {
        Some(description) => (description, true),
        None => (description, false),
    };
    if description.is_empty() {
        return Err("it has no description");
    }
    if description.contains('.') {
        return Err("its description holds a `.`, as another tool's names do");
    }
    let description = description.replace('_', " ");
    Ok(if down { Name::Down(version, description) } else { Name::Up(version, description) })
}

/// The migrations of the directory.
pub fn read(directory: &Path, dialect: Dialect) -> Result<Vec<Migration>, Error> {
    let mut ups: BTreeMap<Version, (String, PathBuf)> = BTreeMap::new();
    let mut downs: BTreeMap<Version, (String, PathBuf)> = BTreeMap::new();
    for path in list(directory)? {
        let file = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let named = name(&file).map_err(|why| Error::Misnamed { file: path.clone(), why })?;
        let (map, version, description) = match named {
            Name::Up(version, description) => (&mut ups, version, description),
            Name::Down(version, description) => (&mut downs, version, description),
            Name::Other => continue,
        };
        if let Some((_, first)) = map.get(&version) {
            return Err(Error::Duplicate { version, first: first.clone(), second: path });
        }
        map.insert(version, (description, path));
    }
    let migrations = ups
        .into_iter()
        .map(|(version, (description, file))| {
            migration(version, description, &file, downs.remove(&version), dialect)
        })
        .collect::<Result<Vec<_>, _>>()?;
    if let Some((_, (_, file))) = downs.pop_first() {
        return Err(Error::Misnamed { file, why: "it leads back from a migration that is not there" });
    }
    if migrations.is_empty() { Err(Error::NoMigrations(directory.to_owned())) } else { Ok(migrations) }
}

/// The entries of the directory by name, so that a mistake is always reported the same way.
fn list(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let unreadable = |source| Error::Directory { directory: directory.to_owned(), source };
    let entries = fs::read_dir(directory).map_err(unreadable)?;
    let mut paths = Vec::new();
    for entry in entries {
        if paths.len() == ENTRIES_MAX {
            return Err(unreadable(io::Error::other(format!("it has more than {ENTRIES_MAX} entries"))));
        }
        paths.push(entry.map_err(unreadable)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn migration(
    version: Version,
    description: String,
    file: &Path,
    down: Option<(String, PathBuf)>,
    dialect: Dialect,
) -> Result<Migration, Error> {
    let up = Script::read(file, dialect)?;
    let at = |line| Place { file: file.to_owned(), line: Some(line) };
    let directives = directive::read(&up.text, dialect)
        .map_err(|wrong| Error::Directive { place: at(wrong.line), why: wrong.why })?;
    let phase = directives.phase.unwrap_or(Phase::Expand);
    if phase == Phase::Expand {
        let mut breakage = Breakage::default();
        for one in &up.statements {
            if let Some(what) = breakage.of(one) {
                return Err(Error::Breaks { place: at(one.line), statement: one.shown(), what });
            }
        }
    }
    let down = match down {
        Some((other, path)) if other != description => {
            return Err(Error::Duplicate { version, first: file.to_owned(), second: path });
        }
        Some((_, path)) => Some(Script::read(&path, dialect)?),
        None => None,
    };
    Ok(Migration { version, description, phase, approval: directives.approval, up, down })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ci::Failure;

    fn up(number: &str, description: &str) -> Name {
        Name::Up(number.parse().unwrap(), description.into())
    }

    #[test]
    fn names_are_a_number_and_a_description() {
        assert_eq!(name("001_users_and_notes.sql"), Ok(up("1", "users and notes")));
        assert_eq!(name("20240101120000_x.sql"), Ok(up("20240101120000", "x")));
        assert_eq!(name("2_x.down.sql"), Ok(Name::Down("2".parse().unwrap(), "x".into())));
    }

    #[test]
    fn a_name_that_comes_near_is_refused_and_never_skipped() {
        for file in [
            "V1__x.sql",
            "x.sql",
            "001-x.sql",
            "001.sql",
            "1_x.up.sql",
            "1_.sql",
            "1_.down.sql",
            "1_x.SQL",
            "1_x.sql.bak",
            "1_x",
            "0_x.sql",
            "99999999999999999999_x.sql",
            "-1_x.sql",
            "20240101_init",
        ] {
            assert!(name(file).is_err(), "{file}: {:?}", name(file));
        }
        for file in ["README.md", ".gitkeep", ".1_x.sql.swp", "schema.txt"] {
            assert_eq!(name(file), Ok(Name::Other), "{file}");
        }
    }

    fn directory(files: &[(&str, &str)]) -> Result<Vec<Migration>, Error> {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::File::create(directory.path().join(name))
                .and_then(|mut file| io::Write::write_all(&mut file, text.as_bytes()))
                .unwrap();
        }
        read(directory.path(), Dialect::Sqlite)
    }

    #[test]
    fn the_order_is_that_of_numbers() {
        let read =
            directory(&[("10_b.sql", "SELECT 1"), ("2_a.sql", "SELECT 1"), ("2_a.down.sql", "SELECT 2")]);
        let read: Vec<_> =
            read.unwrap().iter().map(|one| (one.version.number(), one.down.is_some())).collect();
        assert_eq!(read, [(2, true), (10, false)]);
    }

    #[test]
    fn a_byte_order_mark_and_line_ends_do_not_change_a_checksum() {
        let one = |text| directory(&[("1_a.sql", text)]).unwrap().remove(0).checksum();
        assert_eq!(one("SELECT 1;\n"), one("\u{feff}SELECT 1;\r\n"));
        assert_ne!(one("SELECT 1;\n"), one("SELECT 1;"));
    }

    #[test]
    fn each_bad_directory_has_its_own_code() {
        let code = |files: &[(&str, &str)]| directory(files).unwrap_err().code().as_str();
        assert_eq!(code(&[]), "migrations-empty");
        assert_eq!(code(&[("README.md", "")]), "migrations-empty");
        assert_eq!(code(&[("1_a.sql", "-- nothing\n")]), "migration-empty");
        assert_eq!(code(&[("1_a.sql", "SELECT 1"), ("01_b.sql", "SELECT 1")]), "migration-duplicate");
        assert_eq!(code(&[("1_a.sql", "SELECT 1"), ("1_b.down.sql", "SELECT 1")]), "migration-duplicate");
        assert_eq!(code(&[("1_a.down.sql", "SELECT 1")]), "migration-name");
        assert_eq!(code(&[("1_a.sql", "SELECT 'x")]), "migration-unfinished");
        assert_eq!(code(&[("1_a.sql", "SELECT 1; COMMIT;")]), "migration-forbidden");
        assert_eq!(code(&[("1_a.sql", "SELECT 1"), ("1_a.down.sql", "BEGIN")]), "migration-forbidden");
        assert_eq!(code(&[("1_a.sql", "DROP TABLE t")]), "migration-breaks");
        assert_eq!(code(&[("1_a.sql", "-- migrate-db: phase=expand\nDROP TABLE t")]), "migration-breaks");
        assert_eq!(code(&[("1_a.sql", "-- migrate-db: phase=both\nSELECT 1")]), "migration-directive");
        assert!(directory(&[("1_a.sql", "-- migrate-db: phase=contract\nDROP TABLE t")]).is_ok());
    }
}
