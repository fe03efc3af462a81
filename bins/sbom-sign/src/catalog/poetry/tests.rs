//! Lock files of poetry.

use super::*;
use crate::catalog::drawn::{Memory, drawn_part, fixture};

#[test]
fn lock_version_2_1_says_the_groups() {
    insta::assert_snapshot!(fixture("poetry"), @r"
    * member:pypi/fixture-app@1.0.0 → pkg:pypi/click@8.1.7 pkg:pypi/python-dateutil@2.9.0.post0 ; pkg:pypi/iniconfig@2.3.1
    pkg:pypi/click@8.1.7 #2 → pkg:pypi/colorama@0.4.6
    pkg:pypi/colorama@0.4.6 #2
    ? pkg:pypi/iniconfig@2.3.1 #2
    pkg:pypi/python-dateutil@2.9.0.post0 #2 → pkg:pypi/six@1.17.0
    pkg:pypi/six@1.17.0 #2
    ");
}

#[test]
fn lock_version_2_0_needs_the_project_for_what_is_development() {
    insta::assert_snapshot!(fixture("poetry-1"), @r"
    * member:pypi/fixture-app@1.0.0 → pkg:pypi/click@8.1.7 pkg:pypi/python-dateutil@2.9.0.post0 ; pkg:pypi/iniconfig@2.0.0
    pkg:pypi/click@8.1.7 #2 → pkg:pypi/colorama@0.4.6
    pkg:pypi/colorama@0.4.6 #2
    ? pkg:pypi/iniconfig@2.0.0 #2
    pkg:pypi/python-dateutil@2.9.0.post0 #2 → pkg:pypi/six@1.17.0
    pkg:pypi/six@1.17.0 #2
    ");
}

const OLD: &str = r#"
[[package]]
name = "A_a"
version = "1.0"
category = "main"
[package.dependencies]
b = [{version = "1", markers = "x"}, {version = "2"}]

[[package]]
name = "b"
version = "1.0"
category = "dev"
[package.source]
type = "git"
url = "https://example.com/b.git"
reference = "main"
resolved_reference = "0123abc"

[[package]]
name = "c"
version = "1.0"
category = "dev"
[package.source]
type = "directory"
url = "c"

[metadata]
lock-version = "1.1"

[metadata.files]
A_a = [{file = "a.whl", hash = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}]
"#;

#[test]
fn lock_version_1_has_its_hashes_at_the_end() {
    insta::assert_snapshot!(drawn_part(read("poetry.lock", OLD, &Memory::default()).unwrap()), @r"
    member:pypi/c@1.0
    pkg:pypi/a-a@1.0 #1 → pkg:pypi/b@1.0?vcs_url=git%2Bhttps:%2F%2Fexample.com%2Fb.git%400123abc
    pkg:pypi/b@1.0?vcs_url=git%2Bhttps:%2F%2Fexample.com%2Fb.git%400123abc
    * workspace → pkg:pypi/a-a@1.0 ; member:pypi/c@1.0
    ");
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let wrong = |text: &str| {
        let Faulty::Malformed { path, source } =
            read("poetry.lock", text, &Memory::of(&[("pyproject.toml", "[")])).unwrap_err()
        else {
            panic!("every file is there")
        };
        format!("{path}: {source} ({:?})", source.line)
    };
    insta::assert_snapshot!(wrong(""), @"poetry.lock: missing field `metadata` (Some(1))");
    insta::assert_snapshot!(wrong("[metadata]\nlock-version = \"3\""), @"poetry.lock: it has lock version `3`, and 1 and 2 are read (None)");
    insta::assert_snapshot!(wrong(&OLD.replace("9f86", "zzzz")), @"poetry.lock: a hash of A_a is none: `sha256:zzzzd081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08` (Some(2))");
    insta::assert_snapshot!(wrong(&OLD.replace("\"A_a\"", "\"\"")), @"poetry.lock: `` is no package URL: it has no name (Some(2))");
    insta::assert_snapshot!(wrong(OLD), @"pyproject.toml: unquoted keys cannot be empty, expected letters, numbers, `-`, `_` (Some(1))");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(at: proptest::sample::Index, text in "[\\[\\]{}a-z\"= \n.0-9]{0,12}") {
        let mut whole = OLD.to_owned();
        whole.insert_str(at.index(whole.len()), &text);
        let _ = read("poetry.lock", &whole, &Memory::default());
    }
}
