//! SQLite over one sqlx connection; never a pool, never a setting that outlives the run.

mod awake;
mod copy;
mod explain;
mod journal;
mod turn;

use std::{
    collections::BTreeSet,
    fs::{File, TryLockError},
    future::poll_fn,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Row, SqliteConnection, TypeInfo, ValueRef,
    sqlite::{SqliteConnectOptions, SqliteRow},
};
use tokio::runtime::{Builder, Runtime};

use crate::{
    database::{
        Access, Cell, Columns, Copied, Dangling, Database, DatabaseError, Handed, Home, Lasting, Planned,
        Proof, ROWS_MAX, Turned, Url, columns_of,
    },
    layout::history::{Texts, hex},
    lock::Locks,
    statement::Statement,
};
use awake::wait;
use journal::{Journal, synchronous};
use turn::{KEEP, Shared, mark};

/// How many virtual machine instructions SQLite runs between two looks at the deadline: well under a millisecond.
const INSTRUCTIONS_PER_LOOK: i32 = 4096;

/// How often it is looked whether a tool has ended.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

const DANGLING: &str =
    "SELECT \"table\" || ' → ' || parent, count(*) FROM pragma_foreign_key_check GROUP BY 1 ORDER BY 1";

/// Tables, indexes, views and triggers, as they were written.
const DEFINITIONS: &str = "SELECT type || ' ' || name || ': ' || sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'";

/// A connection and the runtime that sqlx wants around it; from outside both are ordinary calls.
pub struct Sqlite {
    runtime: Runtime,
    connection: SqliteConnection,
    file: PathBuf,
    patience: Duration,
    journal: Journal,
    /// When a commit waits for the disk, as was said to this connection.
    lasting: Lasting,
    /// The transaction that is open, if files may share it.
    shared: Option<Shared>,
}

/// Primary result codes (sqlite.org/rescode.html).
const PERM: i32 = 3;
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const NOMEM: i32 = 7;
const READONLY: i32 = 8;
const INTERRUPT: i32 = 9;
const IOERR: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANTOPEN: i32 = 14;
const NOTADB: i32 = 26;
/// Extended result codes: a write-protected file needs work that only a writer may do.
const READONLY_RECOVERY: i32 = 264;
const READONLY_ROLLBACK: i32 = 776;
const READONLY_CANTINIT: i32 = 1288;

impl From<sqlx::Error> for DatabaseError {
    fn from(error: sqlx::Error) -> Self {
        let Some(told) = error.as_database_error() else { return Self::World(error.to_string()) };
        let code: i32 = told.code().and_then(|code| code.parse().ok()).unwrap_or_default();
        let message = told.message().to_owned();
        match (code, code & 0xff) {
            (READONLY_RECOVERY | READONLY_ROLLBACK | READONLY_CANTINIT, _) => Self::NeedsRecovery(message),
            (_, BUSY | LOCKED) => Self::Locked(message),
            (_, INTERRUPT) => Self::Deadline,
            (_, READONLY) => Self::ReadOnly(message),
            (_, PERM | NOMEM | IOERR | CORRUPT | FULL | CANTOPEN | NOTADB) => Self::World(message),
            _ => Self::Statement { why: message, position: None },
        }
    }
}

impl Sqlite {
    /// Opens the file. Foreign keys are off: with them on, rebuilding a table by SQLite's own recipe (lang_altertable.html, section 7)
    /// would delete the rows that point to it. [`Database::dangling`] is asked before each commit instead.
    ///
    /// A connection for reading is `query_only` and not `mode=ro`: only one that might write can settle what a killed process left, and takes
    /// away the `-wal` and `-shm` files that it made beside a database in WAL mode, which its owner might not be able to open.
    pub fn open(file: &Path, access: Access, lock_timeout: Duration) -> Result<Self, DatabaseError> {
        let world = |error: std::io::Error| DatabaseError::World(error.to_string());
        let runtime = Builder::new_current_thread().build().map_err(world)?;
        // Absolute, because SQLite would read a name that begins with `file:` as a URI.
        let file = std::path::absolute(file).map_err(world)?;
        let mut options = SqliteConnectOptions::new()
            .filename(&file)
            .create_if_missing(access == Access::Create)
            .busy_timeout(lock_timeout)
            .foreign_keys(false)
            .disable_statement_logging();
        if access == Access::Read {
            options = options.pragma("query_only", "ON");
        }
        let connection = runtime.block_on(options.connect())?;
        Ok(Self {
            runtime,
            connection,
            file,
            patience: lock_timeout,
            journal: Journal::Unseen,
            lasting: Lasting::AtOnce,
            shared: None,
        })
    }

    fn run(&mut self, sql: &'static str) -> Result<(), DatabaseError> {
        wait(&self.runtime, sqlx::raw_sql(sql).execute(&mut self.connection))?;
        Ok(())
    }

    /// The first value of the last statement.
    fn value(&mut self, sql: &str) -> Result<String, DatabaseError> {
        Ok(self
            .texts(sql)?
            .into_iter()
            .next_back()
            .into_iter()
            .flatten()
            .flatten()
            .next()
            .unwrap_or_default())
    }

    fn strings(&mut self, sql: &str) -> Result<Vec<String>, DatabaseError> {
        let rows = self.rows_up_to(sql, usize::MAX)?;
        let line = |row: Vec<Cell>| row.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        Ok(rows.into_iter().map(line).collect())
    }

    fn rows_up_to(&mut self, sql: &str, max: usize) -> Result<Vec<Vec<Cell>>, DatabaseError> {
        let Self { runtime, connection, .. } = self;
        wait(runtime, async {
            let mut stream = sqlx::raw_sql(AssertSqlSafe(sql)).fetch(connection);
            let mut rows = Vec::new();
            while let Some(row) = poll_fn(|context| stream.as_mut().poll_next(context)).await {
                if rows.len() == max {
                    let why = format!("more than {max} rows came back");
                    return Err(DatabaseError::Statement { why, position: None });
                }
                rows.push(cells(&row?)?);
            }
            Ok(rows)
        })
    }
}

fn cells(row: &SqliteRow) -> Result<Vec<Cell>, DatabaseError> {
    let cell = |at| -> Result<Cell, sqlx::Error> {
        let value = row.try_get_raw(at)?;
        if value.is_null() {
            return Ok(Cell::Null);
        }
        let kind = value.type_info().name().to_owned();
        Ok(match kind.as_str() {
            "INTEGER" => Cell::Integer(row.try_get_unchecked(at)?),
            "REAL" => Cell::Real(row.try_get_unchecked(at)?),
            "TEXT" => match String::from_utf8(row.try_get_unchecked(at)?) {
                Ok(text) => Cell::Text(text),
                Err(error) => Cell::Blob(error.into_bytes()),
            },
            _ => Cell::Blob(row.try_get_unchecked(at)?),
        })
    };
    Ok((0..row.len()).map(cell).collect::<Result<_, _>>()?)
}

/// Beside the backup, where there was room for it, and not beside the application's database.
fn restored_beside(file: &Path) -> PathBuf {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    file.with_file_name(format!(".{name}.rehearsal"))
}

/// A database with what SQLite keeps beside it.
fn remove(file: &Path) -> std::io::Result<()> {
    for end in ["", "-wal", "-shm", "-journal"] {
        let mut name = file.as_os_str().to_owned();
        name.push(end);
        match std::fs::remove_file(&name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// A value as a text, and bytes as their digits.
fn as_text(cell: Cell) -> Option<String> {
    match cell {
        Cell::Null => None,
        Cell::Boolean(value) => Some(value.to_string()),
        Cell::Integer(value) => Some(value.to_string()),
        Cell::Real(value) => Some(value.to_string()),
        Cell::Text(text) => Some(text),
        Cell::Blob(bytes) => Some(hex(&bytes)),
    }
}

impl Database for Sqlite {
    fn home(&self) -> Home {
        Home::default()
    }

    fn columns(&mut self, tables: &[&str]) -> Result<Columns, DatabaseError> {
        let names: Vec<String> = tables.iter().map(|name| format!("'{name}'")).collect();
        let rows = self.texts(&format!(
            "SELECT m.name, c.name FROM sqlite_schema AS m, pragma_table_info(m.name) AS c \
             WHERE m.type = 'table' AND m.name IN ({})",
            names.join(", ")
        ))?;
        Ok(columns_of(rows))
    }

    fn texts(&mut self, sql: &str) -> Result<Vec<Texts>, DatabaseError> {
        let rows = self.rows_up_to(sql, usize::MAX)?;
        Ok(rows.into_iter().map(|row| row.into_iter().map(as_text).collect()).collect())
    }

    fn lock(&mut self, _: &Locks) -> Result<(), DatabaseError> {
        // Whoever begins to write holds the file.
        Ok(())
    }

    fn begin(&mut self, opening: &str, value: &str, lasting: Lasting) -> Result<String, DatabaseError> {
        self.keep_journal()?;
        (self.lasting, self.shared) = (lasting, Shared::of(lasting));
        let (synchronous, mark) = (synchronous(lasting), mark(lasting));
        self.value(&format!("{synchronous} BEGIN IMMEDIATE; {opening} {mark} SELECT {value}"))
    }

    fn execute(&mut self, statement: &Statement) -> Result<(), DatabaseError> {
        let run = sqlx::raw_sql(AssertSqlSafe(statement.text.as_str())).execute(&mut self.connection);
        wait(&self.runtime, run)?;
        Ok(())
    }

    fn execute_alone(&mut self, _: &[&Statement], statement: &Statement) -> Result<(), DatabaseError> {
        // None of SQLite's statements is cut as one that needs it.
        self.execute(statement)
    }

    fn dangling(&mut self) -> Result<Dangling, DatabaseError> {
        let rows =
            wait(&self.runtime, sqlx::query(DANGLING).persistent(false).fetch_all(&mut self.connection))?;
        let pair = |row: &SqliteRow| Ok((row.try_get(0)?, row.try_get(1)?));
        rows.iter().map(pair).collect()
    }

    fn trace(&mut self, _: &Statement) -> Result<Option<String>, DatabaseError> {
        Ok(None)
    }

    fn commit(&mut self, closing: &str, value: &str) -> Result<String, DatabaseError> {
        self.value(&format!("{closing} SELECT {value}; COMMIT"))
    }

    fn commit_and_begin(
        &mut self,
        closing: &str,
        value: &str,
        lasting: Lasting,
    ) -> Result<Turned, DatabaseError> {
        self.turn(closing, value, lasting)
    }

    /// Writes what is there once more, in a commit that lasts: the one before it does then, too.
    fn settle(&mut self, _: &str) {
        let Ok(version) = self.value("PRAGMA user_version") else { return };
        let at_once = synchronous(Lasting::AtOnce);
        _ = self.value(&format!("{at_once} BEGIN IMMEDIATE; PRAGMA user_version = {version}; COMMIT"));
    }

    fn rollback(&mut self) {
        if self.shared.take().is_some_and(|shared| shared.files > 0) && self.run(KEEP).is_ok() {
            return;
        }
        // SQLite may have rolled back by itself (disk full, an interrupted write); then this fails and nothing is left to undo.
        _ = self.run("ROLLBACK");
    }

    fn begin_reading(&mut self) -> Result<(), DatabaseError> {
        self.run("PRAGMA query_only = ON")?;
        self.run("BEGIN")
    }

    fn rows(&mut self, sql: &str) -> Result<Vec<Vec<Cell>>, DatabaseError> {
        self.rows_up_to(sql, ROWS_MAX)
    }

    fn planned(&mut self, sql: &str, index: &str) -> Result<Planned, DatabaseError> {
        self.explained(sql, index)
    }

    fn stop_at(&mut self, deadline: Option<Instant>) -> Result<(), DatabaseError> {
        let mut handle = self.runtime.block_on(self.connection.lock_handle())?;
        match deadline {
            Some(deadline) => {
                handle.set_progress_handler(INSTRUCTIONS_PER_LOOK, move || Instant::now() < deadline);
            }
            None => handle.remove_progress_handler(),
        }
        Ok(())
    }

    fn copy_to(&mut self, file: &Path, question: &str) -> Result<Copied, DatabaseError> {
        let answer = self.copy_and_compare(file, question)?;
        Ok(Copied { answer, proof: Proof::Opened })
    }

    fn read_copy(&mut self, file: &Path) -> Result<(), DatabaseError> {
        copy::is_whole(file)
    }

    fn restore(&mut self, file: &Path) -> Result<Url, DatabaseError> {
        let world = |error: std::io::Error| DatabaseError::World(error.to_string());
        let place = restored_beside(file);
        remove(&place).map_err(world)?;
        std::fs::copy(file, &place).map_err(world)?;
        Ok(Url::Sqlite(place))
    }

    fn empty_beside(&mut self) -> Result<Url, DatabaseError> {
        let place = restored_beside(&self.file);
        remove(&place).map_err(|error| DatabaseError::World(error.to_string()))?;
        Ok(Url::Sqlite(place))
    }

    fn definitions(&mut self) -> Result<BTreeSet<String>, DatabaseError> {
        Ok(self.texts(DEFINITIONS)?.into_iter().flatten().flatten().collect())
    }

    /// SQLite's own locks are of another kind, so this one keeps nobody from the database but the next run.
    fn hand_over(&mut self) -> Result<Handed, DatabaseError> {
        let world = |error: std::io::Error| DatabaseError::World(error.to_string());
        let holds = File::open(&self.file).map_err(world)?;
        let give_up = Instant::now() + self.patience;
        loop {
            match holds.try_lock() {
                Ok(()) => return Ok(Handed { holds: Some(holds), options: String::new() }),
                Err(TryLockError::Error(error)) => return Err(world(error)),
                Err(TryLockError::WouldBlock) if Instant::now() >= give_up => {
                    let why = "a tool that an earlier run started is still at work".to_owned();
                    return Err(DatabaseError::Locked(why));
                }
                Err(TryLockError::WouldBlock) => thread::sleep(LOOK_AGAIN),
            }
        }
    }

    fn discard(&mut self, restored: &Url) -> Result<(), DatabaseError> {
        match restored {
            Url::Sqlite(file) => remove(file).map_err(|error| DatabaseError::World(error.to_string())),
            Url::Postgres(_) | Url::Mysql(_) => Ok(()),
        }
    }

    fn close(mut self: Box<Self>) {
        if self.journal == Journal::Kept {
            // A kept journal that is no use to anybody says so in its header, and whoever writes next takes it away.
            _ = self.value("PRAGMA journal_mode = DELETE");
        }
        // Whatever is wrong here was said by the last statement; nothing is pending.
        _ = self.runtime.block_on(self.connection.close());
    }
}
