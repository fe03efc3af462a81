//! `$NAME`, `${NAME:-default}` and backslashes in a value, as compose-go's package template reads them; `$(…)` stays the text it is.

use std::collections::HashMap;

use super::{Fault, Value};

/// The longest value, in bytes.
const VALUE_BYTES_MAX: usize = 1 << 20;

/// The deepest nesting of `${A:-${B:-…}}`.
const DEPTH_MAX: usize = 16;

/// The value with its variables filled in.
pub(super) fn expand(text: &str, known: &HashMap<String, String>) -> Result<Value, Fault> {
    let mut expansion = Expansion { known, out: String::new(), gap: None };
    expansion.run(text, 0)?;
    Ok(match expansion.gap {
        None => Value::Text(expansion.out),
        Some(Gap) => Value::WithGap(expansion.out),
    })
}

/// A variable that nothing sets was filled in with nothing.
struct Gap;

struct Expansion<'k> {
    known: &'k HashMap<String, String>,
    out: String,
    gap: Option<Gap>,
}

impl Expansion<'_> {
    fn run(&mut self, text: &str, depth: usize) -> Result<(), Fault> {
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            self.push(&rest[..at])?;
            let behind = &rest[at + 1..];
            let name = &behind[..name_length(behind)];
            rest = if let Some(after) = behind.strip_prefix('$') {
                self.push("$")?;
                after
            } else if let Some(inner) = behind.strip_prefix('{') {
                let (inner, after) = braced(inner)?;
                self.braces(inner, depth)?;
                after
            } else if name.is_empty() {
                self.push("$")?;
                behind
            } else {
                self.fill(name)?;
                &behind[name.len()..]
            };
        }
        self.push(rest)
    }

    /// What stands between `${` and `}`: a name, and perhaps what to do if it has no value.
    fn braces(&mut self, inner: &str, depth: usize) -> Result<(), Fault> {
        let (name, form) = inner.split_at(name_length(inner));
        if name.is_empty() || depth == DEPTH_MAX {
            return Err(Fault::Braces);
        }
        let set = self.known.get(name);
        // With a colon, an empty value counts as none.
        let (set, form) = match form.strip_prefix(':') {
            Some(form) if !form.is_empty() => (set.filter(|value| !value.is_empty()), form),
            _ => (set, form),
        };
        let mut letters = form.chars();
        match (letters.next(), set) {
            (None, _) | (Some('-' | '?'), Some(_)) => self.fill(name),
            (Some('-'), None) | (Some('+'), Some(_)) => self.run(letters.as_str(), depth + 1),
            (Some('+'), None) => Ok(()),
            (Some('?'), None) => Err(Fault::Wanted),
            _ => Err(Fault::Braces),
        }
    }

    fn fill(&mut self, name: &str) -> Result<(), Fault> {
        let known = self.known;
        let Some(value) = known.get(name) else {
            self.gap = Some(Gap);
            return Ok(());
        };
        self.push(value)
    }

    fn push(&mut self, text: &str) -> Result<(), Fault> {
        if self.out.len() + text.len() > VALUE_BYTES_MAX {
            return Err(Fault::TooMuch(VALUE_BYTES_MAX, "bytes in a value"));
        }
        self.out.push_str(text);
        Ok(())
    }
}

/// Splits behind the `}` that closes what was opened before this text. Where braces do not match, compose takes the last one of the line.
fn braced(text: &str) -> Result<(&str, &str), Fault> {
    let last = || text.split('\n').next().and_then(|line| line.rfind('}'));
    let at = closing(text).or_else(last).ok_or(Fault::Braces)?;
    Ok((&text[..at], &text[at + 1..]))
}

/// Any brace counts, and compose does not look at the letter behind an opening one.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1;
    let mut letters = text.char_indices();
    while let Some((at, one)) = letters.next() {
        match one {
            '{' => {
                open += 1;
                letters.next();
            }
            '}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(at);
        }
    }
    None
}

/// How many bytes of a name a text begins with.
fn name_length(text: &str) -> usize {
    let letter = |one: char| one.is_ascii_alphabetic() || one == '_';
    match text.chars().next() {
        Some(first) if letter(first) => {
            text.find(|one: char| !letter(one) && !one.is_ascii_digit()).unwrap_or(text.len())
        }
        _ => 0,
    }
}

/// The escapes of double quotes: those of C, `\0` with three octal digits (without them compose drops the `0`), and `\$`, which becomes
/// the `$$` that expansion reads as a dollar sign. Any other backslash stays.
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        let mut letters = behind.chars();
        let plain = match letters.next() {
            Some('a') => "\u{7}",
            Some('b') => "\u{8}",
            Some('f') => "\u{c}",
            Some('n') => "\n",
            Some('r') => "\r",
            Some('t') => "\t",
            Some('v') => "\u{b}",
            Some('$') => "$$",
            Some('"') => "\"",
            Some('\\') => "\\",
            Some('0') => {
                let digits = letters.as_str().bytes().take(3).take_while(u8::is_ascii_digit).count();
                let (digits, after) = letters.as_str().split_at(digits);
                match octal(digits) {
                    Some(one) => out.push(one),
                    None => out.extend(["\\", digits]),
                }
                rest = after;
                continue;
            }
            _ => {
                out.push('\\');
                rest = behind;
                continue;
            }
        };
        out.push_str(plain);
        rest = letters.as_str();
    }
    out + rest
}

/// The ASCII character of an octal number; a byte above that alone is no text.
fn octal(digits: &str) -> Option<char> {
    let byte = u8::from_str_radix(digits, 8).ok().filter(|byte| byte.is_ascii() && digits.len() == 3);
    byte.map(char::from)
}
