//! A real MariaDB or MySQL for the tests of this binary: one server in a temporary directory, ended with the process whatever ends it.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    kind::Kind,
    servers::{as_user, certify, said},
};

/// How long a server may take to answer.
const READY: Duration = Duration::from_mins(1);

/// The server that the tests share.
pub(crate) static SHARED: LazyLock<Server> = LazyLock::new(Server::start);

/// What the user `app` has over TCP; `root` needs none over the socket.
pub(crate) const PASSWORD: &str = "sea-worthy pass'word@1";

/// A running server.
pub(crate) struct Server {
    pub(crate) kind: Kind,
    directory: PathBuf,
    port: u16,
    /// Reads its standard input to the end, which comes with our own, and then stops the server.
    _keeper: Child,
}

impl Server {
    /// The kind that this process is about.
    pub(crate) fn start() -> Self {
        Self::of(Kind::chosen())
    }

    pub(crate) fn of(kind: Kind) -> Self {
        let directory = tempfile::Builder::new().prefix("migrate-db-my").tempdir().unwrap().keep();
        let user = kind.user();
        if let Some((uid, gid)) = user {
            chown(&directory, Some(uid), Some(gid)).unwrap();
        }
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        kind.initialise(&directory);
        certify(user, &directory);
        fs::set_permissions(directory.join("server.crt"), fs::Permissions::from_mode(0o644)).unwrap();
        let server = Self { _keeper: keeper(kind, &directory, port), kind, directory, port };
        server.wait();
        server.sql(
            "mysql",
            &format!(
                "CREATE USER app@'%' IDENTIFIED BY '{0}'; GRANT ALL ON *.* TO app@'%'",
                PASSWORD.replace('\'', "''")
            ),
        );
        server
    }

    /// Waits until it answers.
    fn wait(&self) {
        let deadline = Instant::now() + READY;
        while !self.client("mysql", "SELECT 1").status.success() {
            let log = ci::files::read_text(&self.directory.join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "{:?} does not answer: {log}", self.kind);
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// A new, empty database.
    pub(crate) fn database(&self) -> String {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("t{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.sql("mysql", &format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"));
        name
    }

    /// Its address over the socket.
    pub(crate) fn url(&self, database: &str) -> String {
        self.url_of("root", database)
    }

    /// Its address over the socket, for a user.
    pub(crate) fn url_of(&self, user: &str, database: &str) -> String {
        format!("mysql://{user}@localhost/{database}?socket={}", self.socket().display())
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.join("socket")
    }

    /// The port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The certificate that its own must come from.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.directory.join("server.crt")
    }

    fn client(&self, database: &str, script: &str) -> Output {
        self.program(self.kind.programs().0, database).args(["-BN", "-e", script]).output().unwrap()
    }

    /// What its own client says, as an independent reader.
    pub(crate) fn sql(&self, database: &str, script: &str) -> String {
        let output = self.client(database, script);
        assert!(output.status.success(), "{script}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// The same, where the server may refuse.
    pub(crate) fn says(&self, database: &str, script: &str) -> Result<(), String> {
        let output = self.client(database, script);
        if output.status.success() { Ok(()) } else { Err(said(&output)) }
    }

    /// Waits until the client says 1.
    pub(crate) fn wait_for(&self, database: &str, question: &str) {
        let deadline = Instant::now() + READY;
        while self.sql(database, question) != "1" {
            assert!(Instant::now() < deadline, "never true: {question}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether a table is there.
    pub(crate) fn has(&self, database: &str, table: &str) -> bool {
        let question = format!(
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = database() AND table_name = '{table}'"
        );
        self.sql(database, &question) == "1"
    }

    /// One of its programs for a database.
    pub(crate) fn program(&self, name: &str, database: &str) -> Command {
        let mut command = Command::new(self.kind.program(name));
        command.args(["--no-defaults", "--user=root", &format!("--socket={}", self.socket().display())]);
        command.arg(database);
        command
    }

    /// A session that runs a script while the test goes on.
    pub(crate) fn session(&self, database: &str, script: &str) -> Child {
        let mut command = self.program(self.kind.programs().0, database);
        command.args(["-BN", "-e", script]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    }

    /// Definitions and rows of a database, and the history without its times.
    pub(crate) fn dump(&self, database: &str) -> String {
        let output = self
            .program(self.kind.programs().1, database)
            .args(self.kind.alone())
            .args(["--skip-dump-date", "--skip-comments", "--routines", "--skip-extended-insert"])
            .arg(format!("--ignore-table={database}.migrate_db_history"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let text = String::from_utf8(output.stdout).unwrap();
        let history = "SELECT version, description, checksum, phase, down_checksum, down_sql FROM migrate_db_history ORDER BY version";
        let rows = if self.has(database, "migrate_db_history") {
            self.sql(database, history)
        } else {
            String::new()
        };
        format!("{text}\n{rows}")
    }

    /// The definitions alone.
    pub(crate) fn definitions(&self, database: &str) -> String {
        let output = self
            .program(self.kind.programs().1, database)
            .args(self.kind.alone())
            .args(["--skip-dump-date", "--skip-comments", "--no-data", "--routines"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let text = String::from_utf8(output.stdout).unwrap();
        // How many rows were ever tried is no definition.
        text.split(" AUTO_INCREMENT=")
            .map(|part| part.trim_start_matches(|one: char| one.is_ascii_digit()))
            .collect()
    }

    /// Kills the server; it starts again on what it left.
    pub(crate) fn crash(&self) {
        let pid = ci::files::read_text(&self.directory.join("pid")).unwrap();
        let killed = Command::new("kill").args(["-9", pid.trim()]).status().unwrap();
        assert!(killed.success());
        thread::sleep(Duration::from_millis(50));
        self.wait();
    }
}

/// Starts the server, starts it again whenever it ends, and ends it for good with our own end.
fn keeper(kind: Kind, directory: &Path, port: u16) -> Child {
    let script = "trap '' INT TERM HUP; server=$1; directory=$2; shift 2; \
                  (trap 'kill -9 $child; exit' USR1; while :; do \"$server\" \"$@\" </dev/null >>\"$directory/log\" 2>&1 & child=$!; \
                  wait $child; sleep 0.1; done) & loop=$!; cat >/dev/null; kill -USR1 $loop; wait $loop; rm -rf \"$directory\"";
    let here = |name: &str| directory.join(name).display().to_string();
    let mut command = as_user(kind.user(), Path::new("/bin/sh"));
    command.arg("-c").arg(script).arg("keeper").arg(kind.program(kind.server())).arg(directory).args([
        "--no-defaults".to_owned(),
        format!("--datadir={}", here("data")),
        format!("--socket={}", here("socket")),
        format!("--pid-file={}", here("pid")),
        // In a common one lies what killed servers left, under the numbers of processes: who is given such a number again ends over it.
        format!("--tmpdir={}", directory.display()),
        format!("--port={port}"),
        format!("--ssl-cert={}", here("server.crt")),
        format!("--ssl-key={}", here("server.key")),
        "--bind-address=127.0.0.1".into(),
        // What a killed server has written is in the system's hands, which are not killed.
        "--innodb-flush-log-at-trx-commit=2".into(),
        "--innodb-flush-method=nosync".into(),
        "--innodb-buffer-pool-size=32M".into(),
        "--performance-schema=OFF".into(),
        "--skip-name-resolve".into(),
        "--max-connections=100".into(),
    ]);
    command
        .args(kind.options())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
