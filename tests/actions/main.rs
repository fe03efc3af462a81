//! The YAML of the actions: that it says what the binaries say (`agreement`, `front_door`), and that it runs under act (`chain`, `bad_input`, `quickstart`).
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test reads the tree as it is, and its way to report is to panic"
)]

mod act;
mod agreement;
mod bad_input;
mod binary;
mod chain;
mod definition;
mod front_door;
mod quickstart;
mod stage;

use std::path::{Path, PathBuf};

/// The seven, in the order of the chain.
const BINARIES: [&str; 7] =
    ["validate-env", "tag-image", "migrate-db", "smoke-test", "sbom-sign", "promote", "rollback"];

/// The root of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Where cargo puts binaries: this test's own executable lies in `deps/` there.
fn bin_directory() -> PathBuf {
    let this = std::env::current_exe().unwrap();
    this.parent().and_then(Path::parent).expect("a test lies in target/PROFILE/deps").to_owned()
}
