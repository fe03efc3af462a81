//! Lock files of yarn, old and new.

use super::*;
use crate::catalog::drawn::{Memory, drawn_part, fixture};

#[test]
fn the_classic_format_needs_the_manifests() {
    insta::assert_snapshot!(fixture("yarn-1"), @r"
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
fn the_new_format_holds_the_tree_itself() {
    insta::assert_snapshot!(fixture("yarn-berry"), @r"
    * member:npm/fixture-app@1.0.0 (MIT) → member:npm/fixture-lib@1.0.0 pkg:npm/%40sindresorhus/is@4.6.0 pkg:npm/debug@4.3.7 pkg:npm/ms@2.0.0 ; pkg:npm/p-limit@5.0.0
    member:npm/fixture-lib@1.0.0 → pkg:npm/ms@2.1.3
    pkg:npm/%40sindresorhus/is@4.6.0
    pkg:npm/debug@4.3.7 → pkg:npm/ms@2.1.3
    pkg:npm/ms@2.0.0
    pkg:npm/ms@2.1.3
    ? pkg:npm/p-limit@5.0.0 → pkg:npm/yocto-queue@1.2.2
    ? pkg:npm/yocto-queue@1.2.2
    ");
}

const CLASSIC: &str = "# yarn lockfile v1

\"@s/a@^1.0.0\", \"@s/a@~1.0\":
  version \"1.0.0\"
  resolved \"https://npm.example.com/@s/a/-/a-1.0.0.tgz#a94a8fe5ccb19ba61c4c0873d391e987982fbbd3\"
  dependencies:
    b \"git+https://example.com/b.git#main\"
  optionalDependencies:
    \"@s/c\" \">=1 <2\"

\"@s/c@>=1 <2\":
  version \"1.5.0\"

b@git+https://example.com/b.git#main:
  version \"2.0.0\"
  resolved \"git+https://example.com/b.git#0123abc\"
";

#[test]
fn registries_repositories_and_ranges_with_spaces_are_understood() {
    insta::assert_snapshot!(drawn_part(read("yarn.lock", CLASSIC, &Memory::default()).unwrap()), @r"
    pkg:npm/%40s/a@1.0.0?repository_url=https:%2F%2Fnpm.example.com #1 → pkg:npm/%40s/c@1.5.0 pkg:npm/b@2.0.0?vcs_url=git%2Bhttps:%2F%2Fexample.com%2Fb.git%400123abc
    pkg:npm/%40s/c@1.5.0
    pkg:npm/b@2.0.0?vcs_url=git%2Bhttps:%2F%2Fexample.com%2Fb.git%400123abc
    * workspace → pkg:npm/%40s/a@1.0.0?repository_url=https:%2F%2Fnpm.example.com
    ");
}

#[test]
fn a_commit_was_taken_for_the_hash_of_an_archive() {
    let commit = "0123456789012345678901234567890123456789";
    for address in ["https://github.com/u/g.git", "git+ssh://git@github.com/u/g.git"] {
        let text = format!("\"g@{address}\":\n  version \"1.0.0\"\n  resolved \"{address}#{commit}\"\n");
        let part = read("yarn.lock", &text, &Memory::default()).unwrap();
        assert_eq!(part.packages[0].hashes, [].into(), "{address}");
        let told = part.packages[0].purl.as_ref().unwrap().qualified("vcs_url").unwrap_or_default();
        assert!(told.ends_with(&format!("//github.com/u/g.git@{commit}")), "{told}");
    }
}

#[test]
fn a_file_cut_inside_a_version_passed_for_a_whole_one() {
    let whole =
        "lodash@^4, \"lodash@>=4, <5\":\n  version \"4.17.21\"\n  dependencies:\n    \"@s/a\" \"^1\"\n";
    assert!(read("yarn.lock", whole, &Memory::default()).is_ok());
    for (at, _) in whole.match_indices('"').step_by(2) {
        let cut = &whole[..at + 2];
        assert!(read("yarn.lock", cut, &Memory::default()).is_err(), "{cut}");
    }
}

const BERRY: &str = r#"__metadata:
  version: 6

"a@^1.0.0, a@npm:^1.0.0":
  version: 1.0.0
  resolution: "a@npm:1.0.0"
  dependencies:
    b: ^2.0.0
    c: "https://github.com/s/c.git"
    d: "git@github.com:s/d.git"
  checksum: 0123

"b@npm:^2.0.0":
  version: 2.0.0
  resolution: "b@npm:2.0.0::__archiveUrl=https%3A%2F%2Fnpm.example.com%2Fb%2F-%2Fb-2.0.0.tgz"

"c@https://github.com/s/c.git":
  version: 3.0.0
  resolution: "c@https://github.com/s/c.git#commit=0123abc"

"d@git@github.com:s/d.git":
  version: 3.0.0
  resolution: "d@git@github.com:s/d.git#commit=0123abc"
"#;

#[test]
fn older_ranges_without_a_protocol_are_understood() {
    insta::assert_snapshot!(drawn_part(read("yarn.lock", BERRY, &Memory::default()).unwrap()), @r"
    pkg:npm/a@1.0.0 → pkg:npm/b@2.0.0?repository_url=https:%2F%2Fnpm.example.com pkg:npm/c@3.0.0?vcs_url=git%2Bhttps:%2F%2Fgithub.com%2Fs%2Fc.git%400123abc pkg:npm/d@3.0.0?vcs_url=git%2Bssh:%2F%2Fgithub.com%2Fs%2Fd.git%400123abc
    pkg:npm/b@2.0.0?repository_url=https:%2F%2Fnpm.example.com
    pkg:npm/c@3.0.0?vcs_url=git%2Bhttps:%2F%2Fgithub.com%2Fs%2Fc.git%400123abc
    pkg:npm/d@3.0.0?vcs_url=git%2Bssh:%2F%2Fgithub.com%2Fs%2Fd.git%400123abc
    * workspace → pkg:npm/a@1.0.0
    ");
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let wrong = |text: &str| {
        let Faulty::Malformed { source, .. } = read("yarn.lock", text, &Memory::default()).unwrap_err()
        else {
            panic!("no file is read")
        };
        format!("{source} ({:?})", source.line)
    };
    insta::assert_snapshot!(wrong("a@1:\n  version \"1\"\nb\n"), @"no package begins like this: `b` (Some(3))");
    insta::assert_snapshot!(wrong("  version \"1\"\n"), @r#"this belongs to no package: `version "1"` (Some(1))"#);
    insta::assert_snapshot!(wrong("a@1:\n  version\n"), @"no key and value: `version` (Some(2))");
    insta::assert_snapshot!(wrong("a@1:\n   version \"1\"\n"), @r#"nothing is indented like this: `version "1"` (Some(2))"#);
    insta::assert_snapshot!(wrong("\n\na@1:\n  resolved x\n"), @"`a@1` has no version (Some(3))");
    insta::assert_snapshot!(wrong("a:\n  version \"1\"\n"), @"`a` is no package and range (Some(1))");
    insta::assert_snapshot!(wrong("a@1:\n  version \"1\"\n  integrity none\n"), @"the integrity of `a@1` is none (Some(1))");
    insta::assert_snapshot!(wrong("__metadata:\n  version: 6\n\"a@npm:1\":\n  version: 1\n"), @"`a@npm:1` has no resolution (Some(3))");
    insta::assert_snapshot!(wrong("__metadata:\n  version: 6\n\"a@npm:1\": 1\n"), @"expected mapping start (Some(3))");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(at: proptest::sample::Index, text in "[a-zé\": \n@/#0-9,-]{0,12}") {
        for sample in [CLASSIC, BERRY] {
            let mut whole = sample.to_owned();
            whole.insert_str(at.index(whole.len()), &text);
            let _ = read("yarn.lock", &whole, &Memory::default());
        }
    }
}
