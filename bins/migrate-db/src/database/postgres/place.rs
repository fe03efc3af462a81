//! How a server is reached: what was said, in sqlx's words; and connections beside the first, one of which ends what that does.

use std::time::Duration;

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection,
    postgres::{PgConnectOptions, PgSslMode},
};

use super::Postgres;
use crate::database::{
    Database, DatabaseError,
    url::server::{Encryption, Server},
};

pub(super) fn options(server: &Server) -> PgConnectOptions {
    let mode = |encryption| match encryption {
        Encryption::Disable => PgSslMode::Disable,
        Encryption::Allow => PgSslMode::Allow,
        Encryption::Prefer => PgSslMode::Prefer,
        Encryption::Require => PgSslMode::Require,
        Encryption::VerifyCa => PgSslMode::VerifyCa,
        Encryption::VerifyFull => PgSslMode::VerifyFull,
    };
    let mut options = PgConnectOptions::new_without_pgpass()
        .application_name("migrate-db")
        .extra_float_digits(None)
        .disable_statement_logging();
    if let Some(host) = &server.host {
        options = options.host(host);
    }
    if let Some(port) = server.port {
        options = options.port(port);
    }
    if let Some(user) = &server.user {
        options = options.username(user);
    }
    if let Some(password) = &server.password {
        options = options.password(password.reveal());
    }
    if let Some(database) = &server.database {
        options = options.database(database);
    }
    if let Some(encryption) = server.encryption {
        options = options.ssl_mode(mode(encryption));
    }
    match &server.root_certificate {
        Some(path) => options.ssl_root_cert(path),
        None => options,
    }
}

impl Postgres {
    /// Does something over a connection of its own, which ends with it.
    pub(super) fn over_another<T>(
        options: PgConnectOptions,
        server: &Server,
        patience: Duration,
        work: impl FnOnce(&mut Self) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let mut another = Self::connect(options, server, patience, "")?;
        let done = work(&mut another);
        Box::new(another).close();
        done
    }
}

/// Ends what another connection does, over one of its own.
pub(super) async fn cancel(options: &PgConnectOptions, process: &str) -> Result<(), sqlx::Error> {
    let mut second = options.connect().await?;
    let sql = format!("SELECT pg_cancel_backend({process})");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut second).await?;
    second.close().await
}
