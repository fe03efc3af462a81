//! The same questions for PostgreSQL's statements.

mod body;
mod breaks;

use super::{Memory, named, top_level};
use crate::statement::Token;
pub(super) use body::UNSEEN;
pub(super) use breaks::breaks;

/// An index that is built or dropped while others write.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Index {
    /// Its name, in lower case.
    pub name: String,
    /// The name of the table it is built on, likewise; nothing where it is dropped.
    pub table: Option<String>,
    /// The schema that was named for it, likewise; without one it is looked for as the session looks for names.
    pub schema: Option<String>,
}

pub(super) fn forbidden(tokens: &[Token<'_>]) -> Option<&'static str> {
    if tokens.iter().any(|token| token.text == "\\") {
        return Some("is a command of psql's, not of the database");
    }
    if tokens.iter().any(|token| token.name() == "standard_conforming_strings") {
        return Some("changes where a text in quotes ends");
    }
    let word = |at: usize| upper(tokens, at);
    match (word(0).as_str(), word(1).as_str()) {
        ("BEGIN" | "START" | "COMMIT" | "END" | "ROLLBACK" | "ABORT" | "SAVEPOINT" | "RELEASE", _)
        | ("PREPARE", "TRANSACTION") => Some("handles the transaction that migrate-db runs each file in"),
        ("CREATE" | "ALTER" | "DROP", "DATABASE" | "TABLESPACE" | "SUBSCRIPTION") | ("ALTER", "SYSTEM") => {
            Some("reaches beyond this database, where no backup covers it")
        }
        ("DISCARD", _) => Some("ends what migrate-db has set for its session, the lock among it"),
        ("COPY", _) if copies_elsewhere(tokens) => Some("reads or writes files of the server"),
        _ if stands_alone(tokens) => unrepeatable(tokens),
        _ => None,
    }
}

/// `COPY` from or to anything but the connection.
fn copies_elsewhere(tokens: &[Token<'_>]) -> bool {
    let side = top_level(tokens).find(|at| tokens[*at].is("FROM") || tokens[*at].is("TO"));
    !side.is_some_and(|at| tokens[at].is("FROM") && upper(tokens, at + 1) == "STDIN")
}

/// What PostgreSQL refuses to run inside a transaction (each command's page says so).
pub(super) fn stands_alone(tokens: &[Token<'_>]) -> bool {
    let concurrently = tokens.iter().any(|token| token.is("CONCURRENTLY"));
    match (upper(tokens, 0).as_str(), upper(tokens, 1).as_str()) {
        ("VACUUM", _) => true,
        ("CREATE" | "DROP", "INDEX" | "UNIQUE") | ("ALTER", "TABLE") => concurrently,
        ("REINDEX", _) => {
            concurrently
                || tokens
                    .iter()
                    .any(|token| ["SCHEMA", "DATABASE", "SYSTEM"].iter().any(|word| token.is(word)))
        }
        _ => false,
    }
}

/// An index that is built or dropped while others write can be looked for; half a partition that was detached can't be told from another.
fn unrepeatable(tokens: &[Token<'_>]) -> Option<&'static str> {
    (upper(tokens, 0) == "ALTER")
        .then_some("runs outside of a transaction, and nobody could tell whether half of it was done")
}

pub(super) fn moves_index(tokens: &[Token<'_>]) -> Option<Index> {
    let at = tokens.iter().position(|token| token.is("CONCURRENTLY"))?;
    let name =
        tokens[at + 1..].iter().position(|token| token.is("EXISTS")).map_or(at + 1, |exists| at + exists + 2);
    match upper(tokens, 0).as_str() {
        "CREATE" => {
            let on = name + tokens.get(name..)?.iter().position(|token| token.is("ON"))?;
            let table = tokens.get(on + 1 + usize::from(upper(tokens, on + 1) == "ONLY")..)?;
            let (name, table, schema) = (named(&tokens[name..on]), Some(named(table)), schema(table));
            Some(Index { name, table, schema }).filter(|index| !index.name.is_empty())
        }
        "DROP" if !top_level(tokens).any(|at| tokens[at].text == ",") => {
            let name = tokens.get(name..)?;
            Some(Index { name: named(name), table: None, schema: schema(name) })
                .filter(|index| !index.name.is_empty())
        }
        _ => None,
    }
}

/// The schema of the name at the front, if it has one.
fn schema(tokens: &[Token<'_>]) -> Option<String> {
    match tokens {
        [schema, dot, _, ..] if dot.text == "." => Some(schema.name()),
        _ => None,
    }
}

pub(super) fn upper(tokens: &[Token<'_>], at: usize) -> String {
    tokens.get(at).map_or_else(String::new, |token| token.text.to_ascii_uppercase())
}

/// What is set for a transaction alone ends with it; a temporary table is gone with its session.
pub(super) fn memory(tokens: &[Token<'_>]) -> Memory {
    let is = |at: usize, words: &[&str]| {
        tokens.get(at).is_some_and(|token| words.iter().any(|word| token.is(word)))
    };
    if is(0, &["SET"]) && is(1, &["LOCAL", "TRANSACTION", "CONSTRAINTS"]) {
        Memory::Kept
    } else if is(0, &["SET", "RESET"]) {
        Memory::Said
    } else if is(0, &["CREATE"]) && (is(1, &["TEMP", "TEMPORARY"]) || is(2, &["TEMP", "TEMPORARY"])) {
        Memory::Lost
    } else {
        Memory::Kept
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        effect::{self, Breakage, Index},
        statement::{Dialect, Statement, statements},
    };

    fn cut(text: &str) -> Vec<Statement> {
        statements(text, Dialect::Postgres).unwrap()
    }

    fn broken(text: &str) -> Vec<&'static str> {
        let mut breakage = Breakage::default();
        cut(text).iter().filter_map(|one| breakage.of(one)).collect()
    }

    #[test]
    fn each_breaking_statement_is_found() {
        for (text, what) in [
            ("DROP TABLE IF EXISTS a, b CASCADE", "drops a table"),
            ("CREATE TABLE a (x int); DROP TABLE a, b", "drops a table"),
            ("DROP MATERIALIZED VIEW v", "drops a view"),
            ("DROP TYPE mood", "drops a type"),
            ("ALTER TABLE IF EXISTS ONLY s.t ADD a int, DROP COLUMN b", "drops a column"),
            ("ALTER TABLE t RENAME COLUMN a TO b", "renames"),
            ("ALTER TYPE mood RENAME VALUE 'a' TO 'b'", "renames"),
            ("ALTER TABLE t ALTER COLUMN a SET DATA TYPE bigint", "changes the type of a column"),
            ("ALTER TABLE t ALTER a TYPE bigint", "changes the type of a column"),
            ("ALTER VIEW v SET SCHEMA s", "moves to another schema"),
            ("ALTER TABLE t ADD COLUMN a int NOT NULL", "adds a column that must be filled"),
            ("TRUNCATE t", "deletes all rows of a table"),
            ("DELETE FROM ONLY t", "deletes all rows of a table"),
            ("WITH x AS (SELECT 1 WHERE true) UPDATE t SET a = 1", "updates all rows of a table"),
        ] {
            assert_eq!(broken(text), [what], "{text}");
        }
    }

    #[test]
    fn what_nobody_s_query_names_may_go() {
        for text in [
            "ALTER TABLE t DROP CONSTRAINT c, ALTER COLUMN a DROP NOT NULL, ALTER b DROP DEFAULT",
            "ALTER TABLE t ADD COLUMN \"drop\" text DEFAULT 'RENAME'",
            "ALTER TABLE t ADD a int NOT NULL DEFAULT 1, ADD b int, ADD CONSTRAINT c CHECK (a IS NOT NULL)",
            "ALTER INDEX i RENAME TO j",
            "DROP INDEX i",
            "CREATE TEMP TABLE n (a int, b int); UPDATE n SET a = 1, b = 2; ALTER TABLE n RENAME TO m; TRUNCATE TABLE m",
            "CREATE TYPE mood AS ENUM ('a'); DROP TYPE mood",
            "DELETE FROM t WHERE a = 1",
        ] {
            assert!(broken(text).is_empty(), "{text}: {:?}", broken(text));
        }
    }

    #[test]
    fn what_would_leave_the_transaction_or_the_database_is_forbidden() {
        let forbidden = |text: &str| cut(text).iter().find_map(effect::forbidden);
        for text in [
            "BEGIN",
            "start transaction",
            "COMMIT",
            "END",
            "ABORT",
            "ROLLBACK TO x",
            "SAVEPOINT x",
            "PREPARE TRANSACTION 'x'",
            "CREATE DATABASE x",
            "ALTER SYSTEM SET a = 1",
            "DISCARD ALL",
            "COPY t TO '/tmp/x'",
            "COPY t FROM PROGRAM 'id'",
            "\\i other.sql\n",
            "\\copy t from 'x'",
            "SET standard_conforming_strings = off",
            "UPDATE migrate_db_history SET a = 1",
            "ALTER TABLE t DETACH PARTITION p CONCURRENTLY",
        ] {
            assert!(forbidden(text).is_some(), "{text}");
        }
        for text in [
            "PREPARE x AS SELECT 1",
            "COPY t FROM STDIN;\n\\.\n",
            "SELECT 'BEGIN \\'",
            "LOCK TABLE t",
            "VACUUM t",
            "CREATE INDEX CONCURRENTLY i ON t (a)",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)",
            "DROP INDEX CONCURRENTLY IF EXISTS i",
            "SET LOCAL x.y = 1",
        ] {
            assert_eq!(forbidden(text), None, "{text}");
        }
    }

    #[test]
    fn what_runs_only_outside_of_a_transaction_is_known() {
        let alone = |text: &str| effect::stands_alone(&cut(text)[0]);
        for text in [
            "VACUUM",
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)",
            "REINDEX TABLE CONCURRENTLY t",
            "reindex schema s",
        ] {
            assert!(alone(text), "{text}");
        }
        for text in [
            "CREATE INDEX i ON t (a)",
            "REINDEX TABLE t",
            "REFRESH MATERIALIZED VIEW CONCURRENTLY v",
            "ALTER TYPE m ADD VALUE 'x'",
        ] {
            assert!(!alone(text), "{text}");
        }
    }

    #[test]
    fn an_index_is_known_by_its_name_and_table() {
        let index = |text: &str| effect::moves_index(&cut(text)[0]);
        let built = |schema: Option<&str>| {
            Some(Index { name: "i".into(), table: Some("t".into()), schema: schema.map(str::to_owned) })
        };
        let qualified = "CREATE INDEX CONCURRENTLY IF NOT EXISTS I ON ONLY s.T USING btree (a)";
        assert_eq!(index(qualified), built(Some("s")));
        assert_eq!(index("CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)"), built(None));
        assert_eq!(index("CREATE INDEX CONCURRENTLY ON t (a)"), None);
        let dropped = Some(Index { name: "i".into(), table: None, schema: Some("s".into()) });
        assert_eq!(index("DROP INDEX CONCURRENTLY IF EXISTS s.i"), dropped);
        assert_eq!(index("DROP INDEX CONCURRENTLY i, j"), None);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

        #[test]
        fn no_statement_makes_it_panic(
            text in "(ALTER |DROP |TABLE |WITH |DELETE |UPDATE |CREATE |INDEX |CONCURRENTLY |COPY |ON |ONLY |IF |EXISTS |VIEW |TRUNCATE |\"a\"|[.,();a*]| ){0,12}",
        ) {
            for one in statements(&text, Dialect::Postgres).unwrap_or_default() {
                let _ = (effect::forbidden(&one), effect::stands_alone(&one), effect::moves_index(&one), Breakage::default().of(&one));
            }
        }
    }
}
