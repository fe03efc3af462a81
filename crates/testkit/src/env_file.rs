//! The grammar of `GITHUB_OUTPUT`, `GITHUB_ENV` and `GITHUB_STATE` as the runner reads it (`EnvFileKeyValuePairs`
//! in `FileCommandManager.cs`), and the stricter form we hold ourselves to; never touches the disk.

use std::collections::BTreeMap;

use crate::violation::Violation;

/// Which of the three files is read: they share a grammar and differ in the names they refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvFile {
    /// `GITHUB_OUTPUT`: the step's outputs.
    Output,
    /// `GITHUB_ENV`: variables for the steps that follow.
    Env,
    /// `GITHUB_STATE`: values for an action's own post step.
    State,
}

/// All outputs of a job together, counted as the runner does: UTF-16 code units, two bytes each.
pub const OUTPUTS_BYTES_MAX: usize = 1_048_576;
/// A delimiter that a value could contain lets the value write further entries.
pub const DELIMITER_HEX_MIN: usize = 16;
/// Fewer different digits than this in a delimiter is a constant, not a random number.
const DELIMITER_DISTINCT_MIN: usize = 5;

impl EnvFile {
    /// The variable that holds the file's path.
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Output => "GITHUB_OUTPUT",
            Self::Env => "GITHUB_ENV",
            Self::State => "GITHUB_STATE",
        }
    }

    /// Reads the file's bytes. What the runner refuses ends the reading; what only we refuse does not.
    pub fn parse(self, bytes: &[u8]) -> (BTreeMap<String, String>, Vec<Violation>) {
        let mut reading =
            Reading { file: self, entries: BTreeMap::new(), violations: Vec::new(), lines: Lines::default() };
        let Ok(text) = std::str::from_utf8(bytes) else {
            reading.note("not-utf8", "the file is not UTF-8");
            return (reading.entries, reading.violations);
        };
        if text.starts_with('\u{feff}') {
            reading.note("byte-order-mark", "the mark becomes part of the first name");
        }
        reading.lines = Lines { rest: text, number: 0 };
        reading.entries_until_the_end();
        if !text.is_empty() && !text.ends_with('\n') {
            reading.note("no-final-newline", "what the next writer appends would join the last line");
        }
        reading.size();
        (reading.entries, reading.violations)
    }
}

/// Lines as the runner on Linux cuts them: only `\n` ends one, `\r` stays.
#[derive(Default)]
struct Lines<'a> {
    rest: &'a str,
    number: usize,
}

impl<'a> Lines<'a> {
    /// The next line, and whether a newline ended it.
    fn next(&mut self) -> Option<(&'a str, Ending)> {
        if self.rest.is_empty() {
            return None;
        }
        self.number += 1;
        if let Some((line, rest)) = self.rest.split_once('\n') {
            self.rest = rest;
            Some((line, Ending::Newline))
        } else {
            Some((std::mem::take(&mut self.rest), Ending::EndOfFile))
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Newline,
    EndOfFile,
}

struct Reading<'a> {
    file: EnvFile,
    entries: BTreeMap<String, String>,
    violations: Vec<Violation>,
    lines: Lines<'a>,
}

impl<'a> Reading<'a> {
    fn note(&mut self, rule: &'static str, what: impl Into<String>) {
        let place = format!("{}:{}", self.file.variable(), self.lines.number);
        self.violations.push(Violation::new(rule, place, what));
    }

    fn entries_until_the_end(&mut self) {
        while let Some((line, _)) = self.lines.next() {
            if line.is_empty() {
                continue;
            }
            let equals = line.find('=');
            let heredoc = line.find("<<").filter(|at| equals.is_none_or(|equals| *at < equals));
            let entry = match (heredoc, equals) {
                (Some(at), _) => self.heredoc(&line[..at], &line[at + 2..]),
                (None, Some(at)) => self.plain(&line[..at], &line[at + 1..]),
                (None, None) => {
                    self.note("invalid-format", format!("neither NAME=VALUE nor NAME<<DELIMITER: {line:?}"));
                    None
                }
            };
            let Some((name, value)) = entry else { return };
            self.name(name);
            if self.entries.insert(name.to_owned(), value).is_some() {
                self.note("duplicate-name", format!("{name} is written twice; the runner keeps the last"));
            }
        }
    }

    fn plain(&mut self, name: &'a str, value: &'a str) -> Option<(&'a str, String)> {
        if name.is_empty() {
            self.note("invalid-format", "the name is empty");
            return None;
        }
        self.note(
            "not-heredoc",
            format!("{name} is written as NAME=VALUE, where a newline in a value starts an entry"),
        );
        Some((name, value.to_owned()))
    }

    fn heredoc(&mut self, name: &'a str, delimiter: &'a str) -> Option<(&'a str, String)> {
        if name.is_empty() || delimiter.is_empty() {
            self.note("invalid-format", "name and delimiter must not be empty");
            return None;
        }
        if !is_random(delimiter) {
            self.note(
                "predictable-delimiter",
                format!("{name} ends at {delimiter:?}, which a value could contain"),
            );
        }
        let mut lines: Vec<&str> = Vec::new();
        loop {
            match self.lines.next() {
                Some((line, _)) if line == delimiter => return Some((name, lines.join("\n"))),
                Some((line, Ending::Newline)) => lines.push(line),
                Some((_, Ending::EndOfFile)) => {
                    self.note(
                        "eof-marker-missing-newline",
                        format!("the value of {name} ends with the file"),
                    );
                    return None;
                }
                None => {
                    self.note("missing-delimiter", format!("the value of {name} is never closed"));
                    return None;
                }
            }
        }
    }

    fn name(&mut self, name: &str) {
        let head = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !head || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
            self.note("bad-name", format!("{name:?} is not [A-Za-z_][A-Za-z0-9_-]*"));
        }
        if self.file == EnvFile::Env
            && (name == "NODE_OPTIONS" || name.starts_with("GITHUB_") || name.starts_with("RUNNER_"))
        {
            self.note("reserved-name", format!("the runner refuses to set {name}"));
        }
    }

    fn size(&mut self) {
        let units: usize = self
            .entries
            .iter()
            .flat_map(|(name, value)| [name, value])
            .map(|text| text.encode_utf16().count())
            .sum();
        if units * 2 > OUTPUTS_BYTES_MAX {
            self.note("too-large", format!("{} bytes of the {OUTPUTS_BYTES_MAX} a job may have", units * 2));
        }
    }
}

/// A prefix, then at least [`DELIMITER_HEX_MIN`] hexadecimal digits; dashes as in a UUID do not count.
fn is_random(delimiter: &str) -> bool {
    let prefix = delimiter.trim_end_matches(|c: char| c.is_ascii_hexdigit() || c == '-');
    let digits: Vec<char> = delimiter[prefix.len()..].chars().filter(|c| *c != '-').collect();
    let distinct: std::collections::BTreeSet<&char> = digits.iter().collect();
    !prefix.is_empty() && digits.len() >= DELIMITER_HEX_MIN && distinct.len() >= DELIMITER_DISTINCT_MIN
}
