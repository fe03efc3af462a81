//! rollback as its users meet it: the real binary, real layouts, real signatures, real scripts, and a ledger with a past.

#![allow(clippy::unwrap_used, reason = "a test that fails here has failed")]

mod convergence;
mod database;
mod keyless;
mod misuse;
mod transcripts;
mod world;
