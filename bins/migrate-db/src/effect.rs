//! What a statement does to whoever else uses the database: may it stand in a migration, does the running release survive it?
//! Judged from its words alone; never runs anything.

mod created;
mod filled;
mod locking;
mod mysql;
mod postgres;
mod survey;

use crate::statement::{Dialect, Kind, Statement, Token};
use created::{Created, Sort};
pub use mysql::{Memory, Object, Seen};
pub use postgres::Index;
pub use survey::{Class, Finding, Found, Survey, is_rule};

/// The tables this program keeps for itself.
const OUR_TABLES: [&str; 2] = ["migrate_db_history", "migrate_db_progress"];

/// What [`Breakage`] says of a text that nobody can read before it runs; the file has to say which half of a change it is.
pub const UNSEEN: &str = postgres::UNSEEN;

/// Pragmas that belong to the transaction, or that we set to what the file asks for anyway: foreign keys are off while a file runs and
/// checked before it is committed.
const PRAGMAS: [&str; 4] = ["user_version", "application_id", "foreign_keys", "defer_foreign_keys"];

/// Why a statement may not stand in a migration, if it may not.
pub fn forbidden(statement: &Statement) -> Option<&'static str> {
    let tokens = statement.tokens();
    if tokens.iter().any(|token| OUR_TABLES.contains(&token.name().as_str())) {
        return Some("touches the history of migrations");
    }
    match statement.dialect {
        Dialect::Postgres => return postgres::forbidden(&tokens),
        Dialect::Mysql => return mysql::forbidden(&tokens),
        Dialect::Sqlite => {}
    }
    let first = tokens.first().filter(|token| token.kind == Kind::Word)?.text.to_ascii_uppercase();
    match first.as_str() {
        "BEGIN" | "COMMIT" | "END" | "ROLLBACK" | "SAVEPOINT" | "RELEASE" => {
            Some("handles the transaction that migrate-db runs each file in")
        }
        "ATTACH" | "DETACH" => Some("reaches into a second database, which no backup covers"),
        "VACUUM" => Some("cannot run inside a transaction"),
        "PRAGMA" if !PRAGMAS.contains(&named(&tokens[1..]).as_str()) => {
            Some("has no effect inside a transaction, or one that outlives it")
        }
        _ => None,
    }
}

/// Whether it writes a file of the server, which no transaction that only reads keeps it from.
pub fn writes_file(statement: &Statement) -> bool {
    statement.dialect == Dialect::Mysql && mysql::writes_file(&statement.tokens())
}

/// Whether it begins a transaction.
pub fn begins(statement: &Statement) -> bool {
    statement.tokens().first().is_some_and(|first| first.is("BEGIN") || first.is("START"))
}

/// Whether it commits one.
pub fn commits(statement: &Statement) -> bool {
    statement.tokens().first().is_some_and(|first| first.is("COMMIT") || first.is("END"))
}

/// Whether no transaction holds it: the database runs it only outside of one, or commits with it whatever was before.
pub fn stands_alone(statement: &Statement) -> bool {
    match statement.dialect {
        Dialect::Sqlite => false,
        Dialect::Postgres => postgres::stands_alone(&statement.tokens()),
        Dialect::Mysql => mysql::stands_alone(&statement.tokens()),
    }
}

/// What shows whether such a statement of MySQL's was done by a run that did not live to say so.
pub fn seen(statement: &Statement) -> Seen {
    mysql::seen(&statement.tokens())
}

/// Whether it asks what an earlier statement of its session inserted.
pub fn leans(statement: &Statement) -> bool {
    statement.dialect == Dialect::Mysql && mysql::leans(&statement.tokens())
}

/// Whether it inserts rows.
pub fn inserts(statement: &Statement) -> bool {
    verb(&statement.tokens()).is_some_and(|verb| {
        let tokens = statement.tokens();
        tokens[verb].is("INSERT") || tokens[verb].is("REPLACE")
    })
}

/// What a session alone knows of a statement. In SQLite a file never has more than one.
pub fn memory(statement: &Statement) -> Memory {
    match statement.dialect {
        Dialect::Mysql => mysql::memory(&statement.tokens()),
        Dialect::Postgres => postgres::memory(&statement.tokens()),
        Dialect::Sqlite => Memory::Kept,
    }
}

/// The index that a statement builds or drops while others write.
pub fn moves_index(statement: &Statement) -> Option<Index> {
    postgres::moves_index(&statement.tokens())
}

/// Whether running it could leave a row that points to nothing: what only makes something cannot. The servers
/// check that themselves.
pub fn may_dangle(statement: &Statement) -> bool {
    if statement.dialect != Dialect::Sqlite {
        return false;
    }
    let tokens = statement.tokens();
    let adds_column =
        tokens.iter().any(|token| token.is("ADD")) && !tokens.iter().any(|token| token.is("REFERENCES"));
    match tokens.first().map(|token| token.text.to_ascii_uppercase()).as_deref() {
        Some("CREATE" | "PRAGMA" | "SELECT") => false,
        Some("ALTER") => !adds_column,
        _ => true,
    }
}

/// Finds the statements of one file that a release still running with the schema before would not survive.
#[derive(Default, Debug)]
pub struct Breakage {
    created: Created,
    added: filled::Added,
}

impl Breakage {
    /// What breaks, in a few words. Tables and views made earlier in the same file are nobody's yet and may be changed freely.
    pub fn of(&mut self, statement: &Statement) -> Option<&'static str> {
        let tokens = statement.tokens();
        self.created.dialect = statement.dialect;
        match statement.dialect {
            Dialect::Postgres => {
                let added = self.added.breaks(&tokens, &self.created);
                return postgres::breaks(&tokens, &mut self.created).or(added);
            }
            Dialect::Mysql => {
                let added = self.added.breaks(&tokens, &self.created);
                return mysql::breaks(&tokens, &mut self.created).or(added);
            }
            Dialect::Sqlite => {}
        }
        let verb = verb(&tokens)?;
        let rest = &tokens[verb + 1..];
        let word = |at: usize| rest.get(at).map_or_else(String::new, |token| token.text.to_ascii_uppercase());
        match tokens[verb].text.to_ascii_uppercase().as_str() {
            "CREATE" => {
                self.creates(rest);
                None
            }
            "DROP" => {
                let what = match word(0).as_str() {
                    "TABLE" => "drops a table",
                    "VIEW" => "drops a view",
                    _ => return None,
                };
                (!self.created.drops(Sort::Relation, after_if_exists(&rest[1..]))).then_some(what)
            }
            "ALTER" => self.alters(rest),
            "DELETE" if !has_where(rest) => {
                (!self.created.has_table(rest.get(1..)?)).then_some("deletes all rows of a table")
            }
            "UPDATE" if !has_where(rest) => {
                let skip = if word(0) == "OR" { 2 } else { 0 };
                (!self.created.has_table(rest.get(skip..)?)).then_some("updates all rows of a table")
            }
            _ => None,
        }
    }

    fn alters(&mut self, rest: &[Token<'_>]) -> Option<&'static str> {
        let name = rest.get(1..)?;
        let is_action = |token: &Token<'_>| token.is("RENAME") || token.is("DROP");
        let at = 2 + rest.iter().skip(2).position(is_action)?;
        // `ADD COLUMN drop …` adds: the action is what comes first.
        if rest[..at].iter().any(|token| token.is("ADD")) {
            return None;
        }
        if self.created.has_table(name) {
            if rest.get(at + 1).is_some_and(|token| token.is("TO")) {
                self.created.renames(name, &rest[at + 2..]);
            }
            return None;
        }
        Some(if rest[at].is("DROP") { "drops a column" } else { "renames" })
    }

    /// Remembers what is made. `IF NOT EXISTS` may find somebody's.
    fn creates(&mut self, rest: &[Token<'_>]) {
        let skip = rest.iter().take_while(|token| token.is("TEMP") || token.is("TEMPORARY")).count();
        if let [kind, name @ ..] = &rest[skip..]
            && (kind.is("TABLE") || kind.is("VIEW"))
            && !name.first().is_some_and(|token| token.is("IF"))
        {
            self.created.add(Sort::Relation, name);
        }
    }
}

/// Where the verb stands: first, or behind the common table expressions of `WITH`.
fn verb(tokens: &[Token<'_>]) -> Option<usize> {
    if !tokens.first()?.is("WITH") {
        return Some(0);
    }
    let verbs = ["SELECT", "INSERT", "REPLACE", "UPDATE", "DELETE", "MERGE", "VALUES"];
    top_level(tokens).find(|at| verbs.iter().any(|verb| tokens[*at].is(verb)))
}

fn has_where(tokens: &[Token<'_>]) -> bool {
    top_level(tokens).any(|at| tokens[at].is("WHERE"))
}

/// The positions outside of all parentheses.
fn top_level(tokens: &[Token<'_>]) -> impl Iterator<Item = usize> {
    let mut depth = 0_usize;
    tokens.iter().enumerate().filter_map(move |(at, token)| {
        match token.text {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        (depth == 0).then_some(at)
    })
}

fn after_if_exists<'v, 't>(tokens: &'v [Token<'t>]) -> &'v [Token<'t>] {
    match tokens {
        [first, second, rest @ ..] if first.is("IF") && second.is("EXISTS") => rest,
        _ => tokens,
    }
}

/// The name at the front, without its schema.
fn named(tokens: &[Token<'_>]) -> String {
    match tokens {
        [_, dot, name, ..] if dot.text == "." => name.name(),
        [name, ..] => name.name(),
        [] => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::statements;

    fn broken(text: &str) -> Vec<&'static str> {
        let mut breakage = Breakage::default();
        statements(text, Dialect::Sqlite).unwrap().iter().filter_map(|one| breakage.of(one)).collect()
    }

    #[test]
    fn each_breaking_statement_is_found() {
        for (text, what) in [
            ("drop table if exists main.\"users\"", "drops a table"),
            ("DROP VIEW v", "drops a view"),
            ("ALTER TABLE t DROP COLUMN c", "drops a column"),
            ("ALTER TABLE t DROP c", "drops a column"),
            ("ALTER TABLE [t] RENAME TO u", "renames"),
            ("ALTER TABLE main.t RENAME a TO b", "renames"),
            ("DELETE FROM t", "deletes all rows of a table"),
            ("WITH x AS (SELECT 1 WHERE 1) DELETE FROM t", "deletes all rows of a table"),
            ("UPDATE OR IGNORE t SET a = (SELECT 1 WHERE 1)", "updates all rows of a table"),
        ] {
            assert_eq!(broken(text), [what], "{text}");
        }
    }

    #[test]
    fn what_adds_breaks_nothing() {
        for text in [
            "CREATE TABLE t (a)",
            "ALTER TABLE t ADD COLUMN \"drop\" TEXT",
            "ALTER TABLE t ADD drop_me TEXT DEFAULT 'RENAME'",
            "INSERT INTO t SELECT * FROM u",
            "UPDATE t SET a = 1 WHERE a IS NULL",
            "WITH x AS (SELECT 1) UPDATE t SET a = 1 WHERE true",
            "CREATE TRIGGER x AFTER INSERT ON t BEGIN DELETE FROM u; END",
            "DROP INDEX i",
        ] {
            assert!(broken(text).is_empty(), "{text}: {:?}", broken(text));
        }
    }

    #[test]
    fn a_file_may_change_what_it_made_itself() {
        assert!(
            broken("CREATE TEMP TABLE \"New\" (a); UPDATE new SET a = 1; ALTER TABLE new RENAME TO n; DROP TABLE n;")
                .is_empty()
        );
        for text in [
            "CREATE TABLE IF NOT EXISTS t (a); DROP TABLE t;",
            "CREATE TEMP TABLE t (a); DROP TABLE t; DROP TABLE t;",
            "CREATE TEMP TABLE t (a); DROP TABLE main.t;",
            "CREATE TABLE n (a); ALTER TABLE n RENAME TO m; DROP TABLE n;",
        ] {
            assert_eq!(broken(text), ["drops a table"], "{text}");
        }
    }

    #[test]
    fn what_would_leave_the_transaction_is_forbidden() {
        let forbidden = |text: &str| {
            statements(text, Dialect::Sqlite).unwrap().iter().any(|one| forbidden(one).is_some())
        };
        for text in [
            "BEGIN",
            "commit",
            "END TRANSACTION",
            "ROLLBACK TO x",
            "SAVEPOINT x",
            "RELEASE x",
            "ATTACH 'x' AS y",
            "DETACH y",
            "VACUUM INTO 'x'",
            "PRAGMA journal_mode = WAL",
            "PRAGMA main.synchronous = OFF",
            "DELETE FROM \"migrate_db_history\"",
        ] {
            assert!(forbidden(text), "{text}");
        }
        for text in [
            "PRAGMA user_version = 3",
            "PRAGMA main.foreign_keys = OFF",
            "SELECT 'BEGIN'",
            "REPLACE INTO t VALUES (1)",
        ] {
            assert!(!forbidden(text), "{text}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

        #[test]
        fn no_statement_makes_it_panic(text in "(ALTER|DROP|TABLE|WITH|DELETE|UPDATE|OR|CREATE|TEMP|PRAGMA|\"a\"|[.();a]| ){0,12}") {
            for statement in statements(&text, Dialect::Sqlite).unwrap_or_default() {
                let _ = (forbidden(&statement), Breakage::default().of(&statement));
            }
        }
    }
}
