//! The files of the repository, as git sees them; never what a build left behind.

use std::{fs, path::Path, process::Command};

use crate::source::{self, Source};

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Paths of all files that are or would be committed.
pub(crate) fn paths() -> Vec<String> {
    let git = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git can be run");
    assert!(git.status.success(), "tidy needs a git checkout: {}", String::from_utf8_lossy(&git.stderr));
    let list = String::from_utf8(git.stdout).expect("paths of this repository are UTF-8");
    // A file that was removed and not yet committed is still listed.
    list.split_terminator('\0').filter(|path| root().join(path).is_file()).map(str::to_owned).collect()
}

/// The text of a file; nothing for a missing or a binary one.
pub(crate) fn text(path: &str) -> Option<String> {
    String::from_utf8(fs::read(root().join(path)).ok()?).ok()
}

/// Whether it is Rust by its name.
pub(crate) fn is_rust(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "rs")
}

/// All Rust files.
pub(crate) fn sources() -> Vec<Source> {
    let sources: Vec<_> = paths()
        .into_iter()
        .filter(|path| is_rust(path))
        .filter_map(|path| text(&path).map(|text| Source::new(&path, &text)))
        .collect();
    assert!(sources.len() > 100, "tidy sees only {} Rust files: it looks in the wrong place", sources.len());
    sources
}

/// The Rust files of what users run.
pub(crate) fn shipped() -> Vec<Source> {
    source::shipped(sources())
}
