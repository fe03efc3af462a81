//! SQLite's lexical rules (sqlite.org/lang.html, `sqlite3_complete`).

use std::{iter::Peekable, str::CharIndices};

use super::{Kind, Token, Unfinished, lead, line_breaks};

/// The first token of a text and its length; the error names what does not end.
pub(super) fn first(text: &str) -> Result<(Kind, usize), &'static str> {
    let mut rest = text.char_indices().peekable();
    let Some((_, first)) = rest.next() else { return Ok((Kind::Space, 0)) };
    let kind = read(text, first, &mut rest)?;
    Ok((kind, rest.peek().map_or(text.len(), |(end, _)| *end)))
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
pub(super) fn pieces<'v, 't>(tokens: &'v [Token<'t>]) -> Result<Vec<&'v [Token<'t>]>, Unfinished> {
    let mut pieces = Vec::new();
    let (mut start, mut trigger) = (0, false);
    for end in 1..=tokens.len() {
        let piece = &tokens[start..end];
        let last = end == tokens.len();
        let closes = piece.last().is_some_and(|token| token.kind == Kind::End);
        if !closes && !last {
            continue;
        }
        // Its first words say it, and are not gone through again for every `;` in its body.
        trigger = trigger || is_trigger(piece);
        let open = trigger && !ends_trigger(piece);
        if last && open {
            let line = 1 + line_breaks(&tokens[..start + lead(piece)]);
            return Err(Unfinished { line, what: "a trigger" });
        }
        if last || !open {
            pieces.push(piece);
            (start, trigger) = (end, false);
        }
    }
    Ok(pieces)
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
