//! Trees on disk.

use std::os::unix::fs::symlink;

use super::*;
use crate::catalog::{Catalog, drawn::drawn};
use testkit::Scratch;

const LOCK: &str = "version = 4\n[[package]]\nname = \"app\"\nversion = \"1.0.0\"\n";

fn catalog(tree: &Scratch, below: &str) -> String {
    match read(&tree.join(below), &[]) {
        Ok(parts) => drawn(&Catalog::of_tree(parts)),
        Err(error) => {
            let why = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            format!("{error} {why}").replace(&tree.path().display().to_string(), "~")
        }
    }
}

#[test]
fn every_lock_file_counts_and_what_is_installed_does_not() {
    let tree = Scratch::new();
    tree.file("Cargo.lock", LOCK);
    tree.file("web/node_modules/x/package-lock.json", "{");
    tree.file("target/package/Cargo.lock", "{");
    tree.file("deep/er/go.mod", "module example.com/a\n\ngo 1.24\n");
    tree.file("tools/dev-requirements.txt", "a==1\n");
    tree.file(".github/workflows/ci.yaml", "jobs:\n  a:\n    steps:\n      - uses: a/b@v1\n");
    tree.file("web/package-lock.json", r#"{"lockfileVersion": 3, "packages": {"": {"name": "web"}}}"#);
    insta::assert_snapshot!(catalog(&tree, ""), @r"
    member:cargo/app@1.0.0
    member:golang/example.com/a
    member:npm/web
    ? pkg:github/a/b@v1
    pkg:pypi/a@1
    * workspace → member:cargo/app@1.0.0 member:golang/example.com/a member:npm/web pkg:pypi/a@1 ; pkg:github/a/b@v1
    ");
    insta::assert_snapshot!(catalog(&tree, "tools"), @r"
    pkg:pypi/a@1
    * workspace → pkg:pypi/a@1
    ");
    insta::assert_snapshot!(catalog(&tree, "Cargo.lock"), @"* member:cargo/app@1.0.0");
}

#[test]
fn what_is_excluded_is_not_read() {
    let tree = Scratch::new();
    tree.file("Cargo.lock", LOCK);
    tree.file("tests/data/Cargo.lock", "{");
    tree.file("tests/go.mod", "module example.com/a\n\ngo 1.24\n");
    let exclude = ["./tests/data/".to_owned(), "nothing".to_owned(), "../Cargo.lock".to_owned()];
    insta::assert_snapshot!(drawn(&Catalog::of_tree(read(tree.path(), &exclude).unwrap())), @r"
    member:cargo/app@1.0.0
    member:golang/example.com/a
    * workspace → member:cargo/app@1.0.0 member:golang/example.com/a
    ");
    let file = ["Cargo.lock".to_owned(), "tests".to_owned()];
    assert!(matches!(read(tree.path(), &file), Err(TreeError::Nothing(_))));
}

#[test]
fn a_workflow_alone_is_known_by_where_it_lies() {
    let tree = Scratch::new();
    tree.file(".github/workflows/ci.yaml", "jobs:\n  a:\n    steps:\n      - uses: a/b@v1\n");
    insta::assert_snapshot!(catalog(&tree, ".github/workflows/ci.yaml"), @r"
    ? pkg:github/a/b@v1
    * workspace ; pkg:github/a/b@v1
    ");
}

#[test]
fn nothing_and_the_unknown_are_told() {
    let tree = Scratch::new();
    tree.file("notes.txt", "");
    insta::assert_snapshot!(catalog(&tree, ""), @"~/ holds no lock file that is read");
    insta::assert_snapshot!(catalog(&tree, "notes.txt"), @"~/notes.txt has a name that no lock file has");
    insta::assert_snapshot!(catalog(&tree, "missing"), @"~/missing does not exist");
    tree.file("requirements.txt", "# none\n");
    insta::assert_snapshot!(catalog(&tree, ""), @"no lock file in ~/ lists a package");
    tree.file("a/bun.lockb", "\u{0}");
    insta::assert_snapshot!(catalog(&tree, ""), @"~/a/bun.lockb can't be read as what its name says it is bun's binary form, which only bun reads: `bun install --save-text-lockfile --lockfile-only` writes bun.lock");
    tree.file("a/bun.lock", r#"{"lockfileVersion": 1, "workspaces": {"": {"name": "a"}}}"#);
    insta::assert_snapshot!(catalog(&tree, ""), @"* member:npm/a");
    tree.file("b/requirements.txt", "-r ../c/d.txt\n");
    tree.file("c/d.txt", "a==1\n\n=\n");
    insta::assert_snapshot!(catalog(&tree, ""), @"~/c/d.txt can't be read as what its name says `=` is no requirement");
}

#[test]
fn a_link_is_followed_inside_the_tree_only() {
    let tree = Scratch::new();
    tree.file("tree/real/one", LOCK);
    tree.file("outside.lock", LOCK);
    symlink("real/one", tree.join("tree/Cargo.lock")).unwrap();
    symlink("..", tree.join("tree/real/loop")).unwrap();
    insta::assert_snapshot!(catalog(&tree, "tree"), @"* member:cargo/app@1.0.0");
    symlink("../outside.lock", tree.join("tree/poetry.lock")).unwrap();
    insta::assert_snapshot!(catalog(&tree, "tree"), @"~/tree/poetry.lock is a link that leaves the tree");
}

#[test]
fn a_tree_that_never_ends_is_too_large() {
    let tree = Scratch::new();
    tree.file(&format!("{}Cargo.lock", "d/".repeat(DEPTH_MAX + 1)), LOCK);
    insta::assert_snapshot!(catalog(&tree, ""), @"~/ has directories more than 64 deep");
}
