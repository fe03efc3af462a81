//! Cuts a template into text, expressions and blocks; never a value.

use super::{Call, Escaping, Node, Truth, Word};
use crate::metadata::trouble::Trouble;

/// How deep blocks may lie in each other.
const DEPTH_MAX: usize = 16;

/// Where a list of nodes ends.
enum End<'t> {
    Text,
    /// At an `else`, with what is asked there, if anything is.
    Else(&'t str),
    /// At the closing tag of this name.
    Close(&'t str),
}

/// What is left to read.
struct Parser<'t> {
    rest: &'t str,
    /// Whether the last tag takes away the white space behind it.
    trims: bool,
}

/// The nodes of a whole template.
pub(super) fn nodes(text: &str) -> Result<Vec<Node>, Trouble> {
    let mut parser = Parser { rest: text, trims: false };
    match parser.nodes(0)? {
        (nodes, End::Text) => Ok(nodes),
        (_, End::Else(_)) => Err(malformed("an `else` stands outside of a block")),
        (_, End::Close(name)) => Err(malformed(format!("`{{{{/{name}}}}}` closes no block"))),
    }
}

fn malformed(what: impl Into<String>) -> Trouble {
    Trouble::Template(what.into())
}

impl<'t> Parser<'t> {
    fn nodes(&mut self, depth: usize) -> Result<(Vec<Node>, End<'t>), Trouble> {
        if depth > DEPTH_MAX {
            return Err(malformed(format!("blocks lie more than {DEPTH_MAX} deep")));
        }
        let mut nodes = Vec::new();
        loop {
            let (text, tag) = self.text();
            if !text.is_empty() {
                nodes.push(Node::Text(text));
            }
            let Some((inner, escaping)) = tag.then(|| self.tag()).transpose()? else {
                return Ok((nodes, End::Text));
            };
            if inner.starts_with('!') {
                continue;
            }
            if let Some(name) = inner.strip_prefix('/') {
                return Ok((nodes, End::Close(name.trim())));
            }
            if let Some(test) = otherwise(inner) {
                return Ok((nodes, End::Else(test)));
            }
            nodes.push(match inner.strip_prefix('#') {
                Some(block) => self.block(block, depth)?,
                None => match inner.strip_prefix('&') {
                    Some(raw) => Node::Value { call: call(raw)?, escaping: Escaping::Raw },
                    None => Node::Value { call: call(inner)?, escaping },
                },
            });
        }
    }

    /// The text before the next tag, and whether there is one. `\{{` is no tag.
    fn text(&mut self) -> (String, bool) {
        let mut text = String::new();
        let found = loop {
            let Some(at) = self.rest.find("{{") else {
                text.push_str(self.rest);
                self.rest = "";
                break false;
            };
            let before = &self.rest[..at];
            // Of two backslashes the first is one, and the second escapes nothing.
            let one = before.strip_suffix("\\\\").map(|head| &before[..=head.len()]);
            let Some(unescaped) = before.strip_suffix('\\').filter(|_| one.is_none()) else {
                text.push_str(one.unwrap_or(before));
                self.rest = &self.rest[at..];
                break true;
            };
            text.push_str(unescaped);
            text.push_str("{{");
            self.rest = &self.rest[at + 2..];
        };
        if std::mem::take(&mut self.trims) {
            text = text.trim_start().to_owned();
        }
        if self.rest.starts_with("{{~") {
            text.truncate(text.trim_end().len());
        }
        (text, found)
    }

    /// What stands in the tag that begins here.
    fn tag(&mut self) -> Result<(&'t str, Escaping), Trouble> {
        let open = || malformed("a `{{` is not closed");
        let (inner, escaping) = if let Some(comment) = self.rest.strip_prefix("{{!--") {
            self.rest = comment.split_once("--}}").ok_or_else(open)?.1;
            ("!", Escaping::Html)
        } else if let Some(raw) = self.rest.strip_prefix("{{{") {
            let (inner, after) = raw.split_once("}}}").ok_or_else(open)?;
            self.rest = after;
            (inner, Escaping::Raw)
        } else {
            let (inner, after) = self.rest[2..].split_once("}}").ok_or_else(open)?;
            self.rest = after;
            (inner, Escaping::Html)
        };
        if self.rest.starts_with('}') && !inner.starts_with('!') {
            return Err(malformed("a `}` is too many"));
        }
        let inner = inner.strip_prefix('~').unwrap_or(inner);
        self.trims = inner.ends_with('~');
        Ok((inner.strip_suffix('~').unwrap_or(inner).trim(), escaping))
    }

    fn block(&mut self, opening: &'t str, depth: usize) -> Result<Node, Trouble> {
        let opening = opening.trim();
        let (kind, test) = opening.split_once(char::is_whitespace).unwrap_or((opening, ""));
        let wanted = match kind {
            "if" => Truth::True,
            "unless" => Truth::False,
            _ => {
                return Err(malformed(format!("there is no block `#{kind}` here, only `#if` and `#unless`")));
            }
        };
        self.choice(kind, test, wanted, depth)
    }

    fn choice(&mut self, kind: &str, test: &'t str, wanted: Truth, depth: usize) -> Result<Node, Trouble> {
        let unclosed = || malformed(format!("`{{{{#{kind}}}}}` is not closed by `{{{{/{kind}}}}}`"));
        let test = call(test)?;
        let (then, mut end) = self.nodes(depth + 1)?;
        let mut otherwise = Vec::new();
        if let End::Else(next) = end {
            if let Some(chained) = next.strip_prefix("if ") {
                // The chain has one closing tag, which the last of its parts finds.
                otherwise.push(self.choice(kind, chained, Truth::True, depth + 1)?);
                return Ok(Node::Choice { test, wanted, then, otherwise });
            }
            (otherwise, end) = self.nodes(depth + 1)?;
        }
        match end {
            End::Close(name) if name == kind => Ok(Node::Choice { test, wanted, then, otherwise }),
            _ => Err(unclosed()),
        }
    }
}

/// What an `else` asks, if this is one.
fn otherwise(inner: &str) -> Option<&str> {
    match inner {
        "else" | "^" => Some(""),
        _ => inner.strip_prefix("else ").map(str::trim),
    }
}

/// One part of an expression.
enum Token<'t> {
    Word(Word),
    Named(&'t str, Word),
}

fn call(expression: &str) -> Result<Call, Trouble> {
    let mut rest = expression.trim();
    let mut name = None;
    let (mut words, mut named) = (Vec::new(), Vec::new());
    while !rest.is_empty() {
        let (token, after) = token(rest)?;
        match (token, &name) {
            (Token::Word(Word::Name(word)), None) => name = Some(word),
            (_, None) => return Err(malformed(format!("`{expression}` begins with no name"))),
            (Token::Word(word), Some(_)) => words.push(word),
            (Token::Named(key, word), Some(_)) => named.push((key.to_owned(), word)),
        }
        rest = after.trim_start();
    }
    let name = name.ok_or_else(|| malformed("an expression is empty"))?;
    let own = name.strip_prefix("this.").or_else(|| name.strip_prefix("./")).unwrap_or(&name);
    Ok(Call { name: own.to_owned(), words, named })
}

fn token(text: &str) -> Result<(Token<'_>, &str), Trouble> {
    let (word, after) = word(text)?;
    match (word, after.strip_prefix('=')) {
        (Word::Name(_), Some(value)) => {
            let key = &text[..text.len() - after.len()];
            let (word, after) = self::word(value)?;
            Ok((Token::Named(key, word), after))
        }
        (word, _) => Ok((Token::Word(word), after)),
    }
}

fn word(text: &str) -> Result<(Word, &str), Trouble> {
    for quote in ['\'', '"'] {
        if let Some(inner) = text.strip_prefix(quote) {
            let (inner, after) =
                inner.split_once(quote).ok_or_else(|| malformed(format!("`{text}` has an open quote")))?;
            return Ok((Word::Text(inner.to_owned()), after));
        }
    }
    let end = text.find(|one: char| one.is_whitespace() || one == '=').unwrap_or(text.len());
    let (name, after) = text.split_at(end);
    if name.is_empty() || name.contains(|one: char| "!\"#%&'()*+,;<>@[]^`{|}~".contains(one)) {
        return Err(malformed(format!("`{text}` is no expression")));
    }
    Ok((Word::Name(name.to_owned()), after))
}
