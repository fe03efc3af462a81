//! Cuts SQL into statements by the lexical rules of its dialect; never decides what one may do.

mod mysql;
mod postgres;
mod sqlite;

use std::borrow::Cow;

pub use mysql::{Body, HEAD_WORDS_MAX};

/// Whose rules a text follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialect {
    /// SQLite's.
    Sqlite,
    /// PostgreSQL's, with `standard_conforming_strings` on.
    Postgres,
    /// MySQL's and MariaDB's, with backslashes that escape and without `ANSI_QUOTES`.
    Mysql,
}

/// One statement of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Statement {
    /// Its text from the first word on, with the `;` that ends it; in MySQL without whatever ends it there.
    pub text: String,
    /// The line it begins on, counted from 1.
    pub line: usize,
    /// Whose rules it was cut by.
    pub dialect: Dialect,
    /// The lines behind a `COPY … FROM STDIN`, up to its `\\.`.
    pub data: Option<String>,
}

/// The text ends, or breaks off, inside something.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what} that begins in line {line} does not end")]
pub struct Unfinished {
    /// The line it begins on, counted from 1.
    pub line: usize,
    /// What it is.
    pub what: &'static str,
}

/// What a token is, as far as it matters for cutting and classifying.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// White space.
    Space,
    /// `-- …` or `/* … */`; in MySQL also `# …` and the client's `DELIMITER …`.
    Comment,
    /// An end of MySQL's `/*!80000 … */`, which is no comment to a server of that version.
    Versioned,
    /// A keyword, a bare identifier or a number.
    Word,
    /// `"…"`; in SQLite also `[…]` and `` `…` ``; in MySQL only `` `…` ``.
    Identifier,
    /// `'…'`; in PostgreSQL also `E'…'` and `$tag$…$tag$`; in MySQL also `"…"`.
    Text,
    /// `;`, or what MySQL's client was told.
    End,
    /// Any other character.
    Sign,
    /// The lines behind a `COPY … FROM STDIN;`.
    Data,
}

/// A piece of the text that the database reads as one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token<'t> {
    /// What it is.
    pub kind: Kind,
    /// Its text, quotes and all.
    pub text: &'t str,
}

impl Token<'_> {
    /// Whether it means something to the database.
    pub fn is_significant(&self) -> bool {
        !matches!(self.kind, Kind::Space | Kind::Comment)
    }

    /// Whether it is this keyword.
    pub fn is(&self, keyword: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(keyword)
    }

    /// Its text without the quotes.
    pub fn bare(&self) -> &str {
        match self.kind {
            Kind::Identifier | Kind::Text => self.text.get(1..self.text.len() - 1).unwrap_or_default(),
            _ => self.text,
        }
    }

    /// The name it stands for, without quotes and in lower case, because names are compared without their case here.
    pub fn name(&self) -> String {
        self.bare().to_ascii_lowercase()
    }
}

/// How long a token is on the average, with the space behind it counted as one of its own.
const TOKEN_BYTES: usize = 3;

/// The tokens of a text, in order and without a gap.
pub fn tokens(text: &str, dialect: Dialect) -> Result<Vec<Token<'_>>, Unfinished> {
    if dialect == Dialect::Mysql {
        return mysql::tokens(text);
    }
    let mut tokens = Vec::with_capacity(text.len() / TOKEN_BYTES);
    let (mut at, mut line, mut statement) = (0, 1, 0);
    while at < text.len() {
        let rest = &text[at..];
        let copies = dialect == Dialect::Postgres && postgres::is_copy(&tokens[statement..]);
        let read = match dialect {
            _ if copies => postgres::data(rest),
            Dialect::Sqlite => sqlite::first(rest),
            Dialect::Postgres | Dialect::Mysql => postgres::first(rest),
        };
        let (kind, length) = read.map_err(|what| Unfinished { line, what })?;
        if tokens.last().is_some_and(|last: &Token<'_>| last.kind == Kind::End) {
            statement = tokens.len() + usize::from(copies);
        }
        let token = Token { kind, text: &rest[..length] };
        line += token.text.matches('\n').count();
        at += length;
        tokens.push(token);
    }
    Ok(tokens)
}

/// Cuts behind each statement. What follows the last one is a piece of its own, so that all pieces together are the text.
pub fn pieces<'v, 't>(tokens: &'v [Token<'t>], dialect: Dialect) -> Result<Vec<&'v [Token<'t>]>, Unfinished> {
    match dialect {
        Dialect::Sqlite => sqlite::pieces(tokens),
        Dialect::Postgres => Ok(postgres::pieces(tokens)),
        Dialect::Mysql => mysql::pieces(tokens),
    }
}

/// How many tokens stand before the first significant one.
fn lead(piece: &[Token<'_>]) -> usize {
    piece.iter().take_while(|token| !token.is_significant()).count()
}

fn line_breaks(tokens: &[Token<'_>]) -> usize {
    tokens.iter().map(|token| token.text.matches('\n').count()).sum()
}

/// The statements of a text. Comments between them belong to none.
pub fn statements(text: &str, dialect: Dialect) -> Result<Vec<Statement>, Unfinished> {
    let tokens = tokens(text, dialect)?;
    let mut line = 1;
    let mut statements = Vec::new();
    for piece in pieces(&tokens, dialect)? {
        let (space, body) = piece.split_at(lead(piece));
        line += line_breaks(space);
        if body.iter().any(|token| token.is_significant() && token.kind != Kind::End) {
            // No server understands a delimiter other than `;`.
            let ends = dialect == Dialect::Mysql && body.last().is_some_and(|last| last.kind == Kind::End);
            let words = &body[..body.len() - usize::from(ends)];
            let (data, words): (Vec<&Token<'_>>, Vec<_>) =
                words.iter().partition(|token| token.kind == Kind::Data);
            let text: String = words.iter().map(|token| token.text).collect();
            let data = data.first().map(|token| postgres::lines(token.text).to_owned());
            statements.push(Statement { text: text.trim_end().to_owned(), line, dialect, data });
        }
        line += line_breaks(body);
    }
    Ok(statements)
}

/// How much of a statement is shown, in characters.
const SHOWN_MAX: usize = 120;

impl Statement {
    /// One line of it, for a person's eye.
    pub fn shown(&self) -> String {
        let line = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
        match line.char_indices().nth(SHOWN_MAX) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    }

    /// Its significant tokens. It was cut from tokens, so it has them.
    pub fn tokens(&self) -> Vec<Token<'_>> {
        let mut tokens = tokens(&self.text, self.dialect).unwrap_or_default();
        tokens.retain(|token| token.is_significant() && token.kind != Kind::Versioned);
        tokens
    }
}

/// The text as it counts: without the byte order mark and with `\n` as line end, so that no editor and no checkout changes what a
/// migration is or does.
pub fn canonical(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.contains("\r\n") { text.replace("\r\n", "\n").into() } else { text.into() }
}

#[cfg(test)]
mod tests;
