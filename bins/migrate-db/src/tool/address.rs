//! Where a tool finds the database: one address in the words of its own library, and libpq's variables; never shown.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Kind;
use crate::{
    database::{Server, Url},
    error::Error,
};

/// What stands in an address as it is (RFC 3986, section 2.3): not every project's settings take escapes apart.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// The variables that say where a database is. `scheme` is the one that was typed.
pub(super) fn variables(kind: Kind, scheme: &str, url: &Url) -> Result<Vec<(&'static str, String)>, Error> {
    match url {
        Url::Sqlite(file) => {
            let file = std::path::absolute(file).map_err(ci::files::FileError::reading(file))?;
            Ok(vec![("DATABASE_URL", format!("sqlite:///{}", file.display()))])
        }
        Url::Postgres(server) => {
            let mut variables = vec![("DATABASE_URL", address(kind, scheme, server))];
            variables.extend(libpq(server));
            Ok(variables)
        }
        Url::Mysql(_) => {
            let why =
                "names a database of MySQL, where Alembic and Django are not run under our lock".to_owned();
            Err(Error::Unsupported { file: "--database-url".into(), why })
        }
    }
}

/// As the tool's own library reads it: SQLAlchemy knows no `postgres`, Django no driver.
fn address(kind: Kind, scheme: &str, server: &Server) -> String {
    let scheme = match kind {
        Kind::Alembic if scheme == "postgres" => "postgresql",
        Kind::Alembic => scheme,
        Kind::Django => scheme.split('+').next().unwrap_or_default(),
    };
    let mut login = server.user.as_deref().map(encoded).unwrap_or_default();
    if let Some(password) = &server.password {
        login = format!("{login}:{}", encoded(password.reveal()));
    }
    if !login.is_empty() {
        login.push('@');
    }
    let host = server.host.as_deref().unwrap_or_default();
    let port = server.port.map(|port| format!(":{port}")).unwrap_or_default();
    let database = server.database.as_deref().map(encoded).unwrap_or_default();
    let mut parameters = Vec::new();
    let place = match (kind, host.starts_with('/')) {
        // A socket: SQLAlchemy takes its directory as a parameter, Django as an escaped host.
        (Kind::Alembic, true) => {
            parameters.push(format!("host={}", encoded(host)));
            parameters.extend(server.port.map(|port| format!("port={port}")));
            String::new()
        }
        (Kind::Django, true) => encoded(host) + &port,
        _ if host.contains(':') => format!("[{host}]{port}"),
        _ => host.to_owned() + &port,
    };
    if let Some(encryption) = server.encryption {
        parameters.push(format!("sslmode={}", encryption.word()));
    }
    if let Some(file) = &server.root_certificate {
        parameters.push(format!("sslrootcert={}", encoded(&file.to_string_lossy())));
    }
    let parameters = if parameters.is_empty() { String::new() } else { format!("?{}", parameters.join("&")) };
    format!("{scheme}://{login}{place}/{database}{parameters}")
}

/// libpq's variables for a server: what a project's settings leave to libpq is said by them.
fn libpq(server: &Server) -> Vec<(&'static str, String)> {
    let said = [
        ("PGHOST", server.host.clone()),
        ("PGPORT", server.port.map(|port| port.to_string())),
        ("PGUSER", server.user.clone()),
        ("PGPASSWORD", server.password.as_ref().map(|password| password.reveal().to_owned())),
        ("PGDATABASE", server.database.clone()),
        ("PGSSLMODE", server.encryption.map(|one| one.word().to_owned())),
        ("PGSSLROOTCERT", server.root_certificate.as_ref().map(|file| file.to_string_lossy().into_owned())),
    ];
    said.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

#[cfg(test)]
mod tests {
    use ci::Env;

    use super::*;

    fn address(kind: Kind, typed: &str) -> String {
        let url = Url::read(typed, &Env::of([("", ""); 0])).unwrap();
        let scheme = typed.split(':').next().unwrap();
        variables(kind, scheme, &url).unwrap().swap_remove(0).1
    }

    #[test]
    fn each_tool_gets_the_address_in_its_own_words() {
        for (typed, alembic, django) in [
            (
                "postgres://u:p%40s@h:5433/d_1",
                "postgresql://u:p%40s@h:5433/d_1",
                "postgres://u:p%40s@h:5433/d_1",
            ),
            (
                "postgresql+psycopg://u@h/d?sslmode=require",
                "postgresql+psycopg://u@h/d?sslmode=require",
                "postgresql://u@h/d?sslmode=require",
            ),
            ("postgres://u@%2Ftmp:5/d", "postgresql://u@/d?host=%2Ftmp&port=5", "postgres://u@%2Ftmp:5/d"),
            ("sqlite:/srv/app.db", "sqlite:////srv/app.db", "sqlite:////srv/app.db"),
        ] {
            assert_eq!(address(Kind::Alembic, typed), alembic);
            assert_eq!(address(Kind::Django, typed), django);
        }
    }
}
