//! Values as env-spec writes them: bare, quoted, or a function's call; never what a function means.
//!
//! The grammar is env-spec's (`env-spec-parser/grammar.peggy` of varlock): `DecoratorValue`, `ConfigItemValue`, `FunctionArgs`, `quotedString`.

use super::flaw::Flaw;
use crate::cursor::Cursor;

/// The deepest nesting of calls; a person stops at three.
const CALL_DEPTH_MAX: usize = 16;

/// The most arguments of one call; an enum of all countries has 249.
const ARGUMENTS_MAX: usize = 1000;

/// A value as it stands there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Written {
    /// Text, and what was around it.
    Text(String, Quote),
    /// A function with its arguments.
    Call(String, Vec<Argument>),
}

/// What stood around a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Quote {
    None,
    Single,
    Double,
    Backtick,
}

/// One argument of a call: `value` or `name=value`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Argument {
    pub(crate) name: Option<String>,
    pub(crate) value: Written,
}

/// Where a value stands, which decides how it may go over a line's end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// In a comment: the next line begins with `#` too.
    Comment,
    /// After a variable's `=`.
    Item,
}

impl Written {
    /// The value as a person wrote it, roughly: for messages.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Text(text, _) => text.clone(),
            Self::Call(name, _) => format!("{name}(…)"),
        }
    }
}

/// Reads the value after the `=` of a decorator or of a variable.
pub(crate) fn value(cursor: &mut Cursor, place: Place) -> Result<Written, Flaw> {
    if place == Place::Item && matches!(cursor.peek(), None | Some('\n' | '#')) {
        return Ok(Written::Text(String::new(), Quote::None));
    }
    if let Some(value) = quoted_or_call(cursor, place, 0)? {
        return Ok(value);
    }
    let text = match place {
        Place::Comment => cursor.take_while(|one| !matches!(one, ' ' | '\t' | '#' | '\n')),
        Place::Item => cursor.take_while(|one| one != '#' && one != '\n'),
    };
    // env-spec ends an unquoted value at any `#`, and the dotenv readers only after a space: refused rather than cut.
    if place == Place::Item && cursor.peek() == Some('#') && !text.ends_with([' ', '\t']) {
        return Err(Flaw::Expected("quotes around a value that holds `#`, or a space before the comment"));
    }
    if text.is_empty() { Err(Flaw::Expected("a value after `=`")) } else { Ok(bare(text.trim_end())) }
}

fn bare(text: &str) -> Written {
    Written::Text(text.to_owned(), Quote::None)
}

fn quoted_or_call(cursor: &mut Cursor, place: Place, depth: usize) -> Result<Option<Written>, Flaw> {
    match cursor.peek() {
        Some('"' | '\'' | '`') => return quoted(cursor, place).map(Some),
        Some('[' | '{') if place == Place::Comment => {
            return Err(Flaw::Unsupported("a list or object in a decorator".to_owned()));
        }
        _ => {}
    }
    let mut ahead = cursor.clone();
    let name = word(&mut ahead);
    if name.is_empty() || ahead.peek() != Some('(') {
        return Ok(None);
    }
    *cursor = ahead;
    Ok(Some(Written::Call(name.to_owned(), arguments(cursor, place, depth + 1)?)))
}

/// A name as functions, options and decorators have: a letter, then letters, digits and `_`; empty where there is none.
pub(crate) fn word<'t>(cursor: &mut Cursor<'t>) -> &'t str {
    match cursor.peek() {
        Some(first) if first.is_ascii_alphabetic() => {
            cursor.take_while(|one| one.is_ascii_alphanumeric() || one == '_')
        }
        _ => "",
    }
}

/// Reads `(a, b=c, …)`, the parentheses included.
pub(crate) fn arguments(cursor: &mut Cursor, place: Place, depth: usize) -> Result<Vec<Argument>, Flaw> {
    if depth > CALL_DEPTH_MAX {
        return Err(Flaw::TooMuch(CALL_DEPTH_MAX, "functions inside each other"));
    }
    cursor.eat("(");
    let mut arguments = Vec::new();
    loop {
        space(cursor, place);
        if cursor.eat(")") {
            return Ok(arguments);
        }
        if arguments.len() == ARGUMENTS_MAX {
            return Err(Flaw::TooMuch(ARGUMENTS_MAX, "arguments"));
        }
        arguments.push(argument(cursor, place, depth)?);
        space(cursor, place);
        if !cursor.eat(",") && cursor.peek() != Some(')') {
            return Err(Flaw::Expected(
                "`,` or `)` here; a value that holds a space or a parenthesis goes in quotes",
            ));
        }
    }
}

fn argument(cursor: &mut Cursor, place: Place, depth: usize) -> Result<Argument, Flaw> {
    let mut ahead = cursor.clone();
    let name = word(&mut ahead).to_owned();
    let name = (!name.is_empty() && ahead.eat("=")).then_some(name);
    if name.is_some() {
        *cursor = ahead;
    }
    if let Some(value) = quoted_or_call(cursor, place, depth)? {
        return Ok(Argument { name, value });
    }
    let text = cursor.take_while(|one| !matches!(one, ' ' | '\t' | '\n' | ',' | ')'));
    if text.is_empty() || text.contains('(') {
        return Err(Flaw::Expected(
            "a value; one that holds a comma, a space or a parenthesis goes in quotes",
        ));
    }
    Ok(Argument { name, value: bare(text) })
}

/// Space between arguments, over the line's end too: the next line of a comment has its own `#`, and so may a comment among the arguments.
fn space(cursor: &mut Cursor, place: Place) {
    loop {
        cursor.blanks();
        let mut ahead = cursor.clone();
        if ahead.peek() == Some('#') {
            ahead.take_while(|one| one != '\n');
        }
        if !ahead.eat("\n") {
            return;
        }
        ahead.blanks();
        if place == Place::Comment && !ahead.eat("#") {
            return;
        }
        *cursor = ahead;
    }
}

/// Text in quotes; within, only the quote itself is escaped, and `\n` in double quotes of a variable. In a comment it ends on its line.
fn quoted(cursor: &mut Cursor, place: Place) -> Result<Written, Flaw> {
    let Some(mark) = cursor.bump() else { return Err(Flaw::Expected("a value")) };
    let quote = match mark {
        '"' => Quote::Double,
        '\'' => Quote::Single,
        _ => Quote::Backtick,
    };
    let triple: String = std::iter::repeat_n(mark, 3).collect();
    let tripled = place == Place::Item && quote != Quote::Single && cursor.eat(&triple[1..]);
    let end = if tripled { triple.as_str() } else { &triple[..1] };
    let mut text = String::new();
    loop {
        if cursor.eat(end) {
            return Ok(Written::Text(text, quote));
        }
        match cursor.bump() {
            None => return Err(Flaw::Expected("the end of the quoted text")),
            Some('\n') if place == Place::Comment => {
                return Err(Flaw::Expected("the end of the quoted text on its line"));
            }
            Some('\\') if cursor.eat(end) => text.push_str(end),
            Some('\\') if place == Place::Item && quote == Quote::Double && cursor.eat("n") => {
                text.push('\n');
            }
            Some(other) => text.push(other),
        }
    }
}
