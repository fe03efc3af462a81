//! The SQL of one step as it was read: a file, a section of one, or a text from the history; never cut into statements here.

use std::path::{Path, PathBuf};

use ci::Place;
use contract::Digest;

use super::directive;
use crate::statement;

/// The SQL of one step.
#[derive(Clone, Debug)]
pub struct Script {
    /// Where it comes from: a file, or the name of a place in the history.
    pub file: PathBuf,
    /// The line of the file that it begins on, counted from 1.
    pub line: usize,
    /// The text, without byte order mark and with `\n` as line end.
    pub text: String,
    /// SHA-256 of that text.
    pub checksum: Digest,
    /// Whether the file asks for a transaction.
    pub transaction: Transaction,
    /// A placeholder that nobody gave a value.
    pub lacks: Option<String>,
    /// Where the text comes from.
    pub seen: Seen,
}

/// Where the text of a script comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Seen {
    /// It is the file's own.
    Written,
    /// The tool whose file it is printed it; before it stand the file's directives, each on its line.
    Printed {
        /// How many lines the file has.
        lines: usize,
    },
    /// Only the tool knows what the file does; the text is no more than the file's directives. Why nobody knows more.
    Not(String),
    /// The same, and the file came with a package of the tool: nobody here can say anything in it.
    Elsewhere,
    /// The tool printed it, and the file came with a package.
    PrintedElsewhere,
}

/// Whether a step runs in a transaction, as its file says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transaction {
    /// In one, unless a statement can't.
    Usual,
    /// Each statement is one of its own.
    Off,
}

impl Script {
    /// A whole file.
    pub fn of(file: &Path, text: &str) -> Self {
        Self::section(file, 1, text, Transaction::Usual)
    }

    /// A part of a file.
    pub fn section(file: &Path, line: usize, text: &str, transaction: Transaction) -> Self {
        let text = statement::canonical(text).into_owned();
        Self {
            file: file.to_owned(),
            line,
            checksum: Digest::of(text.as_bytes()),
            text,
            transaction,
            lacks: None,
            seen: Seen::Written,
        }
    }

    /// A program of another tool, which only that tool runs: its directives, until the tool prints it.
    pub fn program(file: &Path, source: &str) -> Self {
        let source = statement::canonical(source);
        let mut script = Self::of(file, &directives(&source));
        script.checksum = Digest::of(source.as_bytes());
        script.seen = Seen::Not("its tool was not asked to print it".into());
        script
    }

    /// Takes what the tool has printed of it, or why it has not.
    pub fn see(&mut self, printed: Result<&str, &String>) {
        match (printed, &self.seen) {
            (Ok(sql), seen) => {
                self.seen = match seen {
                    Seen::Elsewhere | Seen::PrintedElsewhere => Seen::PrintedElsewhere,
                    _ => Seen::Printed { lines: self.text.lines().count() },
                };
                self.text.push_str(&statement::canonical(sql));
            }
            (Err(why), Seen::Not(_)) => self.seen = Seen::Not(why.clone()),
            (Err(_), _) => {}
        }
    }

    /// Whether nobody but its tool knows what it does.
    pub fn is_unknown(&self) -> bool {
        matches!(self.seen, Seen::Not(_) | Seen::Elsewhere)
    }

    /// Whether it came with a package of its tool.
    pub fn is_elsewhere(&self) -> bool {
        matches!(self.seen, Seen::Elsewhere | Seen::PrintedElsewhere)
    }

    /// A line of the text, as a place in the file.
    pub fn place(&self, line: usize) -> Place {
        let line = match self.seen {
            Seen::Printed { lines } if line > lines => None,
            Seen::PrintedElsewhere => None,
            _ => Some(line),
        };
        Place { file: self.file.clone(), line }
    }
}

/// The directives of a program whose comments begin with `#`, as comments of SQL on the lines where they stand.
fn directives(source: &str) -> String {
    let directive = |line: &str| {
        let comment = line.trim_start().strip_prefix('#')?.trim_start();
        comment.starts_with(directive::MARK).then(|| format!("-- {comment}\n"))
    };
    source.lines().map(|line| directive(line).unwrap_or_else(|| "\n".into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_s_directives_keep_their_lines() {
        let source = "\"\"\"doc\"\"\"\n  # migrate-db: phase=contract\n# about migrate-db: x\nx = 1";
        let mut script = Script::program(Path::new("a.py"), source);
        assert_eq!(script.text.lines().count(), 4);
        script.see(Err(&"why".into()));
        assert_eq!(script.seen, Seen::Not("why".into()));
        script.see(Ok("DROP TABLE t;\n"));
        assert_eq!(script.text, "\n-- migrate-db: phase=contract\n\n\nDROP TABLE t;\n");
        assert_eq!((script.place(2).line, script.place(5).line), (Some(2), None));
        assert_eq!(script.checksum, Digest::of(source.as_bytes()));
    }
}
