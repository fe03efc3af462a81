//! The real binary against scripted deployments.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

mod cleanup;
mod deployment;
mod input;
mod secrets;
mod verdicts;
mod waiting;
