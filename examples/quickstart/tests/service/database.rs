//! A SQLite file in a directory of its own, moved by a version's migration files as migrate-db would move it.

use std::fs;
use std::path::{Path, PathBuf};

use notes::Edition;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tempfile::TempDir;

pub(crate) struct Database {
    directory: TempDir,
}

impl Database {
    /// No file yet.
    pub(crate) fn absent() -> Self {
        Self { directory: TempDir::new().expect("a temporary directory") }
    }

    /// With all migrations of one version applied.
    pub(crate) fn of(edition: Edition) -> Self {
        let database = Self::absent();
        for number in 1..=edition.schema() {
            database.up(edition, number);
        }
        database
    }

    pub(crate) fn url(&self) -> String {
        format!("sqlite:{}", self.directory.path().join("notes.db").display())
    }

    /// Applies migration `number` as `edition` carries it.
    pub(crate) fn up(&self, edition: Edition, number: i64) {
        self.apply(&migration(edition, number, |name| !name.ends_with(".down.sql")));
    }

    /// Takes migration `number` back.
    pub(crate) fn down(&self, edition: Edition, number: i64) {
        self.apply(&migration(edition, number, |name| name.ends_with(".down.sql")));
    }

    /// Every table and index as SQLite keeps it, with the schema's number in front.
    pub(crate) fn schema(&self) -> (i64, Vec<String>) {
        self.with(async |connection| {
            let number = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *connection).await?;
            let sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";
            Ok((number, sqlx::query_scalar(sql).fetch_all(connection).await?))
        })
    }

    /// The rows of a table.
    pub(crate) fn count(&self, table: &str) -> i64 {
        let sql = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        self.with(async |connection| sqlx::query_scalar(sql).fetch_one(connection).await)
    }

    fn apply(&self, path: &Path) {
        let sql = AssertSqlSafe(fs::read_to_string(path).expect("a migration"));
        self.with(async |connection| {
            let mut transaction = connection.begin().await?;
            sqlx::raw_sql(sql).execute(&mut *transaction).await?;
            transaction.commit().await
        });
    }

    fn with<T>(&self, work: impl AsyncFnOnce(&mut SqliteConnection) -> sqlx::Result<T>) -> T {
        let options: SqliteConnectOptions = self.url().parse().expect("our own URL");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let done = runtime.block_on(async {
            let mut connection = options.create_if_missing(true).connect().await?;
            let value = work(&mut connection).await?;
            connection.close().await?;
            Ok::<_, sqlx::Error>(value)
        });
        done.unwrap_or_else(|error| panic!("{error}"))
    }
}

/// The migrations that one version carries.
pub(crate) fn migrations(edition: Edition) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("versions/v{}/migrations", edition.schema()))
}

fn migration(edition: Edition, number: i64, wanted: impl Fn(&str) -> bool) -> PathBuf {
    let prefix = format!("{number:03}_");
    let entries = fs::read_dir(migrations(edition)).expect("migrations");
    let mut paths = entries.map(|entry| entry.expect("an entry").path());
    let named = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(&prefix) && wanted(&name)
    };
    paths.find(named).unwrap_or_else(|| panic!("no migration {number} in {edition:?}"))
}
