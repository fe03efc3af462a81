//! promote as its users meet it: the real binary, real layouts, real signatures, real scripts.

#![allow(clippy::unwrap_used, reason = "a test that fails here has failed")]

mod by_version;
mod convergence;
mod gates;
mod keyless;
mod misuse;
mod transcripts;
mod workload;
mod world;
