//! migrate-db on a real MariaDB, with its own client and mariadb-dump as independent readers.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's way to report is to panic")]

mod crash;
#[path = "../tools/peers.rs"]
mod halves;
mod layouts;
mod peers;
mod server;
#[path = "../tools/servers.rs"]
mod servers;
#[path = "../tools/layouts.rs"]
mod tools;
mod up;

use server::Server;
use servers::{migrate, project};
use testkit::Scratch;

/// A project, a database of its own, and its address.
fn place(migrations: &[(&str, &str)]) -> (Scratch, &'static Server, String, String) {
    let server = &*server::SHARED;
    let database = server.database();
    let url = server.url(&database);
    (project(migrations), server, database, url)
}
