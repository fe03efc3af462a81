//! The tools themselves, on whatever engine: one half with them, one half with us, and back; what they say of the history must agree.

use std::process::{Command, Output};

use testkit::{Scratch, tools::tool};

use crate::{
    migrate,
    tools::{TOOLS, Tool, Wish},
};

/// A tool's own program.
pub(crate) struct Peer {
    pub(crate) layout: &'static str,
    /// Its arguments for a database and a directory: all pending ones up.
    pub(crate) up: fn(&str, &str) -> Vec<String>,
    /// What it says of the history.
    pub(crate) status: fn(&str, &str) -> Vec<String>,
    /// How many versions that says are applied.
    pub(crate) applied: fn(&str) -> usize,
    pub(crate) program: &'static str,
}

pub(crate) fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

pub(crate) const PEERS: [Peer; 3] = [
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
    match url {
        url if url.starts_with("postgres") => "postgres",
        url if url.starts_with("sqlite") => "sqlite3",
        // Go's driver has names without a scheme.
        _ => "mysql",
    }
}

fn place_of(url: &str) -> &str {
    url.strip_prefix("sqlite:").unwrap_or(url)
}

impl Peer {
    pub(crate) fn run(&self, scratch: &Scratch, args: Vec<String>) -> Output {
        let mut command = Command::new(tool(self.program));
        command.args(args).current_dir(scratch.path()).output().unwrap()
    }

    /// All that is pending, with the tool.
    pub(crate) fn up(&self, scratch: &Scratch, url: &str) {
        let output = self.run(scratch, (self.up)(url, "migrations"));
        assert!(output.status.success(), "{}: {}", self.program, said(&output));
    }

    /// How many versions are applied, as the tool sees it.
    pub(crate) fn applied(&self, scratch: &Scratch, url: &str) -> usize {
        let output = self.run(scratch, (self.status)(url, "migrations"));
        assert!(output.status.success(), "{}: {}", self.program, said(&output));
        (self.applied)(&said(&output))
    }

    pub(crate) fn tool(&self) -> &'static Tool {
        TOOLS.iter().find(|tool| tool.layout == self.layout).unwrap()
    }
}

pub(crate) fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

pub(crate) fn add(tool: &Tool, scratch: &Scratch, number: u8) {
    let (up, down) = (format!("CREATE TABLE t{number} (a int);"), format!("DROP TABLE t{number};"));
    tool.add(scratch, number, &up, &down, Wish::Transaction);
}

/// One half with the tool, one half with us, and back.
pub(crate) fn half_and_half(peer: &Peer, scratch: &Scratch, ours: &str, theirs: &str) {
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

/// One version with us, the next with the tool, which finds what it needs.
pub(crate) fn begun_by_us(peer: &Peer, scratch: &Scratch, ours: &str, theirs: &str) {
    add(peer.tool(), scratch, 1);
    migrate(scratch, ours, &["up", "--layout", peer.layout]).run().succeeds();
    add(peer.tool(), scratch, 2);
    peer.up(scratch, theirs);
    assert_eq!(peer.applied(scratch, theirs), 2, "{}", peer.layout);
    migrate(scratch, ours, &["status", "--require-current"]).run().succeeds();
}

/// A repeated file has the checksum of what runs: only if both call the user alike, neither runs it again.
pub(crate) fn flyway_and_we_give_one_value(scratch: &Scratch, ours: &str, theirs: &str) {
    let peer = &SLOW_PEERS[0];
    let view = "CREATE OR REPLACE VIEW who AS SELECT '${flyway:user}' AS name;";
    scratch.file("migrations/R__who.sql", view);
    migrate(scratch, ours, &["up", "--layout", peer.layout]).run().succeeds();
    let again = said(&peer.run(scratch, (peer.up)(theirs, "migrations")));
    assert!(again.contains("No migration necessary"), "{again}");
    scratch.file("migrations/R__who.sql", format!("{view}\n-- again"));
    peer.up(scratch, theirs);
    migrate(scratch, ours, &["status", "--require-current"]).run().succeeds();
}

/// The slow ones: a Java virtual machine to start, a program to build.
pub(crate) const SLOW_PEERS: [Peer; 2] = [
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

/// Flyway reads another kind of address, and user and password apart from it.
fn flyway(url: &str, directory: &str, command: &str) -> Vec<String> {
    let (login, place) = url.rsplit_once('@').unwrap();
    let (scheme, login) = login.split_once("://").unwrap();
    let (user, password) = login.split_once(':').unwrap();
    let driver = if scheme == "postgres" { "postgresql" } else { "mariadb" };
    let password = percent_encoding::percent_decode_str(password).decode_utf8().unwrap();
    let place = place.split_once('?').map_or(place, |(place, _)| place);
    words(&[
        &format!("-url=jdbc:{driver}://{place}"),
        &format!("-user={user}"),
        &format!("-password={password}"),
        &format!("-locations=filesystem:{directory}"),
        "-color=never",
        command,
    ])
}
