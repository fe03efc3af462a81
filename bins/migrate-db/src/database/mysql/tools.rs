//! The server's own programs for backups, `mariadb-dump` and `mariadb` or MySQL's; never a shell, and a password only in their environment.

use std::{ffi::OsStr, fs::File, path::Path, time::Duration};

use ci::process::{Finished, Program};

use super::place::Version;
use crate::database::{
    DatabaseError,
    url::mysql::{MysqlServer, Tls},
};

/// A dump or a restore that takes longer is a hang.
const TIME_MAX: Duration = Duration::from_hours(12);

/// The names of both programs, of the older packages last.
const MARIADB: [(&str, &str); 2] = [("mariadb-dump", "mariadb"), ("mysqldump", "mysql")];
const MYSQL: [(&str, &str); 1] = [("mysqldump", "mysql")];

/// One pair of programs, and where they are to connect.
pub(super) struct Tools {
    dump: &'static str,
    client: &'static str,
    is_mariadb: bool,
    place: Vec<String>,
    password: Option<String>,
}

impl Tools {
    /// Those of the server's kind: what MariaDB's write, MySQL may not read, and the other way round.
    pub(super) fn find(version: Version, server: &MysqlServer) -> Result<Self, DatabaseError> {
        let is_mariadb = matches!(version, Version::MariaDb(..));
        let known: &[_] = if is_mariadb { &MARIADB } else { &MYSQL };
        let is_its = |(dump, client): &&(&str, &str)| {
            [dump, client]
                .iter()
                .all(|program| says(program).is_some_and(|said| said.contains("mariadb") == is_mariadb))
        };
        let Some((dump, client)) = known.iter().find(is_its) else {
            let kind = if is_mariadb { "MariaDB" } else { "MySQL" };
            return Err(DatabaseError::Tool(format!(
                "the server is {kind}, and its {} and {} are not on the PATH",
                known[0].0, known[0].1
            )));
        };
        let password = server.password.as_ref().map(|password| password.reveal().to_owned());
        Ok(Self { dump, client, is_mariadb, place: place(server, version), password })
    }

    /// Writes a dump of a database, of one state.
    pub(super) fn dump<A: AsRef<OsStr>>(
        &self,
        database: &str,
        file: &Path,
        arguments: &[A],
    ) -> Result<(), DatabaseError> {
        let mut into = std::ffi::OsString::from("--result-file=");
        into.push(file);
        // Else the dump would set what the whole server has executed.
        let whole = (!self.is_mariadb).then_some("--set-gtid-purged=OFF");
        self.run(
            self.program(self.dump).args(arguments).args(whole).arg(into).arg("--").arg(database),
            self.dump,
        )
    }

    /// Reads a dump into a database.
    pub(super) fn restore(&self, database: &str, file: &Path) -> Result<(), DatabaseError> {
        let input = File::open(file).map_err(|error| DatabaseError::World(error.to_string()))?;
        // The client's own commands are none in a dump, line ends stay as they are, and so do comments in routines.
        let arguments = ["--batch", "--binary-mode", "--comments", "--default-character-set=utf8mb4"];
        let program = self.program(self.client).args(arguments);
        self.run(program.arg(format!("--database={database}")).input_file(input), self.client)
    }

    /// Whatever files of options say is not what was asked for.
    fn program(&self, name: &str) -> Program {
        Program::new(name).arg("--no-defaults").args(&self.place)
    }

    fn run(&self, program: Program, name: &str) -> Result<(), DatabaseError> {
        let mut program = program.limit(TIME_MAX).env("LC_ALL", "C");
        if let Some(password) = &self.password {
            program = program.env("MYSQL_PWD", password);
        }
        let finished = program.output().map_err(|error| DatabaseError::World(error.to_string()))?;
        if finished.is_success() { Ok(()) } else { Err(failed(name, &finished)) }
    }
}

fn failed(name: &str, finished: &Finished) -> DatabaseError {
    let text = String::from_utf8_lossy(&finished.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    DatabaseError::World(format!("{name} failed: {text}"))
}

/// What a program says of itself, in lower case.
fn says(program: &str) -> Option<String> {
    let finished = Program::new(program).arg("--version").env("LC_ALL", "C").output().ok()?;
    finished.is_success().then(|| finished.text().to_ascii_lowercase())
}

/// The connection as the programs read it, without database and password.
fn place(server: &MysqlServer, version: Version) -> Vec<String> {
    let mut place = vec![format!("--user={}", server.user)];
    if let Some(socket) = &server.socket {
        place.push(format!("--socket={}", socket.display()));
    } else {
        place.push(format!("--host={}", server.host.as_deref().unwrap_or("localhost")));
        place.push("--protocol=TCP".into());
        place.extend(server.port.map(|port| format!("--port={port}")));
    }
    place.extend(encryption(server.encryption, version));
    place.extend(server.authorities.as_ref().map(|path| format!("--ssl-ca={}", path.display())));
    place
}

/// MySQL's programs know the same words; MariaDB's know fewer.
fn encryption(tls: Tls, version: Version) -> Vec<String> {
    let mysql = match tls {
        Tls::Disabled => "--ssl-mode=DISABLED",
        Tls::Preferred => "--ssl-mode=PREFERRED",
        Tls::Required => "--ssl-mode=REQUIRED",
        Tls::VerifyCa => "--ssl-mode=VERIFY_CA",
        Tls::VerifyIdentity => "--ssl-mode=VERIFY_IDENTITY",
    };
    let mariadb: &[&str] = match tls {
        Tls::Disabled => &["--skip-ssl"],
        Tls::Preferred => &["--skip-ssl-verify-server-cert"],
        Tls::Required => &["--ssl", "--skip-ssl-verify-server-cert"],
        Tls::VerifyCa | Tls::VerifyIdentity => &["--ssl", "--ssl-verify-server-cert"],
    };
    let words = if matches!(version, Version::MariaDb(..)) { mariadb } else { &[mysql] };
    words.iter().map(|word| (*word).to_owned()).collect()
}
