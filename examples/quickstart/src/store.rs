//! The SQLite file: how it is opened and which schema it has. It is never created nor migrated here.

mod notes;
mod users;

use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::Edition;
pub(crate) use notes::{Draft, Note};

/// How long a writer waits for another, and a request for a connection.
const BUSY: Duration = Duration::from_secs(5);
const CONNECTIONS_MAX: u32 = 4;

/// The rows, as one edition sees them.
pub(crate) struct Store {
    pool: SqlitePool,
    edition: Edition,
}

impl Store {
    /// Connects at the first query, so that the process is alive (and not ready) before the database is migrated.
    pub(crate) fn open(edition: Edition, options: SqliteConnectOptions) -> Self {
        let options = options
            .create_if_missing(false)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(BUSY);
        let pool = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS_MAX)
            .acquire_timeout(BUSY)
            .connect_lazy_with(options);
        Self { pool, edition }
    }

    /// The number of the last migration: each one sets SQLite's `user_version`, in the same transaction as its changes.
    pub(crate) async fn schema(&self) -> sqlx::Result<i64> {
        sqlx::query_scalar("PRAGMA user_version").fetch_one(&self.pool).await
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}
