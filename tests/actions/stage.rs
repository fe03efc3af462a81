//! The repository of a small team, as examples/quickstart shows it, with our actions within reach; runs no workflow itself.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Once;

use testkit::Scratch;

use crate::{bin_directory, binary, root};

/// What must show in no log: the password of the key, and the key of the sessions.
pub(crate) const PASSWORD: &str = "correct horse 50% \"staple\"";
pub(crate) const SESSION_SECRET: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0-hush";

const ENVIRONMENTS: [&str; 2] = ["staging", "production"];

/// What outlives a job on a runner of one's own: everything that `checkout` with `clean: false` leaves alone.
const STATE: [&str; 6] = ["env", "db", "registry", ".seaworthy", "run", "releases"];

/// A repository with one commit, ready to be released.
pub(crate) struct Stage {
    /// The repository.
    pub(crate) team: Scratch,
    /// What a workflow names from outside: ours, and what stands for a slow build.
    pub(crate) outside: Scratch,
    /// Where the services of staging and production are to answer.
    pub(crate) addresses: [String; 2],
}

impl Stage {
    /// Lays out version 1.0.0 with one workflow of tests/workflows, the broken 1.2.0 in `next/`, and the actions in the repository itself.
    pub(crate) fn of_one_job(workflow: &str) -> Self {
        let stage = Self::new();
        for name in ["action.yml", "actions"] {
            copy(&root().join(name), stage.team.path());
        }
        stage.carry("next", 3);
        fs::copy(service(1), stage.team.join("notes")).unwrap();
        fs::copy(service(3), stage.team.join("next/notes")).unwrap();
        stage.team.file("db/.keep", "");
        stage.write_environments();
        copy(&root().join("tests/workflows").join(workflow), &stage.team.directory(".github/workflows"));
        stage.team.git_commit("notes 1.0.0");
        stage
    }

    /// Lays out the workflows of the quickstart on a machine that keeps its state between jobs.
    pub(crate) fn of_a_team() -> Self {
        let stage = Self::new();
        copy(&quickstart(".gitignore"), stage.team.path());
        for name in STATE {
            symlink(stage.outside.directory(name), stage.team.join(name)).unwrap();
        }
        stage.write_environments();
        for name in ["action.yml", "actions", "Cargo.toml"] {
            copy(&root().join(name), &stage.outside.directory("seaworthy"));
        }
        for name in ["release.yml", "rollback.yml"] {
            let text = quickstart(&format!(".github/workflows/{name}"));
            let text = fs::read_to_string(text).unwrap();
            let [staging, production] = stage.addresses.each_ref().map(|address| format!("http://{address}"));
            let data = stage.outside.join("db");
            let text = text
                .replace("/opt/seaworthy/bin", &bin_directory().display().to_string())
                .replace("/var/lib/notes", &data.display().to_string())
                // An environment has its own variables; act has one set of them.
                .replacen(
                    "${{ vars.BASE_URL }}",
                    if name == "release.yml" { &staging } else { &production },
                    1,
                )
                .replacen("${{ vars.BASE_URL }}", &production, 1);
            stage.team.file(&format!(".github/workflows/{name}"), text);
        }
        let keygen =
            testkit::bin(binary::program("sbom-sign")).args(["keygen", "--output-prefix", "release"]);
        keygen.env("COSIGN_PASSWORD", PASSWORD).dir(stage.outside.path()).run().succeeds();
        copy(&stage.outside.join("release.pub"), stage.team.path());
        stage
    }

    /// Commits a version of the service, and puts a `cargo` on the stage that builds it at once.
    pub(crate) fn commit(&self, number: u8, version: &str) {
        self.carry(".", number);
        let build =
            format!("mkdir -p target/release && cp {} target/release/notes", service(number).display());
        self.outside.script("bin/cargo", &build);
        self.team.git_commit(&format!("notes {version}"));
        self.team.git(&["tag", &format!("v{version}")]);
    }

    fn new() -> Self {
        let addresses = [(); 2].map(|()| free_address());
        let stage = Self { team: Scratch::new(), outside: Scratch::new(), addresses };
        for name in ["deploy.sh", "release.toml", ".env.schema", "smoke", "Cargo.lock"] {
            copy(&quickstart(name), stage.team.path());
        }
        stage.carry(".", 1);
        stage
    }

    /// Puts what a version carries into a directory.
    fn carry(&self, directory: &str, number: u8) {
        for name in ["migrations", "verify.toml"] {
            copy(&quickstart(&format!("versions/v{number}/{name}")), &self.team.directory(directory));
        }
    }

    fn write_environments(&self) {
        for (environment, address) in ENVIRONMENTS.iter().zip(&self.addresses) {
            let data = if self.outside.has("db") { self.outside.join("db") } else { PathBuf::from("db") };
            let text = format!(
                "APP_ENV={environment}\nBIND_ADDRESS={address}\nDATABASE_URL=sqlite:{}/{environment}.db\n\
                 SESSION_SECRET={SESSION_SECRET}\nCORS_ORIGINS=https://{environment}.notes.example.com\n",
                data.display()
            );
            self.team.file(&format!("env/{environment}.env"), text);
        }
    }

    /// Stops what a team's machine keeps running.
    pub(crate) fn stop(&self) {
        for environment in ENVIRONMENTS {
            if self.team.has(&format!("run/{environment}/pid")) {
                let mut stop = Command::new("./deploy.sh");
                stop.arg("stop").env("ENVIRONMENT", environment).current_dir(self.team.path());
                // A service that is gone already is as good as stopped.
                _ = stop.stderr(Stdio::null()).status();
            }
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop();
    }
}

fn quickstart(name: &str) -> PathBuf {
    root().join("examples/quickstart").join(name)
}

fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-R").args([from, to]).status().unwrap();
    assert!(done.success(), "{} can't be copied", from.display());
}

/// An address that nobody listens on, for a service that is told its address.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).unwrap().to_string()
}

/// Where a version of the service lies; builds all of them, once.
fn service(number: u8) -> PathBuf {
    static BUILT: Once = Once::new();
    let directory = bin_directory();
    let target = directory.parent().unwrap();
    BUILT.call_once(|| {
        let done = Command::new("cargo")
            .args(["build", "--locked", "--quiet", "--bins", "--manifest-path"])
            .arg(quickstart("Cargo.toml"))
            .arg("--target-dir")
            .arg(target)
            .current_dir(root())
            .status();
        assert!(done.unwrap().success(), "the services of examples/quickstart can't be built");
    });
    target.join(format!("debug/notes-v{number}"))
}
