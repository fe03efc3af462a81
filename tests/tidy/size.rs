//! How long files may be; how long functions may be stands with the functions.

use crate::{
    rule::{Break, Rule},
    tree,
};

const SOURCE_LINES_MAX: usize = 400;
const MAIN_LINES_MAX: usize = 20;
const README_LINES_MAX: usize = 120;

fn lines_max(path: &str) -> usize {
    let is_main = path.starts_with("bins/") && path.ends_with("/src/main.rs");
    match path {
        "README.md" => README_LINES_MAX,
        _ if is_main => MAIN_LINES_MAX,
        _ if tree::is_rust(path) => SOURCE_LINES_MAX,
        _ => usize::MAX,
    }
}

fn too_long(path: &str, text: &str) -> Option<Break> {
    let (lines, most) = (text.lines().count(), lines_max(path));
    (lines > most).then(|| Break::of_file(path, format!("{lines} lines, at most {most}")))
}

#[test]
fn no_file_is_longer_than_its_subject() {
    Rule {
        says: "a Rust file has at most 400 lines, a main.rs 20, the README 120",
        why: "a longer file has two subjects, and a longer main decides something",
        mend: "one module for each subject; what a main decides belongs to lib.rs",
    }
    .holds(&tree::paths().iter().filter_map(|path| too_long(path, &tree::text(path)?)).collect::<Vec<_>>());
}

#[test]
fn a_long_file_is_seen() {
    let lines = |count| "x\n".repeat(count);
    assert!(too_long("crates/a/src/b.rs", &lines(SOURCE_LINES_MAX)).is_none());
    assert!(too_long("crates/a/src/b.rs", &lines(SOURCE_LINES_MAX + 1)).is_some());
    assert!(too_long("bins/a/src/main.rs", &lines(MAIN_LINES_MAX + 1)).is_some());
    assert!(too_long("README.md", &lines(README_LINES_MAX + 1)).is_some());
}
