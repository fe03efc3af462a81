//! Cuts SQL into statements by SQLite's lexical rules (sqlite.org/lang.html, `sqlite3_complete`); never decides what one may do.

use std::{borrow::Cow, iter::Peekable, str::CharIndices};

/// One statement of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Statement {
    /// Its text from the first word on, with the `;` that ends it.
    pub text: String,
    /// The line it begins on, counted from 1.
    pub line: usize,
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
    /// `-- …` or `/* … */`.
    Comment,
    /// A keyword, a bare identifier or a number.
    Word,
    /// `"…"`, `[…]` or `` `…` ``.
    Identifier,
    /// `'…'`.
    Text,
    /// `;`
    End,
    /// Any other character.
    Sign,
}

/// A piece of the text that SQLite reads as one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token<'t> {
    /// What it is.
    pub kind: Kind,
    /// Its text, quotes and all.
    pub text: &'t str,
}

impl Token<'_> {
    /// Whether it means something to SQLite.
    pub fn is_significant(&self) -> bool {
        !matches!(self.kind, Kind::Space | Kind::Comment)
    }

    /// Whether it is this keyword.
    pub fn is(&self, keyword: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(keyword)
    }

    /// The name it stands for, without quotes and in lower case, because SQLite's names have no case.
    pub fn name(&self) -> String {
        let bare = match self.kind {
            Kind::Identifier | Kind::Text => &self.text[1..self.text.len() - 1],
            _ => self.text,
        };
        bare.to_ascii_lowercase()
    }
}

/// The tokens of a text, in order and without a gap.
pub fn tokens(text: &str) -> Result<Vec<Token<'_>>, Unfinished> {
    let mut characters = text.char_indices().peekable();
    let mut tokens = Vec::new();
    let mut line = 1;
    while let Some((start, first)) = characters.next() {
        let kind = read(text, first, &mut characters).map_err(|what| Unfinished { line, what })?;
        let end = characters.peek().map_or(text.len(), |(end, _)| *end);
        let token = Token { kind, text: &text[start..end] };
        line += token.text.matches('\n').count();
        tokens.push(token);
    }
    Ok(tokens)
}

/// Reads to the end of the token that begins with `first`; the error names what does not end.
fn read(text: &str, first: char, rest: &mut Peekable<CharIndices<'_>>) -> Result<Kind, &'static str> {
    let next = rest.peek().map(|(_, character)| *character);
    match first {
        '\0' => Err("a NUL character, at which SQLite would stop reading: the text"),
        '-' if next == Some('-') => {
            while rest.next_if(|(_, character)| *character != '\n').is_some() {}
            Ok(Kind::Comment)
        }
        '/' if next == Some('*') => {
            rest.next();
            while let Some((at, _)) = rest.next() {
                if text[at..].starts_with("*/") {
                    rest.next();
                    return Ok(Kind::Comment);
                }
            }
            Err("a comment")
        }
        '\'' => quoted('\'', rest).then_some(Kind::Text).ok_or("a text in quotes"),
        '"' | '`' => quoted(first, rest).then_some(Kind::Identifier).ok_or("a name in quotes"),
        '[' => rest
            .any(|(_, character)| character == ']')
            .then_some(Kind::Identifier)
            .ok_or("a name in brackets"),
        ';' => Ok(Kind::End),
        space if is_space(space) => {
            while rest.next_if(|(_, character)| is_space(*character)).is_some() {}
            Ok(Kind::Space)
        }
        word if is_word(word) => {
            while rest.next_if(|(_, character)| is_word(*character)).is_some() {}
            Ok(Kind::Word)
        }
        _ => Ok(Kind::Sign),
    }
}

/// Reads behind the closing quote; a doubled quote does not close.
fn quoted(quote: char, rest: &mut Peekable<CharIndices<'_>>) -> bool {
    while let Some((_, character)) = rest.next() {
        let closes = character == quote && rest.next_if(|(_, next)| *next == quote).is_none();
        if closes {
            return true;
        }
    }
    false
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\x0c' | '\r')
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '$') || !character.is_ascii()
}

/// Cuts behind each statement. What follows the last one is a piece of its own, so that all pieces together are the text.
pub fn pieces<'v, 't>(tokens: &'v [Token<'t>]) -> Result<Vec<&'v [Token<'t>]>, Unfinished> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for end in 1..=tokens.len() {
        let piece = &tokens[start..end];
        let last = end == tokens.len();
        if ends(piece) || last {
            if last && is_trigger(piece) && !ends_trigger(piece) {
                let line = 1 + line_breaks(&tokens[..start + lead(piece)]);
                return Err(Unfinished { line, what: "a trigger" });
            }
            pieces.push(piece);
            start = end;
        }
    }
    Ok(pieces)
}

fn ends(piece: &[Token<'_>]) -> bool {
    piece.last().is_some_and(|token| token.kind == Kind::End) && (!is_trigger(piece) || ends_trigger(piece))
}

/// `CREATE [TEMP] TRIGGER`, the one statement with statements inside.
fn is_trigger(piece: &[Token<'_>]) -> bool {
    let mut words = piece
        .iter()
        .filter(|token| token.is_significant())
        .skip_while(|token| token.is("EXPLAIN") || token.is("QUERY") || token.is("PLAN"));
    words.next().is_some_and(|token| token.is("CREATE"))
        && words
            .find(|token| !token.is("TEMP") && !token.is("TEMPORARY"))
            .is_some_and(|token| token.is("TRIGGER"))
}

/// SQLite's own rule: `; END ;`. An `END` of a `CASE` never follows a `;`, so nothing needs to be counted.
fn ends_trigger(piece: &[Token<'_>]) -> bool {
    let mut back = piece.iter().rev().filter(|token| token.is_significant()).peekable();
    _ = back.next_if(|token| token.kind == Kind::End);
    back.next().is_some_and(|token| token.is("END"))
        && back.next().is_some_and(|token| token.kind == Kind::End)
}

/// How many tokens stand before the first significant one.
fn lead(piece: &[Token<'_>]) -> usize {
    piece.iter().take_while(|token| !token.is_significant()).count()
}

fn line_breaks(tokens: &[Token<'_>]) -> usize {
    tokens.iter().map(|token| token.text.matches('\n').count()).sum()
}

/// The statements of a text. Comments between them belong to none.
pub fn statements(text: &str) -> Result<Vec<Statement>, Unfinished> {
    let tokens = tokens(text)?;
    let mut line = 1;
    let mut statements = Vec::new();
    for piece in pieces(&tokens)? {
        let (space, body) = piece.split_at(lead(piece));
        line += line_breaks(space);
        if body.iter().any(|token| token.is_significant() && token.kind != Kind::End) {
            let text: String = body.iter().map(|token| token.text).collect();
            statements.push(Statement { text: text.trim_end().to_owned(), line });
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
        let mut tokens = tokens(&self.text).unwrap_or_default();
        tokens.retain(Token::is_significant);
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
