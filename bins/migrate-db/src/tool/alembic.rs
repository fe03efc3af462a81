//! The words of Alembic's command line and what it prints (Alembic 1.20, `alembic/config.py`, `alembic/runtime/migration.py`); never a
//! revision's own text.

use super::{Printed, Tool, ToolError, Way, write};
use crate::{
    database::{Database, DatabaseError},
    error::Error,
    layout::{Layout, Migration, Place, Version},
};

/// What begins a revision in the SQL that it prints.
const BEGINS: &str = "-- Running upgrade ";

/// A revision that no project has.
const NOBODYS: &str = "migrate_db_looks";

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

pub(super) fn commands(way: Way, to: &Version) -> Vec<Vec<String>> {
    vec![match way {
        Way::Up => words(&["upgrade", to.text()]),
        Way::Down if to.is_none() => words(&["downgrade", "base"]),
        Way::Down => words(&["downgrade", to.text()]),
    }]
}

/// Prints all at once. A revision that reads what it changes ends that; it is left out, and the rest begins behind it.
pub(super) fn print(tool: &Tool, from: &Version, wanted: &[&Migration]) -> Result<Vec<Printed>, Error> {
    let mut printed = Vec::new();
    let (mut from, mut left) = (from.text().to_owned(), wanted);
    while let Some(last) = left.last() {
        let from_word = if from == "0" { "base" } else { &from };
        let finished = tool.show(&words(&["upgrade", &format!("{from_word}:{}", last.name), "--sql"]))?;
        let mut found = sections(&finished.text());
        if !finished.is_success() {
            let said = tool.failed(&finished);
            match found.last_mut() {
                Some(section) => section.sql = Err(said.to_string()),
                None => return Err(said.into()),
            }
        }
        let Some(end) =
            found.last().and_then(|section| left.iter().rposition(|one| one.name == section.name))
        else {
            let said = "it printed none of the revisions that it was asked for".to_owned();
            return Err(ToolError::Failed { tool: tool.name(), status: finished.status, said }.into());
        };
        from.clone_from(&left[end].name);
        left = &left[end + 1..];
        printed.extend(found);
        if finished.is_success() {
            break;
        }
    }
    Ok(printed)
}

/// The revisions of what it printed: what it keeps of its own table is left out.
fn sections(text: &str) -> Vec<Printed> {
    let mut found: Vec<(String, Vec<&str>)> = Vec::new();
    for line in text.split_inclusive('\n') {
        match line.strip_prefix(BEGINS).and_then(|rest| rest.rsplit_once("-> ")) {
            Some((_, name)) => found.push((name.trim().to_owned(), Vec::new())),
            None => found.iter_mut().rev().take(1).for_each(|(_, lines)| lines.push(line)),
        }
    }
    let is_own = |line: &str| {
        ["INSERT INTO ", "UPDATE ", "DELETE FROM "]
            .iter()
            .any(|verb| line.strip_prefix(verb).is_some_and(|rest| rest.contains("alembic_version")))
    };
    let section = |(name, lines): (String, Vec<&str>)| {
        let sql = lines.into_iter().filter(|line| !is_own(line)).collect();
        Printed { name, sql: Ok(sql), reversible: None }
    };
    found.into_iter().map(section).collect()
}

/// It says which revision it does not know: the one that was put there for it.
pub(super) fn is_here(tool: &Tool, database: &mut dyn Database, place: &Place) -> Result<bool, Error> {
    let table = Layout::Alembic.history();
    let failed = |source: DatabaseError| Error::Database { doing: "marking the database beside", source };
    let there = !database.columns(&[table.table()]).map_err(failed)?.is_empty();
    let rows = if there { database.texts(&table.select(place)).map_err(failed)? } else { Vec::new() };
    let insert = |version: &str| {
        format!("INSERT INTO {} (version_num) VALUES ({});", place.name(), place.literal(version))
    };
    let clear = format!("DELETE FROM {};", place.name());
    write(database, &format!("{}{clear}{}", table.create(place), insert(NOBODYS)))?;
    let shown = tool.show(&words(&["current"]));
    let back: String = if there {
        rows.iter().flatten().flatten().map(|version| insert(version)).collect()
    } else {
        format!("DROP TABLE {};", place.name())
    };
    write(database, &format!("{clear}{back}"))?;
    Ok(shown?.all_text().contains(NOBODYS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sections_are_the_revisions() {
        let text = "BEGIN;\n\nCREATE TABLE alembic_version (x);\n\n-- Running upgrade  -> a1\n\nCREATE TABLE t (x int);\n\n\
                    INSERT INTO alembic_version (version_num) VALUES ('a1');\n\n-- Running upgrade a1, c -> b2\n\nCOMMIT;\n\
                    CREATE INDEX i ON t (x);\nBEGIN;\nUPDATE alembic_version SET version_num='b2';\n\nCOMMIT;\n";
        let found = sections(text);
        let found: Vec<(&str, &str)> =
            found.iter().map(|one| (one.name.as_str(), one.sql.as_deref().unwrap().trim())).collect();
        assert_eq!(
            found,
            [
                ("a1", "CREATE TABLE t (x int);"),
                ("b2", "COMMIT;\nCREATE INDEX i ON t (x);\nBEGIN;\n\nCOMMIT;")
            ]
        );
        assert!(sections("BEGIN;\nCOMMIT;\n").is_empty());
    }
}
