//! The test kit under test: each rule has a case that it accepts and one that it refuses.
#![allow(clippy::expect_used, reason = "what helps tests is a test too")]

use std::panic::{AssertUnwindSafe, catch_unwind};

mod bad_input;
mod crash;
mod env_file;
mod leaks;
mod log;
mod transcript;

/// Asserts that the test within fails, and that its message says so.
#[track_caller]
fn caught<T>(text: &str, fails: impl FnOnce() -> T) {
    let panic = catch_unwind(AssertUnwindSafe(fails)).err().expect("it should fail");
    let message =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    assert!(message.is_some_and(|message| message.contains(text)), "{message:?} lacks {text:?}");
}
