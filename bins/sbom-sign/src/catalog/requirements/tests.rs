//! Requirements files.

use super::*;
use crate::catalog::drawn::{Memory, fixture};

#[test]
fn hashes_includes_and_constraints_are_understood() {
    insta::assert_snapshot!(fixture("pip"), @r"
    pkg:pypi/click@8.1.7 #2
    pkg:pypi/iniconfig@2.0.0
    pkg:pypi/markupsafe?vcs_url=git%2Bhttps:%2F%2Fgithub.com%2Fpallets%2Fmarkupsafe.git%400123456789abcdef0123456789abcdef01234567
    pkg:pypi/packaging
    pkg:pypi/python-dateutil@2.9.0 #2
    pkg:pypi/six@1.17.0 #2
    * workspace → pkg:pypi/click@8.1.7 pkg:pypi/iniconfig@2.0.0 pkg:pypi/markupsafe?vcs_url=git%2Bhttps:%2F%2Fgithub.com%2Fpallets%2Fmarkupsafe.git%400123456789abcdef0123456789abcdef01234567 pkg:pypi/packaging pkg:pypi/python-dateutil@2.9.0 pkg:pypi/six@1.17.0
    ");
}

fn listed(text: &str) -> String {
    let files = Memory::of(&[("lib/pyproject.toml", "[project]\nname = \"lib\"\nversion = \"2\"\n")]);
    let part = read("requirements.txt", text, &files).unwrap_or_else(|error| panic!("{error}"));
    part.packages.iter().map(|package| format!("{} {}\n", package.name, package.reference)).collect()
}

#[test]
fn every_form_of_a_requirement_is_read() {
    let hash = "--hash=sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let text = format!(
        "\u{feff}# a comment \\
--index-url https://user:secret@example.com/simple
Django[argon2] == 4.2.1 ; python_version > '3.8' {hash} # via x
a===1.0
b>=1,<2
c==1.*
d==1.0,!=2
e (==1.0)
f @ https://example.com/f-1.0-py3-none-any.whl#sha256=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
git+https://user:secret@example.com/g.git@main#egg=g&subdirectory=x
git+ssh://git@example.com/h.git
git+git@example.com:u/short.git@v1
https://example.com/i-1.0.tar.gz
./wheels/j-1.0-py3-none-any.whl
-e ./lib[extra]
-e .
k \\
  ==1.0 \\
  {hash}
"
    );
    insta::assert_snapshot!(listed(&text), @r"
    Django pkg:pypi/django@4.2.1
    a pkg:pypi/a@1.0
    b pkg:pypi/b
    c pkg:pypi/c
    d pkg:pypi/d@1.0
    e pkg:pypi/e@1.0
    f pkg:pypi/f@1.0?download_url=https:%2F%2Fexample.com%2Ff-1.0-py3-none-any.whl
    g pkg:pypi/g?vcs_url=git%2Bhttps:%2F%2Fexample.com%2Fg.git%40main
    h pkg:pypi/h?vcs_url=git%2Bssh:%2F%2Fexample.com%2Fh.git
    short pkg:pypi/short?vcs_url=git%2Bssh:%2F%2Fexample.com%2Fu%2Fshort.git%40v1
    i pkg:pypi/i@1.0?download_url=https:%2F%2Fexample.com%2Fi-1.0.tar.gz
    j pkg:pypi/j@1.0
    lib member:pypi/lib@2
    k pkg:pypi/k@1.0
    ");
}

#[test]
fn what_was_a_constraint_first_was_no_requirement_any_more() {
    let files = Memory::of(&[("base.txt", "six==1.0\n")]);
    let packages = |text: &str| read("requirements.txt", text, &files).unwrap().packages.len();
    assert_eq!(packages("-c base.txt\n-r base.txt\n"), 1);
    assert_eq!(packages("-r base.txt\n-c base.txt\n"), 1);
    assert_eq!(packages("-c base.txt\n"), 0);
}

#[test]
fn a_pin_with_another_bound_beside_it_was_none() {
    insta::assert_snapshot!(listed("a==1.26.0,<2\nb>=1,==1.2\nc (!=1.1, ===1.2)\nd==1.*,==1.2\ne==1.*\n"), @r"
    a pkg:pypi/a@1.26.0
    b pkg:pypi/b@1.2
    c pkg:pypi/c@1.2
    d pkg:pypi/d@1.2
    e pkg:pypi/e
    ");
}

#[test]
fn a_hash_behind_a_space_was_lost() {
    let digits = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let text = format!("a==1.0 --hash sha256:{digits} \\\n --hash=sha256:{}\n", digits.replace('0', "1"));
    let files = Memory::default();
    assert_eq!(read("requirements.txt", &text, &files).unwrap().packages[0].hashes.len(), 2);
    assert!(read("requirements.txt", "a==1.0 --hash sha256:0\n", &files).is_err());
    assert!(read("requirements.txt", "a==1.0 --hash\n", &files).is_err());
}

#[test]
fn a_project_without_a_name_was_called_project() {
    let files = Memory::default();
    let references = |path: &str| -> Vec<String> {
        let part = read(path, "-e .\n-e ../up\n./sub[extra]/\n", &files).unwrap();
        part.packages.into_iter().map(|package| package.reference).collect()
    };
    assert_eq!(references("requirements.txt"), ["member:pypi/up", "member:pypi/sub"]);
    assert_eq!(references("api/requirements.txt"), ["member:pypi/api", "member:pypi/up", "member:pypi/sub"]);
}

#[test]
fn what_is_wrong_is_told_with_file_and_line() {
    let files = Memory::of(&[("deep/b.txt", "a==1\n\n=1\n"), ("loop.txt", "-r loop.txt\n")]);
    let wrong = |text: &str| {
        let Faulty::Malformed { path, source } = read("deep/requirements.txt", text, &files).unwrap_err()
        else {
            panic!("every file is there")
        };
        format!("{path}: {source} ({:?})", source.line)
    };
    insta::assert_snapshot!(wrong("a==1\n-r b.txt"), @"deep/b.txt: `=1` is no requirement (Some(3))");
    insta::assert_snapshot!(wrong("a==1 \\\n --hash=sha256:0"), @"deep/requirements.txt: a hash of a is none: `sha256:0` (Some(1))");
    insta::assert_snapshot!(wrong("-r ../../etc/passwd"), @"deep/requirements.txt: it includes `../../etc/passwd`, which is not in the tree, and nothing is fetched (Some(1))");
    insta::assert_snapshot!(wrong("-r https://example.com/r.txt"), @"deep/requirements.txt: it includes `https://example.com/r.txt`, which is not in the tree, and nothing is fetched (Some(1))");
    insta::assert_snapshot!(wrong("-c missing.txt"), @"deep/requirements.txt: it includes `missing.txt`, which is not in the tree, and nothing is fetched (Some(1))");
    insta::assert_snapshot!(wrong("https://example.com/"), @"deep/requirements.txt: an address that does not say what lies there: add #egg=NAME (Some(1))");
    insta::assert_snapshot!(wrong("a b c"), @"deep/requirements.txt: `a b c` is no requirement (Some(1))");
    assert!(read("deep/requirements.txt", "-r ../loop.txt", &files).is_ok(), "a file that includes itself");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "([a-zé]{1,3}|[ \\[\\]();=@<>/.:#+\n-]|==1|git\\+|https://|--hash=|-r |-e |egg=|\\.whl|\\\\){0,12}") {
        let _ = read("requirements.txt", &text, &Memory::default());
    }
}
