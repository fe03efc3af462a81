//! MySQL and MariaDB over one sqlx connection, in its text protocol; never a pool, and never more than one statement of a file at a time.

mod answer;
mod copy;
mod explain;
mod lock;
mod place;
mod restored;
mod tools;
mod trace;
mod trouble;

use std::{
    collections::BTreeSet,
    path::Path,
    time::{Duration, Instant},
};

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, MySqlConnection, mysql::MySqlConnectOptions};
use tokio::{
    runtime::{Builder, Runtime},
    time::timeout,
};

use crate::{
    database::{
        Access, Cell, Columns, Copied, Dangling, Database, DatabaseError, Home, Lasting, Planned, ROWS_MAX,
        Url,
        bounded::{Stopped, bounded},
        columns_of, fetch,
        url::mysql::MysqlServer,
    },
    effect::{self, Seen},
    layout::history::Texts,
    lock::Locks,
    statement::Statement,
};
use answer::{cells, literal, texts};
use place::{Version, kill, options};
use trouble::told;

/// How long making a connection may take.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(15);
/// How long a question of our own may take.
const QUESTION_TIME_MAX: Duration = Duration::from_mins(1);
/// How long a statement waits for a table before it makes room for those who wait behind it.
const TABLE_WAIT_MAX: Duration = Duration::from_secs(2);
/// How much later than we the server itself ends a statement, in case we are gone.
const SERVER_LATER: Duration = Duration::from_millis(500);
/// How long the server keeps a transaction of ours in which nothing happens, in seconds.
const IDLE_SECONDS_MAX: u64 = 600;

/// A connection and the runtime that sqlx wants around it; from outside both are ordinary calls.
pub struct Mysql {
    runtime: Runtime,
    connection: MySqlConnection,
    options: MySqlConnectOptions,
    server: MysqlServer,
    patience: Duration,
    deadline: Option<Instant>,
    /// What the server calls this session.
    session: u64,
    version: Version,
    /// The locks that this session holds, ours first.
    locked: Vec<String>,
    /// A statement did not end even when it was killed; nothing more can be asked.
    is_lost: bool,
}

impl Mysql {
    /// Connects. On a connection for reading the server refuses every change.
    pub fn open(server: &MysqlServer, access: Access, lock_timeout: Duration) -> Result<Self, DatabaseError> {
        let opening = match access {
            Access::Read => "SET SESSION TRANSACTION READ ONLY; ",
            Access::Write | Access::Create => "",
        };
        Self::connect(server, lock_timeout, opening)
    }

    fn connect(server: &MysqlServer, patience: Duration, opening: &str) -> Result<Self, DatabaseError> {
        let world = |error: std::io::Error| DatabaseError::World(error.to_string());
        let runtime = Builder::new_current_thread().enable_all().build().map_err(world)?;
        let options = options(server);
        let connection = runtime.block_on(async { timeout(CONNECT_TIME_MAX, options.connect()).await });
        let late = |_| DatabaseError::World(format!("no connection within {} s", CONNECT_TIME_MAX.as_secs()));
        let connection = connection.map_err(late)?.map_err(|error| trouble::at_connecting(&error))?;
        let mut database = Self {
            runtime,
            connection,
            options,
            server: server.clone(),
            patience,
            deadline: None,
            session: 0,
            version: Version::default(),
            locked: Vec::new(),
            is_lost: false,
        };
        let rows = database.texts(&format!("{opening}SELECT connection_id(), version(), @@sql_mode"))?;
        let [session, version, mode] = rows.first().map(Vec::as_slice).unwrap_or_default() else {
            return Err(DatabaseError::World("it does not answer".into()));
        };
        database.session = session.as_deref().and_then(|text| text.parse().ok()).unwrap_or_default();
        database.version =
            Version::read(version.as_deref().unwrap_or_default()).map_err(DatabaseError::World)?;
        place::lexical(mode.as_deref().unwrap_or_default()).map_err(DatabaseError::World)?;
        Ok(database)
    }

    /// Does some work on the connection, and no longer than until then: what still runs is killed on the server.
    fn within<T>(
        &mut self,
        until: Option<Instant>,
        work: impl AsyncFnOnce(&mut MySqlConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, DatabaseError> {
        if self.is_lost {
            return Err(DatabaseError::World("its connection was given up".into()));
        }
        let Self { runtime, connection, options, session, is_lost, .. } = self;
        let work = bounded(until, work(connection), kill(options, *session), trouble::is_killed);
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

    /// The first value of the last answer.
    fn text(&mut self, sql: &str) -> Result<Option<String>, DatabaseError> {
        let rows = self.texts(sql)?;
        Ok(rows.into_iter().next_back().and_then(|row| row.into_iter().next()).flatten())
    }

    /// How long a statement may wait, and how long it may take. They outlive a transaction, so each begins with its own.
    fn limits(&self) -> String {
        let wait = self.patience.min(TABLE_WAIT_MAX).as_secs().max(1);
        let left =
            self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()) + SERVER_LATER);
        let time = left.map_or(0, |left| left.as_millis());
        let time = match self.version {
            Version::MariaDb(..) => format!(
                "max_statement_time = {}.{:03}, idle_transaction_timeout = {IDLE_SECONDS_MAX}",
                time / 1000,
                time % 1000
            ),
            Version::Mysql(..) => format!("max_execution_time = {time}"),
        };
        format!("SET SESSION lock_wait_timeout = {wait}, innodb_lock_wait_timeout = {wait}, {time}; ")
    }
}

/// What a file sets for its session, and the next one must not have.
const SETTINGS: [&str; 7] = [
    "sql_mode",
    "foreign_key_checks",
    "unique_checks",
    "time_zone",
    "sql_safe_updates",
    "group_concat_max_len",
    "sql_notes",
];

impl Database for Mysql {
    fn home(&self) -> Home {
        Home { database: self.server.database.clone(), schema: None, user: Some(self.server.user.clone()) }
    }

    fn columns(&mut self, tables: &[&str]) -> Result<Columns, DatabaseError> {
        let database = literal(&self.server.database);
        // Only a table that is named by itself is looked up by its name.
        let one = |table: &&str| {
            format!(
                "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = {database} AND table_name = {}",
                literal(table)
            )
        };
        let all: Vec<String> = tables.iter().map(one).collect();
        Ok(columns_of(self.texts(&all.join(" UNION ALL "))?))
    }

    fn is_empty(&mut self) -> Result<bool, DatabaseError> {
        // What another user made and this one may not see, no dump of this user's would hold either.
        let none = |list, whose| {
            format!("NOT EXISTS (SELECT 1 FROM information_schema.{list} WHERE {whose} = database())")
        };
        let nowhere =
            [("tables", "table_schema"), ("routines", "routine_schema"), ("events", "event_schema")]
                .map(|(list, whose)| none(list, whose));
        Ok(self.text(&format!("SELECT {}", nowhere.join(" AND ")))?.as_deref() == Some("1"))
    }

    fn texts(&mut self, sql: &str) -> Result<Vec<Texts>, DatabaseError> {
        self.texts_until(Some(Instant::now() + QUESTION_TIME_MAX), sql)
    }

    fn lock(&mut self, locks: &Locks) -> Result<(), DatabaseError> {
        for name in &locks.names {
            if !self.locked.contains(name) {
                self.take(name)?;
                self.locked.push(name.clone());
            }
        }
        Ok(())
    }

    fn forget(&mut self) -> Result<(), DatabaseError> {
        // Not DEFAULT: by that MySQL means the contrary for `foreign_key_checks` and `unique_checks`.
        let settings: Vec<String> = SETTINGS.iter().map(|name| format!("{name} = @@global.{name}")).collect();
        self.run(&format!("ROLLBACK; SET NAMES utf8mb4; SET SESSION {}", settings.join(", ")))
    }

    fn begin(&mut self, opening: &str, value: &str, _: Lasting) -> Result<String, DatabaseError> {
        let ours = self.locked.first().map_or_else(|| "''".into(), |name| literal(name));
        // Whatever makes a table commits, so it comes before the transaction.
        let rows = self.texts(&format!(
            "{}{opening} START TRANSACTION; SELECT coalesce(is_used_lock({ours}) = connection_id(), 0), {value}",
            self.limits(),
        ))?;
        match rows.into_iter().next_back().as_deref() {
            Some([Some(held), value]) if held == "1" => Ok(value.clone().unwrap_or_default()),
            _ => Err(DatabaseError::Pooled),
        }
    }

    fn execute(&mut self, statement: &Statement) -> Result<(), DatabaseError> {
        self.run_until(self.deadline, &statement.text)
            .map_err(|error| trouble::placed(error, &statement.text))
    }

    fn execute_alone(&mut self, _: &[&Statement], statement: &Statement) -> Result<(), DatabaseError> {
        self.run(&self.limits())?;
        if effect::seen(statement) != Seen::Nothing {
            return self.execute(statement);
        }
        self.run("START TRANSACTION; SAVEPOINT migrate_db")?;
        let Err(error) = self.execute(statement) else { return self.run("COMMIT") };
        // Rows alone are taken back, whatever a routine did. What has committed by itself has taken the savepoint along.
        let taken_back = self.run("ROLLBACK TO SAVEPOINT migrate_db; ROLLBACK");
        let is_torn = taken_back.is_err_and(|error| trouble::is_absent(&error));
        Err(if is_torn { DatabaseError::Torn(error.to_string()) } else { error })
    }

    fn trace(&mut self, statement: &Statement) -> Result<Option<String>, DatabaseError> {
        self.trace_of(statement)
    }

    fn dangling(&mut self) -> Result<Dangling, DatabaseError> {
        Ok(Dangling::new())
    }

    fn commit(&mut self, closing: &str, value: &str) -> Result<String, DatabaseError> {
        let value = self.text(&format!("{closing} SELECT {value}; COMMIT"))?;
        Ok(value.unwrap_or_default())
    }

    fn rollback(&mut self) {
        // A connection that is gone has no transaction any more.
        _ = self.run("ROLLBACK");
    }

    fn begin_reading(&mut self) -> Result<(), DatabaseError> {
        self.rollback();
        let limits = self.limits();
        self.run(&format!(
            "{limits}SET SESSION TRANSACTION READ ONLY; START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
        ))
    }

    fn rows(&mut self, sql: &str) -> Result<Vec<Vec<Cell>>, DatabaseError> {
        let rows = self.within(self.deadline, async |connection| fetch(connection, sql, ROWS_MAX).await)?;
        if rows.len() > ROWS_MAX {
            let why = format!("more than {ROWS_MAX} rows came back");
            return Err(DatabaseError::Statement { why, position: None });
        }
        rows.iter().map(cells).collect::<Result<_, _>>().map_err(|error| told(&error))
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
        copy::is_whole(file)
    }

    fn restore(&mut self, file: &Path) -> Result<Url, DatabaseError> {
        self.restore_beside(file).map(Url::Mysql)
    }

    fn empty_beside(&mut self) -> Result<Url, DatabaseError> {
        self.create_empty().map(Url::Mysql)
    }

    fn definitions(&mut self) -> Result<BTreeSet<String>, DatabaseError> {
        restored::definitions(self)
    }

    fn discard(&mut self, restored: &Url) -> Result<(), DatabaseError> {
        match restored {
            Url::Mysql(server) => self.drop_beside(&server.database),
            Url::Postgres(_) | Url::Sqlite(_) => Ok(()),
        }
    }

    fn close(self: Box<Self>) {
        // The session ends with the connection, and its locks with it. Whatever is wrong here was said by the last statement.
        let Self { runtime, connection, is_lost, .. } = *self;
        if !is_lost {
            _ = runtime.block_on(async { timeout(CONNECT_TIME_MAX, connection.close()).await });
        }
    }
}
