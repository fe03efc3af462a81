//! The body of a routine, a trigger or an event, which holds statements of its own; never what those do.

use crate::statement::{Kind, Token};

/// Where in a statement we are, as its significant tokens follow each other.
#[derive(Default)]
pub struct Body<'t> {
    /// Its first words, up to the kind of thing it makes.
    head: Vec<Token<'t>>,
    blocks: usize,
    last: Option<Token<'t>>,
    /// An `END` was just read, and the next word tells what it ends.
    ends: bool,
}

/// `CREATE OR REPLACE ALGORITHM = UNDEFINED DEFINER = 'a' @ 'b' SQL SECURITY DEFINER VIEW`.
pub const HEAD_WORDS_MAX: usize = 16;

impl<'t> Body<'t> {
    /// Goes on to the next significant token.
    pub fn follow(&mut self, token: Token<'t>) {
        if token.kind == Kind::Versioned {
            return;
        }
        if self.head.len() < HEAD_WORDS_MAX {
            self.head.push(token);
        }
        let of_what = ["IF", "LOOP", "REPEAT", "WHILE", "FOR"];
        let behind_end = self.last.is_some_and(|last| last.is("END"));
        // What has no BEGIN or CASE was not counted.
        if self.ends && !of_what.iter().any(|word| token.is(word)) {
            self.blocks = self.blocks.saturating_sub(1);
        }
        self.ends = token.is("END");
        if token.is("BEGIN") || token.is("CASE") && !behind_end {
            self.blocks += 1;
        }
        self.last = Some(token);
    }

    /// Whether a `;` here ends a statement of the body and not the whole.
    pub fn is_inside(&self) -> bool {
        self.blocks > 0 && self.makes_program()
    }

    /// `CREATE [OR REPLACE] [DEFINER = …] [AGGREGATE] PROCEDURE`, and what else has a body.
    pub fn makes_program(&self) -> bool {
        let kinds = ["PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "PACKAGE"];
        let others = ["TABLE", "VIEW", "INDEX", "SEQUENCE", "DATABASE", "SCHEMA"];
        let is = |token: &Token<'_>, words: &[&str]| words.iter().any(|word| token.is(word));
        let makes = self.head.first().is_some_and(|first| first.is("CREATE") || first.is("ALTER"));
        let kind = self.head.iter().skip(1).find(|token| is(token, &kinds) || is(token, &others));
        makes && kind.is_some_and(|kind| is(kind, &kinds))
    }
}
