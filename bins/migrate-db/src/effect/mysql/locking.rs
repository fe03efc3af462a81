//! What of MySQL's statements keeps others waiting longer than a moment (MySQL manual, section 17.12.1: what `ALTER TABLE` does in place),
//! and what is better written otherwise; judged from the words alone.

use super::breaks::altered;
use crate::{
    effect::{Found, created::Created, postgres::upper},
    statement::Token,
};

const COPY: Found = Found {
    rule: "table-copy",
    what: "copies the whole table while nobody can write to it",
    instead: "a new column or table that is filled in portions, or ALGORITHM=INPLACE, which fails where it would copy",
};
const FOREIGN_KEY: Found = Found {
    rule: "foreign-key-copies",
    what: "copies the whole table to check each row while nobody can write to it",
    instead: "ALGORITHM=INPLACE with foreign_key_checks = 0, after a query that finds no row without its parent",
};
const CHECK: Found = Found {
    rule: "check-copies",
    what: "reads or copies the whole table to check each row while nobody can write to it",
    instead: "the check in a table of its own making, or at a quiet time",
};
const FULLTEXT: Found = Found {
    rule: "fulltext-index",
    what: "builds an index while nobody can write to the table",
    instead: "a quiet time: neither kind of index is built while others write",
};
const EXPRESSION: Found = Found {
    rule: "functional-index",
    what: "builds an index of an expression while nobody can write to the table",
    instead: "a VIRTUAL column of that expression, and then, in a statement of its own, an index of the column",
};
const LOCK: Found = Found {
    rule: "lock-clause",
    what: "asks for a lock that keeps others from writing",
    instead: "LOCK=NONE, which fails where it can't be had",
};
const NO_KEY: Found = Found {
    rule: "no-primary-key",
    what: "makes a table without a primary key, which replication by rows reads whole for each row",
    instead: "a PRIMARY KEY",
};
const ENGINE: Found = Found {
    rule: "prefer-innodb",
    what: "makes a table whose rows no transaction holds",
    instead: "ENGINE=InnoDB",
};
const UTF8: Found = Found {
    rule: "prefer-utf8mb4",
    what: "keeps texts in which not every character has a place",
    instead: "utf8mb4",
};

/// The names of all these rules.
pub(in crate::effect) const RULES: [&str; 9] = [
    COPY.rule,
    FOREIGN_KEY.rule,
    CHECK.rule,
    FULLTEXT.rule,
    EXPRESSION.rule,
    LOCK.rule,
    NO_KEY.rule,
    ENGINE.rule,
    UTF8.rule,
];

/// What keeps others waiting on a table that was there before the file.
pub(in crate::effect) fn locking(tokens: &[Token<'_>], created: &Created) -> Vec<Found> {
    let has = |word: &str| tokens.iter().any(|token| token.is(word));
    match upper(tokens, 0).as_str() {
        "CREATE" => {
            let found = match upper(tokens, 1).as_str() {
                "FULLTEXT" | "SPATIAL" => FULLTEXT,
                "INDEX" | "UNIQUE" if of_expression(tokens) => EXPRESSION,
                _ => return Vec::new(),
            };
            let on = tokens.iter().position(|token| token.is("ON")).unwrap_or(tokens.len());
            let table = tokens.get(on + 1..).unwrap_or_default();
            if created.has_table(table) { Vec::new() } else { vec![found] }
        }
        "OPTIMIZE" if has("TABLE") => vec![COPY],
        "ALTER" => match altered(&tokens[1..]) {
            Some((name, actions)) if !created.has_table(name) => {
                let is_online = asks(tokens, "ALGORITHM", &["INPLACE", "INSTANT", "NOCOPY"]);
                let found = actions.into_iter().filter_map(action);
                let mut found: Vec<Found> =
                    found.filter(|one| !is_online || [FULLTEXT, EXPRESSION].contains(one)).collect();
                found.extend(asks(tokens, "LOCK", &["SHARED", "EXCLUSIVE"]).then_some(LOCK));
                found
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// `LOCK [=] NONE` as one of the actions.
fn asks(tokens: &[Token<'_>], clause: &str, values: &[&str]) -> bool {
    tokens.iter().enumerate().any(|(at, token)| {
        token.is(clause) && value(tokens, at).is_some_and(|value| values.iter().any(|one| value.is(one)))
    })
}

/// What stands behind the word there, and behind its `=`, if it has one.
fn value<'v, 't>(tokens: &'v [Token<'t>], at: usize) -> Option<&'v Token<'t>> {
    let behind = tokens.get(at + 1..)?;
    behind.get(usize::from(behind.first()?.text == "="))
}

fn action(action: &[Token<'_>]) -> Option<Found> {
    let has = |word: &str| action.iter().any(|token| token.is(word));
    match (upper(action, 0).as_str(), upper(action, 1).as_str()) {
        (
            "MODIFY" | "CHANGE" | "CONVERT" | "ENGINE" | "FORCE" | "ORDER" | "REMOVE" | "REORGANIZE"
            | "COALESCE",
            _,
        )
        | ("PARTITION", "BY")
        | ("DROP", "PRIMARY") => Some(COPY),
        ("ALGORITHM", _) if has("COPY") => Some(COPY),
        ("ADD", "FULLTEXT" | "SPATIAL") => Some(FULLTEXT),
        ("ADD", "INDEX" | "KEY" | "UNIQUE") if of_expression(action) => Some(EXPRESSION),
        ("ADD", _) if has("FOREIGN") || has("REFERENCES") => Some(FOREIGN_KEY),
        ("ADD", _) if has("CHECK") => Some(CHECK),
        ("ADD", _) if has("PRIMARY") || has("STORED") || has("PERSISTENT") || has("AUTO_INCREMENT") => {
            Some(COPY)
        }
        _ => None,
    }
}

/// Whether a member of an index's list stands in parentheses of its own.
fn of_expression(tokens: &[Token<'_>]) -> bool {
    tokens.windows(2).any(|pair| ["(", ","].contains(&pair[0].text) && pair[1].text == "(")
}

/// What would be better written otherwise.
pub(in crate::effect) fn style(tokens: &[Token<'_>]) -> Vec<Found> {
    let has = |word: &str| tokens.iter().any(|token| token.is(word));
    let makes = upper(tokens, 0) == "CREATE" && tokens.iter().take(4).any(|token| token.is("TABLE"));
    let alters = upper(tokens, 0) == "ALTER" && upper(tokens, 1) == "TABLE";
    if !makes && !alters {
        return Vec::new();
    }
    let keyed = ["PRIMARY", "SELECT", "LIKE", "TEMPORARY", "SERIAL"].iter().any(|word| has(word));
    let old = ["MYISAM", "ARIA", "MEMORY", "CSV", "ARCHIVE", "MERGE"];
    let narrow = |at: usize| {
        value(tokens, at).is_some_and(|value| {
            !value.name().starts_with("utf8mb4") && !value.is("SET") && value.name() != "binary"
        })
    };
    let is_narrow = tokens.iter().enumerate().any(|(at, token)| {
        let after_character = at.checked_sub(1).is_some_and(|at| tokens[at].is("CHARACTER"));
        (token.is("CHARSET") || token.is("SET") && after_character) && narrow(at)
    });
    [(makes && !keyed, NO_KEY), (asks(tokens, "ENGINE", &old), ENGINE), (is_narrow, UTF8)]
        .into_iter()
        .filter_map(|(is_so, found)| is_so.then_some(found))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::{
        effect::Survey,
        statement::{Dialect, statements},
    };

    fn rules(text: &str) -> Vec<&'static str> {
        let mut survey = Survey::default();
        let found = statements(text, Dialect::Mysql).unwrap();
        found.iter().flat_map(|one| survey.of(one)).map(|finding| finding.found.rule).collect()
    }

    #[test]
    fn each_blocking_statement_is_found() {
        for (text, rule) in [
            ("ALTER TABLE t ENGINE=InnoDB", "table-copy"),
            ("ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4", "table-copy"),
            ("ALTER TABLE t ADD a INT, ALGORITHM=COPY", "table-copy"),
            ("ALTER TABLE t ADD b INT AS (a + 1) STORED", "table-copy"),
            ("ALTER TABLE t PARTITION BY HASH (a) PARTITIONS 4", "table-copy"),
            ("OPTIMIZE TABLE t", "table-copy"),
            ("ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u (a)", "foreign-key-copies"),
            ("ALTER TABLE t ADD d INT REFERENCES u (a)", "foreign-key-copies"),
            ("ALTER TABLE t ADD CHECK (a > 0)", "check-copies"),
            ("ALTER TABLE t ADD UNIQUE i (b, (a + 1))", "functional-index"),
            ("CREATE INDEX i ON t ((a + 1))", "functional-index"),
            ("CREATE FULLTEXT INDEX i ON t (a)", "fulltext-index"),
            ("ALTER TABLE t ADD a INT, LOCK = SHARED", "lock-clause"),
            ("CREATE TABLE t (a INT)", "no-primary-key"),
            ("CREATE TABLE t (a INT PRIMARY KEY) ENGINE = MyISAM", "prefer-innodb"),
            ("CREATE TABLE t (a INT PRIMARY KEY) DEFAULT CHARSET=latin1", "prefer-utf8mb4"),
        ] {
            assert_eq!(rules(text), [rule], "{text}");
        }
        assert_eq!(rules("ALTER TABLE t MODIFY a BIGINT"), ["changes-type", "table-copy"]);
    }

    #[test]
    fn what_keeps_nobody_waiting_is_not_found() {
        for text in [
            "ALTER TABLE t ADD a INT NOT NULL DEFAULT 0, ADD INDEX i (a), ALGORITHM=INPLACE, LOCK=NONE",
            "CREATE INDEX i ON t (a, b(10))",
            "DROP INDEX i ON t",
            "CREATE TABLE t (a INT PRIMARY KEY) CHARACTER SET utf8mb4; ALTER TABLE t ADD CHECK (a > 0); CREATE FULLTEXT INDEX i ON t (b)",
            "CREATE TABLE t AS SELECT 1",
            "CREATE TEMPORARY TABLE t (a INT)",
        ] {
            assert!(rules(text).is_empty(), "{text}: {:?}", rules(text));
        }
    }
}
