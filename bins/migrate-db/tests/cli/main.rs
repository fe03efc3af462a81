//! migrate-db as a team uses it: real files, a real SQLite, and the `sqlite3` program as an independent reader.
#![allow(clippy::unwrap_used, reason = "a test's way to report is to panic")]

mod backup;
mod bad_input;
mod contract;
mod copies;
mod copies_killed;
mod crash;
mod down;
mod drift;
mod lint;
mod race;
mod rehearse;
mod release;
mod repair;
mod shared;
mod up;
mod verify;

use testkit::{Cmd, Run, Scratch};

/// 2023-11-14T22:13:20Z, so that a transcript is the same tomorrow.
const EPOCH: &str = "1700000000";

const NOTES: &str =
    "-- migrate-db: phase=expand\nCREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT NOT NULL);\n";
const PINNED: &str = "ALTER TABLE notes ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;\n";
const UNPINNED: &str = "ALTER TABLE notes DROP COLUMN pinned;\n";

/// A directory with these migrations.
fn project(migrations: &[(&str, &str)]) -> Scratch {
    let scratch = Scratch::new();
    scratch.directory("migrations");
    for (name, text) in migrations {
        scratch.file(&format!("migrations/{name}"), text);
    }
    scratch
}

/// Two steps, the second with a way back.
fn two_steps() -> Scratch {
    project(&[("1_notes.sql", NOTES), ("2_pinned.sql", PINNED), ("2_pinned.down.sql", UNPINNED)])
}

/// A command in that directory, on `app.db`.
fn migrate(scratch: &Scratch, args: &[&str]) -> Cmd {
    testkit::bin(env!("CARGO_BIN_EXE_migrate-db"))
        .args(args)
        .args(["--database-url", "sqlite:app.db"])
        .env("SEAWORTHY_CLOCK", EPOCH)
        .dir(scratch.path())
}

fn sqlite3(scratch: &Scratch, database: &str, script: &str) -> Cmd {
    testkit::bin("/usr/bin/sqlite3").args(["-bail", database, script]).dir(scratch.path())
}

/// What the `sqlite3` program says about `app.db`.
fn sql(scratch: &Scratch, script: &str) -> String {
    sqlite3(scratch, "app.db", script).run().succeeds().stdout.trim_end().to_owned()
}

/// Everything in a database that a migration is about: definitions, rows, and the history without its times.
fn dump(scratch: &Scratch, database: &str) -> String {
    let text = sqlite3(scratch, database, ".dump").run().succeeds().stdout;
    let history = "SELECT version, checksum, down_checksum FROM migrate_db_history";
    let history = sqlite3(scratch, database, history).run().stdout;
    let rest: Vec<&str> = text.lines().filter(|line| !line.contains("INTO migrate_db_history")).collect();
    format!("{}\n{history}", rest.join("\n"))
}

/// A transcript without what the clock decides.
fn steady(run: &Run) -> String {
    let line = |line: &str| {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        for at in 1..words.len() {
            if words[at] == "ms" {
                words[at - 1] = "#";
            }
        }
        words.join(" ")
    };
    run.transcript().lines().map(line).collect::<Vec<_>>().join("\n")
}
