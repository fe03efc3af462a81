//! The same questions for MySQL's and MariaDB's statements, and which of them commit by themselves (MySQL manual, section 13.3.3).

mod breaks;
mod locking;

use super::{postgres::upper, top_level};
use crate::statement::{Body, HEAD_WORDS_MAX, Kind, Token};
pub(super) use breaks::breaks;
pub(super) use locking::{RULES, locking, style};

/// What a statement outside of a transaction leaves to be seen, if a run is killed while it runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Seen {
    /// Doing it twice is doing it once.
    Repeats,
    /// The definition of this.
    Definition(Object),
    /// Nothing that could be told.
    Nothing,
}

/// What has a definition that `SHOW CREATE` shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Object {
    /// `TABLE`, `VIEW`, `PROCEDURE`, …
    pub kind: String,
    /// Its name as the statement writes it, quotes and database included.
    pub name: String,
}

pub(super) fn forbidden(tokens: &[Token<'_>]) -> Option<&'static str> {
    // What can't be read apart from its delimiter can't be judged.
    if tokens.is_empty() {
        return Some("is no statement by itself");
    }
    if tokens.iter().any(|token| token.text == "\\") {
        return Some("is a command of the client's, not of the database");
    }
    if holds_several(tokens) {
        return Some("holds several statements: end each with the delimiter");
    }
    let has = |word: &str| tokens.iter().any(|token| token.is(word));
    if !makes_program(tokens) && (has("ROW_COUNT") || has("FOUND_ROWS")) {
        return Some("asks about the statement before it, and migrate-db's own may stand between");
    }
    match (upper(tokens, 0).as_str(), upper(tokens, 1).as_str()) {
        ("BEGIN" | "START" | "COMMIT" | "ROLLBACK" | "SAVEPOINT" | "RELEASE" | "XA", _) => {
            Some("handles the transaction that migrate-db keeps its history in")
        }
        (
            "CREATE" | "DROP",
            "DATABASE" | "SCHEMA" | "USER" | "ROLE" | "SERVER" | "TABLESPACE" | "LOGFILE",
        )
        | ("ALTER", "USER" | "SERVER" | "TABLESPACE" | "INSTANCE")
        | ("RENAME", "USER")
        | (
            "INSTALL" | "UNINSTALL" | "SHUTDOWN" | "KILL" | "RESET" | "PURGE" | "CHANGE" | "STOP" | "CLONE"
            | "USE",
            _,
        ) => Some("reaches beyond this database, where no backup covers it"),
        ("ALTER", "DATABASE" | "SCHEMA") if !alters_this_database(tokens) => {
            Some("reaches beyond this database, where no backup covers it")
        }
        ("LOCK" | "UNLOCK", _) | ("FLUSH", "TABLES" | "TABLE") => {
            Some("locks migrate-db out of its own tables")
        }
        ("LOAD", _) => Some("reads or writes files of the server"),
        ("SELECT" | "WITH" | "TABLE" | "VALUES", _) if writes_file(tokens) => {
            Some("reads or writes files of the server")
        }
        ("SET", _) => sets(tokens),
        ("SOURCE" | "DELIMITER", _) => Some("is a command of the client's, not of the database"),
        _ => None,
    }
}

/// `SELECT … INTO OUTFILE`: the words are reserved, so nothing else is called that.
pub(super) fn writes_file(tokens: &[Token<'_>]) -> bool {
    tokens.iter().any(|token| token.is("OUTFILE") || token.is("DUMPFILE"))
}

/// `ALTER DATABASE CHARACTER SET …` without a name.
fn alters_this_database(tokens: &[Token<'_>]) -> bool {
    let words = ["DEFAULT", "CHARACTER", "CHARSET", "COLLATE", "ENCRYPTION", "READ", "COMMENT"];
    tokens.get(2).is_some_and(|token| words.iter().any(|word| token.is(word)))
}

/// What a `SET` may not.
fn sets(tokens: &[Token<'_>]) -> Option<&'static str> {
    if upper(tokens, 1) == "STATEMENT" {
        return Some("hides another statement: set it in a statement of its own");
    }
    let named = |name: &str| tokens.iter().any(|token| token.name() == name);
    let beyond = ["global", "persist", "persist_only", "password"];
    if beyond.iter().any(|word| named(word)) {
        return Some("reaches beyond this database, where no backup covers it");
    }
    if named("autocommit") || named("transaction") || named("completion_type") {
        return Some("handles the transaction that migrate-db keeps its history in");
    }
    let text = |word: &str| tokens.iter().any(|token| token.text.to_ascii_uppercase().contains(word));
    if named("sql_mode")
        && ["ANSI", "NO_BACKSLASH_ESCAPES", "ORACLE", "MSSQL", "DB2", "POSTGRESQL", "MAXDB"]
            .iter()
            .any(|mode| text(mode))
    {
        return Some("changes where a text in quotes ends");
    }
    let charset = ["NAMES", "CHARSET"].iter().any(|word| tokens.get(1).is_some_and(|token| token.is(word)))
        || upper(tokens, 1) == "CHARACTER"
        || named("character_set_client");
    let is_same =
        |token: &Token<'_>| token.name().starts_with("utf8") || token.text == "@" || token.is("DEFAULT");
    (charset && !tokens.iter().any(is_same)).then_some("changes how the bytes of the file are read")
}

/// Whether a delimiter other than `;` makes one text of several statements. Only the body of a routine, a trigger or an event may hold some.
fn holds_several(tokens: &[Token<'_>]) -> bool {
    let (mut body, mut is_over) = (Body::default(), false);
    for token in tokens {
        if is_over {
            return true;
        }
        body.follow(*token);
        is_over = token.text == ";" && !body.is_inside();
    }
    false
}

fn makes_program(tokens: &[Token<'_>]) -> bool {
    let mut body = Body::default();
    tokens.iter().take(HEAD_WORDS_MAX).for_each(|token| body.follow(*token));
    body.makes_program()
}

/// Where `CREATE`, `ALTER` or `DROP` names what kind of thing it is about.
fn kind_at(tokens: &[Token<'_>]) -> Option<usize> {
    let kinds = [
        "TABLE",
        "VIEW",
        "PROCEDURE",
        "FUNCTION",
        "TRIGGER",
        "EVENT",
        "PACKAGE",
        "INDEX",
        "SEQUENCE",
        "DATABASE",
        "SCHEMA",
    ];
    (1..tokens.len().min(HEAD_WORDS_MAX)).find(|at| kinds.iter().any(|kind| tokens[*at].is(kind)))
}

/// Whether a transaction holds a statement. Whatever is not known to be held commits by itself.
pub(super) fn stands_alone(tokens: &[Token<'_>]) -> bool {
    let held = [
        "INSERT",
        "REPLACE",
        "UPDATE",
        "DELETE",
        "SELECT",
        "WITH",
        "VALUES",
        "SET",
        "DO",
        "PREPARE",
        "DEALLOCATE",
        "SHOW",
        "DESCRIBE",
        "DESC",
        "EXPLAIN",
        "HANDLER",
    ];
    let first = upper(tokens, 0);
    let is_temporary = ["CREATE", "DROP"].contains(&first.as_str()) && makes_temporary(tokens);
    !(is_temporary || held.contains(&first.as_str()) || first == "(")
}

fn makes_temporary(tokens: &[Token<'_>]) -> bool {
    tokens.iter().take(4).any(|token| token.is("TEMPORARY"))
}

/// What a session alone knows of a statement, and a later one does not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Memory {
    /// Nothing: the database keeps it.
    Kept,
    /// A setting, a variable or a prepared text, which can be said again.
    Said,
    /// A temporary table, which is gone.
    Lost,
}

pub(super) fn memory(tokens: &[Token<'_>]) -> Memory {
    let assigns = tokens.windows(2).any(|pair| pair[0].text == ":" && pair[1].text == "=");
    match upper(tokens, 0).as_str() {
        "SET" | "PREPARE" | "DEALLOCATE" => Memory::Said,
        "CREATE" if makes_temporary(tokens) => Memory::Lost,
        // SELECT … INTO @variable
        "SELECT" if tokens.windows(2).any(|pair| pair[0].is("INTO") && pair[1].text == "@") => Memory::Said,
        // Rows and a variable in one: neither can be had without the other.
        "SELECT" | "UPDATE" | "INSERT" | "REPLACE" | "DELETE" | "WITH" if assigns => Memory::Lost,
        _ => Memory::Kept,
    }
}

/// `last_insert_id()`, and how MariaDB and older clients ask for it.
pub(super) fn leans(tokens: &[Token<'_>]) -> bool {
    tokens.iter().any(|token| ["last_insert_id", "identity"].contains(&token.name().as_str()))
}

/// What shows whether such a statement was done.
pub(super) fn seen(tokens: &[Token<'_>]) -> Seen {
    let (first, second) = (upper(tokens, 0), upper(tokens, 1));
    match first.as_str() {
        "TRUNCATE" | "FLUSH" | "GRANT" | "REVOKE" => Seen::Repeats,
        // MariaDB's ANALYZE without TABLE runs the statement behind it.
        "ANALYZE" | "OPTIMIZE" | "REPAIR" | "CHECK"
            if tokens.iter().take(3).any(|token| token.is("TABLE")) =>
        {
            Seen::Repeats
        }
        "CREATE" if second == "OR" => Seen::Repeats,
        "ALTER" if second == "DATABASE" || second == "SCHEMA" => Seen::Repeats,
        "CREATE" | "ALTER" | "DROP" => {
            let Some(at) = kind_at(tokens) else { return Seen::Nothing };
            let kind = upper(tokens, at);
            let behind = &tokens[at + 1..];
            if first != "ALTER" && behind.first().is_some_and(|token| token.is("IF")) {
                return Seen::Repeats;
            }
            let several = first == "DROP" && top_level(behind).any(|at| behind[at].text == ",");
            let name = if kind == "INDEX" {
                behind.iter().position(|token| token.is("ON")).map(|on| &behind[on + 1..])
            } else {
                Some(behind)
            };
            let kind = if kind == "INDEX" { "TABLE".to_owned() } else { kind };
            object(kind, name.filter(|_| !several).unwrap_or_default())
        }
        // Two tables of one definition can change places without a trace.
        "RENAME" if second == "TABLE" && !tokens.iter().any(|token| token.text == ",") => {
            object("TABLE".into(), &tokens[2..])
        }
        _ => Seen::Nothing,
    }
}

fn object(kind: String, name: &[Token<'_>]) -> Seen {
    let skip = match name {
        [first, second, ..] if first.is("IF") && second.is("EXISTS") => 2,
        [first, second, third, ..] if first.is("IF") && second.is("NOT") && third.is("EXISTS") => 3,
        _ => 0,
    };
    let is_name = |token: &&Token<'_>| matches!(token.kind, Kind::Word | Kind::Identifier);
    match &name[skip..] {
        [database, dot, name, ..] if dot.text == "." && is_name(&database) && is_name(&name) => {
            Seen::Definition(Object { kind, name: format!("{}.{}", database.text, name.text) })
        }
        [name, ..] if is_name(&name) => Seen::Definition(Object { kind, name: name.text.to_owned() }),
        _ => Seen::Nothing,
    }
}

#[cfg(test)]
mod tests;
