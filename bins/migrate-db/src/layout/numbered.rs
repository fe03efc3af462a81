//! Plain numbered files: `NNN_description.sql` and, optionally, `NNN_description.down.sql`; a file that comes near is never skipped.

pub(super) mod history;

use std::collections::BTreeMap;

use super::{
    Checksums, Migration, Script, Version,
    name::is_near,
    tree::{Source, Tree},
};
use crate::error::Error;

/// What a file's name says.
#[derive(PartialEq, Eq, Debug)]
enum Name {
    /// A way there.
    Up(Version, String),
    /// A way back.
    Down(Version, String),
    /// Nothing of ours: a README.
    Other,
}

/// A name that comes near and does not fit: why.
type Misnamed = &'static str;

/// Tools that know another form skip such files without a word, and a later migration then fails or, worse, does not.
fn name(file: &str) -> Result<Name, Misnamed> {
    if !is_near(file) {
        return Ok(Name::Other);
    }
    let stem = file.strip_suffix(".sql").ok_or("it begins with a number and does not end in .sql")?;
    let (number, description) =
        stem.split_once('_').ok_or("it has no `_` behind its number, as in NNN_description.sql")?;
    let version = Version::number(number)
        .ok_or("what stands before the first `_` is no number, as in NNN_description.sql")?;
    if version.is_none() {
        return Err("0 stands for the empty database");
    }
    let (description, down) = match description.strip_suffix(".down") {
        Some(description) => (description, true),
        None => (description, false),
    };
    if description.is_empty() {
        return Err("it has no description, as in NNN_description.sql");
    }
    if description.contains('.') {
        return Err("its description holds a `.`, as another tool's names do");
    }
    let description = description.replace('_', " ");
    Ok(if down { Name::Down(version, description) } else { Name::Up(version, description) })
}

/// The migrations of the directory.
pub(super) fn read(tree: &Tree) -> Result<Vec<Migration>, Error> {
    let mut ups: BTreeMap<Version, (String, &Source)> = BTreeMap::new();
    let mut downs: BTreeMap<Version, (String, &Source)> = BTreeMap::new();
    // What lies in directories of its own is nobody's mistake: seeds, archives.
    for source in tree.sources.iter().filter(|source| source.parent().is_none()) {
        let misnamed = |why| Error::Misnamed { file: source.path.clone(), why };
        let (map, version, description) = match name(source.file()).map_err(misnamed)? {
            Name::Up(version, description) => (&mut ups, version, description),
            Name::Down(version, description) => (&mut downs, version, description),
            Name::Other => continue,
        };
        if let Some((_, first)) = map.get(&version) {
            return Err(Error::Duplicate { version, first: first.path.clone(), second: source.path.clone() });
        }
        map.insert(version, (description, source));
    }
    let migrations = ups
        .into_iter()
        .map(|(version, (description, source))| {
            migration(version.clone(), description, source, downs.remove(&version))
        })
        .collect::<Result<Vec<_>, _>>()?;
    match downs.pop_first() {
        Some((_, (_, source))) => Err(Error::Misnamed {
            file: source.path.clone(),
            why: "it leads back from a migration that is not there",
        }),
        None => Ok(migrations),
    }
}

fn migration(
    version: Version,
    description: String,
    source: &Source,
    down: Option<(String, &Source)>,
) -> Result<Migration, Error> {
    let up = Script::of(&source.path, source.text());
    let down = match down {
        Some((other, down)) if other != description => {
            return Err(Error::Duplicate { version, first: source.path.clone(), second: down.path.clone() });
        }
        Some((_, down)) => Some(Script::of(&down.path, down.text())),
        None => None,
    };
    let checksums = Checksums { written: Some(up.checksum.to_string()), accepted: Vec::new() };
    Ok(Migration { version, description, name: source.name.clone(), checksums, after: Vec::new(), up, down })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::{Layout, Place};
    use ci::Failure;

    fn version(number: &str) -> Version {
        Version::number(number).unwrap()
    }

    #[test]
    fn names_are_a_number_and_a_description() {
        assert_eq!(name("001_users_and_notes.sql"), Ok(Name::Up(version("1"), "users and notes".into())));
        assert_eq!(name("20240101120000_x.sql"), Ok(Name::Up(version("20240101120000"), "x".into())));
        assert_eq!(name("2_x.down.sql"), Ok(Name::Down(version("2"), "x".into())));
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
        for file in ["README.md", "schema.txt"] {
            assert_eq!(name(file), Ok(Name::Other), "{file}");
        }
    }

    fn directory(files: &[(&str, &str)]) -> Result<Vec<Migration>, Error> {
        let directory = testkit::Scratch::new();
        for (name, text) in files {
            directory.file(name, *text);
        }
        let place = Place {
            dialect: crate::statement::Dialect::Sqlite,
            database: String::new(),
            schema: None,
            user: None,
            table: String::new(),
        };
        Layout::Numbered.read(&Tree::read(directory.path())?, &place, &[])
    }

    #[test]
    fn the_order_is_that_of_numbers() {
        let read = directory(&[
            ("10_b.sql", "SELECT 1"),
            ("2_a.sql", "SELECT 1"),
            ("2_a.down.sql", "SELECT 2"),
            (".1_x.sql.swp", ""),
        ]);
        let read: Vec<_> =
            read.unwrap().iter().map(|one| (one.version.to_string(), one.down.is_some())).collect();
        assert_eq!(read, [("2".to_owned(), true), ("10".to_owned(), false)]);
    }

    #[test]
    fn a_byte_order_mark_and_line_ends_do_not_change_a_checksum() {
        let one = |text| directory(&[("1_a.sql", text)]).unwrap().remove(0).checksums;
        assert_eq!(one("SELECT 1;\n"), one("\u{feff}SELECT 1;\r\n"));
        assert_ne!(one("SELECT 1;\n"), one("SELECT 1;"));
    }

    #[test]
    fn each_bad_directory_has_its_own_code() {
        let code = |files: &[(&str, &str)]| directory(files).unwrap_err().code().as_str();
        assert_eq!(code(&[("README.md", "")]), "migrations-empty");
        assert_eq!(code(&[("1_a.sql", "SELECT 1"), ("01_b.sql", "SELECT 1")]), "migration-duplicate");
        assert_eq!(code(&[("1_a.sql", "SELECT 1"), ("1_b.down.sql", "SELECT 1")]), "migration-duplicate");
        assert_eq!(code(&[("1_a.down.sql", "SELECT 1")]), "migration-name");
    }
}
