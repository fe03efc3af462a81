//! A temporary directory with the few verbs a test needs; gone when dropped.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::tree::Tree;

/// The date of every commit, so that a commit's name depends on nothing but its content.
const COMMIT_DATE: &str = "2026-01-02T03:04:05Z";

/// A temporary directory. All names are relative to it; directories on the way are made.
#[derive(Debug)]
pub struct Scratch {
    dir: TempDir,
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

impl Scratch {
    /// An empty directory.
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a temporary directory can be made") }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Where something in it is, or would be.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Writes a file and says where it is.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.join(name);
        let parent = path.parent().expect("a file has a directory");
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, content))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        path
    }

    /// Makes a directory and says where it is.
    pub fn directory(&self, name: &str) -> PathBuf {
        let path = self.join(name);
        fs::create_dir_all(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        path
    }

    /// A file's text.
    ///
    /// # Panics
    /// If it is missing or not UTF-8.
    #[track_caller]
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// A file's bytes, if it is there.
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.join(name)).ok()
    }

    /// Whether anything is there.
    pub fn has(&self, name: &str) -> bool {
        self.join(name).symlink_metadata().is_ok()
    }

    /// Sets a file's mode, `0o755` for example.
    ///
    /// # Panics
    /// If it is missing.
    #[track_caller]
    pub fn chmod(&self, name: &str, mode: u32) {
        fs::set_permissions(self.join(name), fs::Permissions::from_mode(mode))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }

    /// Writes a shell script that can be run.
    pub fn script(&self, name: &str, body: &str) -> PathBuf {
        let path = self.file(name, format!("#!/bin/sh\n{body}\n"));
        self.chmod(name, 0o755);
        path
    }

    /// All that is in it, except what the patterns name (see [`Tree::read`]).
    pub fn tree(&self, except: &[&str]) -> Tree {
        Tree::read(self.path(), except)
    }

    /// Runs git in it, without anyone's configuration, and gives back what it printed, trimmed.
    ///
    /// # Panics
    /// If git fails.
    #[track_caller]
    pub fn git(&self, args: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false", "-c", "gc.auto=0"])
            .args(args)
            .current_dir(self.path())
            .env_clear()
            .envs([
                ("PATH", "/usr/bin:/bin"),
                ("LANG", "C.UTF-8"),
                ("GIT_CONFIG_NOSYSTEM", "1"),
                ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ])
            .envs([
                ("GIT_AUTHOR_NAME", "Ada"),
                ("GIT_AUTHOR_EMAIL", "ada@example.com"),
                ("GIT_AUTHOR_DATE", COMMIT_DATE),
            ])
            .envs([
                ("GIT_COMMITTER_NAME", "Ada"),
                ("GIT_COMMITTER_EMAIL", "ada@example.com"),
                ("GIT_COMMITTER_DATE", COMMIT_DATE),
            ])
            .output()
            .expect("git is there: script/setup installs it");
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Commits everything on `main`, making the repository if there is none, and gives back the commit's name. The same
    /// files and messages give the same name every time.
    pub fn git_commit(&self, message: &str) -> String {
        if !self.has(".git") {
            self.git(&["init", "--quiet"]);
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.git(&["rev-parse", "HEAD"])
    }
}

#[cfg(test)]
mod tests {
    use super::Scratch;

    #[test]
    fn the_same_files_give_the_same_commit() {
        let commit = || {
            let scratch = Scratch::new();
            scratch.file("src/main.rs", "fn main() {}\n");
            let first = scratch.git_commit("first");
            scratch.file("src/main.rs", "fn main() { loop {} }\n");
            (first, scratch.git_commit("second"))
        };
        let (first, second) = commit();
        assert_eq!(first.len(), 40);
        assert_ne!(first, second);
        assert_eq!(commit(), (first, second));
    }

    #[test]
    fn a_script_can_be_run() {
        let scratch = Scratch::new();
        let script = scratch.script("bin/hello", "echo hello");
        assert_eq!(crate::bin(script).run().succeeds().stdout, "hello\n");
    }
}
