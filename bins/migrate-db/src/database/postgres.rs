//! PostgreSQL over one sqlx connection, in its simple query protocol; never a pool, and never a pooler that hands transactions around.

mod answer;
mod contents;
mod copy;
mod definitions;
mod explain;
mod index;
mod lock;
mod place;
mod restored;
mod settings;
mod tool;
mod tools;
mod trouble;
mod turn;

use std::{
    collections::BTreeSet,
    path::Path,
    time::{Duration, Instant},
};

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use tokio::{
    runtime::{Builder, Runtime},
    time::timeout,
};

use super::bounded::{Stopped, bounded};
use crate::{
    database::{
        Access, Cell, Columns, Copied, Dangling, Database, DatabaseError, Handed, Home, Lasting, Planned,
        ROWS_MAX, Turned, Url, columns_of, fetch, url::server::Server,
    },
    layout::history::Texts,
    lock::Locks,
    statement::Statement,
};
use answer::{cells, literal, texts};
use lock::{Key, turned};
use place::{cancel, options};
use settings::Scope;
use trouble::told;
use turn::Beginning;

/// The oldest `server_version_num` that is supported: before it, `ALTER TYPE … ADD VALUE` was not allowed in a transaction.
const VERSION_MIN: u32 = 120_000;
/// How long making a connection may take.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(15);
/// How long a question of our own may take.
const QUESTION_TIME_MAX: Duration = Duration::from_mins(1);
/// Gives up a role that a file has taken on, and what it has set that the next transaction begins with.
const AS_OURSELVES: &str = "RESET SESSION AUTHORIZATION; RESET ROLE; RESET default_transaction_read_only; \
     RESET default_transaction_isolation; RESET default_transaction_deferrable;";

/// A connection and the runtime that sqlx wants around it; from outside both are ordinary calls.
pub struct Postgres {
    runtime: Runtime,
    connection: PgConnection,
    options: PgConnectOptions,
    server: Server,
    patience: Duration,
    deadline: Option<Instant>,
    /// The server process that answered first; another one later means a pooler.
    process: String,
    /// `server_version_num`, such as 150018.
    version: u32,
    /// The schema in which a table is made that names none.
    schema: String,
    /// `current_user`.
    user: Option<String>,
    /// The locks that this session holds, ours first.
    locked: Vec<Key>,
    beginning: Beginning,
    /// A statement did not end even when it was cancelled; nothing more can be asked.
    is_lost: bool,
}

impl Postgres {
    /// Connects. A connection for reading has the server refuse every change.
    pub fn open(server: &Server, access: Access, lock_timeout: Duration) -> Result<Self, DatabaseError> {
        let options = options(server);
        match access {
            // Not a setting of the session, which a pooler would hand on to others.
            Access::Read => Self::connect(options, server, lock_timeout, "BEGIN READ ONLY; "),
            // Before the backup: what pg_dump sets, a pooler would hand on, too.
            Access::Write | Access::Create => {
                let mut database = Self::connect(options, server, lock_timeout, "")?;
                database.refuse_pooler()?;
                Ok(database)
            }
        }
    }

    fn connect(
        options: PgConnectOptions,
        server: &Server,
        patience: Duration,
        opening: &str,
    ) -> Result<Self, DatabaseError> {
        let world = |error: std::io::Error| DatabaseError::World(error.to_string());
        let runtime = Builder::new_current_thread().enable_all().build().map_err(world)?;
        let connection = runtime.block_on(async { timeout(CONNECT_TIME_MAX, options.connect()).await });
        let late = |_| DatabaseError::World(format!("no connection within {} s", CONNECT_TIME_MAX.as_secs()));
        let connection = connection.map_err(late)?.map_err(|error| trouble::at_connecting(&error))?;
        let (process, schema) = (String::new(), String::new());
        let mut database = Self {
            runtime,
            connection,
            options,
            server: server.clone(),
            patience,
            deadline: None,
            process,
            version: 0,
            schema,
            user: None,
            locked: Vec::new(),
            beginning: Beginning::default(),
            is_lost: false,
        };
        database.look_around(opening)?;
        Ok(database)
    }

    /// Looks, in one message with whatever the connection begins with.
    fn look_around(&mut self, opening: &str) -> Result<(), DatabaseError> {
        let row = self.texts(&format!(
            "{opening}SELECT pg_backend_pid(), current_setting('server_version_num'), current_schema(), current_database(), current_user",
        ))?;
        let [row] = row.as_slice() else { return Err(DatabaseError::World("it does not answer".into())) };
        let text = |at: usize| row.get(at).cloned().flatten();
        self.process = text(0).unwrap_or_default();
        self.version = text(1).and_then(|text| text.parse().ok()).unwrap_or_default();
        if self.version < VERSION_MIN {
            let why = format!("PostgreSQL {} or newer is needed", VERSION_MIN / 10_000);
            return Err(DatabaseError::World(why));
        }
        self.schema = text(2).ok_or_else(|| {
            DatabaseError::World(
                "the role's search_path names no schema that exists, so nothing can be created".into(),
            )
        })?;
        self.server.database = text(3);
        self.user = text(4);
        Ok(())
    }

    /// Does some work on the connection, and no longer than until then: what still runs is cancelled on the server.
    fn within<T>(
        &mut self,
        until: Option<Instant>,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, DatabaseError> {
        if self.is_lost {
            return Err(DatabaseError::World("its connection was given up".into()));
        }
        let Self { runtime, connection, options, process, is_lost, .. } = self;
        let work = bounded(until, work(connection), cancel(options, process), trouble::is_cancelled);
        runtime.block_on(work).map_err(|stopped| match stopped {
            Stopped::Failed(error) => told(&error),
            Stopped::AtDeadline => DatabaseError::Deadline,
            Stopped::Lost => {
                *is_lost = true;
                DatabaseError::Deadline
            }
        })
    }

    /// Runs one of our own statements.
    fn run(&mut self, sql: &str) -> Result<(), DatabaseError> {
        self.run_until(Some(Instant::now() + QUESTION_TIME_MAX), sql)
    }

    fn run_until(&mut self, until: Option<Instant>, sql: &str) -> Result<(), DatabaseError> {
        self.within(until, async |connection| {
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
        })
    }

    fn texts_until(&mut self, until: Option<Instant>, sql: &str) -> Result<Vec<Texts>, DatabaseError> {
        let rows = self.within(until, async |connection| fetch(connection, sql, usize::MAX).await);
        let rows = rows.map_err(trouble::ours)?;
        rows.iter().map(texts).collect::<Result<_, _>>().map_err(|error| told(&error))
    }

    /// The first value of the first row.
    fn text(&mut self, sql: &str) -> Result<Option<String>, DatabaseError> {
        let rows = self.texts(sql)?;
        Ok(rows.into_iter().next().and_then(|row| row.into_iter().next()).flatten())
    }

    fn is_true(&mut self, sql: &str) -> Result<bool, DatabaseError> {
        Ok(self.text(sql)?.as_deref() == Some("t"))
    }
}

impl Database for Postgres {
    fn home(&self) -> Home {
        let database = self.server.database.clone().unwrap_or_default();
        Home { database, schema: Some(self.schema.clone()), user: self.user.clone() }
    }

    fn columns(&mut self, tables: &[&str]) -> Result<Columns, DatabaseError> {
        let names: Vec<String> = tables.iter().map(|name| literal(name)).collect();
        let rows = self.texts(&format!(
            "SELECT relname, attname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid \
             JOIN pg_namespace ON pg_namespace.oid = relnamespace \
             WHERE nspname = {} AND relname IN ({}) AND attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p')",
            literal(&self.schema),
            names.join(", ")
        ))?;
        Ok(columns_of(rows))
    }

    fn is_empty(&mut self) -> Result<bool, DatabaseError> {
        self.holds_nothing()
    }

    fn texts(&mut self, sql: &str) -> Result<Vec<Texts>, DatabaseError> {
        self.texts_until(Some(Instant::now() + QUESTION_TIME_MAX), sql)
    }

    fn lock(&mut self, locks: &Locks) -> Result<(), DatabaseError> {
        for key in locks.numbers.iter().map(|key| Key(*key)) {
            if !self.locked.contains(&key) {
                self.take(key)?;
                self.locked.push(key);
            }
        }
        Ok(())
    }

    fn begin(&mut self, opening: &str, value: &str, lasting: Lasting) -> Result<String, DatabaseError> {
        let rows = self.texts(&format!(
            "BEGIN; {}{opening} SELECT {}, {value}",
            self.settings(Scope::Transaction(lasting)),
            self.is_ours(),
        ))?;
        match turned(rows) {
            Turned { value, has_begun: true } => Ok(value.unwrap_or_default()),
            _ => Err(DatabaseError::Pooled),
        }
    }

    fn commit_and_begin(
        &mut self,
        closing: &str,
        value: &str,
        lasting: Lasting,
    ) -> Result<Turned, DatabaseError> {
        self.turn(closing, value, lasting)
    }

    fn execute(&mut self, statement: &Statement) -> Result<(), DatabaseError> {
        let Some(data) = &statement.data else { return self.run_until(self.deadline, &statement.text) };
        self.within(self.deadline, async |connection| {
            let mut copy = connection.copy_in_raw(&statement.text).await?;
            copy.send(data.as_bytes()).await?;
            copy.finish().await.map(drop)
        })
    }

    fn execute_alone(&mut self, said: &[&Statement], statement: &Statement) -> Result<(), DatabaseError> {
        self.run(&self.settings(Scope::Session))?;
        said.iter().try_for_each(|one| self.execute(one))?;
        self.drop_invalid(statement)?;
        let before = self.invalid_indexes()?;
        self.run_until(self.deadline, &statement.text)?;
        let mut left =
            self.invalid_indexes()?.into_iter().filter(|index| !before.contains(index)).flatten().flatten();
        match left.next() {
            None => Ok(()),
            Some(index) => {
                let why = format!("it left the index {index} invalid");
                Err(DatabaseError::Statement { why, position: None })
            }
        }
    }

    fn trace(&mut self, statement: &Statement) -> Result<Option<String>, DatabaseError> {
        Ok(Some(if self.index_is_moved(statement)? { "moved" } else { "not moved" }.to_owned()))
    }

    fn dangling(&mut self) -> Result<Dangling, DatabaseError> {
        Ok(Dangling::new())
    }

    fn commit(&mut self, closing: &str, value: &str) -> Result<String, DatabaseError> {
        // The history is ours to write, not the role's that the file took on.
        let rows = self.texts(&format!("{AS_OURSELVES} {closing} SELECT {value}; COMMIT"))?;
        Ok(rows.into_iter().flatten().flatten().next().unwrap_or_default())
    }

    /// A lock on a row is the least that is written into the log, and its commit waits for all before it.
    fn settle(&mut self, history: &str) {
        _ = self.run(&format!("{AS_OURSELVES} RESET ALL; SELECT 1 FROM {history} LIMIT 1 FOR UPDATE"));
    }

    fn rollback(&mut self) {
        // A connection that is gone has no transaction any more.
        _ = self.run("ROLLBACK");
    }

    fn begin_reading(&mut self) -> Result<(), DatabaseError> {
        let settings = self.settings(Scope::Transaction(Lasting::AtOnce));
        self.rollback();
        self.run(&format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {settings}"))
    }

    fn rows(&mut self, sql: &str) -> Result<Vec<Vec<Cell>>, DatabaseError> {
        self.run("SAVEPOINT question")?;
        let rows = self.within(self.deadline, async |connection| fetch(connection, sql, ROWS_MAX).await);
        let rows = rows.and_then(|rows| {
            if rows.len() > ROWS_MAX {
                let why = format!("more than {ROWS_MAX} rows came back");
                return Err(DatabaseError::Statement { why, position: None });
            }
            rows.iter().map(cells).collect::<Result<_, _>>().map_err(|error| told(&error))
        });
        if rows.is_err() {
            self.run("ROLLBACK TO SAVEPOINT question")?;
        }
        rows
    }

    fn planned(&mut self, sql: &str, index: &str) -> Result<Planned, DatabaseError> {
        self.explained(sql, index)
    }

    fn stop_at(&mut self, deadline: Option<Instant>) -> Result<(), DatabaseError> {
        self.deadline = deadline;
        Ok(())
    }

    fn copy_to(&mut self, file: &Path, question: &str) -> Result<Copied, DatabaseError> {
        self.dump_and_restore(file, question)
    }

    fn read_copy(&mut self, file: &Path) -> Result<(), DatabaseError> {
        self.read_dump(file)
    }

    fn restore(&mut self, file: &Path) -> Result<Url, DatabaseError> {
        self.restore_beside(file).map(Url::Postgres)
    }

    fn empty_beside(&mut self) -> Result<Url, DatabaseError> {
        self.create_empty().map(Url::Postgres)
    }

    fn definitions(&mut self) -> Result<BTreeSet<String>, DatabaseError> {
        self.rollback();
        definitions::definitions(self)
    }

    fn hand_over(&mut self) -> Result<Handed, DatabaseError> {
        self.wait_for_tool()?;
        Ok(Handed { holds: None, options: self.tool_options() })
    }

    fn end_tool(&mut self) -> Result<(), DatabaseError> {
        self.end_tool_sessions()
    }

    fn half_done(&mut self) -> Result<BTreeSet<String>, DatabaseError> {
        Ok(self.invalid_indexes()?.into_iter().flatten().flatten().collect())
    }

    fn clear_half_done(&mut self, statement: &Statement) -> Result<(), DatabaseError> {
        self.drop_invalid(statement)
    }

    fn discard(&mut self, restored: &Url) -> Result<(), DatabaseError> {
        match restored {
            Url::Postgres(server) => self.drop_beside(server.database.as_deref().unwrap_or_default()),
            Url::Sqlite(_) | Url::Mysql(_) => Ok(()),
        }
    }

    fn close(mut self: Box<Self>) {
        // The session ends with the connection, and its locks with it, unless a pooler keeps it.
        for key in std::mem::take(&mut self.locked) {
            _ = self.run(&format!("SELECT pg_advisory_unlock({})", key.0));
        }
        // Whatever is wrong here was said by the last statement; nothing is pending.
        let Self { runtime, connection, is_lost, .. } = *self;
        if !is_lost {
            _ = runtime.block_on(async { timeout(CONNECT_TIME_MAX, connection.close()).await });
        }
    }
}
