//! Columns that a file adds, and whether whoever does not know them can still write rows at its end: a default that the file takes away again
//! (as Django does for every field without `db_default`) is none; never a column that was there before.

use std::collections::BTreeMap;

use super::{after_if_exists, created::Created, named, top_level};
use crate::statement::Token;

/// The columns that the file has added so far, by table and name.
#[derive(Default, Debug)]
pub(super) struct Added(BTreeMap<(String, String), Column>);

#[derive(Clone, Copy, Debug)]
struct Column {
    is_filled: bool,
    is_required: bool,
}

/// What `ADD` may add beside columns.
const PARTS: [&str; 12] = [
    "CONSTRAINT",
    "UNIQUE",
    "PRIMARY",
    "FOREIGN",
    "CHECK",
    "EXCLUDE",
    "INDEX",
    "KEY",
    "FULLTEXT",
    "SPATIAL",
    "PARTITION",
    "PERIOD",
];
const FILLS: [&str; 7] =
    ["DEFAULT", "GENERATED", "AS", "AUTO_INCREMENT", "SERIAL", "BIGSERIAL", "SMALLSERIAL"];

impl Added {
    /// What a statement breaks with such a column; remembers what it adds. Tables that the file has made are nobody's yet.
    pub(super) fn breaks(&mut self, tokens: &[Token<'_>], created: &Created) -> Option<&'static str> {
        let (name, actions) = altered(tokens)?;
        if created.has_table(name) {
            return None;
        }
        let table = named(name);
        let mut found = None;
        for action in actions {
            found = found.or(self.follow(&table, action));
        }
        found
    }

    fn follow(&mut self, table: &str, action: &[Token<'_>]) -> Option<&'static str> {
        let is = |at: usize, word: &str| action.get(at).is_some_and(|token: &Token<'_>| token.is(word));
        let name = 1 + usize::from(is(1, "COLUMN"));
        if is(0, "ADD") && !PARTS.iter().any(|part| is(1, part)) {
            self.add(table, action.get(name..)?);
            return None;
        }
        if !is(0, "ALTER") {
            return None;
        }
        let column = self.0.get_mut(&(table.to_owned(), action.get(name)?.name()))?;
        match (is(name + 1, "DROP"), is(name + 2, "DEFAULT"), is(name + 2, "NOT")) {
            (true, true, _) => {
                column.is_filled = false;
                column.is_required.then_some("drops the default of a new column that must be filled")
            }
            (true, _, true) => {
                column.is_required = false;
                None
            }
            (false, true, _) if is(name + 1, "SET") => {
                column.is_filled = true;
                None
            }
            (false, _, true) if is(name + 1, "SET") => {
                column.is_required = true;
                (!column.is_filled).then_some("adds a column that must be filled")
            }
            _ => None,
        }
    }

    /// One column, or MySQL's list of them in parentheses.
    fn add(&mut self, table: &str, columns: &[Token<'_>]) {
        let columns = match columns {
            [open, between @ .., close] if open.text == "(" && close.text == ")" => between,
            [first, second, third, rest @ ..] if first.is("IF") && second.is("NOT") && third.is("EXISTS") => {
                rest
            }
            columns => columns,
        };
        for column in listed(columns) {
            let Some((name, rest)) = column.split_first() else { continue };
            let is_filled = rest.iter().any(|token| FILLS.iter().any(|word| token.is(word)));
            let is_required = rest.windows(2).any(|pair| pair[0].is("NOT") && pair[1].is("NULL"));
            self.0.insert((table.to_owned(), name.name()), Column { is_filled, is_required });
        }
    }
}

/// The table that is altered, and each thing that is done to it.
fn altered<'v, 't>(tokens: &'v [Token<'t>]) -> Option<(&'v [Token<'t>], Vec<&'v [Token<'t>]>)> {
    let (alter, rest) = tokens.split_first()?;
    let online = rest.iter().take_while(|token| token.is("ONLINE") || token.is("IGNORE")).count();
    let (table, rest) = rest.get(online..)?.split_first()?;
    if !alter.is("ALTER") || !table.is("TABLE") {
        return None;
    }
    let rest = after_if_exists(rest);
    let rest = &rest[usize::from(rest.first()?.is("ONLY"))..];
    let name = if rest.get(1).is_some_and(|token| token.text == ".") { 3 } else { 1 };
    let name_end = name + usize::from(rest.get(name).is_some_and(|token| token.text == "*"));
    Some((rest, listed(rest.get(name_end..)?)))
}

/// The members of a list.
pub(super) fn listed<'v, 't>(tokens: &'v [Token<'t>]) -> Vec<&'v [Token<'t>]> {
    let commas: Vec<usize> = top_level(tokens).filter(|at| tokens[*at].text == ",").collect();
    let starts = std::iter::once(0).chain(commas.iter().map(|at| at + 1));
    let ends = commas.iter().copied().chain([tokens.len()]);
    starts.zip(ends).map(|(start, end)| &tokens[start..end]).collect()
}

#[cfg(test)]
mod tests {
    use crate::{
        effect::Breakage,
        statement::{Dialect, statements},
    };

    fn broken(text: &str, dialect: Dialect) -> Vec<&'static str> {
        let mut breakage = Breakage::default();
        statements(text, dialect).unwrap().iter().filter_map(|one| breakage.of(one)).collect()
    }

    const GOES: &str = "drops the default of a new column that must be filled";

    #[test]
    fn a_default_that_the_same_file_drops_fills_nothing() {
        for (text, what) in [
            // As Django prints AddField.
            (
                "ALTER TABLE shop ADD COLUMN paid int DEFAULT 0 NOT NULL; ALTER TABLE shop ALTER COLUMN paid DROP DEFAULT",
                GOES,
            ),
            ("ALTER TABLE s.shop ADD paid int NOT NULL DEFAULT 0, ALTER paid DROP DEFAULT", GOES),
            (
                "ALTER TABLE t ADD a int; UPDATE t SET a = 1 WHERE a IS NULL; ALTER TABLE t ALTER a SET NOT NULL",
                "adds a column that must be filled",
            ),
        ] {
            assert_eq!(broken(text, Dialect::Postgres), [what], "{text}");
        }
        for text in [
            "ALTER TABLE `shop` ADD COLUMN `paid` int DEFAULT 0 NOT NULL; ALTER TABLE `shop` ALTER COLUMN `paid` DROP DEFAULT",
            "ALTER TABLE shop ADD (a int, paid int NOT NULL DEFAULT 0); ALTER TABLE shop ALTER paid DROP DEFAULT",
        ] {
            assert_eq!(broken(text, Dialect::Mysql), [GOES], "{text}");
        }
    }

    #[test]
    fn a_column_that_everyone_can_leave_out_breaks_nothing() {
        for text in [
            "ALTER TABLE t ADD a int DEFAULT 0; ALTER TABLE t ALTER a DROP DEFAULT",
            "ALTER TABLE t ADD a int DEFAULT 0 NOT NULL; ALTER TABLE t ALTER a SET DEFAULT 1",
            "ALTER TABLE t ADD a int NOT NULL DEFAULT 0; ALTER TABLE u ALTER a DROP DEFAULT; ALTER TABLE t ALTER b DROP DEFAULT",
            "CREATE TABLE t (b int); ALTER TABLE t ADD a int NOT NULL DEFAULT 0; ALTER TABLE t ALTER a DROP DEFAULT",
        ] {
            for dialect in [Dialect::Postgres, Dialect::Mysql] {
                assert!(broken(text, dialect).is_empty(), "{text}");
            }
        }
        let text = "ALTER TABLE t ADD a int DEFAULT 0 NOT NULL, ALTER a DROP NOT NULL; ALTER TABLE t ALTER a DROP DEFAULT";
        assert!(broken(text, Dialect::Postgres).is_empty());
    }

    /// SQLite can't drop a default: Django makes the table anew, which drops the old one.
    #[test]
    fn in_sqlite_django_s_new_field_drops_the_table() {
        let text = "CREATE TABLE \"new__shop\" (\"id\" integer PRIMARY KEY, \"paid\" integer NOT NULL); \
                    INSERT INTO \"new__shop\" (\"id\", \"paid\") SELECT \"id\", 0 FROM \"shop\"; \
                    DROP TABLE \"shop\"; ALTER TABLE \"new__shop\" RENAME TO \"shop\"";
        assert_eq!(broken(text, Dialect::Sqlite), ["drops a table"]);
    }
}
