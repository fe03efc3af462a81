//! Whose files these are, seen from their names and marks; never a guess where two tools would run them differently.

use super::{
    Layout, dbmate, flyway, goose, name,
    tree::{Source, Tree},
};
use crate::error::Error;

/// Whose files they may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Candidates {
    /// One tool's.
    One(Layout),
    /// The first's, unless the database has the second's history.
    Rather(Layout, Layout),
    /// One of two tools': only the database's history can tell.
    Either(Layout, Layout),
    /// There are no files.
    Any,
}

impl Candidates {
    /// All of them.
    pub fn all(self) -> Vec<Layout> {
        match self {
            Self::One(layout) => vec![layout],
            Self::Rather(one, other) | Self::Either(one, other) => vec![one, other],
            Self::Any => Layout::ALL.to_vec(),
        }
    }
}

/// Whose the files of a directory may be. Files of two tools are refused: each would skip the other's without a word.
pub(super) fn candidates(tree: &Tree) -> Result<Candidates, Error> {
    let mut found: Option<(Candidates, &Source)> = None;
    let seen: Vec<(Candidates, &Source)> = tree
        .sources
        .iter()
        .filter_map(|source| of(source, tree).map(|candidates| (candidates, source)))
        .collect();
    for (candidates, source) in seen {
        match found {
            None => found = Some((candidates, source)),
            Some((first, _)) if first == candidates => {}
            Some((_, first)) => {
                return Err(Error::TwoLayouts { first: first.path.clone(), second: source.path.clone() });
            }
        }
    }
    Ok(found.map_or(Candidates::Rather(Layout::Numbered, Layout::Sqlx), |(candidates, _)| candidates))
}

fn of(source: &Source, tree: &Tree) -> Option<Candidates> {
    let (file, nested) = (source.file(), source.parent().is_some());
    let one = |layout| Some(Candidates::One(layout));
    if file == "migration_lock.toml" || nested && file == "migration.sql" {
        return one(Layout::Prisma);
    }
    // A `down.sql` alone says nothing: people keep one beside Prisma's file, too.
    if nested && file == "up.sql" {
        return one(Layout::Diesel);
    }
    if flyway::is_named(file) {
        return one(Layout::Flyway);
    }
    if nested {
        return None;
    }
    if source.is_sql() && goose::is_marked(source.text()) || goose::is_program(file) {
        return one(Layout::Goose);
    }
    if source.is_sql() && dbmate::is_marked(source.text()) {
        return one(Layout::Dbmate);
    }
    let (stem, way) = name::split(file)?;
    let up = || tree.find(&format!("{stem}.up.sql")).is_some();
    match way {
        name::Way::Up => Some(Candidates::Either(Layout::GolangMigrate, Layout::Sqlx)),
        name::Way::Down if up() => Some(Candidates::Either(Layout::GolangMigrate, Layout::Sqlx)),
        name::Way::Down | name::Way::Plain => Some(Candidates::Rather(Layout::Numbered, Layout::Sqlx)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ci::Failure;

    fn detected(files: &[(&str, &str)]) -> Result<Candidates, &'static str> {
        let directory = testkit::Scratch::new();
        for (name, text) in files {
            directory.file(name, *text);
        }
        candidates(&Tree::read(directory.path()).unwrap()).map_err(|error| error.code().as_str())
    }

    #[test]
    fn each_tool_s_files_are_known_by_their_names_or_marks() {
        use Candidates::{Either, One, Rather};
        use Layout::{Dbmate, Diesel, Flyway, GolangMigrate, Goose, Numbered, Prisma, Sqlx};
        let cases: [(&[(&str, &str)], Candidates); 10] = [
            (&[("V1__a.sql", ""), ("R__b.sql", ""), ("README.md", "")], One(Flyway)),
            (&[("sub/V1_1__a.sql", "")], One(Flyway)),
            (&[("1_a/migration.sql", ""), ("1_a/down.sql", ""), ("migration_lock.toml", "")], One(Prisma)),
            (&[("1_a/up.sql", ""), ("1_a/down.sql", "")], One(Diesel)),
            (&[("1_a.sql", "-- migrate:up\nSELECT 1;\n-- migrate:down\n")], One(Dbmate)),
            (&[("1_a.sql", "-- x\n-- +goose Up\nSELECT 1;\n")], One(Goose)),
            (&[("00002_go.go", "package x")], One(Goose)),
            (&[("1_a.up.sql", ""), ("1_a.down.sql", "")], Either(GolangMigrate, Sqlx)),
            (&[("1_a.sql", ""), ("1_a.down.sql", "")], Rather(Numbered, Sqlx)),
            (&[("README.md", "")], Rather(Numbered, Sqlx)),
        ];
        for (files, expected) in cases {
            assert_eq!(detected(files), Ok(expected), "{files:?}");
        }
    }

    #[test]
    fn files_of_two_tools_are_refused() {
        for files in [
            [("1_a.sql", "SELECT 1"), ("2_b.up.sql", "SELECT 1")],
            [("1_a.sql", "SELECT 1"), ("V2__b.sql", "SELECT 1")],
            [("1_a.sql", "-- +goose Up\n"), ("2_b.sql", "-- migrate:up\n")],
            [("1_a.sql", "-- migrate:up\n"), ("2_b.sql", "SELECT 1")],
        ] {
            assert_eq!(detected(&files), Err("layout-mixed"), "{files:?}");
        }
    }
}
