//! MySQL's and MariaDB's lexical rules (MySQL manual, sections 11.1, 11.2 and 11.7) and the one command of their client that belongs to a
//! file: `DELIMITER`.

mod body;

use super::{Kind, Token, Unfinished};
pub use body::{Body, HEAD_WORDS_MAX};

/// What ends a statement until a `DELIMITER` says otherwise.
const DELIMITER: &str = ";";
/// The client's own limit for a delimiter, in bytes.
const DELIMITER_BYTES_MAX: usize = 15;

/// Where a token stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// In the text itself.
    Text,
    /// In a versioned comment.
    Versioned,
}

impl Inside {
    fn turned(self) -> Self {
        if self == Self::Text { Self::Versioned } else { Self::Text }
    }
}

/// The tokens of a text, in order and without a gap.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, Unfinished> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let (mut at, mut line, mut delimiter) = (0, 1, DELIMITER);
    // Where the statement begins that has not ended yet.
    let mut open: Option<usize> = None;
    let mut inside = Inside::Text;
    while at < text.len() {
        let rest = &text[at..];
        let may_be = open.is_none() || text[..at].trim_end_matches([' ', '\t']).ends_with('\n');
        let (kind, length) = match may_be.then(|| commanded(rest)).flatten() {
            Some((_, _)) if open.is_some() => {
                return Err(Unfinished {
                    line: open.unwrap_or(line),
                    what: "a statement in front of DELIMITER",
                });
            }
            Some((length, said)) => {
                delimiter = said.map_err(|what| Unfinished { line, what })?;
                (Kind::Comment, length)
            }
            None => first(rest, delimiter, inside).map_err(|what| Unfinished { line, what })?,
        };
        let token = Token { kind, text: &rest[..length] };
        match kind {
            Kind::End => open = None,
            Kind::Versioned => (open, inside) = (open.or(Some(line)), inside.turned()),
            Kind::Space | Kind::Comment => {}
            _ => open = open.or(Some(line)),
        }
        line += token.text.matches('\n').count();
        at += length;
        tokens.push(token);
    }
    Ok(tokens)
}

/// `DELIMITER //` in front of a text, and the rest of its line: how long that is, and what it says.
fn commanded(text: &str) -> Option<(usize, Result<&str, &'static str>)> {
    let word = "DELIMITER";
    let behind = text.get(word.len()..).filter(|_| text[..word.len()].eq_ignore_ascii_case(word))?;
    if !behind.is_empty() && !behind.starts_with([' ', '\t', '\r', '\n']) {
        return None;
    }
    let length = text.find('\n').unwrap_or(text.len());
    let said = text[word.len()..length].split_whitespace().next().unwrap_or_default();
    let is_one = !said.is_empty()
        && said.len() <= DELIMITER_BYTES_MAX
        && !said.contains(['\\', '\'', '"', '`', '#'])
        && !said.starts_with("--")
        && !said.contains("/*");
    Some((length, if is_one { Ok(said) } else { Err("a DELIMITER that is none, so the text") }))
}

/// The first token of a text and its length; the error names what does not end.
fn first(text: &str, delimiter: &str, inside: Inside) -> Result<(Kind, usize), &'static str> {
    if text.starts_with(delimiter) {
        return Ok((Kind::End, delimiter.len()));
    }
    let mut characters = text.chars();
    let (Some(first), second) = (characters.next(), characters.next()) else { return Ok((Kind::Space, 0)) };
    let line = || text.find('\n').unwrap_or(text.len());
    Ok(match (first, second) {
        ('\0', _) => return Err("a NUL character, which no statement may hold: the text"),
        ('#', _) => (Kind::Comment, line()),
        // Without space behind it, `--` is two signs: `5--1`.
        ('-', Some('-'))
            if text[2..].chars().next().is_none_or(|next| next.is_whitespace() || next.is_control()) =>
        {
            (Kind::Comment, line())
        }
        ('/', Some('*')) => match versioned(text).filter(|_| inside == Inside::Text) {
            Some(length) => (Kind::Versioned, length),
            None => (Kind::Comment, 2 + text[2..].find("*/").ok_or("a comment")? + 2),
        },
        ('*', Some('/')) if inside == Inside::Versioned => (Kind::Versioned, 2),
        ('\'' | '"', _) => (Kind::Text, quoted(text, first).ok_or("a text in quotes")?),
        ('`', _) => (Kind::Identifier, named(text).ok_or("a name in quotes")?),
        (';', _) => (Kind::Sign, 1),
        (space, _) if is_space(space) => (Kind::Space, text.find(|one| !is_space(one)).unwrap_or(text.len())),
        (word, _) if is_word(word) => (Kind::Word, word_length(text, delimiter)),
        (sign, _) => (Kind::Sign, sign.len_utf8()),
    })
}

/// `/*!`, `/*!80000` or MariaDB's `/*M!100100`: what follows, up to `*/`, is read by servers of that version.
fn versioned(text: &str) -> Option<usize> {
    let mark = ["/*!", "/*M!"].into_iter().find(|mark| text.starts_with(mark))?;
    let digits = text[mark.len()..].bytes().take_while(u8::is_ascii_digit).count();
    Some(mark.len() + digits)
}

fn is_space(character: char) -> bool {
    character.is_ascii_whitespace() || character == '\x0b'
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '$') || !character.is_ascii()
}

/// A word ends where the delimiter begins, as the client sees it: `END$$`.
fn word_length(text: &str, delimiter: &str) -> usize {
    let end = text.find(|one| !is_word(one)).unwrap_or(text.len());
    let starts = text[..end].char_indices().map(|(at, _)| at);
    starts.skip(1).find(|at| text[*at..].starts_with(delimiter)).unwrap_or(end)
}

/// A backslash takes the next character along, and a doubled quote does not close.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character == '\\' {
            characters.next()?;
        } else if character == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
            return Some(at + 1);
        }
    }
    None
}

/// In a name a backslash is one of its characters.
fn named(text: &str) -> Option<usize> {
    let mut at = 1;
    loop {
        at += text.get(at..)?.find('`')? + 1;
        if !text[at..].starts_with('`') {
            return Some(at);
        }
        at += 1;
    }
}

/// Cuts behind each delimiter, but where it is `;` not within the body of a routine: there the server itself sees its end, and tools that
/// send a whole file rely on that. What follows the last one is a piece of its own, so that all pieces together are the text.
pub(super) fn pieces<'v, 't>(tokens: &'v [Token<'t>]) -> Result<Vec<&'v [Token<'t>]>, Unfinished> {
    let mut body = Body::default();
    let ends = |token: &Token<'t>| {
        if token.is_significant() {
            body.follow(*token);
        }
        let ends = token.kind == Kind::End && !(token.text == DELIMITER && body.is_inside());
        if ends {
            body = Body::default();
        }
        ends
    };
    let pieces: Vec<_> = tokens.split_inclusive(ends).collect();
    let mut line = 1;
    for piece in &pieces {
        let marks = piece.iter().filter(|token| token.kind == Kind::Versioned);
        let depth = marks.fold(0_i32, |depth, mark| depth + if mark.text == "*/" { -1 } else { 1 });
        if depth != 0 {
            let line = line + super::line_breaks(&piece[..super::lead(piece)]);
            return Err(Unfinished { line, what: "a statement with one end of a versioned comment" });
        }
        line += super::line_breaks(piece);
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests;
