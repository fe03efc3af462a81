//! Trillian, where Rekor of version 1 and Google's log of certificates keep their trees: a log server and a signer over MariaDB; never what
//! the leaves mean.

use std::{
    env,
    path::PathBuf,
    process::{Command, Output, Stdio},
    thread,
    time::Instant,
};

use super::{LOCAL, START_INTERVAL, START_MAX, Sigstore, free_port};
use crate::tools::tool;

/// Where a running Trillian takes calls, on this machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trillian(pub(super) u16);

impl Sigstore {
    /// Starts it once.
    pub(super) fn trillian(&mut self) -> Trillian {
        if let Some(running) = self.trillian {
            return running;
        }
        self.serve_database();
        let database = format!("--mysql_uri=root@unix({})/trillian", self.file("database.socket"));
        let (calls, signer) = (free_port(), free_port());
        self.serve(
            "trillian-server",
            &format!("{database} --rpc_endpoint={LOCAL}:{calls} --http_endpoint= --logtostderr"),
        );
        self.serve(
            "trillian-signer",
            &format!(
                "{database} --rpc_endpoint={LOCAL}:{signer} --http_endpoint= --force_master --sequencer_interval=50ms --logtostderr"
            ),
        );
        let running = Trillian(calls);
        self.trillian = Some(running);
        running
    }

    /// Makes a new, empty tree and gives its number.
    pub(super) fn tree(&self, trillian: Trillian) -> String {
        let made = self.until("trillian-server", || {
            let mut command = Command::new(tool("createtree"));
            command.arg(format!("--admin_server={LOCAL}:{}", trillian.0)).stdin(Stdio::null());
            command.output().expect("createtree is there, see script/setup --peers")
        });
        String::from_utf8(made.stdout).expect("a number").trim().to_owned()
    }

    fn serve_database(&mut self) {
        let data = format!("--datadir={}", self.file("database"));
        let socket = format!("--socket={}", self.file("database.socket"));
        // Without it MariaDB refuses to run as root, as whom tests run in a container.
        let user = Command::new("id").arg("-un").output().expect("id is there").stdout;
        let user = format!("--user={}", String::from_utf8_lossy(&user).trim());
        let mut install = Command::new("mariadb-install-db");
        install.args([
            "--no-defaults",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            &data,
            &user,
        ]);
        // Temporary tables of servers that were killed lie in the common place, under numbers that processes are given again.
        let temporary = self.directory.path();
        let made =
            install.env("TMPDIR", temporary).output().expect("mariadb-install-db is there: script/setup");
        assert!(made.status.success(), "mariadb-install-db: {}", String::from_utf8_lossy(&made.stderr));
        let pid = format!("--pid-file={}", self.file("database.pid"));
        self.serve_from(
            &database_server(),
            "mariadbd",
            &format!(
                "--no-defaults {user} {data} {socket} {pid} --tmpdir={} --skip-networking",
                temporary.display()
            ),
        );
        let tables = format!("CREATE DATABASE trillian; USE trillian; {}", include_str!("trillian.sql"));
        self.until("mariadbd", || {
            let mut client = Command::new("mariadb");
            client.args(["--no-defaults", "--user=root", &socket, "-e", &tables]);
            client.output().expect("mariadb is there: script/setup")
        });
    }

    /// Tries until it works, for as long as a server may take to start.
    fn until(&self, server: &str, attempt: impl Fn() -> Output) -> Output {
        let begun = Instant::now();
        loop {
            let output = attempt();
            if output.status.success() {
                return output;
            }
            let said = String::from_utf8_lossy(&output.stderr);
            let log = || self.directory.read(&format!("{server}.log"));
            assert!(begun.elapsed() < START_MAX, "{server} does not start: {said}\n{}", log());
            thread::sleep(START_INTERVAL);
        }
    }
}

/// Debian keeps it where only root's `PATH` looks.
fn database_server() -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let homes = env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/libexec".into()]);
    let found = homes.map(|home| home.join("mariadbd")).find(|path| path.exists());
    found.expect("mariadbd is there: script/setup")
}
