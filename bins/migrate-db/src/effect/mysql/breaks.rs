//! What of MySQL's statements a release does not survive that still runs with the schema before; judged from the words alone.

use crate::{
    effect::{
        after_if_exists,
        created::{Created, Sort},
        filled::listed,
        has_where,
        postgres::upper,
        verb,
    },
    statement::{HEAD_WORDS_MAX, Token},
};

/// What breaks, in a few words; remembers what the file makes.
pub(in crate::effect) fn breaks(tokens: &[Token<'_>], created: &mut Created) -> Option<&'static str> {
    let verb = verb(tokens)?;
    let rest = &tokens[verb + 1..];
    match upper(tokens, verb).as_str() {
        "CREATE" => creates(rest, created),
        "DROP" => {
            let what = match upper(rest, 0).as_str() {
                "TEMPORARY" => {
                    created.drops(Sort::Relation, after_if_exists(rest.get(2..)?));
                    return None;
                }
                "TABLE" | "TABLES" => "drops a table",
                "VIEW" => "drops a view",
                _ => return None,
            };
            (!created.drops(Sort::Relation, after_if_exists(&rest[1..]))).then_some(what)
        }
        "RENAME" if upper(rest, 0).starts_with("TABLE") => {
            listed(&rest[1..]).into_iter().find_map(|pair| renames(pair, created))
        }
        "ALTER" => alters(rest, created),
        "TRUNCATE" => {
            let names = &rest[usize::from(upper(rest, 0) == "TABLE")..];
            (!created.has_table(names)).then_some("deletes all rows of a table")
        }
        "DELETE" if !has_where(rest) => {
            let rest = behind(rest, &["LOW_PRIORITY", "QUICK", "IGNORE", "FROM"]);
            (!created.has_table(rest)).then_some("deletes all rows of a table")
        }
        "UPDATE" if !has_where(rest) => {
            let rest = behind(rest, &["LOW_PRIORITY", "IGNORE"]);
            (!created.has_table(rest)).then_some("updates all rows of a table")
        }
        _ => None,
    }
}

/// One pair of `RENAME TABLE a TO b, c TO d`.
fn renames(pair: &[Token<'_>], created: &mut Created) -> Option<&'static str> {
    if !created.has_table(pair) {
        return Some("renames");
    }
    let to = pair.iter().position(|token| token.is("TO"))?;
    created.renames(pair, &pair[to + 1..]);
    None
}

/// What stands behind these words.
pub(super) fn behind<'v, 't>(tokens: &'v [Token<'t>], words: &[&str]) -> &'v [Token<'t>] {
    let skip = tokens.iter().take_while(|token| words.iter().any(|word| token.is(word))).count();
    &tokens[skip..]
}

/// Remembers a table or a view. MariaDB's `CREATE OR REPLACE TABLE` drops the one that is there.
fn creates(rest: &[Token<'_>], created: &mut Created) -> Option<&'static str> {
    let head = rest.iter().take(HEAD_WORDS_MAX);
    let at = head.clone().position(|token| token.is("TABLE") || token.is("VIEW"))?;
    if head.take(at).any(|token| {
        token.is("TRIGGER") || token.is("PROCEDURE") || token.is("FUNCTION") || token.is("EVENT")
    }) {
        return None;
    }
    let name = &rest[at + 1..];
    if name.first().is_some_and(|first| first.is("IF")) {
        return None;
    }
    if !rest[0].is("OR") {
        created.add(Sort::Relation, name);
        return None;
    }
    (rest[at].is("TABLE") && !created.has_table(name)).then_some("drops a table")
}

/// The table that is altered, and each thing that is done to it.
pub(super) fn altered<'v, 't>(tokens: &'v [Token<'t>]) -> Option<(&'v [Token<'t>], Vec<&'v [Token<'t>]>)> {
    let rest = behind(tokens, &["ONLINE", "IGNORE"]);
    let rest = after_if_exists(rest.get(1..).filter(|_| rest[0].is("TABLE"))?);
    let name = if rest.get(1).is_some_and(|token| token.text == ".") { 3 } else { 1 };
    Some((rest, listed(rest.get(name..)?)))
}

fn alters(rest: &[Token<'_>], created: &mut Created) -> Option<&'static str> {
    let (name, actions) = altered(rest)?;
    if !created.has_table(name) {
        return actions.into_iter().find_map(action);
    }
    for action in actions.iter().filter(|action| upper(action, 0) == "RENAME") {
        let new = behind(&action[1..], &["TO", "AS"]);
        let new = &new[usize::from(new.first().is_some_and(|token| token.text == "="))..];
        if !PARTS.iter().chain(&["COLUMN"]).any(|part| upper(action, 1) == *part) {
            created.renames(name, new);
        }
    }
    None
}

/// What `ALTER TABLE` knows beside columns.
const PARTS: [&str; 12] = [
    "INDEX",
    "KEY",
    "PRIMARY",
    "FOREIGN",
    "CONSTRAINT",
    "CHECK",
    "PARTITION",
    "UNIQUE",
    "FULLTEXT",
    "SPATIAL",
    "PERIOD",
    "SYSTEM",
];

fn action(action: &[Token<'_>]) -> Option<&'static str> {
    let (first, second) = (upper(action, 0), upper(action, 1));
    let is_part = PARTS.contains(&second.as_str());
    match first.as_str() {
        "DROP" | "TRUNCATE" if second == "PARTITION" => Some("drops a partition and its rows"),
        "DROP" if !is_part => Some("drops a column"),
        "RENAME" if !is_part => Some("renames"),
        "CHANGE" => {
            let names = after_if_exists(behind(&action[1..], &["COLUMN"]));
            let (old, new) = (names.first()?.name(), names.get(1)?.name());
            Some(if old == new { "changes the type of a column" } else { "renames" })
        }
        "MODIFY" => Some("changes the type of a column"),
        "ADD" if !is_part => requires(&action[1..]).then_some("adds a column that must be filled"),
        _ => None,
    }
}

/// Whether a column, or one of a list in parentheses, is one that a release which does not know it leaves empty, and may not.
fn requires(columns: &[Token<'_>]) -> bool {
    let columns = behind(columns, &["COLUMN"]);
    let columns = match columns {
        [open, between @ .., close] if open.text == "(" && close.text == ")" => between,
        columns => columns,
    };
    let fills = ["DEFAULT", "GENERATED", "AS", "AUTO_INCREMENT", "SERIAL"];
    listed(columns).into_iter().any(|column| {
        let not_null = column.windows(2).any(|pair| pair[0].is("NOT") && pair[1].is("NULL"));
        not_null && !column.iter().skip(1).any(|token| fills.iter().any(|word| token.is(word)))
    })
}
