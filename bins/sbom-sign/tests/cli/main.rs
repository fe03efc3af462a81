//! The binary as a user, a runner, a crash and cosign meet it.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod builds;
mod certificate_logs;
mod check;
mod contents;
mod desk;
mod files;
mod hostile;
mod images;
mod job;
mod legacy;
mod offline;
mod peers;
mod rekor_v1;
mod rpm;
mod sigstore_python;
mod syft;
mod workload;
