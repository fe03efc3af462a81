//! What of PostgreSQL's statements keeps others waiting longer than a moment, and what is better written otherwise (documentation,
//! section 13.3 and each command's page); judged from the words alone.

use super::{Found, created::Created, postgres::upper, top_level};
use crate::statement::Token;

/// A statement that blocks: its rule, what it does, and what to write in its place.
const fn blocks(rule: &'static str, what: &'static str, instead: &'static str) -> Found {
    Found { rule, what, instead }
}

const INDEX: Found = blocks(
    "index-not-concurrent",
    "builds an index while nobody can write to the table",
    "CREATE INDEX CONCURRENTLY, in a file of its own",
);
const DROP_INDEX: Found = blocks(
    "drop-index-not-concurrent",
    "waits for all users of the table and keeps others waiting behind it",
    "DROP INDEX CONCURRENTLY, in a file of its own",
);
const REINDEX: Found = blocks(
    "reindex-not-concurrent",
    "builds an index while nobody can write to the table",
    "REINDEX … CONCURRENTLY, in a file of its own",
);
const REWRITE: Found = blocks(
    "table-rewrite",
    "writes the whole table anew while nobody can read it",
    "a new column that is filled in portions",
);
const NOT_VALID: Found = blocks(
    "constraint-not-valid",
    "reads the whole table under a lock to check each row",
    "ADD CONSTRAINT … NOT VALID, and VALIDATE CONSTRAINT in a later file",
);
const UNIQUE: Found = blocks(
    "constraint-builds-index",
    "builds an index while nobody can write to the table",
    "CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … USING INDEX",
);
const NOT_NULL: Found = blocks(
    "set-not-null",
    "reads the whole table while nobody can use it",
    "a CHECK (… IS NOT NULL) NOT VALID, VALIDATE it in a later file, then SET NOT NULL",
);
const LOCK: Found = blocks(
    "lock-table",
    "keeps everyone out for the rest of the file",
    "nothing: each statement takes the lock it needs",
);
const REFRESH: Found = blocks(
    "refresh-not-concurrent",
    "keeps readers out until the view is built",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY",
);

/// What keeps others waiting on a table that was there before the file.
pub(super) fn locking(tokens: &[Token<'_>], created: &Created) -> Vec<Found> {
    let has = |word: &str| tokens.iter().any(|token| token.is(word));
    let concurrently = has("CONCURRENTLY");
    match (upper(tokens, 0).as_str(), upper(tokens, 1).as_str()) {
        ("CREATE", "INDEX" | "UNIQUE") if !concurrently && !created.has_table(table_of_index(tokens)) => {
            vec![INDEX]
        }
        ("DROP", "INDEX") if !concurrently => vec![DROP_INDEX],
        ("REINDEX", _) if !concurrently => vec![REINDEX],
        ("REFRESH", _) if !concurrently => vec![REFRESH],
        ("VACUUM", _) if has("FULL") => vec![REWRITE],
        ("CLUSTER", _) => vec![REWRITE],
        ("LOCK", _) => vec![LOCK],
        ("ALTER", "TABLE") => {
            let (name, actions) = altered(&tokens[2..]);
            if created.has_table(name) { Vec::new() } else { actions.into_iter().flat_map(action).collect() }
        }
        _ => Vec::new(),
    }
}

fn table_of_index<'v, 't>(tokens: &'v [Token<'t>]) -> &'v [Token<'t>] {
    let on = tokens.iter().position(|token| token.is("ON")).unwrap_or(tokens.len());
    let rest = tokens.get(on + 1..).unwrap_or_default();
    &rest[usize::from(upper(rest, 0) == "ONLY")..]
}

/// The table that is altered, and what is done to it.
fn altered<'v, 't>(tokens: &'v [Token<'t>]) -> (&'v [Token<'t>], Vec<&'v [Token<'t>]>) {
    let rest = super::after_if_exists(tokens);
    let rest = &rest[usize::from(upper(rest, 0) == "ONLY")..];
    let behind = if rest.get(1).is_some_and(|token| token.text == ".") { 3 } else { 1 };
    let actions = rest.get(behind..).unwrap_or_default();
    let commas: Vec<usize> = top_level(actions).filter(|at| actions[*at].text == ",").collect();
    let starts = std::iter::once(0).chain(commas.iter().map(|at| at + 1));
    let ends = commas.iter().copied().chain([actions.len()]);
    (rest, starts.zip(ends).map(|(start, end)| &actions[start..end]).collect())
}

fn action(action: &[Token<'_>]) -> Vec<Found> {
    let has = |word: &str| action.iter().any(|token| token.is(word));
    match (upper(action, 0).as_str(), upper(action, 1).as_str()) {
        ("ADD", "CONSTRAINT" | "UNIQUE" | "PRIMARY" | "FOREIGN" | "CHECK" | "EXCLUDE") => {
            let index = has("UNIQUE") || has("PRIMARY") || has("EXCLUDE");
            if index && !has("USING") || has("EXCLUDE") {
                vec![UNIQUE]
            } else if !index && !has("VALID") {
                vec![NOT_VALID]
            } else {
                Vec::new()
            }
        }
        ("ADD", _) => added_column(action),
        ("ALTER", _) if has("SET") && has("NOT") && has("NULL") => vec![NOT_NULL],
        ("ALTER", _) if has("TYPE") => vec![REWRITE],
        ("SET", "LOGGED" | "UNLOGGED" | "TABLESPACE" | "ACCESS") => vec![REWRITE],
        _ => Vec::new(),
    }
}

fn added_column(action: &[Token<'_>]) -> Vec<Found> {
    let has = |word: &str| action.iter().any(|token| token.is(word));
    let mut found = Vec::new();
    let counts = ["SERIAL", "BIGSERIAL", "SMALLSERIAL", "STORED", "IDENTITY"].iter().any(|word| has(word));
    // A default that is the same for all rows is kept once; one that is called for each row is written to each.
    let calls = action.iter().position(|token| token.is("DEFAULT")).is_some_and(|at| {
        action[at..].windows(2).any(|pair| pair[1].text == "(" && !pair[0].is("DEFAULT"))
            && !["NOW", "CURRENT_TIMESTAMP"]
                .iter()
                .any(|stable| action[at..].iter().any(|token| token.is(stable)))
    });
    if counts || calls {
        found.push(REWRITE);
    }
    if has("REFERENCES") {
        found.push(NOT_VALID);
    }
    if has("UNIQUE") || has("PRIMARY") {
        found.push(UNIQUE);
    }
    found
}

/// What would be better written otherwise: types of columns, where a table is made or gets one.
pub(super) fn style(tokens: &[Token<'_>]) -> Vec<Found> {
    let first = upper(tokens, 0);
    let makes = first == "CREATE" && tokens.iter().take(4).any(|token| token.is("TABLE"));
    let adds = first == "ALTER" && tokens.iter().any(|token| token.is("ADD"));
    if !makes && !adds {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (at, word) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1);
        let sized = next.is_some_and(|next| next.text == "(");
        // Where a type can stand: behind the column's name, in front of a sign or one of these words, or at the end.
        let is_type = sized
            || next.is_none_or(|next| {
                matches!(next.text, "," | ")" | ";") || TYPE_ENDS.iter().any(|end| next.is(end))
            });
        for (kind, rule) in TYPES {
            if word.is(kind)
                && is_type
                && (sized || kind != "CHAR")
                && !found.iter().any(|one: &Found| one.rule == rule.rule)
            {
                found.push(rule);
            }
        }
    }
    if makes
        && !tokens.iter().any(|token| {
            ["PRIMARY", "AS", "OF", "PARTITION", "TEMP", "TEMPORARY"].iter().any(|word| token.is(word))
        })
    {
        found.push(blocks(
            "no-primary-key",
            "makes a table without a primary key, which no logical replication follows",
            "a PRIMARY KEY",
        ));
    }
    found
}

/// The names of all these rules.
pub(super) const RULES: [&str; 15] = [
    INDEX.rule,
    DROP_INDEX.rule,
    REINDEX.rule,
    REWRITE.rule,
    NOT_VALID.rule,
    UNIQUE.rule,
    NOT_NULL.rule,
    LOCK.rule,
    REFRESH.rule,
    "prefer-jsonb",
    "prefer-timestamptz",
    "prefer-text",
    "prefer-identity",
    "prefer-numeric",
    "no-primary-key",
];

const TYPE_ENDS: [&str; 8] =
    ["NOT", "NULL", "DEFAULT", "PRIMARY", "UNIQUE", "REFERENCES", "CHECK", "COLLATE"];

const TYPES: [(&str, Found); 5] = [
    ("JSON", blocks("prefer-jsonb", "has a column of the type json, which has no equality", "jsonb")),
    ("TIMESTAMP", blocks("prefer-timestamptz", "has a moment without a time zone", "timestamptz")),
    ("CHAR", blocks("prefer-text", "has a column that is padded with spaces", "text with a CHECK")),
    (
        "SERIAL",
        blocks(
            "prefer-identity",
            "has a serial column, whose sequence belongs to nobody",
            "GENERATED ALWAYS AS IDENTITY",
        ),
    ),
    ("MONEY", blocks("prefer-numeric", "has a column whose digits depend on the server's locale", "numeric")),
];

#[cfg(test)]
mod tests {
    use crate::{
        effect::Survey,
        statement::{Dialect, statements},
    };

    fn rules(text: &str) -> Vec<&'static str> {
        let mut survey = Survey::default();
        let found = statements(text, Dialect::Postgres).unwrap();
        found.iter().flat_map(|one| survey.of(one)).map(|finding| finding.found.rule).collect()
    }

    #[test]
    fn each_blocking_statement_is_found() {
        for (text, rule) in [
            ("CREATE INDEX i ON t (a)", "index-not-concurrent"),
            ("CREATE UNIQUE INDEX ON ONLY s.t (a)", "index-not-concurrent"),
            ("DROP INDEX i", "drop-index-not-concurrent"),
            ("REINDEX TABLE t", "reindex-not-concurrent"),
            ("REFRESH MATERIALIZED VIEW v", "refresh-not-concurrent"),
            ("VACUUM FULL t", "table-rewrite"),
            ("LOCK TABLE t", "lock-table"),
            ("ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u (a)", "constraint-not-valid"),
            ("ALTER TABLE t ADD CHECK (a > 0)", "constraint-not-valid"),
            ("ALTER TABLE t ADD PRIMARY KEY (a)", "constraint-builds-index"),
            ("ALTER TABLE t ALTER COLUMN a SET NOT NULL", "set-not-null"),
            ("ALTER TABLE t ADD a uuid DEFAULT gen_random_uuid()", "table-rewrite"),
            ("ALTER TABLE t ADD a int GENERATED ALWAYS AS (b + 1) STORED", "table-rewrite"),
            ("ALTER TABLE t ADD a bigint REFERENCES u", "constraint-not-valid"),
            ("ALTER TABLE t ADD a json", "prefer-jsonb"),
            ("CREATE TABLE t (a timestamp NOT NULL, PRIMARY KEY (a))", "prefer-timestamptz"),
            ("CREATE TABLE t (a int)", "no-primary-key"),
        ] {
            assert_eq!(rules(text), [rule], "{text}");
        }
        assert_eq!(rules("ALTER TABLE t ALTER a TYPE bigint"), ["changes-type", "table-rewrite"]);
    }

    #[test]
    fn what_keeps_nobody_waiting_is_not_found() {
        for text in [
            "CREATE INDEX CONCURRENTLY i ON t (a)",
            "CREATE TABLE t (a int PRIMARY KEY); CREATE INDEX i ON t (a); ALTER TABLE t ADD b int REFERENCES u",
            "ALTER TABLE t ADD a int NOT NULL DEFAULT 0, ADD b timestamptz DEFAULT now()",
            "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
            "ALTER TABLE t VALIDATE CONSTRAINT c",
            "ALTER TABLE t ADD CONSTRAINT c UNIQUE USING INDEX i",
            "ALTER TABLE t DROP CONSTRAINT c",
            "CREATE TEMP TABLE n (a int)",
            "CREATE TABLE t AS SELECT 1",
        ] {
            assert!(rules(text).is_empty(), "{text}: {:?}", rules(text));
        }
    }
}
