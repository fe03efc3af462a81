//! migrate-db on a real MariaDB, and in the slow tier on MySQL itself (`itself.rs`), with the server's own client and dump as independent readers.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's way to report is to panic")]

mod crash;
#[path = "../tools/peers.rs"]
mod halves;
mod itself;
mod kind;
mod layouts;
mod peers;
mod server;
#[path = "../tools/servers.rs"]
mod servers;
#[path = "../tools/layouts.rs"]
mod tools;
mod up;

use kind::Finds as _;
use server::Server;
use servers::project;
use testkit::{Cmd, Scratch};

/// A project, a database of its own, and its address.
fn place(migrations: &[(&str, &str)]) -> (Scratch, &'static Server, String, String) {
    let server = &*server::SHARED;
    let database = server.database();
    let url = server.url(&database);
    (project(migrations), server, database, url)
}

/// A command in that directory, on this database, that finds the server's own programs.
fn migrate(scratch: &Scratch, url: &str, args: &[&str]) -> Cmd {
    servers::migrate(scratch, url, args).finding(kind::Kind::chosen())
}
