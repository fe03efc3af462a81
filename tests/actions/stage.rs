//! The repository of a small team, as examples/quickstart shows it, with our actions in it; runs nothing itself.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::Once;

use testkit::Scratch;

use crate::{bin_directory, root};

/// What must show in no log: the password of the key, and the key of the sessions.
pub(crate) const PASSWORD: &str = "correct horse 50% \"staple\"";
pub(crate) const SESSION_SECRET: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0-hush";

/// A repository with one commit, ready to be released.
pub(crate) struct Stage {
    pub(crate) scratch: Scratch,
    /// Where the service of staging is to answer.
    pub(crate) address: String,
}

impl Stage {
    /// Lays out version 1.0.0, the broken 1.2.0 in `next/`, and one workflow of tests/workflows.
    pub(crate) fn set(workflow: &str) -> Self {
        let (scratch, quickstart) = (Scratch::new(), root().join("examples/quickstart"));
        for name in [
            "deploy.sh",
            "release.toml",
            ".env.schema",
            "smoke",
            "Cargo.lock",
            "versions/v1/migrations",
            "versions/v1/verify.toml",
        ] {
            copy(&quickstart.join(name), scratch.path());
        }
        for name in ["action.yml", "actions"] {
            copy(&root().join(name), scratch.path());
        }
        let next = scratch.directory("next");
        for name in ["versions/v3/migrations", "versions/v3/verify.toml"] {
            copy(&quickstart.join(name), &next);
        }
        let built = services();
        fs::copy(built.join("notes-v1"), scratch.join("notes")).unwrap();
        fs::copy(built.join("notes-v3"), next.join("notes")).unwrap();
        let address = free_address();
        scratch.file(
            "env/staging.env",
            format!(
                "APP_ENV=staging\nBIND_ADDRESS={address}\nDATABASE_URL=sqlite:db/staging.db\n\
                 SESSION_SECRET={SESSION_SECRET}\nCORS_ORIGINS=https://staging.notes.example.com\n"
            ),
        );
        scratch.file("db/.keep", "");
        let text = fs::read(root().join("tests/workflows").join(workflow)).unwrap();
        scratch.file(&format!(".github/workflows/{workflow}"), text);
        scratch.git_commit("notes 1.0.0");
        Self { scratch, address }
    }
}

fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-R").args([from, to]).status().unwrap();
    assert!(done.success(), "{} can't be copied", from.display());
}

/// An address that nobody listens on, for a service that is told its address.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).unwrap().to_string()
}

/// Builds the services of the quickstart, once, and says where they lie.
fn services() -> std::path::PathBuf {
    static BUILT: Once = Once::new();
    let directory = bin_directory();
    BUILT.call_once(|| {
        let done = Command::new("cargo")
            .args([
                "build",
                "--locked",
                "--quiet",
                "--bin",
                "notes-v1",
                "--bin",
                "notes-v3",
                "--manifest-path",
            ])
            .arg(root().join("examples/quickstart/Cargo.toml"))
            .arg("--target-dir")
            .arg(directory.parent().unwrap())
            .current_dir(root())
            .status();
        assert!(done.unwrap().success(), "the services of examples/quickstart can't be built");
    });
    directory.parent().unwrap().join("debug")
}
