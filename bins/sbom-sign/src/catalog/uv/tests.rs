//! Lock files of uv.

use super::*;
use crate::catalog::drawn::{drawn_part, fixture};

#[test]
fn it_says_all() {
    insta::assert_snapshot!(fixture("uv"), @r"
    * member:pypi/fixture-app@1.0.0 → pkg:pypi/click@8.1.7 pkg:pypi/packaging@24.1 pkg:pypi/python-dateutil@2.9.0 ; pkg:pypi/iniconfig@2.0.0
    pkg:pypi/click@8.1.7 #2 → pkg:pypi/colorama@0.4.6
    pkg:pypi/colorama@0.4.6 #2
    ? pkg:pypi/iniconfig@2.0.0 #2
    pkg:pypi/packaging@24.1 #2
    pkg:pypi/python-dateutil@2.9.0 #2 → pkg:pypi/six@1.17.0
    pkg:pypi/six@1.17.0 #2
    ");
}

const SOURCES: &str = r#"version = 1

[[package]]
name = "app"
version = "1"
source = { editable = "." }
dependencies = [{ name = "a", version = "2" }, { name = "b" }, { name = "c" }]

[[package]]
name = "a"
version = "1"
source = { registry = "https://user:secret@example.com/simple" }

[[package]]
name = "a"
version = "2"
source = { registry = "../wheels" }

[[package]]
name = "b"
version = "1"
source = { git = "https://github.com/s/b?rev=main#0123abc" }

[[package]]
name = "c"
source = { url = "https://example.com/c.whl" }
"#;

#[test]
fn versions_of_one_name_are_told_apart() {
    insta::assert_snapshot!(drawn_part(read(SOURCES).unwrap()), @r"
    member:pypi/app@1 → pkg:pypi/a@2 pkg:pypi/b@1?vcs_url=git%2Bhttps:%2F%2Fgithub.com%2Fs%2Fb%400123abc pkg:pypi/c?download_url=https:%2F%2Fexample.com%2Fc.whl
    pkg:pypi/a@1?repository_url=https:%2F%2Fexample.com%2Fsimple
    pkg:pypi/a@2
    pkg:pypi/b@1?vcs_url=git%2Bhttps:%2F%2Fgithub.com%2Fs%2Fb%400123abc
    pkg:pypi/c?download_url=https:%2F%2Fexample.com%2Fc.whl
    * workspace → member:pypi/app@1 pkg:pypi/a@1?repository_url=https:%2F%2Fexample.com%2Fsimple
    ");
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let wrong = |text: &str| {
        let error = read(text).unwrap_err();
        format!("{error} ({:?})", error.line)
    };
    insta::assert_snapshot!(wrong(""), @"missing field `version` (Some(1))");
    insta::assert_snapshot!(wrong("version = 2"), @"it has version 2, and 1 is read (None)");
    insta::assert_snapshot!(wrong(&SOURCES.replace("name = \"c\"\ns", "name = \"d\"\ns")), @"app needs `c`, which is not in it (Some(3))");
    insta::assert_snapshot!(wrong(&format!("{SOURCES}sdist = {{ hash = \"sha256:0\" }}")), @"a hash of c is none: `sha256:0` (Some(24))");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(at: proptest::sample::Index, text in "[\\[\\]{}a-z\"= \n.0-9]{0,12}") {
        let mut whole = SOURCES.to_owned();
        whole.insert_str(at.index(whole.len()), &text);
        let _ = read(&whole);
    }
}
