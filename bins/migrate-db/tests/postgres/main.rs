//! migrate-db on a real PostgreSQL, with psql and pg_dump as independent readers.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's way to report is to panic")]

mod cluster;
mod crash;
mod drift;
mod empty;
#[path = "../tools/peers.rs"]
mod halves;
mod interrupted;
mod kifu;
mod layouts;
mod peers;
mod programs;
mod programs_judged;
mod programs_killed;
mod roles;
#[path = "../tools/servers.rs"]
mod servers;
#[path = "../tools/layouts.rs"]
mod tools;
mod turns;
mod up;

use cluster::Cluster;
use servers::{EPOCH, migrate, project};
use testkit::Scratch;

/// A project, a database of its own, and its address.
fn place(migrations: &[(&str, &str)]) -> (Scratch, &'static Cluster, String, String) {
    let cluster = &*cluster::SHARED;
    let database = cluster.database();
    let url = cluster.url(&database);
    (project(migrations), cluster, database, url)
}
