//! The SQL of one step as it was read: a file, a section of one, or a text from the history; never cut into statements here.

use std::path::{Path, PathBuf};

use contract::Digest;

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
        }
    }
}
