//! The house rules as tests: each module is one rule, with a test that the tree keeps it and a test that a break of it is seen.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test reads the tree as it is, and its way to report is to panic"
)]

mod actions;
mod dependencies;
mod failures;
mod functions;
mod ignored;
mod names;
mod opening;
mod origin;
mod panics;
mod rule;
mod size;
mod source;
mod tree;
