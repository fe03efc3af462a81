//! migrate-db on a real PostgreSQL, with psql and pg_dump as independent readers.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's way to report is to panic")]

mod cluster;
mod crash;
#[path = "../tools/peers.rs"]
mod halves;
mod interrupted;
mod kifu;
mod layouts;
mod peers;
mod programs;
#[path = "../tools/layouts.rs"]
mod tools;
mod up;

use cluster::Cluster;
use testkit::{Cmd, Scratch};

/// 2023-11-14T22:13:20Z, so that a transcript is the same tomorrow.
const EPOCH: &str = "1700000000";

/// A directory with these migrations.
fn project(migrations: &[(&str, &str)]) -> Scratch {
    let scratch = Scratch::new();
    scratch.directory("migrations");
    for (name, text) in migrations {
        scratch.file(&format!("migrations/{name}"), text);
    }
    scratch
}

/// A command in that directory, on this database.
fn migrate(scratch: &Scratch, url: &str, args: &[&str]) -> Cmd {
    testkit::bin(env!("CARGO_BIN_EXE_migrate-db"))
        .args(args)
        .args(["--database-url", url])
        .env("SEAWORTHY_CLOCK", EPOCH)
        .dir(scratch.path())
}

/// A project, a database of its own, and its address.
fn place(migrations: &[(&str, &str)]) -> (Scratch, &'static Cluster, String, String) {
    let cluster = &*cluster::SHARED;
    let database = cluster.database();
    let url = cluster.url(&database);
    (project(migrations), cluster, database, url)
}
