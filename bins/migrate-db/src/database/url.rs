//! Where a database is, as people write it; never opens one, and never shows what may hold a password.

pub(super) mod mysql;
pub(super) mod server;

use std::{fmt, path::PathBuf};

use ci::Env;
use contract::Secret;

use crate::statement::Dialect;
pub use mysql::MysqlServer;
pub use server::Server;

/// A database.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Url {
    /// A file.
    Sqlite(PathBuf),
    /// A server of PostgreSQL.
    Postgres(Server),
    /// A server of MySQL or MariaDB.
    Mysql(MysqlServer),
}

/// The text names no database that this program can use. It is not repeated: it may hold a password.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidUrl {
    /// No scheme, or one of an engine that is not supported.
    #[error("the database URL has the scheme `{0}`; this version knows sqlite, postgres and mysql")]
    Scheme(String),
    /// Nothing behind the scheme.
    #[error("the database URL names no file")]
    NoFile,
    /// A database that ends with the process.
    #[error("the database URL names a database in memory, which ends with this process")]
    Memory,
    /// `sqlite:///NAME`: SQLAlchemy reads NAME, everyone else /NAME.
    #[error("the database URL sqlite:///{0} means {0} to SQLAlchemy and /{0} to everyone else")]
    Ambiguous(String),
    /// Something behind a `?` that we would have to ignore.
    #[error("the database URL has the parameter `{0}`, which is not supported")]
    Parameter(String),
    /// Several servers, of which nobody says which one is written to.
    #[error("the database URL names several hosts")]
    Hosts,
    /// A part that does not have its form.
    #[error("the {0} in the database URL or in its client's variables does not have its form")]
    Value(&'static str),
    /// A part that must be there.
    #[error("the database URL names no {0}")]
    Missing(&'static str),
    /// Escapes that are no text.
    #[error("the database URL or one of its client's variables holds what is no UTF-8 text")]
    Escape,
}

impl Url {
    /// Without anything secret, for people and for file names.
    pub fn name(&self) -> String {
        match self {
            Self::Sqlite(file) => {
                file.file_name().map_or_else(|| "database".into(), |name| name.to_string_lossy().into_owned())
            }
            Self::Postgres(server) => server.database.as_deref().unwrap_or("postgres").replace('/', "_"),
            Self::Mysql(server) => server.database.replace('/', "_"),
        }
    }

    /// How a backup's name ends.
    pub fn extension(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "dump",
            Self::Mysql(_) => "sql",
        }
    }

    /// Whether there is something to connect to.
    pub fn exists(&self) -> bool {
        match self {
            Self::Sqlite(file) => file.exists(),
            Self::Postgres(_) | Self::Mysql(_) => true,
        }
    }

    /// Whose SQL it understands.
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
            Self::Mysql(_) => Dialect::Mysql,
        }
    }

    /// What must never be shown.
    pub fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(server) => server.password.as_ref(),
            Self::Mysql(server) => server.password.as_ref(),
        }
    }

    /// `sqlite:PATH` and `sqlite://PATH` name the same file; a PATH that begins with `/` is absolute.
    pub fn read(text: &str, env: &Env) -> Result<Self, InvalidUrl> {
        let (scheme, rest) = text.split_once(':').unwrap_or(("none", text));
        if scheme != "sqlite" && !rest.starts_with("//") && MysqlServer::is_go_s(text) {
            return MysqlServer::read_go_s(text, env).map(Self::Mysql);
        }
        if Server::is_scheme(scheme) {
            return Server::read(rest, env).map(Self::Postgres);
        }
        if MysqlServer::is_scheme(scheme) {
            return MysqlServer::read(rest, env).map(Self::Mysql);
        }
        if scheme != "sqlite" {
            let known = scheme.chars().all(|one| one.is_ascii_alphanumeric() || "+.-".contains(one));
            return Err(InvalidUrl::Scheme(if known { scheme.to_owned() } else { "unreadable".into() }));
        }
        let (path, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        // `mode` says who may make the file. Here the command decides that, so the usual two say nothing new.
        if let Some(other) = parameters.split('&').find(|one| !matches!(*one, "" | "mode=rwc" | "mode=rw")) {
            let name = other.split('=').next().unwrap_or_default();
            return Err(InvalidUrl::Parameter(name.to_owned()));
        }
        let slashes = path.strip_prefix("//");
        let path = percent_encoding::percent_decode_str(slashes.unwrap_or(path))
            .decode_utf8()
            .map_err(|_| InvalidUrl::Escape)?;
        match path.strip_prefix('/') {
            Some(name) if slashes.is_some() && !name.is_empty() && !name.contains('/') => {
                Err(InvalidUrl::Ambiguous(name.to_owned()))
            }
            _ if path.is_empty() || path.ends_with('/') => Err(InvalidUrl::NoFile),
            _ if path == ":memory:" => Err(InvalidUrl::Memory),
            _ => Ok(Self::Sqlite(PathBuf::from(path.as_ref()))),
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(file) => write!(out, "sqlite:{}", file.display()),
            Self::Postgres(server) => server.fmt(out),
            Self::Mysql(server) => server.fmt(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Url, InvalidUrl> {
        Url::read(text, &Env::of([("", ""); 0]))
    }

    #[test]
    fn the_usual_spellings_name_a_file() {
        for (text, file) in [
            ("sqlite:app.db", "app.db"),
            ("sqlite://app.db", "app.db"),
            ("sqlite:data/app.db?mode=rwc", "data/app.db"),
            ("sqlite:///srv/app.db", "/srv/app.db"),
            ("sqlite:////srv/app.db", "//srv/app.db"),
            ("sqlite:////app.db", "//app.db"),
            ("sqlite:/app.db", "/app.db"),
            ("sqlite:my%20app.db", "my app.db"),
        ] {
            assert_eq!(read(text), Ok(Url::Sqlite(file.into())), "{text}");
        }
    }

    #[test]
    fn what_go_s_driver_reads_needs_no_scheme_and_its_password_is_not_escaped() {
        for (text, shown, password) in [
            (
                "app:a%41@b@tcp(127.0.0.1:3307)/shop?parseTime=true",
                "mysql://app@127.0.0.1:3307/shop",
                Some("a%41@b"),
            ),
            ("mysql:x@unix(/run/my.sock)/shop", "mysql://mysql@/run/my.sock/shop", Some("x")),
            ("app@tcp(db)/shop", "mysql://app@db/shop", None),
        ] {
            let url = read(text).unwrap();
            assert_eq!(url.to_string(), shown, "{text}");
            assert_eq!(url.secret().map(|secret| secret.reveal().to_owned()).as_deref(), password, "{text}");
        }
        let why = read("app:hunter2@tcp(db)/shop?x=hunter2").unwrap_err().to_string();
        assert!(!why.contains("hunter2"), "{why}");
    }

    #[test]
    fn what_could_mean_another_file_is_refused() {
        let why = |text: &str| read(text).unwrap_err().to_string();
        assert!(why("sqlite:///app.db").contains("SQLAlchemy"));
        assert!(why("sqlite::memory:").contains("memory"));
        assert!(why("sqlite:app.db?cache=shared").contains("`cache`"));
        for text in ["sqlite:", "sqlite://", "sqlite:///", "sqlite:dir/", "app.db", "", "sqlite:%ff"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_refusal_never_repeats_a_password() {
        for text in [
            "oracle://u:hunter2@h/db",
            "mysql://u:hunter2@h/db?x=y",
            "postgres://u:hunter2@h/db?x=y",
            "u:hunter2@h:5432/db",
            "hunter2",
            "hunter2@x:1",
        ] {
            assert!(!read(text).unwrap_err().to_string().contains("hunter2"), "{text}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

        #[test]
        fn no_text_makes_it_panic(text in "(sqlite:)?.*") {
            let _ = read(&text);
        }
    }
}
