//! Where a MySQL or MariaDB database is: the URL as MySQL's shell, SQLAlchemy's drivers and Go's driver write it, then the variables of the
//! `mysql` client.

use std::{fmt, path::PathBuf};

use ci::Env;
use contract::Secret;

use super::{
    InvalidUrl,
    server::{host_and_port, port, text},
};

/// A database of a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MysqlServer {
    /// A name or an address; nothing stands for this machine.
    pub host: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// The file of a socket, which goes before host and port.
    pub socket: Option<PathBuf>,
    /// The user.
    pub user: String,
    /// Their password.
    pub password: Option<Secret>,
    /// The database.
    pub database: String,
    /// How the connection is encrypted.
    pub encryption: Tls,
    /// The certificates that the server's must come from.
    pub authorities: Option<PathBuf>,
}

/// `ssl-mode` of MySQL's clients.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tls {
    /// None.
    Disabled,
    /// If the server can.
    Preferred,
    /// Always, whoever the server is.
    Required,
    /// Always, with a certificate of a known authority.
    VerifyCa,
    /// Always, with a certificate of a known authority for this name.
    VerifyIdentity,
}

/// MySQL's word for each way.
const WAYS: [(&str, Tls); 5] = [
    ("DISABLED", Tls::Disabled),
    ("PREFERRED", Tls::Preferred),
    ("REQUIRED", Tls::Required),
    ("VERIFY_CA", Tls::VerifyCa),
    ("VERIFY_IDENTITY", Tls::VerifyIdentity),
];

/// What stands in front of `://`: the engine, perhaps with the driver that SQLAlchemy is to use.
const SCHEMES: [&str; 9] = [
    "mysql",
    "mariadb",
    "mysql+pymysql",
    "mysql+mysqldb",
    "mysql+mysqlconnector",
    "mysql+aiomysql",
    "mysql+asyncmy",
    "mariadb+pymysql",
    "mariadb+mariadbconnector",
];

/// Parameters of other drivers that ask for what is done anyway.
const IDLE: [&str; 3] = ["parseTime", "multiStatements", "loc"];

impl MysqlServer {
    /// Whether a scheme is MySQL's.
    pub fn is_scheme(scheme: &str) -> bool {
        SCHEMES.contains(&scheme)
    }

    /// Whether a text is what Go's driver reads, which has no scheme and names how the server is reached.
    pub fn is_go_s(text: &str) -> bool {
        ["@tcp(", "@unix("].iter().any(|way| text.contains(way))
    }

    /// Reads that. Nothing in it is escaped.
    pub fn read_go_s(text: &str, env: &Env) -> Result<Self, InvalidUrl> {
        Self::read(&format!("//{}", text.replace('%', "%25")), env)
    }

    /// Reads what stands behind the scheme and its colon, and then the variables.
    pub fn read(rest: &str, env: &Env) -> Result<Self, InvalidUrl> {
        let rest = rest.strip_prefix("//").ok_or(InvalidUrl::Value("place"))?;
        let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        // Go's `unix(/path)` holds a `/` that is none of the URL's.
        let from = place.rfind(')').unwrap_or(0);
        let (authority, database) = match place[from..].split_once('/') {
            Some((before, database)) => (&place[..from + before.len()], database),
            None => (place, ""),
        };
        // A password may hold an unescaped `@`: what follows the last one is the host.
        let (login, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let mut server = Self {
            host: None,
            port: None,
            socket: None,
            user: text(user)?.unwrap_or_default(),
            password: text(password)?.map(Secret::new),
            database: text(database)?.unwrap_or_default(),
            encryption: Tls::Preferred,
            authorities: None,
        };
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
        let within = |name: &str| host.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
        if let Some(path) = within("unix") {
            self.socket = text(path)?.map(PathBuf::from);
            return Ok(());
        }
        let host = within("tcp").unwrap_or(host);
        (self.host, self.port) = host_and_port(host)?;
        Ok(())
    }

    fn parameter(&mut self, name: &str, value: String) -> Result<(), InvalidUrl> {
        match name {
            "socket" | "unix_socket" => self.socket = Some(value.into()),
            "user" => self.user = value,
            "password" => self.password = Some(Secret::new(value)),
            "ssl-mode" | "ssl_mode" | "sslmode" => {
                let word = value.to_ascii_uppercase().replace('-', "_");
                let known = WAYS.iter().find(|(known, _)| *known == word);
                self.encryption = known.map(|(_, way)| *way).ok_or(InvalidUrl::Value("ssl-mode"))?;
            }
            "ssl-ca" | "ssl_ca" => self.authorities = Some(value.into()),
            // Texts travel as utf8mb4 and as nothing else.
            "charset" if value == "utf8mb4" => {}
            _ if IDLE.contains(&name) => {}
            // What is no name may be a piece of a password with an unescaped `?`.
            _ if name.chars().all(|one| one.is_ascii_alphabetic() || "_-".contains(one)) => {
                return Err(InvalidUrl::Parameter(name.to_owned()));
            }
            _ => return Err(InvalidUrl::Parameter("unreadable".into())),
        }
        Ok(())
    }

    /// The client's variables say what the URL does not.
    fn complete(mut self, env: &Env) -> Result<Self, InvalidUrl> {
        let variable = |name: &str| env.text(name).map_err(|_| InvalidUrl::Escape);
        if self.host.is_none() && self.socket.is_none() {
            self.host = variable("MYSQL_HOST")?;
        }
        if self.host.is_none() && self.socket.is_none() {
            self.socket = variable("MYSQL_UNIX_PORT")?.map(PathBuf::from);
        }
        if self.port.is_none() {
            self.port = variable("MYSQL_TCP_PORT")?.map(|text| port(&text)).transpose()?;
        }
        if self.password.is_none() {
            self.password = variable("MYSQL_PWD")?.map(Secret::new);
        }
        match (self.user.as_str(), self.database.as_str()) {
            ("", _) => Err(InvalidUrl::Missing("user")),
            (_, "") => Err(InvalidUrl::Missing("database")),
            _ => Ok(self),
        }
    }
}

/// Without the password.
impl fmt::Display for MysqlServer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match (&self.socket, &self.host, self.port) {
            (Some(socket), ..) => socket.display().to_string(),
            (None, host, port) => {
                let port = port.map(|port| format!(":{port}")).unwrap_or_default();
                format!("{}{port}", host.as_deref().unwrap_or("localhost"))
            }
        };
        write!(out, "mysql://{}@{place}/{}", self.user, self.database)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, variables: &[(&str, &str)]) -> Result<MysqlServer, InvalidUrl> {
        let (_, rest) = text.split_once(':').unwrap();
        MysqlServer::read(rest, &Env::of(variables.iter().copied()))
    }

    #[test]
    fn the_usual_spellings_name_a_database() {
        for (text, shown) in [
            ("mysql://app@db.example.com/shop", "mysql://app@db.example.com/shop"),
            ("mysql+pymysql://app:hunter2@[::1]:3307/shop?charset=utf8mb4", "mysql://app@::1:3307/shop"),
            ("mysql://app:p%40ss@tcp(db:3306)/shop?multiStatements=true", "mysql://app@db:3306/shop"),
            (
                "mysql://app:p@unix(/run/mysqld/mysqld.sock)/shop?parseTime=true",
                "mysql://app@/run/mysqld/mysqld.sock/shop",
            ),
            ("mariadb://app@localhost/shop?unix_socket=/tmp/s", "mysql://app@/tmp/s/shop"),
            ("mysql://app@/shop", "mysql://app@localhost/shop"),
        ] {
            assert_eq!(read(text, &[]).unwrap().to_string(), shown, "{text}");
        }
        assert_eq!(read("mysql://u:p@ss:w@h/d", &[]).unwrap().password, Some(Secret::new("p@ss:w")));
        let asked = read("mysql://u@h/d?ssl-mode=verify-identity&ssl-ca=/ca.pem", &[]).unwrap();
        assert_eq!((asked.encryption, asked.authorities), (Tls::VerifyIdentity, Some("/ca.pem".into())));
    }

    #[test]
    fn variables_say_what_the_url_does_not() {
        let variables =
            [("MYSQL_HOST", "h"), ("MYSQL_TCP_PORT", "3307"), ("MYSQL_PWD", "p"), ("MYSQL_UNIX_PORT", "/s")];
        let server = read("mysql://u@/d", &variables).unwrap();
        assert_eq!(
            (server.to_string().as_str(), server.password),
            ("mysql://u@h:3307/d", Some(Secret::new("p")))
        );
        let server = read("mysql://u:y@z/d", &variables).unwrap();
        assert_eq!(
            (server.to_string().as_str(), server.password),
            ("mysql://u@z:3307/d", Some(Secret::new("y")))
        );
        assert_eq!(read("mysql://u@/d", &variables[3..]).unwrap().to_string(), "mysql://u@/s/d");
    }

    #[test]
    fn what_would_be_ignored_is_refused() {
        for text in [
            "mysql:x",
            "mysql://h/d",
            "mysql://u@h/",
            "mysql://u@h1,h2/d",
            "mysql://u@h:port/d",
            "mysql://u@h/d?ssl-mode=on",
            "mysql://u@h/d?charset=latin1",
            "mysql://u@h/d?useSSL=false",
            "mysql://u@h/%ff",
            "mysql://u@h/d%00",
        ] {
            assert!(read(text, &[]).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

        #[test]
        fn a_password_is_never_shown(text in "[a-z:@/?&=%,()\\[\\]]{0,9}", password in "[a-z]{12}") {
            match read(&format!("mysql://{text}u:{password}@h/d"), &[]) {
                Ok(server) => {
                    let (shown, debug) = (server.to_string(), format!("{server:?}"));
                    let is_misread = text.contains(['/', '?']);
                    proptest::prop_assert!(is_misread || !shown.contains(&password) && !debug.contains(&password), "{shown}");
                }
                Err(error) => proptest::prop_assert!(!error.to_string().contains(&password)),
            }
        }
    }
}
