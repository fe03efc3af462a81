//! Lock files of pdm.

use super::*;
use crate::catalog::drawn::{Memory, fixture};

#[test]
fn it_says_all_but_what_the_project_needs() {
    insta::assert_snapshot!(fixture("pdm"), @r"
    * member:pypi/fixture-app@1.0.0 → pkg:pypi/click@8.1.7 pkg:pypi/packaging@24.1 pkg:pypi/python-dateutil@2.9.0.post0 ; pkg:pypi/iniconfig@2.0.0
    pkg:pypi/click@8.1.7 #2 → pkg:pypi/colorama@0.4.6
    pkg:pypi/colorama@0.4.6 #2
    ? pkg:pypi/iniconfig@2.0.0 #2
    pkg:pypi/packaging@24.1 #2
    pkg:pypi/python-dateutil@2.9.0.post0 #2 → pkg:pypi/six@1.17.0
    pkg:pypi/six@1.17.0 #2
    ");
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let wrong = |text: &str| {
        let Faulty::Malformed { source, .. } = read("pdm.lock", text, &Memory::default()).unwrap_err() else {
            panic!("no file is read")
        };
        format!("{source} ({:?})", source.line)
    };
    insta::assert_snapshot!(wrong("[metadata]\nlock_version = \"3.1\""), @"it has lock version `3.1`, and 4 is read (None)");
    insta::assert_snapshot!(wrong("[metadata]\nlock_version = \"4.5\"\n[[package]]\nname = \"a\""), @"missing field `version` (Some(3))");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(at: proptest::sample::Index, text in "[\\[\\]{}a-z\"= \n.0-9]{0,12}") {
        let mut whole = include_str!("../../../tests/trees/pdm/pdm.lock").to_owned();
        whole.insert_str(at.index(whole.len()), &text);
        let _ = read("pdm.lock", &whole, &Memory::default());
    }
}
