//! How a server is reached, in sqlx's words; what it must be; and the second connection that ends what the first one does.

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection,
    mysql::{MySqlConnectOptions, MySqlSslMode},
};

use crate::database::url::mysql::{MysqlServer, Tls};

/// Whose server it is, and how old.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Version {
    /// MySQL's or one that says it is: major and minor.
    Mysql(u32, u32),
    /// MariaDB's.
    MariaDb(u32, u32),
}

/// From these on a statement that changes a definition is done as a whole or not at all, also if the server itself is killed.
const MYSQL_MIN: Version = Version::Mysql(8, 0);
const MARIADB_MIN: Version = Version::MariaDb(10, 6);

impl Default for Version {
    fn default() -> Self {
        MYSQL_MIN
    }
}

impl Version {
    /// What `version()` says: `8.0.36`, `10.11.19-MariaDB-0+deb12u1`.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        // What some proxies put before it, for clients that are older than MariaDB 10.
        let text = text.strip_prefix("5.5.5-").unwrap_or(text);
        let mut numbers =
            text.split(|one: char| !one.is_ascii_digit()).map(|part| part.parse().unwrap_or_default());
        let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
        let is_mariadb = text.to_ascii_lowercase().contains("mariadb");
        let found = if is_mariadb { Self::MariaDb(major, minor) } else { Self::Mysql(major, minor) };
        let is_known = if is_mariadb { found >= MARIADB_MIN } else { found >= MYSQL_MIN };
        if is_known {
            Ok(found)
        } else {
            Err(format!("the server is {text}, and MariaDB 10.6 or MySQL 8.0 or newer is needed"))
        }
    }
}

/// Settings with which a text in quotes ends elsewhere than we see it.
pub(super) fn lexical(sql_mode: &str) -> Result<(), String> {
    let found = sql_mode.split(',').find(|mode| ["ANSI_QUOTES", "NO_BACKSLASH_ESCAPES"].contains(mode));
    match found {
        None => Ok(()),
        Some(mode) => {
            Err(format!("the server's sql_mode has {mode}, with which files are read otherwise than here"))
        }
    }
}

pub(super) fn options(server: &MysqlServer) -> MySqlConnectOptions {
    let mode = match server.encryption {
        Tls::Disabled => MySqlSslMode::Disabled,
        Tls::Preferred => MySqlSslMode::Preferred,
        Tls::Required => MySqlSslMode::Required,
        Tls::VerifyCa => MySqlSslMode::VerifyCa,
        Tls::VerifyIdentity => MySqlSslMode::VerifyIdentity,
    };
    // The session is to be as the server gives it to every client.
    let mut options = MySqlConnectOptions::new()
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .timezone(None)
        .ssl_mode(mode)
        .username(&server.user)
        .database(&server.database)
        .disable_statement_logging();
    if let Some(host) = &server.host {
        options = options.host(host);
    }
    if let Some(port) = server.port {
        options = options.port(port);
    }
    if let Some(socket) = &server.socket {
        options = options.socket(socket);
    }
    if let Some(password) = &server.password {
        options = options.password(password.reveal());
    }
    match &server.authorities {
        Some(path) => options.ssl_ca(path),
        None => options,
    }
}

/// Ends what another connection does, over one of its own.
pub(super) async fn kill(options: &MySqlConnectOptions, session: u64) -> Result<(), sqlx::Error> {
    let mut second = options.connect().await?;
    sqlx::raw_sql(AssertSqlSafe(format!("KILL QUERY {session}"))).execute(&mut second).await?;
    second.close().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_says_whose_server_it_is() {
        assert_eq!(Version::read("8.0.36"), Ok(Version::Mysql(8, 0)));
        assert_eq!(Version::read("10.11.19-MariaDB-0+deb12u1"), Ok(Version::MariaDb(10, 11)));
        assert_eq!(Version::read("5.5.5-10.6.12-MariaDB-log"), Ok(Version::MariaDb(10, 6)));
        for old in ["5.7.44-log", "10.5.23-MariaDB", ""] {
            assert!(Version::read(old).is_err(), "{old}");
        }
    }

    #[test]
    fn a_mode_that_moves_quotes_is_refused() {
        assert!(lexical("STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION").is_ok());
        assert!(lexical("REAL_AS_FLOAT,ANSI_QUOTES").is_err() && lexical("NO_BACKSLASH_ESCAPES").is_err());
    }
}
