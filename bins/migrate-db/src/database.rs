//! What the rest of the program asks of a database, whichever it is; never a word of one engine's SQL.

mod bounded;
pub mod mysql;
mod planned;
pub mod postgres;
mod rows;
pub mod sqlite;
mod url;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    future::poll_fn,
    path::Path,
    time::{Duration, Instant},
};

use crate::{layout::history::Texts, lock::Locks, statement::Statement};
pub use planned::{Planned, Regard};
pub use rows::{Cell, ROWS_MAX};
pub use url::{InvalidUrl, MysqlServer, Server, Url};

/// Where the history of a database lies, whoever's it is.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Home {
    /// The database's name; nothing in SQLite.
    pub database: String,
    /// The schema in which a table is made that names none.
    pub schema: Option<String>,
    /// Who is connected, as the database knows it; nobody in SQLite.
    pub user: Option<String>,
}

/// The columns of those tables that are there.
pub type Columns = BTreeMap<String, BTreeSet<String>>;

/// The columns that rows of table and column name.
fn columns_of(rows: Vec<Texts>) -> Columns {
    let mut columns = Columns::new();
    for row in rows {
        if let [Some(table), Some(column)] = row.as_slice() {
            columns.entry(table.clone()).or_default().insert(column.clone());
        }
    }
    columns
}

/// The rows of a question to a server, and at most one more than wanted.
async fn fetch<C: sqlx::Connection>(
    connection: &mut C,
    sql: &str,
    max: usize,
) -> Result<Vec<<C::Database as sqlx::Database>::Row>, sqlx::Error>
where
    for<'c> &'c mut C: sqlx::Executor<'c, Database = C::Database>,
{
    let mut stream = sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).fetch(connection);
    let mut rows = Vec::new();
    while let Some(row) = poll_fn(|context| stream.as_mut().poll_next(context)).await {
        rows.push(row?);
        if rows.len() > max {
            break;
        }
    }
    Ok(rows)
}

/// A copy of a database.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Copied {
    /// What the copy answers to the question that came with it.
    pub answer: Vec<Texts>,
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

/// What another tool gets that is to work on a database.
#[derive(Default, Debug)]
pub struct Handed {
    /// What it holds open as long as it lives.
    pub holds: Option<File>,
    /// What its sessions are bound to, as `PGOPTIONS` says it.
    pub options: String,
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

/// When what a transaction did must be safe from a server that loses its power.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lasting {
    /// When its commit answers.
    AtOnce,
    /// When that of a later one answers; until then the server may lose both the change and its row of the history, never one of them.
    WithTheNext,
    /// The same, and nobody else uses the database yet: it may as well be committed in one with the next.
    InTheNext,
}

/// What became of the end of one transaction and the beginning of the next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Turned {
    /// The one value that was asked for, after both; nothing where it can't have changed meanwhile.
    pub value: Option<String>,
    /// Whether the second has begun, under the locks. The first has ended.
    pub has_begun: bool,
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
    /// The statement failed and had committed a part of what it does.
    #[error("{0}; a part of what it does was committed before that, and nothing shows which")]
    Torn(String),
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
    /// Where the history lies.
    fn home(&self) -> Home;
    /// Which of these tables are there, with their columns.
    fn columns(&mut self, tables: &[&str]) -> Result<Columns, DatabaseError>;
    /// Whether nobody has made anything in it, so that there is nothing to lose. A file is copied whatever is in it.
    fn is_empty(&mut self) -> Result<bool, DatabaseError> {
        Ok(false)
    }
    /// The rows of a question of our own; several statements are one question, and the last that has rows answers.
    fn texts(&mut self, sql: &str) -> Result<Vec<Texts>, DatabaseError>;
    /// Takes the locks that writers share, waiting no longer than was said at opening, and keeps them until the end.
    fn lock(&mut self, locks: &Locks) -> Result<(), DatabaseError>;
    /// Ends what an earlier file set for its session, where no transaction does that.
    fn forget(&mut self) -> Result<(), DatabaseError> {
        Ok(())
    }
    /// Begins, under the locks, runs this and answers the one value it asks for.
    fn begin(&mut self, opening: &str, value: &str, lasting: Lasting) -> Result<String, DatabaseError>;
    /// Runs one statement.
    fn execute(&mut self, statement: &Statement) -> Result<(), DatabaseError>;
    /// Runs one statement outside of a transaction, after what was said to the session before it.
    fn execute_alone(&mut self, said: &[&Statement], statement: &Statement) -> Result<(), DatabaseError>;
    /// What can be seen of what a statement outside of a transaction changes: another text later means that it was done, the same one that
    /// it may be done again. Nothing where nothing tells.
    fn trace(&mut self, statement: &Statement) -> Result<Option<String>, DatabaseError>;
    /// How many rows of one table point to rows of another that are not there.
    fn dangling(&mut self) -> Result<Dangling, DatabaseError>;
    /// Runs this, answers the one value it asks for, and makes all since [`Database::begin`] permanent.
    fn commit(&mut self, closing: &str, value: &str) -> Result<String, DatabaseError>;
    /// As [`Database::commit`], and at once [`Database::begin`] where the two cost less together. An error does not say which of them failed.
    fn commit_and_begin(&mut self, closing: &str, value: &str, _: Lasting) -> Result<Turned, DatabaseError> {
        Ok(Turned { value: Some(self.commit(closing, value)?), has_begun: false })
    }
    /// Where a run ends early: makes what was to last with the next commit last now, as far as the server still answers.
    fn settle(&mut self, _history: &str) {}
    /// Takes all since [`Database::begin`], or the turn after it, back. What was to be committed [in the next][Lasting::InTheNext] is committed now; if
    /// that can't be, it is gone, too.
    fn rollback(&mut self);
    /// Begins a transaction in which the database itself refuses every change.
    fn begin_reading(&mut self) -> Result<(), DatabaseError>;
    /// The rows of a query, at most [`ROWS_MAX`].
    fn rows(&mut self, sql: &str) -> Result<Vec<Vec<Cell>>, DatabaseError>;
    /// How it would answer a query of which somebody wants to know whether it uses this index.
    fn planned(&mut self, sql: &str, index: &str) -> Result<Planned, DatabaseError>;
    /// Stops every statement still running at this moment.
    fn stop_at(&mut self, deadline: Option<Instant>) -> Result<(), DatabaseError>;
    /// Makes a copy in this empty file, proves it, and asks it a question, if there is one.
    fn copy_to(&mut self, file: &Path, question: &str) -> Result<Copied, DatabaseError>;
    /// Reads a copy to its end, without restoring it.
    fn read_copy(&mut self, file: &Path) -> Result<(), DatabaseError>;
    /// Restores a copy into a database of its own beside this one, and says where it is. One that a killed run left, or that can't be restored
    /// as a whole, is not left behind.
    fn restore(&mut self, file: &Path) -> Result<Url, DatabaseError>;
    /// Makes an empty database of its own beside this one, in the place of one that a killed run left.
    fn empty_beside(&mut self) -> Result<Url, DatabaseError>;
    /// Everything that has a definition, one line each.
    fn definitions(&mut self) -> Result<BTreeSet<String>, DatabaseError>;
    /// What another tool gets that is to work on this database under our lock. One of an earlier run that is still at work is waited for.
    fn hand_over(&mut self) -> Result<Handed, DatabaseError> {
        Ok(Handed::default())
    }
    /// Ends what such a tool left at work.
    fn end_tool(&mut self) -> Result<(), DatabaseError> {
        Ok(())
    }
    /// What was begun outside of a transaction and never finished.
    fn half_done(&mut self) -> Result<BTreeSet<String>, DatabaseError> {
        Ok(BTreeSet::new())
    }
    /// Takes away what an earlier attempt at a statement left, before another tool runs it.
    fn clear_half_done(&mut self, _: &Statement) -> Result<(), DatabaseError> {
        Ok(())
    }
    /// Takes such a database away.
    fn discard(&mut self, restored: &Url) -> Result<(), DatabaseError>;
    /// Ends the connection.
    fn close(self: Box<Self>);
}

/// Connects.
pub fn open(url: &Url, access: Access, lock_timeout: Duration) -> Result<Box<dyn Database>, DatabaseError> {
    match url {
        Url::Sqlite(file) => Ok(Box::new(sqlite::Sqlite::open(file, access, lock_timeout)?)),
        Url::Mysql(server) => Ok(Box::new(mysql::Mysql::open(server, access, lock_timeout)?)),
        Url::Postgres(server) => Ok(Box::new(postgres::Postgres::open(server, access, lock_timeout)?)),
    }
}
