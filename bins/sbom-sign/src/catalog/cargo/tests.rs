//! Lock files, good and bad.

use super::*;
use crate::catalog::Catalog;

const CHECKSUM: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn package(name: &str, version: &str, source: &str, needs: &[&str]) -> String {
    let source = if source.is_empty() { String::new() } else { format!("source = \"{source}\"\n") };
    let checksum =
        if source.contains("registry") { format!("checksum = \"{CHECKSUM}\"\n") } else { String::new() };
    format!(
        "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n{source}{checksum}dependencies = {needs:?}\n"
    )
}

fn lock(packages: &[String]) -> String {
    format!("# made by cargo\nversion = 4\n\n{}", packages.join("\n"))
}

fn catalog(packages: &[String]) -> Catalog {
    Catalog::of_tree(vec![read(&lock(packages)).unwrap()])
}

fn purls(catalog: &Catalog) -> Vec<String> {
    catalog.packages.iter().filter_map(|package| Some(package.purl.as_ref()?.to_string())).collect()
}

fn root(catalog: &Catalog) -> &str {
    &catalog.packages[catalog.root].reference
}

/// The references that a package needs.
fn needs<'c>(catalog: &'c Catalog, reference: &str) -> Vec<&'c str> {
    let package = catalog.packages.iter().find(|package| package.reference == reference).unwrap();
    package.needs.iter().map(|place| catalog.packages[*place].reference.as_str()).collect()
}

#[test]
fn the_package_of_the_tree_is_the_root() {
    let catalog =
        catalog(&[package("serde", "1.0.1", CRATES_IO, &[]), package("app", "0.1.0", "", &["serde"])]);
    assert_eq!(root(&catalog), "member:cargo/app@0.1.0");
    assert!(catalog.packages[0].hashes.is_empty());
    assert_eq!(catalog.packages[1].hashes.first().unwrap().digits(), CHECKSUM);
    assert_eq!(needs(&catalog, "member:cargo/app@0.1.0"), ["pkg:cargo/serde@1.0.1"]);
}

#[test]
fn members_that_nothing_needs_are_below_the_workspace() {
    let members = catalog(&[
        package("one", "0.1.0", "", &["shared"]),
        package("shared", "0.1.0", "", &[]),
        package("two", "0.1.0", "", &["shared"]),
    ]);
    assert_eq!(root(&members), "workspace");
    assert_eq!(needs(&members, "workspace"), ["member:cargo/one@0.1.0", "member:cargo/two@0.1.0"]);
    let circle = catalog(&[package("one", "0.1.0", "", &["two"]), package("two", "0.1.0", "", &["one"])]);
    assert_eq!(root(&circle), "member:cargo/one@0.1.0", "the first reaches the other");
    let none = catalog(&[package("serde", "1.0.1", CRATES_IO, &[])]);
    assert_eq!(needs(&none, "workspace"), ["pkg:cargo/serde@1.0.1"]);
}

#[test]
fn packages_of_one_name_are_told_apart() {
    let fork = "git+https://user:token@example.com/fork.git?branch=main#0123abc";
    let catalog = catalog(&[
        package(
            "app",
            "0.1.0",
            "",
            &["syn 1.0.0", "syn 2.0.0", "toml 1.0.0 (registry+https://example.com/index)", "log 1.0.0"],
        ),
        package("log", "1.0.0", "", &[]),
        package("log", "1.0.0", CRATES_IO, &[]),
        package("syn", "1.0.0", CRATES_IO, &[]),
        package("syn", "2.0.0", fork, &[]),
        package("toml", "1.0.0", CRATES_IO, &[]),
        package("toml", "1.0.0", "registry+https://example.com/index", &[]),
    ]);
    assert_eq!(
        purls(&catalog),
        [
            "pkg:cargo/app@0.1.0",
            "pkg:cargo/log@1.0.0",
            "pkg:cargo/log@1.0.0",
            "pkg:cargo/syn@1.0.0",
            "pkg:cargo/syn@2.0.0?vcs_url=git%2Bhttps:%2F%2Fexample.com%2Ffork.git%400123abc",
            "pkg:cargo/toml@1.0.0",
            "pkg:cargo/toml@1.0.0?repository_url=https:%2F%2Fexample.com%2Findex",
        ]
    );
    assert_eq!(
        needs(&catalog, "member:cargo/app@0.1.0"),
        [
            "member:cargo/log@1.0.0",
            "pkg:cargo/syn@1.0.0",
            "pkg:cargo/syn@2.0.0?vcs_url=git%2Bhttps:%2F%2Fexample.com%2Ffork.git%400123abc",
            "pkg:cargo/toml@1.0.0?repository_url=https:%2F%2Fexample.com%2Findex",
        ]
    );
}

#[test]
fn no_path_of_this_machine_is_told() {
    let local = package("local", "1.0.0+build", "registry+file:///srv/index", &[]);
    assert_eq!(purls(&catalog(&[local])), ["pkg:cargo/local@1.0.0%2Bbuild"]);
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let wrong = |text: &str| {
        let Malformed { why, line } = read(text).unwrap_err();
        format!("{why} ({line:?})")
    };
    let app = package("app", "0.1.0", "", &["serde"]);
    let serde = package("serde", "1.0.1", CRATES_IO, &[]);
    insta::assert_snapshot!(wrong(""), @"it has no version: cargo has written versions 3 and 4 since 2021 (None)");
    insta::assert_snapshot!(wrong("version = 4"), @"it holds no package (None)");
    insta::assert_snapshot!(wrong("version = 2\n"), @"it has version 2, and 3 and 4 are read (Some(1))");
    insta::assert_snapshot!(wrong(&lock(std::slice::from_ref(&app))), @"app needs `serde`, which is not in it (Some(7))");
    insta::assert_snapshot!(wrong(&lock(&[app, serde.clone(), serde.clone()])), @"it holds serde 1.0.1 twice (Some(16))");
    insta::assert_snapshot!(wrong(&lock(&[serde.replace("9f86", "zzzz")])), @"the checksum of serde 1.0.1 is no SHA-256 (Some(4))");
    insta::assert_snapshot!(wrong("version = 4\n[[package]]\nname = 1\n"), @"invalid type: integer `1`, expected a string (Some(3))");
    insta::assert_snapshot!(wrong("version = 4\n[[package]\n"), @"unclosed array table, expected `]` (Some(2))");
    insta::assert_snapshot!(wrong("version = 4\n[[package]]\nname = \"app\"\n"), @"missing field `version` (Some(2))");
}

#[test]
fn our_own_lock_file_is_read_whole() {
    let text = include_str!("../../../../../Cargo.lock");
    let part = read(text).unwrap();
    assert_eq!(part.packages.len(), text.matches("[[package]]").count());
    assert_eq!(root(&Catalog::of_tree(vec![part])), "workspace");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn no_text_makes_it_panic(at: proptest::sample::Index, text in "[\\[\\]a-z\" =\n().@#0-9]{0,12}") {
        let mut whole = lock(&[package("app", "0.1.0", "", &["serde"]), package("serde", "1.0.1", CRATES_IO, &[])]);
        whole.insert_str(at.index(whole.len()), &text);
        let _ = read(&whole);
    }
}
