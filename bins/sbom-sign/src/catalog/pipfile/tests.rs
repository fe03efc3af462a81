//! Lock files of pipenv.

use super::*;
use crate::catalog::drawn::{drawn_part, fixture};

#[test]
fn it_says_what_is_for_development() {
    insta::assert_snapshot!(fixture("pipenv"), @r"
    pkg:pypi/click@8.1.7 #2
    ? pkg:pypi/iniconfig@2.0.0 #2
    pkg:pypi/python-dateutil@2.9.0 #2
    pkg:pypi/six@1.17.0 #2
    * workspace → pkg:pypi/click@8.1.7 pkg:pypi/python-dateutil@2.9.0 pkg:pypi/six@1.17.0 ; pkg:pypi/iniconfig@2.0.0
    ");
}

const SOURCES: &str = r#"{"_meta": {}, "default": {
    "a": {"git": "https://example.com/a.git", "ref": "0123abc"},
    "b": {"file": "https://example.com/b.whl", "hashes": ["md5:x"]},
    "c": {"path": ".", "editable": true}
}, "docs": {"d": {"version": "==1.0"}}}"#;

#[test]
fn repositories_archives_and_groups_are_understood() {
    let wrong = SOURCES.replace("\"md5:x\"", "");
    insta::assert_snapshot!(drawn_part(read(&wrong).unwrap()), @r"
    member:pypi/c
    pkg:pypi/a?vcs_url=git%2Bhttps:%2F%2Fexample.com%2Fa.git%400123abc
    pkg:pypi/b?download_url=https:%2F%2Fexample.com%2Fb.whl
    ? pkg:pypi/d@1.0
    * workspace → member:pypi/c pkg:pypi/a?vcs_url=git%2Bhttps:%2F%2Fexample.com%2Fa.git%400123abc pkg:pypi/b?download_url=https:%2F%2Fexample.com%2Fb.whl ; pkg:pypi/d@1.0
    ");
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let wrong = |text: &str| {
        let error = read(text).unwrap_err();
        format!("{error} ({:?})", error.line)
    };
    insta::assert_snapshot!(wrong("{}"), @"it has no _meta, which pipenv writes into every lock file (None)");
    insta::assert_snapshot!(wrong("{\"_meta\":\n1}"), @"invalid type: integer `1`, expected a map (Some(2))");
    insta::assert_snapshot!(wrong("{\"_meta\": {},\n\"default\": {\n\"a\": {\"hashes\": 1}}}"), @"invalid type: integer `1`, expected a sequence (Some(3))");
    insta::assert_snapshot!(wrong(SOURCES), @"a hash of b is none: `md5:x` (Some(3))");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(at: proptest::sample::Index, text in "[\\[\\]{}a-z\":, \n.0-9]{0,12}") {
        let mut whole = SOURCES.to_owned();
        whole.insert_str(at.index(whole.len()), &text);
        let _ = read(&whole);
    }
}
