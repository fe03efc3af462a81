//! Drives the real binaries on a real SQLite file: a process, a port and a handful of requests a test.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says what is wrong by panicking")]

mod behaviour;
mod client;
mod compatibility;
mod database;
mod deploy;
mod files;
mod process;
