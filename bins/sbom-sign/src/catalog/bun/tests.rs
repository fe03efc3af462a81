//! Lock files of bun.

use super::*;
use crate::catalog::drawn::{drawn_part, fixture};

#[test]
fn the_text_form_is_read() {
    insta::assert_snapshot!(fixture("bun"), @r"
    * member:npm/fixture-app → member:npm/fixture-lib@1.0.0 pkg:npm/%40sindresorhus/is@4.6.0 pkg:npm/debug@4.3.7 pkg:npm/ms@2.0.0 ; pkg:npm/p-limit@5.0.0
    member:npm/fixture-lib@1.0.0 → pkg:npm/ms@2.1.3
    pkg:npm/%40sindresorhus/is@4.6.0 #1
    pkg:npm/debug@4.3.7 #1 → pkg:npm/ms@2.1.3
    pkg:npm/ms@2.0.0 #1
    pkg:npm/ms@2.1.3 #1
    ? pkg:npm/p-limit@5.0.0 #1 → pkg:npm/yocto-queue@1.2.2
    ? pkg:npm/yocto-queue@1.2.2 #1
    ");
}

const NESTED: &str = r#"{
  "lockfileVersion": 1, // a comment
  "workspaces": {"": {"name": "app", "dependencies": {"a": "1", "@s/b": "1"}, }, /* none
  more */ },
  "packages": {
    "a": ["a@1.0.0", "https://npm.example.com/a/-/a-1.0.0.tgz", {"dependencies": {"@s/b": "2"}}, "sha1-qUqP5cyxm6YcTAhz05Hph5gvu9M="],
    "a/@s/b": ["@s/b@2.0.0", "", {}, ""],
    "@s/b": ["@s/b@1.0.0", "", {"peerDependencies": {"c": "*"}},],
    "c": ["c@github:s/c#0123", {}, "s-c-0123"],
    "d": ["d@https://example.com/d.tgz?token=1", {}],
    "e": ["e@git+ssh://git@example.com/e.git#0123", {}],
    "f": ["f@file:f.tgz", {}],
  }
}"#;

#[test]
fn nested_packages_repositories_and_archives_are_understood() {
    insta::assert_snapshot!(drawn_part(read(NESTED).unwrap()), @r"
    member:npm/app → pkg:npm/%40s/b@1.0.0 pkg:npm/a@1.0.0?repository_url=https:%2F%2Fnpm.example.com
    member:npm/f
    pkg:npm/%40s/b@1.0.0 → pkg:npm/c?vcs_url=git%2Bhttps:%2F%2Fgithub.com%2Fs%2Fc%400123
    pkg:npm/%40s/b@2.0.0
    pkg:npm/a@1.0.0?repository_url=https:%2F%2Fnpm.example.com #1 → pkg:npm/%40s/b@2.0.0
    pkg:npm/c?vcs_url=git%2Bhttps:%2F%2Fgithub.com%2Fs%2Fc%400123
    pkg:npm/d?download_url=https:%2F%2Fexample.com%2Fd.tgz
    pkg:npm/e?vcs_url=git%2Bssh:%2F%2Fexample.com%2Fe.git%400123
    * workspace → member:npm/app member:npm/f pkg:npm/d?download_url=https:%2F%2Fexample.com%2Fd.tgz pkg:npm/e?vcs_url=git%2Bssh:%2F%2Fexample.com%2Fe.git%400123
    ");
}

#[test]
fn commas_and_comments_to_spare_are_taken_out_of_the_text_and_left_in_strings() {
    assert_eq!(plain_json("[1, // x\n]"), "[1      \n]");
    assert_eq!(plain_json(r#"{"a,]": "//", }"#), r#"{"a,]": "//"  }"#);
    assert_eq!(plain_json(r#"["\"],", 2,"#), r#"["\"],", 2,"#);
    assert_eq!(plain_json("/* open"), "       ");
    assert_eq!(plain_json("\"open"), "\"open");
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let wrong = |text: &str| {
        let error = read(text).unwrap_err();
        format!("{error} ({:?})", error.line)
    };
    insta::assert_snapshot!(binary().why, @"it is bun's binary form, which only bun reads: `bun install --save-text-lockfile --lockfile-only` writes bun.lock");
    insta::assert_snapshot!(wrong("{"), @"EOF while parsing an object (Some(1))");
    insta::assert_snapshot!(wrong("{\"lockfileVersion\": 9, \"workspaces\": {}}"), @"it has version 9, and 0 to 2 are read (None)");
    insta::assert_snapshot!(wrong(&NESTED.replace("\"c@github:s/c#0123\"", "1")), @"`c` names no package and version (Some(8))");
    insta::assert_snapshot!(wrong(&NESTED.replace("sha1-", "sha1-x")), @"the integrity of a is none (Some(3))");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(at: proptest::sample::Index, text in "[\\[\\]{}a-zé\": \n@/*\\\\#0-9,-]{0,12}") {
        let mut whole = NESTED.to_owned();
        whole.insert_str(at.index(whole.len()), &text);
        let _ = read(&whole);
    }
}
