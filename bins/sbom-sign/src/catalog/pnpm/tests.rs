//! Lock files of pnpm.

use super::*;
use crate::catalog::drawn::{Memory, drawn_part, fixture};

#[test]
fn version_9_says_all() {
    insta::assert_snapshot!(fixture("pnpm-9"), @r"
    * member:npm/fixture-app@1.0.0 (MIT) → member:npm/fixture-lib@1.0.0 pkg:npm/%40sindresorhus/is@4.6.0 pkg:npm/debug@4.3.7 pkg:npm/fsevents@2.3.3 pkg:npm/ms@2.0.0 ; pkg:npm/p-limit@5.0.0
    member:npm/fixture-lib@1.0.0 → pkg:npm/ms@2.1.3
    pkg:npm/%40sindresorhus/is@4.6.0 #1
    pkg:npm/debug@4.3.7 #1 → pkg:npm/ms@2.1.3
    pkg:npm/fsevents@2.3.3 #1
    pkg:npm/ms@2.0.0 #1
    pkg:npm/ms@2.1.3 #1
    ? pkg:npm/p-limit@5.0.0 #1 → pkg:npm/yocto-queue@1.2.2
    ? pkg:npm/yocto-queue@1.2.2 #1
    ");
}

#[test]
fn the_older_versions_say_the_same() {
    for older in ["pnpm-5", "pnpm-7", "pnpm-8"] {
        assert_eq!(fixture(older), fixture("pnpm-9"), "{older}");
    }
}

#[test]
fn keys_name_packages_in_every_version() {
    for (keys, key, expected) in [
        (Keys::Slashes, "/ms/2.1.3", Some(("ms", "2.1.3"))),
        (Keys::Slashes, "/@s/a/1.0.0_react@16.0.0", Some(("@s/a", "1.0.0"))),
        (Keys::SlashAt, "/@s/a@1.0.0(react@16.0.0)(b@1)", Some(("@s/a", "1.0.0"))),
        (Keys::At, "@s/a@1.0.0(patch_hash=x)", Some(("@s/a", "1.0.0"))),
        (Keys::At, "a@https://example.com/a@1.tgz", Some(("a", "https://example.com/a@1.tgz"))),
        (Keys::Slashes, "example.com/a/1", None),
        (Keys::At, "", None),
        (Keys::Slashes, "/@s", None),
    ] {
        assert_eq!(named(keys, key), expected, "{key}");
    }
}

const MIXED: &str = "lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      a:
        specifier: ^1.0.0
        version: 1.0.0(b@2.0.0)
      c:
        specifier: github:s/c
        version: https://codeload.example.com/s/c/tar.gz/0123
    devDependencies:
      b:
        specifier: ^2.0.0
        version: 2.0.0
packages:
  a@1.0.0:
    resolution: {integrity: sha1-qUqP5cyxm6YcTAhz05Hph5gvu9M=}
  b@2.0.0:
    resolution: {tarball: 'https://npm.example.com/b/-/b-2.0.0.tgz'}
  c@https://codeload.example.com/s/c/tar.gz/0123:
    resolution: {tarball: 'https://codeload.example.com/s/c/tar.gz/0123'}
    version: 3.0.0
snapshots:
  a@1.0.0(b@2.0.0):
    dependencies:
      b: 2.0.0
  b@2.0.0: {}
  c@https://codeload.example.com/s/c/tar.gz/0123: {}
";

#[test]
fn peers_archives_and_other_registries_are_understood() {
    let files = Memory::of(&[("package.json", r#"{"name": "app"}"#)]);
    insta::assert_snapshot!(drawn_part(read("pnpm-lock.yaml", MIXED, &files).unwrap()), @r"
    * member:npm/app → pkg:npm/a@1.0.0 pkg:npm/c@3.0.0?download_url=https:%2F%2Fcodeload.example.com%2Fs%2Fc%2Ftar.gz%2F0123 ; pkg:npm/b@2.0.0?repository_url=https:%2F%2Fnpm.example.com
    pkg:npm/a@1.0.0 #1 → pkg:npm/b@2.0.0?repository_url=https:%2F%2Fnpm.example.com
    pkg:npm/b@2.0.0?repository_url=https:%2F%2Fnpm.example.com
    pkg:npm/c@3.0.0?download_url=https:%2F%2Fcodeload.example.com%2Fs%2Fc%2Ftar.gz%2F0123
    ");
}

const INJECTED: &str = "lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      a: {specifier: 'workspace:*', version: 'file:packages/a(react@18.0.0)'}
  packages/a:
    dependencies:
      react: {specifier: ^18, version: 18.0.0}
packages:
  a@file:packages/a:
    resolution: {directory: packages/a, type: directory}
  react@18.0.0:
    resolution: {integrity: sha1-qUqP5cyxm6YcTAhz05Hph5gvu9M=}
snapshots:
  a@file:packages/a(react@18.0.0):
    dependencies: {react: 18.0.0}
  react@18.0.0: {}
";

#[test]
fn an_injected_package_of_the_tree_was_listed_twice() {
    let files = Memory::of(&[
        ("package.json", r#"{"name": "root", "version": "2.0.0"}"#),
        ("packages/a/package.json", r#"{"name": "a", "version": "1.0.0"}"#),
    ]);
    insta::assert_snapshot!(drawn_part(read("pnpm-lock.yaml", INJECTED, &files).unwrap()), @r"
    member:npm/a@1.0.0 → pkg:npm/react@18.0.0
    * member:npm/root@2.0.0 → member:npm/a@1.0.0
    pkg:npm/react@18.0.0 #1
    ");
}

const PINNED: &str = "---
lockfileVersion: '9.0'
importers:
  .:
    configDependencies:
      plugin: {specifier: 1.0.0, version: 1.0.0}
    packageManagerDependencies:
      pnpm: {specifier: 12.0.0, version: 12.0.0}
packages:
  plugin@1.0.0:
    resolution: {integrity: sha1-qUqP5cyxm6YcTAhz05Hph5gvu9M=}
  pnpm@12.0.0:
    resolution: {integrity: sha1-qUqP5cyxm6YcTAhz05Hph5gvu9M=}
snapshots:
  plugin@1.0.0: {}
  pnpm@12.0.0: {}
";

#[test]
fn a_lock_file_of_two_documents_was_refused() {
    let files = Memory::of(&[("package.json", r#"{"name": "app"}"#)]);
    let both = format!("{PINNED}---\n{MIXED}");
    insta::assert_snapshot!(drawn_part(read("pnpm-lock.yaml", &both, &files).unwrap()), @r"
    * member:npm/app → pkg:npm/a@1.0.0 pkg:npm/c@3.0.0?download_url=https:%2F%2Fcodeload.example.com%2Fs%2Fc%2Ftar.gz%2F0123 ; pkg:npm/b@2.0.0?repository_url=https:%2F%2Fnpm.example.com pkg:npm/plugin@1.0.0 pkg:npm/pnpm@12.0.0
    pkg:npm/a@1.0.0 #1 → pkg:npm/b@2.0.0?repository_url=https:%2F%2Fnpm.example.com
    pkg:npm/b@2.0.0?repository_url=https:%2F%2Fnpm.example.com
    pkg:npm/c@3.0.0?download_url=https:%2F%2Fcodeload.example.com%2Fs%2Fc%2Ftar.gz%2F0123
    ? pkg:npm/plugin@1.0.0 #1
    ? pkg:npm/pnpm@12.0.0 #1
    ");
    for cut in [PINNED.to_owned(), format!("{PINNED}---\n")] {
        let error = read("pnpm-lock.yaml", &cut, &files).unwrap_err().to_string();
        assert!(error.ends_with("the one with what the project needs is missing"), "{error}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let wrong = |text: &str| {
        let Faulty::Malformed { source, .. } = read("pnpm-lock.yaml", text, &Memory::default()).unwrap_err()
        else {
            panic!("no file is read")
        };
        format!("{source} ({:?})", source.line)
    };
    insta::assert_snapshot!(wrong(""), @"it holds nothing (None)");
    insta::assert_snapshot!(wrong("lockfileVersion: 4"), @"it has version 4, and 5 to 9 are read (None)");
    insta::assert_snapshot!(wrong("lockfileVersion: 5.4\npackages:\n  - a"), @"expected mapping start (Some(3))");
    insta::assert_snapshot!(wrong("lockfileVersion: 5.4\npackages: {\n"), @"unclosed bracket '{' (Some(2))");
    insta::assert_snapshot!(wrong("lockfileVersion: 5.4\npackages:\n  nothing: {}"), @"`nothing` is the key of no package (Some(3))");
    insta::assert_snapshot!(wrong("lockfileVersion: '9.0'\npackages: {}\nsnapshots:\n  a@1.0.0: {}"), @"`a@1.0.0` stands in its snapshots and not in its packages (Some(4))");
    insta::assert_snapshot!(wrong(&MIXED.replace("sha1-", "sha1-x")), @"the integrity of `a@1.0.0(b@2.0.0)` is none (Some(24))");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(at: proptest::sample::Index, text in "[\\[\\]{}a-z\": \n@/()'0-9&*-]{0,12}") {
        let mut whole = format!("{PINNED}---\n{MIXED}");
        whole.insert_str(at.index(whole.len()), &text);
        let _ = read("pnpm-lock.yaml", &whole, &Memory::default());
    }
}
