//! Env files as Docker Compose reads them (compose-go, package dotenv); never executes anything, and never shows a value in what it says.
//!
//! Unlike compose, a file is expanded from itself alone: a check must not depend on who runs it.

mod expand;

use std::collections::HashMap;

use crate::cursor::Cursor;

/// The most lines that name a variable.
const ENTRIES_MAX: usize = 100_000;

/// One line that names a variable; a later one wins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    /// Where it begins, counted from 1.
    pub(crate) line: usize,
    pub(crate) value: Value,
}

/// What a line gives its variable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Value {
    /// This text.
    Text(String),
    /// This text, in which a variable that the file does not set left a gap.
    WithGap(String),
    /// Nothing: the name alone, which compose takes from its own environment.
    NameAlone,
}

impl Value {
    /// The text, if there is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::WithGap(text) => Some(text),
            Self::NameAlone => None,
        }
    }
}

/// A line that can't be read. The words hold nothing of the line: what looks like a name may be the rest of a secret.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// No name where one must be.
    #[error("a line begins without a variable's name")]
    NoName,
    /// A character that names do not have.
    #[error("a line begins with no variable's name: names hold letters, digits, `_`, `.`, `-`, `[` and `]`")]
    Name,
    /// What some editors put before the first character.
    #[error("the file begins with a byte order mark, which becomes part of the first name")]
    ByteOrderMark,
    /// A name of several words.
    #[error("a variable's name holds a space")]
    Space,
    /// A quote without its end.
    #[error("a quoted value has no end")]
    Unterminated,
    /// `${` and something that is no name, or no end.
    #[error("`${{` is followed by no name and `}}`")]
    Braces,
    /// `${NAME:?…}` and no such variable.
    #[error("`${{…:?…}}` wants a variable that this file does not set")]
    Wanted,
    /// A value that no process could be given.
    #[error("a value holds a NUL character")]
    Nul,
    /// Values that repeat each other double with every line.
    #[error("more than {0} {1}")]
    TooMuch(usize, &'static str),
}

/// Reads an env file; an error has its line, counted from 1.
pub(crate) fn parse(text: &str) -> Result<Vec<Entry>, (usize, Fault)> {
    let mut cursor = Cursor::new(text);
    let mut entries = Vec::new();
    let mut known = HashMap::new();
    loop {
        cursor.take_while(char::is_whitespace);
        match cursor.peek() {
            None => return Ok(entries),
            Some('#') => {
                cursor.take_while(|one| one != '\n');
                continue;
            }
            Some(_) => {}
        }
        let line = cursor.line();
        if entries.len() == ENTRIES_MAX {
            return Err((line, Fault::TooMuch(ENTRIES_MAX, "variables")));
        }
        let entry = entry(&mut cursor, &known).map_err(|fault| (line, fault))?;
        if let Some(text) = entry.value.text() {
            known.insert(entry.name.clone(), text.to_owned());
        }
        entries.push(entry);
    }
}

fn entry(cursor: &mut Cursor, known: &HashMap<String, String>) -> Result<Entry, Fault> {
    let line = cursor.line();
    let mut ahead = cursor.clone();
    if ahead.eat("export") && !ahead.take_while(char::is_whitespace).is_empty() {
        *cursor = ahead;
    }
    let name = cursor.take_while(|one| !matches!(one, '=' | ':' | '\n'));
    let ends = cursor.bump();
    let name = name.trim_end();
    let letter =
        |one: char| one.is_alphanumeric() || matches!(one, '_' | '.' | '-' | '[' | ']') || is_blank(one);
    match name.chars().find(|one| !letter(*one)) {
        Some('\u{feff}') => return Err(Fault::ByteOrderMark),
        Some(_) => return Err(Fault::Name),
        None if name.is_empty() => return Err(Fault::NoName),
        None if name.contains(is_blank) => return Err(Fault::Space),
        None => {}
    }
    let value = match ends {
        Some('=' | ':') => value(cursor, known)?,
        _ => Value::NameAlone,
    };
    Ok(Entry { name: name.to_owned(), line, value })
}

/// Space that ends no line.
fn is_blank(one: char) -> bool {
    one.is_whitespace() && one != '\n'
}

fn value(cursor: &mut Cursor, known: &HashMap<String, String>) -> Result<Value, Fault> {
    cursor.take_while(is_blank);
    let value = match cursor.peek() {
        Some('\'') => Value::Text(quoted(cursor)?),
        Some('"') => expand::expand(&expand::unescape(&quoted(cursor)?), known)?,
        _ => {
            let text = cursor.take_while(|one| one != '\n');
            // A comment begins at a space and a `#`; the space before the value is gone by now, so `A= # c` is the value `# c`.
            let text = text.split_once(" #").map_or(text, |(text, _)| text);
            expand::expand(text.trim_end(), known)?
        }
    };
    match value.text() {
        Some(text) if text.contains('\0') => Err(Fault::Nul),
        _ => Ok(value),
    }
}

/// The text between two quotes, over lines too; only the quote itself can be escaped at this point.
fn quoted(cursor: &mut Cursor) -> Result<String, Fault> {
    let quote = cursor.bump();
    let mut text = String::new();
    loop {
        match cursor.bump() {
            None => return Err(Fault::Unterminated),
            end if end == quote => return Ok(text),
            Some('\\') => match cursor.bump() {
                escaped if escaped == quote => text.extend(escaped),
                other => text.extend(['\\'].into_iter().chain(other)),
            },
            Some(other) => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests;
