//! Where a PostgreSQL database is: the URI of libpq (documentation, section 34.1.1.2) with SQLAlchemy's drivers, then libpq's variables.

use std::{fmt, path::PathBuf};

use ci::Env;
use contract::Secret;
use percent_encoding::percent_decode_str;

use super::InvalidUrl;

/// A database of a server. What nobody said is decided where the connection is made, as libpq does.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Server {
    /// A name, an address, or the directory of a socket.
    pub host: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// The role.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<Secret>,
    /// The database.
    pub database: Option<String>,
    /// How the connection is encrypted.
    pub encryption: Option<Encryption>,
    /// The certificates that the server's must come from.
    pub root_certificate: Option<PathBuf>,
}

/// libpq's `sslmode`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encryption {
    /// None.
    Disable,
    /// If the server wants it.
    Allow,
    /// If the server can.
    Prefer,
    /// Always, whoever the server is.
    Require,
    /// Always, with a certificate of a known authority.
    VerifyCa,
    /// Always, with a certificate of a known authority for this name.
    VerifyFull,
}

/// libpq's word for each way.
const ENCRYPTIONS: [(&str, Encryption); 6] = [
    ("disable", Encryption::Disable),
    ("allow", Encryption::Allow),
    ("prefer", Encryption::Prefer),
    ("require", Encryption::Require),
    ("verify-ca", Encryption::VerifyCa),
    ("verify-full", Encryption::VerifyFull),
];

impl Encryption {
    /// As `sslmode` says it.
    pub fn word(self) -> &'static str {
        ENCRYPTIONS.iter().find(|(_, one)| *one == self).map_or("prefer", |(word, _)| word)
    }

    fn read(word: &str) -> Result<Self, InvalidUrl> {
        let known = ENCRYPTIONS.iter().find(|(known, _)| *known == word);
        known.map(|(_, one)| *one).ok_or(InvalidUrl::Value("sslmode"))
    }
}

/// What stands between `postgresql` and `://`: nothing, or the driver that SQLAlchemy is to use.
const SCHEMES: [&str; 6] = [
    "postgres",
    "postgresql",
    "postgresql+psycopg",
    "postgresql+psycopg2",
    "postgresql+asyncpg",
    "postgresql+pg8000",
];

impl Server {
    /// Whether a scheme is PostgreSQL's.
    pub fn is_scheme(scheme: &str) -> bool {
        SCHEMES.contains(&scheme)
    }

    /// Reads what stands behind the scheme and its colon, and then the variables.
    pub fn read(rest: &str, env: &Env) -> Result<Self, InvalidUrl> {
        let rest = rest.strip_prefix("//").ok_or(InvalidUrl::Value("place"))?;
        let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = place.split_once('/').unwrap_or((place, ""));
        let mut server = Self::default();
        // A password may hold an unescaped `@`: what follows the last one is the host.
        let (login, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        server.user = text(user)?;
        server.password = text(password)?.map(Secret::new);
        server.database = text(database)?;
        server.place(host)?;
        for parameter in parameters.split('&').filter(|one| !one.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            server.parameter(name, text(value)?.unwrap_or_default())?;
        }
        server.complete(env)
    }

    fn place(&mut self, host: &str) -> Result<(), InvalidUrl> {
        if host.contains(',') {
            return Err(InvalidUrl::Hosts);
        }
        (self.host, self.port) = host_and_port(host)?;
        Ok(())
    }

    fn parameter(&mut self, name: &str, value: String) -> Result<(), InvalidUrl> {
        match name {
            "host" => self.host = Some(value),
            "port" => self.port = Some(port(&value)?),
            "user" => self.user = Some(value),
            "password" => self.password = Some(Secret::new(value)),
            "dbname" => self.database = Some(value),
            "sslmode" | "ssl" => self.encryption = Some(Encryption::read(&value)?),
            "sslrootcert" => self.root_certificate = Some(value.into()),
            // What is no name may be a piece of a password with an unescaped `?`.
            _ if name.chars().all(|one| one.is_ascii_alphabetic() || one == '_') => {
                return Err(InvalidUrl::Parameter(name.to_owned()));
            }
            _ => return Err(InvalidUrl::Parameter("unreadable".into())),
        }
        Ok(())
    }

    /// libpq's variables say what the URL does not.
    fn complete(mut self, env: &Env) -> Result<Self, InvalidUrl> {
        let variable = |name: &str| env.text(name).map_err(|_| InvalidUrl::Escape);
        if self.host.is_none() {
            self.host = variable("PGHOST")?;
        }
        if self.port.is_none() {
            self.port = variable("PGPORT")?.as_deref().map(port).transpose()?;
        }
        if self.user.is_none() {
            self.user = variable("PGUSER")?;
        }
        if self.password.is_none() {
            self.password = variable("PGPASSWORD")?.map(Secret::new);
        }
        if self.database.is_none() {
            self.database = variable("PGDATABASE")?;
        }
        if self.encryption.is_none() {
            self.encryption = variable("PGSSLMODE")?.map(|word| Encryption::read(&word)).transpose()?;
        }
        if self.root_certificate.is_none() {
            self.root_certificate = variable("PGSSLROOTCERT")?.map(PathBuf::from);
        }
        Ok(self)
    }
}

/// What stands behind the `@`: a name, or an address between brackets if it holds colons, and perhaps a port.
pub(super) fn host_and_port(place: &str) -> Result<(Option<String>, Option<u16>), InvalidUrl> {
    let (name, number) = match place.rsplit_once(':') {
        Some((name, number)) if !number.contains(']') => (name, number),
        _ => (place, ""),
    };
    let host = text(name.trim_start_matches('[').trim_end_matches(']'))?;
    Ok((host, text(number)?.as_deref().map(port).transpose()?))
}

/// A port.
pub(super) fn port(text: &str) -> Result<u16, InvalidUrl> {
    text.parse().map_err(|_| InvalidUrl::Value("port"))
}

/// A part without its escapes; an empty one says nothing.
pub(super) fn text(part: &str) -> Result<Option<String>, InvalidUrl> {
    let text = percent_decode_str(part).decode_utf8().map_err(|_| InvalidUrl::Escape)?;
    if text.contains('\0') {
        return Err(InvalidUrl::Escape);
    }
    Ok((!text.is_empty()).then(|| text.into_owned()))
}

/// Without the password.
impl fmt::Display for Server {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        let user = self.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        write!(out, "postgres://{user}{}{port}/{}", text(&self.host), text(&self.database))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, variables: &[(&str, &str)]) -> Result<Server, InvalidUrl> {
        let (_, rest) = text.split_once(':').unwrap();
        Server::read(rest, &Env::of(variables.iter().copied()))
    }

    #[test]
    fn the_usual_spellings_name_a_database() {
        for (text, shown) in [
            ("postgres://app@db.example.com/shop", "postgres://app@db.example.com/shop"),
            (
                "postgresql+psycopg://app:hunter2@[::1]:6432/shop?sslmode=verify-full",
                "postgres://app@::1:6432/shop",
            ),
            ("postgres://a%40b:p%40ss@%2Frun%2Fpostgresql/shop", "postgres://a@b@/run/postgresql/shop"),
            ("postgres:///shop?host=/tmp&port=5433", "postgres:///tmp:5433/shop"),
            ("postgres://", "postgres:///"),
        ] {
            assert_eq!(read(text, &[]).unwrap().to_string(), shown, "{text}");
        }
        assert_eq!(read("postgres://u:p@ss:w@h/d", &[]).unwrap().password, Some(Secret::new("p@ss:w")));
    }

    #[test]
    fn variables_say_what_the_url_does_not() {
        let variables = [
            ("PGHOST", "h"),
            ("PGPORT", "5433"),
            ("PGUSER", "u"),
            ("PGPASSWORD", "p"),
            ("PGDATABASE", "d"),
            ("PGSSLMODE", "require"),
            ("PGSSLROOTCERT", "/ca.pem"),
        ];
        let server = read("postgres://", &variables).unwrap();
        assert_eq!(server.to_string(), "postgres://u@h:5433/d");
        assert_eq!((server.password, server.encryption), (Some(Secret::new("p")), Some(Encryption::Require)));
        let server = read("postgres://x:y@z/q?sslmode=disable", &variables).unwrap();
        assert_eq!(server.to_string(), "postgres://x@z:5433/q");
        assert_eq!((server.password, server.encryption), (Some(Secret::new("y")), Some(Encryption::Disable)));
    }

    #[test]
    fn what_would_be_ignored_is_refused() {
        for text in [
            "postgres:x",
            "postgres://h1,h2/d",
            "postgres://h:port/d",
            "postgres://h/d?sslmode=on",
            "postgres://h/d?schema=x",
            "postgres://h/%ff",
            "postgres://h/d%00",
        ] {
            assert!(read(text, &[]).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

        #[test]
        fn a_password_is_never_shown(text in "[a-z:@/?&=%,\\[\\]]{0,9}", password in "[a-z]{12}") {
            let url = format!("postgres://{text}u:{password}@h/d");
            match read(&url, &[]) {
                Ok(server) if server.password.is_some() => {
                    let (server, debug) = (server.to_string(), format!("{server:?}"));
                    let secret = password.as_str();
                    proptest::prop_assert!(text.contains(['/', '?']) || !server.contains(secret) && !debug.contains(secret), "{server}");
                }
                Ok(_) => {}
                Err(error) => proptest::prop_assert!(!error.to_string().contains(&password)),
            }
        }
    }
}
