//! Lock files of npm.

use super::*;
use crate::catalog::drawn::{Memory, drawn_part, fixture};

fn wrong(text: &str) -> String {
    let Faulty::Malformed { path, source } =
        read("a/package-lock.json", text, &Memory::default()).unwrap_err()
    else {
        panic!("no file is read")
    };
    format!("{path}: {source} ({:?})", source.line)
}

#[test]
fn version_3_says_all() {
    insta::assert_snapshot!(fixture("npm-v3"), @r"
    * member:npm/fixture-app@1.0.0 (MIT) → member:npm/fixture-lib@1.0.0 pkg:npm/%40sindresorhus/is@4.6.0 pkg:npm/debug@4.3.7 pkg:npm/fsevents@2.3.3 pkg:npm/ms@2.0.0 ; pkg:npm/p-limit@5.0.0
    member:npm/fixture-lib@1.0.0 → pkg:npm/ms@2.1.3
    pkg:npm/%40sindresorhus/is@4.6.0 (MIT) #1
    pkg:npm/debug@4.3.7 (MIT) #1 → pkg:npm/ms@2.1.3
    pkg:npm/fsevents@2.3.3 (MIT) #1
    pkg:npm/ms@2.0.0 (MIT) #1
    pkg:npm/ms@2.1.3 (MIT) #1
    ? pkg:npm/p-limit@5.0.0 (MIT) #1 → pkg:npm/yocto-queue@1.2.2
    ? pkg:npm/yocto-queue@1.2.2 (MIT) #1
    ");
}

#[test]
fn version_2_says_the_same_as_version_3() {
    assert_eq!(fixture("npm-v2"), fixture("npm-v3"));
}

#[test]
fn version_1_needs_the_manifest_beside_it() {
    insta::assert_snapshot!(fixture("npm-v1"), @r"
    * member:npm/fixture-app@1.0.0 (MIT) → pkg:npm/%40sindresorhus/is@4.6.0 pkg:npm/debug@4.3.7 pkg:npm/fsevents@2.3.3 pkg:npm/ms@2.0.0 ; pkg:npm/p-limit@5.0.0
    pkg:npm/%40sindresorhus/is@4.6.0 #1
    pkg:npm/debug@4.3.7 #1 → pkg:npm/ms@2.1.3
    pkg:npm/fsevents@2.3.3 #1
    pkg:npm/ms@2.0.0 #1
    pkg:npm/ms@2.1.3 #1
    ? pkg:npm/p-limit@5.0.0 #1 → pkg:npm/yocto-queue@1.2.2
    ? pkg:npm/yocto-queue@1.2.2 #1
    ");
}

const OLD: &str = r#"{"lockfileVersion": 1, "dependencies": {
    "a": {"version": "1.0.0", "requires": {"b": "^2"}, "dependencies": {"b": {"version": "2.0.0"}}},
    "b": {"version": "1.0.0", "dev": true},
    "c": {"version": "git+ssh://git@example.com/c.git#0123", "requires": true},
    "d": {"version": "github:u/d#0123"},
    "e": {"version": "file:../e"}
}}"#;

#[test]
fn without_a_manifest_what_is_marked_for_development_is_optional() {
    let part = read("package-lock.json", OLD, &Memory::default()).unwrap();
    insta::assert_snapshot!(drawn_part(part), @r"
    pkg:npm/a@1.0.0 → pkg:npm/b@2.0.0
    ? pkg:npm/b@1.0.0
    pkg:npm/b@2.0.0
    pkg:npm/c?vcs_url=git%2Bssh:%2F%2Fexample.com%2Fc.git%400123
    pkg:npm/d?vcs_url=git%2Bhttps:%2F%2Fgithub.com%2Fu%2Fd%400123
    pkg:npm/e
    * workspace → pkg:npm/a@1.0.0 pkg:npm/c?vcs_url=git%2Bssh:%2F%2Fexample.com%2Fc.git%400123 pkg:npm/d?vcs_url=git%2Bhttps:%2F%2Fgithub.com%2Fu%2Fd%400123 pkg:npm/e ; pkg:npm/b@1.0.0
    ");
}

#[test]
fn a_package_finds_the_nearest_of_a_name() {
    let text = r#"{"lockfileVersion": 3, "packages": {
        "": {"name": "app", "dependencies": {"a": "1", "b": "1", "missing": "1"}},
        "node_modules/a": {"version": "1.0.0", "dependencies": {"b": "2", "@s/c": "1"}, "resolved": "https://user:secret@npm.example.com/a/-/a-1.0.0.tgz"},
        "node_modules/a/node_modules/b": {"version": "2.0.0", "dependencies": {"@s/c": "1"}, "license": {"type": "BSD"}},
        "node_modules/b": {"version": "1.0.0", "licenses": 1, "resolved": "https://example.com/b.tgz"},
        "node_modules/@s/c": {"version": "1.0.0", "resolved": "git+ssh://git@github.com/s/c.git#0123abc", "license": ["MIT", {"type": "Zlib"}]}
    }}"#;
    let part = read("package-lock.json", text, &Memory::default()).unwrap();
    insta::assert_snapshot!(drawn_part(part), @r"
    * member:npm/app → pkg:npm/a@1.0.0?repository_url=https:%2F%2Fnpm.example.com pkg:npm/b@1.0.0?download_url=https:%2F%2Fexample.com%2Fb.tgz
    pkg:npm/%40s/c@1.0.0?vcs_url=git%2Bssh:%2F%2Fgithub.com%2Fs%2Fc.git%400123abc (MIT) (Zlib)
    pkg:npm/a@1.0.0?repository_url=https:%2F%2Fnpm.example.com → pkg:npm/%40s/c@1.0.0?vcs_url=git%2Bssh:%2F%2Fgithub.com%2Fs%2Fc.git%400123abc pkg:npm/b@2.0.0
    pkg:npm/b@1.0.0?download_url=https:%2F%2Fexample.com%2Fb.tgz
    pkg:npm/b@2.0.0 (BSD) → pkg:npm/%40s/c@1.0.0?vcs_url=git%2Bssh:%2F%2Fgithub.com%2Fs%2Fc.git%400123abc
    ");
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    insta::assert_snapshot!(wrong(""), @"a/package-lock.json: EOF while parsing a value (Some(1))");
    insta::assert_snapshot!(wrong("{}"), @"a/package-lock.json: it has no lockfileVersion (None)");
    insta::assert_snapshot!(wrong("{\"lockfileVersion\": 4}"), @"a/package-lock.json: it has version 4, and 1, 2 and 3 are read (None)");
    insta::assert_snapshot!(wrong("{\"lockfileVersion\": 3,\n\"packages\": [1]}"), @"a/package-lock.json: invalid type: sequence, expected a map (Some(2))");
    insta::assert_snapshot!(wrong("{\"lockfileVersion\": 3}"), @"a/package-lock.json: it holds no packages (None)");
    let of =
        |node: &str| format!("{{\"lockfileVersion\": 3, \"packages\": {{\n\"node_modules/a\": {node}}}}}");
    insta::assert_snapshot!(wrong(&of("{\"integrity\": \"sha512-short\"}")), @"a/package-lock.json: the integrity of a is none (Some(2))");
    insta::assert_snapshot!(wrong(&of("{\"link\": true, \"resolved\": \"lib\"}")), @"a/package-lock.json: node_modules/a is a link to `lib`, which is not in it (Some(2))");
    insta::assert_snapshot!(wrong("{\"lockfileVersion\": 3, \"packages\": {\n\"node_modules/\": {}}}"), @"a/package-lock.json: `` is no package URL: it has no name (Some(2))");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(at: proptest::sample::Index, text in "[\\[\\]{}a-z\":, /@\n0-9]{0,12}") {
        for sample in [OLD, include_str!("../../../tests/trees/npm-v3/package-lock.json")] {
            let mut whole = sample.to_owned();
            whole.insert_str(at.index(whole.len()), &text);
            let _ = read("package-lock.json", &whole, &Memory::default());
        }
    }
}
