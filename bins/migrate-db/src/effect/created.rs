//! What a file has made so far, which is nobody's yet: by kind, and by its name as it is written; never a guess which schema a bare name
//! means.

use std::collections::BTreeSet;

use super::filled::listed;
use crate::statement::{Dialect, Kind, Token};

/// What shares one space of names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Sort {
    /// Tables, views, sequences.
    Relation,
    Type,
    Routine,
    Schema,
    Extension,
}

#[derive(Clone, Debug)]
pub(super) struct Created {
    /// Whose rules say which names are the same.
    pub(super) dialect: Dialect,
    /// A name is its parts: `["archive", "notes"]` is not `["notes"]`.
    names: BTreeSet<(Sort, Vec<String>)>,
}

impl Default for Created {
    fn default() -> Self {
        Self { dialect: Dialect::Sqlite, names: BTreeSet::new() }
    }
}

impl Created {
    pub(super) fn add(&mut self, sort: Sort, name: &[Token<'_>]) {
        let parts = self.parts(name);
        if sort == Sort::Routine {
            self.names.insert((sort, with_arguments(&parts, name)));
        }
        self.names.insert((sort, parts));
    }

    pub(super) fn has(&self, sort: Sort, name: &[Token<'_>]) -> bool {
        self.names.contains(&(sort, self.parts(name)))
    }

    pub(super) fn has_table(&self, name: &[Token<'_>]) -> bool {
        self.has(Sort::Relation, name)
    }

    /// Whether each table of a list was made.
    pub(super) fn has_tables(&self, names: &[Token<'_>]) -> bool {
        listed(names).into_iter().all(|name| self.has_table(name))
    }

    /// Whether each of a list was made. It is gone then, and the next of that name is somebody's.
    pub(super) fn drops(&mut self, sort: Sort, names: &[Token<'_>]) -> bool {
        let mut all = true;
        for name in listed(names) {
            let parts = self.parts(name);
            let key = match sort {
                Sort::Routine => with_arguments(&parts, name),
                _ => parts.clone(),
            };
            let had = self.names.remove(&(sort, key));
            if had && sort == Sort::Routine {
                self.names.retain(|(other, name)| *other != sort || !name.starts_with(&parts));
            }
            all &= had;
        }
        all
    }

    /// A table of the file's gets another name, in the same schema unless that name has one.
    pub(super) fn renames(&mut self, old: &[Token<'_>], new: &[Token<'_>]) {
        let mut parts = self.parts(old);
        if self.names.remove(&(Sort::Relation, parts.clone())) {
            let new = self.parts(new);
            parts.truncate(if new.len() > 1 { 0 } else { parts.len().saturating_sub(1) });
            parts.extend(new);
            self.names.insert((Sort::Relation, parts));
        }
    }

    /// From here on a bare name may mean another schema's.
    pub(super) fn moves_on(&mut self) {
        self.names.retain(|(sort, name)| name.len() > 1 || matches!(sort, Sort::Schema | Sort::Extension));
    }

    /// What another has lost is lost.
    pub(super) fn keep(&mut self, other: &Self) {
        self.names.retain(|name| other.names.contains(name));
    }

    /// The parts of the name at the front.
    fn parts(&self, tokens: &[Token<'_>]) -> Vec<String> {
        let mut rest = match tokens {
            [only, name @ ..] if self.dialect == Dialect::Postgres && only.is("ONLY") => name,
            name => name,
        };
        let mut parts = Vec::new();
        while let [part, behind @ ..] = rest {
            parts.push(self.part(part));
            match behind {
                [dot, next @ ..] if dot.text == "." => rest = next,
                _ => break,
            }
        }
        parts
    }

    /// Names whose case may differ are compared with it: where it does not count, a file writes a name as it did before.
    fn part(&self, token: &Token<'_>) -> String {
        match (self.dialect, token.kind) {
            (Dialect::Sqlite, _) | (Dialect::Postgres, Kind::Word) => token.name(),
            _ => token.bare().to_owned(),
        }
    }
}

/// The parts of a routine's name, and the last word of each of its arguments: the type, if the argument has a name.
fn with_arguments(parts: &[String], tokens: &[Token<'_>]) -> Vec<String> {
    let mut parts = parts.to_vec();
    let Some(open) = tokens.iter().take(parts.len() * 2).position(|token| token.text == "(") else {
        return parts;
    };
    let mut depth = 0_usize;
    let mut end = open;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        end = at;
        if depth == 0 {
            break;
        }
    }
    parts.push("(".into());
    for argument in listed(&tokens[open + 1..end.max(open + 1)]) {
        let stated = argument.iter().take_while(|token| !token.is("DEFAULT") && token.text != "=");
        parts.extend(stated.last().map(Token::name));
    }
    parts
}
