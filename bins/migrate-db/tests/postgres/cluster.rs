//! A real PostgreSQL for the tests of this binary: one cluster in a temporary directory, ended with the process whatever ends it.

use std::{
    fs,
    io::Write,
    net::TcpListener,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::servers::{as_user, certify, said, unprivileged};

/// How long a server may take to answer.
const READY: Duration = Duration::from_secs(30);

/// The cluster that the tests share.
pub(crate) static SHARED: LazyLock<Cluster> = LazyLock::new(Cluster::start);

/// Where a role has this password over TCP, and none over the socket.
pub(crate) const PASSWORD: &str = "sea-worthy pass'word@1";

/// A running cluster.
pub(crate) struct Cluster {
    directory: PathBuf,
    programs: PathBuf,
    port: u16,
    user: Option<(u32, u32)>,
    /// Reads its standard input to the end, which comes with our own, and then stops the server.
    _keeper: Child,
}

/// A running PgBouncer and its port; it ends with this value.
pub(crate) struct Pooler(Child, pub(crate) u16);

impl Drop for Pooler {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

impl Cluster {
    pub(crate) fn start() -> Self {
        let programs = programs();
        let directory = tempfile::Builder::new().prefix("migrate-db-pg").tempdir().unwrap().keep();
        let user = unprivileged(&["postgres", "nobody"]);
        if let Some((uid, gid)) = user {
            chown(&directory, Some(uid), Some(gid)).unwrap();
        }
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let data = directory.join("data").display().to_string();
        let started = |program: &str, args: &[&str]| {
            let output =
                as_user(user, &programs.join(program)).args(args).current_dir(&directory).output().unwrap();
            assert!(output.status.success(), "{program}: {}", said(&output));
        };
        started(
            "initdb",
            &[
                "--no-sync",
                "--auth-local=trust",
                "--auth-host=scram-sha-256",
                "--username=postgres",
                "-E",
                "UTF8",
                "--locale=C",
                "-D",
                &data,
            ],
        );
        let socket = directory.display();
        fs::OpenOptions::new().append(true).open(Path::new(&data).join("postgresql.conf")).unwrap().write_all(
            format!("port = {port}\nunix_socket_directories = '{socket}'\nlisten_addresses = '127.0.0.1'\nfsync = off\nssl = on\nfull_page_writes = off\n\
                     max_connections = 100\nlog_min_messages = fatal\n").as_bytes(),
        ).unwrap();
        certify(user, &directory.join("data"));
        let keeper = keeper(user, &programs, &directory);
        started("pg_ctl", &["-D", &data, "-l", "log", "-w", "start"]);
        let cluster = Self { directory, programs, port, user, _keeper: keeper };
        cluster.sql("postgres", &format!("ALTER ROLE postgres PASSWORD '{}'", PASSWORD.replace('\'', "''")));
        cluster
    }

    /// A new, empty database.
    pub(crate) fn database(&self) -> String {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("t{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        name
    }

    /// Its address over the socket.
    pub(crate) fn url(&self, database: &str) -> String {
        self.url_of("postgres", database)
    }

    /// Its address over the socket, for a role.
    pub(crate) fn url_of(&self, role: &str, database: &str) -> String {
        let socket = self.directory.display().to_string().replace('/', "%2F");
        format!("postgres://{role}@{socket}:{}/{database}", self.port)
    }

    /// The certificate that its own must come from.
    pub(crate) fn certificate(&self) -> PathBuf {
        let copy = self.directory.join("root.crt");
        fs::copy(self.directory.join("data/server.crt"), &copy).unwrap();
        copy
    }

    /// PgBouncer before it, which lends out its sessions for as long as this mode says; its port on 127.0.0.1.
    pub(crate) fn pooler(&self, mode: &str) -> Pooler {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let file = self.directory.join(format!("pooler-{port}.ini"));
        let socket = self.directory.display();
        let settings = format!(
            "[databases]\n* = host={socket} port={} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             auth_type = any\npool_mode = {mode}\nunix_socket_dir =\nlogfile = {socket}/pooler-{port}.log\n",
            self.port
        );
        fs::File::create(&file).unwrap().write_all(settings.as_bytes()).unwrap();
        let program =
            as_user(self.user, Path::new("pgbouncer")).arg("-q").arg(&file).stderr(Stdio::null()).spawn();
        let pooler = Pooler(
            program.expect("PgBouncer is not installed: run script/setup (apt-get install pgbouncer)"),
            port,
        );
        let deadline = Instant::now() + READY;
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "PgBouncer does not answer");
            thread::sleep(Duration::from_millis(20));
        }
        pooler
    }

    /// The port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What psql says, as an independent reader.
    pub(crate) fn sql(&self, database: &str, script: &str) -> String {
        let output = self
            .program("psql", database)
            .args(["-v", "ON_ERROR_STOP=1", "-qAtX", "-c", script])
            .output()
            .unwrap();
        assert!(output.status.success(), "{script}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Waits until psql says so.
    pub(crate) fn wait_for(&self, database: &str, question: &str) {
        let deadline = Instant::now() + READY;
        while self.sql(database, question) != "t" {
            assert!(Instant::now() < deadline, "never true: {question}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// One of PostgreSQL's programs for a database.
    pub(crate) fn program(&self, name: &str, database: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.arg("-h").arg(&self.directory).args([
            "-p",
            &self.port.to_string(),
            "-U",
            "postgres",
            "-d",
            database,
        ]);
        command
    }

    /// Whether `pg_restore` reads a dump without an error.
    pub(crate) fn read_to_its_end(&self, dump: &str) -> bool {
        let mut command = Command::new(self.programs.join("pg_restore"));
        command.args(["--file=/dev/null", dump]).output().unwrap().status.success()
    }

    /// A session that runs a script while the test goes on.
    pub(crate) fn session(&self, database: &str, script: &str) -> Child {
        let mut command = self.program("psql", database);
        command
            .args(["-qAtX", "-c", script])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.spawn().unwrap()
    }

    /// Definitions and rows of a database, and the history without its times.
    pub(crate) fn dump(&self, database: &str) -> String {
        let output = self
            .program("pg_dump", database)
            .arg("--exclude-table-data=migrate_db_history")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let text = String::from_utf8(output.stdout).unwrap();
        // A random key against scripts that break out of a restore.
        let text: Vec<_> = text
            .lines()
            .filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"))
            .collect();
        let history = "SELECT version, description, checksum, phase, down_checksum, down_sql FROM migrate_db_history ORDER BY version";
        let exists = self.sql(database, "SELECT to_regclass('migrate_db_history') IS NOT NULL") == "t";
        let rows = if exists { self.sql(database, history) } else { String::new() };
        format!("{}\n{rows}", text.join("\n"))
    }

    /// The definitions alone.
    pub(crate) fn dump_of_schema(&self, database: &str) -> String {
        let output = self.program("pg_dump", database).arg("--schema-only").output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let text = String::from_utf8(output.stdout).unwrap();
        let is_key = |line: &&str| line.starts_with("\\restrict") || line.starts_with("\\unrestrict");
        text.lines().filter(|line| !is_key(line)).collect::<Vec<_>>().join("\n")
    }

    /// Ends every session at once and starts again, as a crash of the server does.
    pub(crate) fn crash(&self) {
        let data = self.directory.join("data");
        let output = as_user(self.user, &self.programs.join("pg_ctl"))
            .arg("-D")
            .arg(data)
            .args(["-l", "log", "-w", "-m", "immediate", "restart"])
            .current_dir(&self.directory)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }
}

/// Debian's packages keep them off the PATH.
fn programs() -> PathBuf {
    let path = ci::Env::capture().raw("PATH").unwrap_or_default().to_owned();
    let mut homes: Vec<PathBuf> = std::env::split_paths(&path).collect();
    homes.extend(
        fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().path().join("bin")),
    );
    homes.sort();
    let needed = ["initdb", "pg_ctl", "postgres", "psql", "pg_dump", "pg_restore"];
    let found = homes.into_iter().rev().find(|home| needed.iter().all(|program| home.join(program).exists()));
    found.expect("PostgreSQL is not installed: run script/setup (apt-get install postgresql)")
}

fn keeper(user: Option<(u32, u32)>, programs: &Path, directory: &Path) -> Child {
    let mut command = as_user(user, Path::new("/bin/sh"));
    let script =
        "trap '' INT TERM HUP; cat >/dev/null; \"$1\" -D \"$2/data\" -m immediate stop; rm -rf \"$2\"";
    command.arg("-c").arg(script).arg("keeper").arg(programs.join("pg_ctl")).arg(directory);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}
