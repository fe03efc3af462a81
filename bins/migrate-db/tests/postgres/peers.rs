//! The tools themselves: one half with them, one half with us, and back; what they say of the history must agree.

use std::process::{Command, Output};

use testkit::{Scratch, tools::tool};

use crate::{
    cluster::{Cluster, PASSWORD, SHARED},
    migrate, place,
    tools::{TOOLS, Tool, Wish},
};

/// A tool's own program.
struct Peer {
    layout: &'static str,
    /// Its arguments for a database and a directory: all pending ones up.
    up: fn(&str, &str) -> Vec<String>,
    /// What it says of the history.
    status: fn(&str, &str) -> Vec<String>,
    /// How many versions that says are applied.
    applied: fn(&str) -> usize,
    program: &'static str,
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

const PEERS: [Peer; 3] = [
    Peer {
        layout: "golang-migrate",
        program: "migrate",
        up: |url, directory| words(&["-source", &format!("file://{directory}"), "-database", url, "up"]),
        status: |url, directory| {
            words(&["-source", &format!("file://{directory}"), "-database", url, "version"])
        },
        applied: |said| said.trim().parse().unwrap(),
    },
    Peer {
        layout: "dbmate",
        program: "dbmate",
        up: |url, directory| {
            words(&["--no-dump-schema", "--url", url, "--migrations-dir", directory, "migrate"])
        },
        status: |url, directory| words(&["--url", url, "--migrations-dir", directory, "status"]),
        applied: |said| said.lines().filter(|line| line.starts_with("[X]")).count(),
    },
    Peer {
        layout: "goose",
        program: "goose",
        up: |url, directory| words(&["-dir", directory, engine(url), place_of(url), "up"]),
        status: |url, directory| words(&["-dir", directory, engine(url), place_of(url), "status"]),
        applied: |said| {
            said.lines().filter(|line| line.contains("_t.sql") && !line.contains("Pending")).count()
        },
    },
];

fn engine(url: &str) -> &'static str {
    if url.starts_with("postgres") { "postgres" } else { "sqlite3" }
}

fn place_of(url: &str) -> &str {
    url.strip_prefix("sqlite:").unwrap_or(url)
}

impl Peer {
    fn run(&self, scratch: &Scratch, args: Vec<String>) -> Output {
        let mut command = Command::new(tool(self.program));
        command.args(args).current_dir(scratch.path()).output().unwrap()
    }

    /// All that is pending, with the tool.
    fn up(&self, scratch: &Scratch, url: &str) {
        let output = self.run(scratch, (self.up)(url, "migrations"));
        assert!(output.status.success(), "{}: {}", self.program, said(&output));
    }

    /// How many versions are applied, as the tool sees it.
    fn applied(&self, scratch: &Scratch, url: &str) -> usize {
        let output = self.run(scratch, (self.status)(url, "migrations"));
        assert!(output.status.success(), "{}: {}", self.program, said(&output));
        (self.applied)(&said(&output))
    }

    fn tool(&self) -> &'static Tool {
        TOOLS.iter().find(|tool| tool.layout == self.layout).unwrap()
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn add(tool: &Tool, scratch: &Scratch, number: u8) {
    let (up, down) = (format!("CREATE TABLE t{number} (a int);"), format!("DROP TABLE t{number};"));
    tool.add(scratch, number, &up, &down, Wish::Transaction);
}

/// One half with the tool, one half with us, and back.
fn half_and_half(peer: &Peer, scratch: &Scratch, ours: &str, theirs: &str) {
    let tool = peer.tool();
    let say = ["--layout", peer.layout];
    let ours = |command: &[&str]| migrate(scratch, ours, command).args(say).run().succeeds();
    add(tool, scratch, 1);
    add(tool, scratch, 2);
    peer.up(scratch, theirs);
    let status = ours(&["status", "--require-current", "--format", "json"]).json();
    let first = status["result"]["migrations"][0]["version"].as_str().unwrap().to_owned();
    add(tool, scratch, 3);
    assert!(ours(&["up"]).stdout.contains("applied"), "{}", peer.layout);
    assert_eq!(peer.applied(scratch, theirs), 3, "{}", peer.layout);
    add(tool, scratch, 4);
    peer.up(scratch, theirs);
    ours(&["status", "--require-current"]);
    ours(&["down", "--to", &first]);
    assert_eq!(peer.applied(scratch, theirs), 1, "{}", peer.layout);
    peer.up(scratch, theirs);
    ours(&["status", "--require-current"]);
}

/// The address as these tools read it.
fn over_tcp(cluster: &Cluster, database: &str) -> String {
    let password = PASSWORD.replace(' ', "%20").replace('\'', "%27").replace('@', "%40");
    format!("postgres://postgres:{password}@127.0.0.1:{}/{database}?sslmode=disable", cluster.port())
}

#[test]
fn half_with_the_tool_and_half_with_us_on_postgresql() {
    for peer in &PEERS {
        let (scratch, cluster, database, url) = place(&[]);
        half_and_half(peer, &scratch, &url, &over_tcp(cluster, &database));
    }
}

#[test]
fn half_with_the_tool_and_half_with_us_on_sqlite() {
    for peer in &PEERS {
        let (scratch, ..) = place(&[]);
        let theirs = if peer.layout == "golang-migrate" { "sqlite://app.db" } else { "sqlite:app.db" };
        half_and_half(peer, &scratch, "sqlite:app.db", theirs);
    }
}

#[test]
fn what_we_begin_the_tool_goes_on_with() {
    for peer in &PEERS {
        let (scratch, cluster, database, url) = place(&[]);
        let theirs = over_tcp(cluster, &database);
        add(peer.tool(), &scratch, 1);
        migrate(&scratch, &url, &["up", "--layout", peer.layout]).run().succeeds();
        add(peer.tool(), &scratch, 2);
        peer.up(&scratch, &theirs);
        assert_eq!(peer.applied(&scratch, &theirs), 2, "{}", peer.layout);
        migrate(&scratch, &url, &["status", "--require-current"]).run().succeeds();
    }
}

#[test]
fn golang_migrate_waits_for_us() {
    let peer = &PEERS[0];
    let (scratch, cluster, database, url) = place(&[]);
    peer.tool().add(
        &scratch,
        1,
        "CREATE TABLE t1 (a int); SELECT pg_sleep(4);",
        "DROP TABLE t1;",
        Wish::Transaction,
    );
    std::thread::scope(|scope| {
        let ours = scope.spawn(|| migrate(&scratch, &url, &["up", "--layout", peer.layout]).run().succeeds());
        SHARED.wait_for(&database, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep%')");
        // Without our lock it would not wait, and would fail on the table that is there by then.
        let output = peer.run(&scratch, (peer.up)(&over_tcp(cluster, &database), "migrations"));
        assert!(output.status.success() && said(&output).contains("no change"), "{}", said(&output));
        ours.join().unwrap();
    });
}

/// The slow ones: a Java virtual machine to start, a program to build.
const SLOW_PEERS: [Peer; 2] = [
    Peer {
        layout: "flyway",
        program: "flyway",
        up: |url, directory| flyway(url, directory, "migrate"),
        status: |url, directory| flyway(url, directory, "info"),
        applied: |said| said.lines().filter(|line| line.contains("| Success |")).count(),
    },
    Peer {
        layout: "sqlx",
        program: "sqlx",
        up: |url, directory| words(&["migrate", "run", "--source", directory, "--database-url", url]),
        status: |url, directory| words(&["migrate", "info", "--source", directory, "--database-url", url]),
        applied: |said| said.lines().filter(|line| line.contains("/installed")).count(),
    },
];

/// Flyway reads another kind of address.
fn flyway(url: &str, directory: &str, command: &str) -> Vec<String> {
    let place =
        url.rsplit_once('@').and_then(|(_, place)| place.split_once('?')).map_or(url, |(place, _)| place);
    words(&[
        &format!("-url=jdbc:postgresql://{place}"),
        "-user=postgres",
        &format!("-password={PASSWORD}"),
        &format!("-locations=filesystem:{directory}"),
        "-color=never",
        command,
    ])
}

#[test]
#[ignore = "needs Flyway from Maven"]
fn peers_half_with_flyway_and_half_with_us() {
    let (scratch, cluster, database, url) = place(&[]);
    half_and_half(&SLOW_PEERS[0], &scratch, &url, &over_tcp(cluster, &database));
}

#[test]
#[ignore = "needs sqlx-cli"]
fn peers_half_with_sqlx_and_half_with_us() {
    let (scratch, cluster, database, url) = place(&[]);
    half_and_half(&SLOW_PEERS[1], &scratch, &url, &over_tcp(cluster, &database));
    let (scratch, ..) = place(&[]);
    scratch.file("app.db", "");
    half_and_half(&SLOW_PEERS[1], &scratch, "sqlite:app.db", "sqlite:app.db");
}
