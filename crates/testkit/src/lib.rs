//! Strict stand-ins and harnesses for tests: the runner's rules, transcripts, crash points; never shipped, and depends on
//! no other crate of ours.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::missing_panics_doc,
    clippy::return_self_not_must_use,
    reason = "a test harness reads the disk as it is, and its way to report is to panic or to print"
)]

pub mod bad_input;
mod child;
mod command;
pub mod crash;
pub mod env_file;
mod failure;
pub mod fixtures;
pub mod http;
pub mod leak;
pub mod log;
pub mod relay;
mod run;
pub mod runner;
mod scratch;
pub mod served;
pub mod sigstore;
pub mod tools;
mod trace;
pub mod tree;
mod violation;
pub mod workflow_command;

pub use child::Signal;
pub use command::{Cmd, bin};
pub use failure::{Failure, Lacks};
pub use log::{Annotation, Level};
pub use run::Run;
pub use runner::Observed;
pub use scratch::Scratch;
pub use tree::{Entry, Tree};
pub use violation::Violation;
