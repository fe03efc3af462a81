//! A schema as env-spec writes it: a header, then variables with their decorators; never what a decorator means.

use super::{
    flaw::{At, Flaw},
    written::{self, Argument, Place, Quote, Written},
};
use crate::cursor::Cursor;

/// The most variables of one schema.
const VARIABLES_MAX: usize = 10_000;

/// A schema, line by line.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Source {
    /// What stands before the first variable and belongs to none.
    pub(crate) header: Vec<Decorator>,
    pub(crate) items: Vec<Item>,
}

/// A variable with what is said about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) decorators: Vec<Decorator>,
    pub(crate) value: Written,
}

/// `@name`, `@name=value` or `@name(arguments)`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Decorator {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) value: Given,
}

/// What a decorator is given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Given {
    Nothing,
    Value(Written),
    Arguments(Vec<Argument>),
}

/// Reads a schema.
pub(crate) fn parse(text: &str) -> Result<Source, At> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let mut cursor = Cursor::new(&text);
    let mut source = Source::default();
    let mut pending = Vec::new();
    while !cursor.rest().is_empty() {
        cursor.blanks();
        let line = cursor.line();
        let separates = match cursor.peek() {
            None | Some('\n') => true,
            Some('#') => comment(&mut cursor, &mut pending).map_err(|flaw| flaw.at(line))?,
            Some(_) => {
                if source.items.len() == VARIABLES_MAX {
                    return Err(Flaw::TooMuch(VARIABLES_MAX, "variables").at(line));
                }
                let item = item(&mut cursor, std::mem::take(&mut pending)).map_err(|flaw| flaw.at(line))?;
                source.items.push(item);
                false
            }
        };
        cursor.eat("\n");
        if separates || cursor.rest().is_empty() {
            detach(&mut source, &mut pending)?;
        }
    }
    Ok(source)
}

/// A block of comments that no variable follows: the header, or a mistake.
fn detach(source: &mut Source, pending: &mut Vec<Decorator>) -> Result<(), At> {
    match pending.first() {
        Some(lost) if !source.items.is_empty() => Err(Flaw::Unattached(lost.name.clone()).at(lost.line)),
        _ => {
            source.header.append(pending);
            Ok(())
        }
    }
}

/// Reads a comment up to its line's end; whether it is a divider.
fn comment(cursor: &mut Cursor, decorators: &mut Vec<Decorator>) -> Result<bool, Flaw> {
    cursor.eat("#");
    cursor.blanks();
    let rest = cursor.rest();
    if rest.starts_with("validate-env:") {
        return Err(Flaw::Pragma);
    }
    if rest.starts_with('@') {
        return decorator_line(cursor, decorators).map(|()| false);
    }
    let divides = rest.chars().take_while(|one| matches!(one, '-' | '=' | '*' | '#')).count() >= 3;
    cursor.take_while(|one| one != '\n');
    Ok(divides)
}

fn decorator_line(cursor: &mut Cursor, decorators: &mut Vec<Decorator>) -> Result<(), Flaw> {
    loop {
        cursor.blanks();
        match cursor.peek() {
            None | Some('\n') => return Ok(()),
            Some('#') => {
                cursor.take_while(|one| one != '\n');
            }
            Some('@') => decorators.push(decorator(cursor)?),
            Some(_) => {
                return Err(Flaw::Expected(
                    "`#` before a remark behind a decorator; a remark of its own does not begin with `@`",
                ));
            }
        }
    }
}

fn decorator(cursor: &mut Cursor) -> Result<Decorator, Flaw> {
    let line = cursor.line();
    cursor.eat("@");
    let name = written::word(cursor).to_owned();
    if name.is_empty() {
        return Err(Flaw::Expected("a decorator's name after `@`"));
    }
    let value = match cursor.peek() {
        Some('=') => {
            cursor.eat("=");
            Given::Value(written::value(cursor, Place::Comment)?)
        }
        Some('(') => Given::Arguments(written::arguments(cursor, Place::Comment, 1)?),
        None | Some(' ' | '\t' | '\n') => Given::Nothing,
        Some(_) => return Err(Flaw::Expected("`=`, `(` or a space after a decorator's name")),
    };
    Ok(Decorator { name, line, value })
}

fn item(cursor: &mut Cursor, mut decorators: Vec<Decorator>) -> Result<Item, Flaw> {
    let line = cursor.line();
    if cursor.rest().starts_with("export ") || cursor.rest().starts_with("export\t") {
        cursor.eat("export");
        cursor.blanks();
    }
    let first = cursor.peek().filter(|first| first.is_ascii_alphabetic() || *first == '_');
    let name = cursor.take_while(|one| one.is_ascii_alphanumeric() || matches!(one, '_' | '.' | '-'));
    cursor.blanks();
    if first.is_none() || !cursor.eat("=") {
        return Err(Flaw::Expected("`NAME=`, with or without a default, or a comment"));
    }
    cursor.blanks();
    let value = written::value(cursor, Place::Item)?;
    cursor.blanks();
    if cursor.eat("#") {
        // What stands behind a value may decorate it as well.
        cursor.blanks();
        match cursor.peek() {
            Some('@') => decorator_line(cursor, &mut decorators)?,
            _ => _ = cursor.take_while(|one| one != '\n'),
        }
    }
    if !cursor.at_line_end() {
        return Err(Flaw::Expected("nothing but a comment behind the value"));
    }
    Ok(Item { name: name.to_owned(), line, decorators, value })
}

impl Written {
    /// Whether the variable is empty by default.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text, _) if text.is_empty())
    }

    /// The name in `$NAME` or `${NAME}`, written bare.
    pub(crate) fn reference(&self) -> Option<&str> {
        let Self::Text(text, Quote::None) = self else { return None };
        let name = text.strip_prefix('$')?;
        Some(name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name))
    }
}
