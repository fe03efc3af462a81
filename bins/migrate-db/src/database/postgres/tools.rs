//! PostgreSQL's own programs for backups, of a version that knows the server; never a shell, and a password only in their environment.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use ci::process::{Finished, Program};
use sqlx::postgres::PgConnectOptions;

use crate::database::{
    DatabaseError,
    url::server::{Encryption, Server},
};

/// A dump or a restore that takes longer is a hang.
const TIME_MAX: Duration = Duration::from_hours(12);

/// Where packages put them: Debian's and PGDG's directories, one for each major version.
const HOMES: [(&str, &str); 2] = [("/usr/lib/postgresql", ""), ("/usr", "pgsql-")];

/// `pg_dump` and `pg_restore` of one version, and where they are to connect.
pub(super) struct Tools {
    directory: PathBuf,
    place: String,
    password: Option<String>,
}

impl Tools {
    /// The oldest ones that are not older than the server: an older `pg_dump` refuses, and a newer one writes what an older
    /// `pg_restore` may not read.
    pub(super) fn find(
        major: u32,
        server: &Server,
        options: &PgConnectOptions,
    ) -> Result<Self, DatabaseError> {
        let mut homes: Vec<(u32, PathBuf)> =
            HOMES.iter().flat_map(|(home, prefix)| homes(home, prefix)).collect();
        homes.sort();
        let reads = |(found, directory): &&(u32, PathBuf)| {
            *found >= major && version(&directory.join("pg_dump")).is_some_and(|version| version >= major)
        };
        // Asked last: Debian's on the PATH is a script that takes longer than the dump of a small database.
        let directory = match homes.iter().find(reads) {
            Some((_, directory)) => directory.clone(),
            None => match version(Path::new("pg_dump")) {
                Some(found) if found >= major => PathBuf::new(),
                on_path => return Err(too_old(major, homes.iter().map(|(found, _)| *found).chain(on_path))),
            },
        };
        let password = server.password.as_ref().map(|password| password.reveal().to_owned());
        Ok(Self { directory, place: place(server, options), password })
    }

    /// Runs one of them to its end; what it says when it fails.
    pub(super) fn run<A: AsRef<OsStr>>(
        &self,
        tool: &str,
        database: Option<&str>,
        arguments: &[A],
    ) -> Result<(), DatabaseError> {
        let mut program =
            Program::new(self.directory.join(tool)).arg("--no-password").args(arguments).limit(TIME_MAX);
        if let Some(database) = database {
            program = program.arg("--dbname").arg(format!("{} dbname={}", self.place, quoted(database)));
        }
        program = program
            .env("LC_ALL", "C")
            .env("PGHOSTADDR", "")
            .env("PGOPTIONS", "")
            .env("PGAPPNAME", "migrate-db");
        if let Some(password) = &self.password {
            program = program.env("PGPASSWORD", password);
        }
        let finished = program.output().map_err(|error| DatabaseError::World(error.to_string()))?;
        if finished.is_success() { Ok(()) } else { Err(failed(tool, &finished)) }
    }
}

fn too_old(major: u32, there: impl Iterator<Item = u32>) -> DatabaseError {
    let there: Vec<String> = there.map(|one| one.to_string()).collect();
    let there = match there.as_slice() {
        [] => "there is none".to_owned(),
        there => format!("there is only {}", there.join(", ")),
    };
    DatabaseError::Tool(format!("the server is PostgreSQL {major}, and pg_dump must not be older: {there}"))
}

fn failed(tool: &str, finished: &Finished) -> DatabaseError {
    let text = String::from_utf8_lossy(&finished.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    DatabaseError::World(format!("{tool} failed: {text}"))
}

/// The directories of a home, with the major version that their name says.
fn homes(home: &str, prefix: &str) -> Vec<(u32, PathBuf)> {
    let Ok(entries) = fs::read_dir(home) else { return Vec::new() };
    let directory = |entry: fs::DirEntry| {
        let major = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
        Some((major, entry.path().join("bin")))
    };
    let there = |(_, bin): &(u32, PathBuf)| bin.join("pg_dump").is_file() && bin.join("pg_restore").is_file();
    entries.flatten().filter_map(directory).filter(there).collect()
}

/// The major version of a program: `pg_dump (PostgreSQL) 15.18 (Debian …)`.
fn version(program: &Path) -> Option<u32> {
    let finished = Program::new(program).arg("--version").env("LC_ALL", "C").output().ok()?;
    major(&finished.text())
}

fn major(text: &str) -> Option<u32> {
    let (_, version) = text.split_once("(PostgreSQL) ")?;
    version.split(|one: char| !one.is_ascii_digit()).next()?.parse().ok()
}

/// The connection as libpq reads it, without database and password.
fn place(server: &Server, options: &PgConnectOptions) -> String {
    let host = server.host.as_deref().unwrap_or(options.get_host());
    let mode = server.encryption.map_or("prefer", Encryption::word);
    let root = server.root_certificate.as_ref().and_then(|path| path.to_str());
    let root = root.map(|path| format!(" sslrootcert={}", quoted(path))).unwrap_or_default();
    let (port, user) = (options.get_port(), quoted(options.get_username()));
    format!("host={} port={port} user={user} sslmode={mode}{root}", quoted(host))
}

/// A value of a connection string (documentation, section 34.1.1.1).
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_the_program_says() {
        assert_eq!(major("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major("pg_dump (PostgreSQL) 17beta1\n"), Some(17));
        assert_eq!(major("pg_dump: command not found"), None);
    }

    #[test]
    fn a_value_cannot_end_its_quotes() {
        assert_eq!(quoted(r"a' host=b\"), r"'a\' host=b\\'");
    }
}
