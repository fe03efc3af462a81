//! The binary as a user, a runner, a crash and cosign meet it.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod builds;
mod check;
mod contents;
mod desk;
mod files;
mod hostile;
mod images;
mod legacy;
mod offline;
mod peers;
mod syft;
mod workload;
