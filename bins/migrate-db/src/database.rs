//! What the rest of the program asks of a database, whichever it is; never a word of one engine's SQL.

pub mod postgres;
mod rows;
pub mod sqlite;
mod url;

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use contract::Digest;
use jiff::Timestamp;

use crate::{
    layout::{Phase, Script, Version},
    statement::Statement,
};
pub use rows::{Cell, ROWS_MAX};
pub use url::{InvalidUrl, Server, Url};

/// One row of the history: a migration that is applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Applied {
    /// Its number.
    pub version: Version,
    /// What it does.
    pub description: String,
    /// SHA-256 of its file as it was applied.
    pub checksum: Digest,
    /// Which half of a change it was.
    pub phase: Phase,
    /// SHA-256 of the way back that is kept with it, if there is one.
    pub down: Option<Digest>,
    /// When.
    pub applied_on: Timestamp,
    /// How long its statements took, in milliseconds.
    pub execution_ms: u64,
}

/// A copy of a database.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Copied {
    /// The version it has.
    pub version: Version,
    /// How far it can be relied on.
    pub proof: Proof,
}

/// What was done to see that a copy is one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Proof {
    /// It was opened and compared with the database.
    Opened,
    /// It was restored into a database of its own, which was compared with the database.
    Restored,
    /// It was read to its end: the role may not create the database that a restore needs.
    Read,
}

impl Proof {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Opened => "opened and compared",
            Self::Restored => "restored and compared",
            Self::Read => "read to its end, not restored: the role may not create a database",
        }
    }
}

/// Rows that point to nothing: how many, by `table → parent`.
pub type Dangling = BTreeMap<String, i64>;

/// What may be done with the connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// No statement changes anything; the engine itself refuses to.
    Read,
    /// The database exists and is changed.
    Write,
    /// The database is made if it is missing.
    Create,
}

/// Why the database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// Somebody else held the lock for longer than we wait.
    #[error("the database stayed locked: {0}")]
    Locked(String),
    /// Our own watchdog stopped the statement.
    #[error("the statement was stopped at its deadline")]
    Deadline,
    /// A killed process left a journal, and this process may not write, so it can't settle it.
    #[error("a killed process left a journal behind: {0}")]
    NeedsRecovery(String),
    /// The statement wanted to change what it may only read.
    #[error("{0}")]
    ReadOnly(String),
    /// The statement or its data are at fault.
    #[error("{why}")]
    Statement {
        /// What the database says.
        why: String,
        /// Which character of the statement it speaks of, counted from 1.
        position: Option<usize>,
    },
    /// Disk, permissions, a damaged or a foreign file.
    #[error("{0}")]
    World(String),
    /// A pooler lends each transaction another session, so no lock holds.
    #[error(
        "a pooler stands between, which lends out the sessions of the server: no lock holds from one transaction to the next"
    )]
    Pooled,
    /// The database's own program for backups is not there, or too old.
    #[error("{0}")]
    Tool(String),
    /// The history has rows that we did not write.
    #[error("{0}")]
    History(String),
}

/// One connection. Between [`Database::begin`] and [`Database::commit`] everything happens or nothing does.
pub trait Database {
    /// All applied migrations in ascending order; none where there is no history.
    fn history(&mut self) -> Result<Vec<Applied>, DatabaseError>;
    /// The way back that is kept with an applied migration.
    fn down_sql(&mut self, version: Version) -> Result<Option<String>, DatabaseError>;
    /// Takes the one lock that writers share, waiting no longer than was said at opening, and makes the history if it is missing.
    fn begin(&mut self) -> Result<(), DatabaseError>;
    /// The first few applied migrations from this one on, as they are now under the lock.
    fn applied_from(&mut self, version: Version) -> Result<Vec<(Version, Digest)>, DatabaseError>;
    /// Runs one statement.
    fn execute(&mut self, statement: &Statement) -> Result<(), DatabaseError>;
    /// Runs one statement outside of a transaction, also where an earlier run was killed in it.
    fn execute_alone(&mut self, statement: &Statement) -> Result<(), DatabaseError>;
    /// How many rows of one table point to rows of another that are not there.
    fn dangling(&mut self) -> Result<Dangling, DatabaseError>;
    /// Writes a row of the history.
    fn record(&mut self, applied: &Applied, down: Option<&Script>) -> Result<(), DatabaseError>;
    /// Takes a row out of the history.
    fn erase(&mut self, version: Version) -> Result<(), DatabaseError>;
    /// Makes all since [`Database::begin`] permanent.
    fn commit(&mut self) -> Result<(), DatabaseError>;
    /// Takes all since [`Database::begin`] back.
    fn rollback(&mut self);
    /// Begins a transaction in which the database itself refuses every change.
    fn begin_reading(&mut self) -> Result<(), DatabaseError>;
    /// The rows of a query, at most [`ROWS_MAX`].
    fn rows(&mut self, sql: &str) -> Result<Vec<Vec<Cell>>, DatabaseError>;
    /// Stops every statement still running at this moment.
    fn stop_at(&mut self, deadline: Option<Instant>) -> Result<(), DatabaseError>;
    /// Makes a copy in this empty file, and proves it.
    fn copy_to(&mut self, file: &Path) -> Result<Copied, DatabaseError>;
    /// Ends the connection.
    fn close(self: Box<Self>);
}

/// Connects.
pub fn open(url: &Url, access: Access, lock_timeout: Duration) -> Result<Box<dyn Database>, DatabaseError> {
    match url {
        Url::Sqlite(file) => Ok(Box::new(sqlite::Sqlite::open(file, access, lock_timeout)?)),
        Url::Postgres(server) => Ok(Box::new(postgres::Postgres::open(server, access, lock_timeout)?)),
    }
}
