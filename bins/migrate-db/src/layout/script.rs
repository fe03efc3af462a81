//! One SQL file, or one text from the history: its statements and its checksum, checked for what may not stand in any migration.

use std::path::{Path, PathBuf};

use ci::{Place, files};
use contract::Digest;

use crate::{
    effect,
    error::Error,
    statement::{self, Dialect, Statement},
};

/// The SQL of one step.
#[derive(Clone, Debug)]
pub struct Script {
    /// Where it comes from: a file, or the name of a place in the history.
    pub file: PathBuf,
    /// The text, without byte order mark and with `\n` as line end.
    pub text: String,
    /// SHA-256 of that text.
    pub checksum: Digest,
    /// Its statements, at least one.
    pub statements: Vec<Statement>,
    /// What of it happens as a whole.
    pub unit: Unit,
}

/// What happens as a whole or not at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// The file: one transaction.
    File,
    /// Each statement: the database refuses to run them in a transaction.
    Statement,
}

impl Script {
    /// Reads a file.
    pub fn read(path: &Path, dialect: Dialect) -> Result<Self, Error> {
        Self::of(path, &files::read_text(path)?, dialect)
    }

    /// Cuts a text and refuses what no migration may hold.
    pub fn of(file: &Path, text: &str, dialect: Dialect) -> Result<Self, Error> {
        let text = statement::canonical(text).into_owned();
        let at = |line| Place { file: file.to_owned(), line: Some(line) };
        let statements = statement::statements(&text, dialect)
            .map_err(|source| Error::Unfinished { place: at(source.line), source })?;
        if statements.is_empty() {
            return Err(Error::Empty(file.to_owned()));
        }
        for one in &statements {
            if let Some(why) = effect::forbidden(one) {
                return Err(Error::Forbidden { place: at(one.line), statement: one.shown(), why });
            }
        }
        let alone: Vec<&Statement> = statements.iter().filter(|one| effect::stands_alone(one)).collect();
        let unit = match alone.first() {
            None => Unit::File,
            Some(_) if alone.len() == statements.len() => Unit::Statement,
            Some(one) => return Err(Error::Mixed { place: at(one.line), statement: one.shown() }),
        };
        Ok(Self { file: file.to_owned(), unit, checksum: Digest::of(text.as_bytes()), text, statements })
    }
}
