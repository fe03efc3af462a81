//! All that can be said of a file's statements, in three classes: what breaks the running release, what keeps others waiting, what is
//! better written otherwise.

use super::{Breakage, locking, mysql};
use crate::statement::{Dialect, Statement};

/// How much it matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Class {
    /// The release that runs with the schema before does not survive it.
    Breaking,
    /// Others wait longer than a moment.
    Locking,
    /// It works, and is better written otherwise.
    Style,
}

impl Class {
    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::Locking => "locking",
            Self::Style => "style",
        }
    }
}

/// A rule that a statement falls under.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Found {
    /// Its name, which `allow=` takes.
    pub rule: &'static str,
    /// What the statement does.
    pub what: &'static str,
    /// What to write in its place.
    pub instead: &'static str,
}

/// What was found, and how much it matters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Finding {
    /// How much.
    pub class: Class,
    /// What.
    pub found: Found,
}

const CONTRACT: &str = "a later release, after nothing uses it, with phase=contract";

/// What [`Breakage`] says, and the name of its rule.
const BREAKING: [Found; 18] = [
    Found { rule: "drops-table", what: "drops a table", instead: CONTRACT },
    Found { rule: "drops-view", what: "drops a view", instead: CONTRACT },
    Found { rule: "drops-schema", what: "drops a schema", instead: CONTRACT },
    Found { rule: "drops-type", what: "drops a type", instead: CONTRACT },
    Found { rule: "drops-column", what: "drops a column", instead: CONTRACT },
    Found { rule: "drops-partition", what: "drops a partition and its rows", instead: CONTRACT },
    Found { rule: "drops-function", what: "drops a function", instead: CONTRACT },
    Found { rule: "drops-sequence", what: "drops a sequence", instead: CONTRACT },
    Found { rule: "drops-extension", what: "drops an extension", instead: CONTRACT },
    Found {
        rule: "drops-owned",
        what: "drops all that a role owns",
        instead: "a DROP of each, in a later release, with phase=contract",
    },
    Found {
        rule: "runs-unseen",
        what: super::UNSEEN,
        instead: "SQL in the file, or a comment that says phase=expand or phase=contract",
    },
    Found {
        rule: "renames",
        what: "renames",
        instead: "a new one beside it; the old one goes with phase=contract",
    },
    Found { rule: "moves-schema", what: "moves to another schema", instead: CONTRACT },
    Found {
        rule: "changes-type",
        what: "changes the type of a column",
        instead: "a new column beside it; the old one goes with phase=contract",
    },
    Found { rule: "deletes-all", what: "deletes all rows of a table", instead: "a WHERE that says which" },
    Found { rule: "updates-all", what: "updates all rows of a table", instead: "a WHERE that says which" },
    Found {
        rule: "required-column",
        what: "adds a column that must be filled",
        instead: "a DEFAULT, or a column that may be NULL",
    },
    Found {
        rule: "drops-new-default",
        what: "drops the default of a new column that must be filled",
        instead: "a DEFAULT that stays (Django: db_default), or a column that may be NULL",
    },
];

/// Looks at the statements of one file, in their order.
#[derive(Default, Debug)]
pub struct Survey {
    breakage: Breakage,
}

impl Survey {
    /// What there is to say of the next one.
    pub fn of(&mut self, statement: &Statement) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Some(what) = self.breakage.of(statement) {
            let known = BREAKING.iter().find(|one| one.what == what);
            let found = known.copied().unwrap_or(Found { rule: "breaks", what, instead: CONTRACT });
            findings.push(Finding { class: Class::Breaking, found });
        }
        let (tokens, created) = (statement.tokens(), &self.breakage.created);
        let (locks, style) = match statement.dialect {
            Dialect::Sqlite => return findings,
            Dialect::Postgres => (locking::locking(&tokens, created), locking::style(&tokens)),
            Dialect::Mysql => (mysql::locking(&tokens, created), mysql::style(&tokens)),
        };
        let of_class = |class| move |found| Finding { class, found };
        findings.extend(locks.into_iter().map(of_class(Class::Locking)));
        findings.extend(style.into_iter().map(of_class(Class::Style)));
        findings
    }
}

/// Whether there is a rule of this name.
pub fn is_rule(name: &str) -> bool {
    BREAKING.iter().any(|one| one.rule == name)
        || locking::RULES.contains(&name)
        || mysql::RULES.contains(&name)
}
