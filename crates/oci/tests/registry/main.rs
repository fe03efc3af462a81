//! Registries as they are: two real ones, one of them behind a password, a token server or a bad proxy, and a few that answer wrongly.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the fixtures of a test report by panicking")]

mod auth;
mod faults;
mod images;
mod referrers;
mod verbs;
