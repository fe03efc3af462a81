//! Modules of Go.

use super::*;
use crate::catalog::drawn::{Memory, drawn_part, fixture};

#[test]
fn the_build_list_is_read_with_its_hashes() {
    insta::assert_snapshot!(fixture("go"), @r"
    * member:golang/example.com/fixture/app → pkg:golang/github.com/burntsushi/toml@v1.4.0 pkg:golang/github.com/spf13/pflag@v1.0.5 pkg:golang/golang.org/x/text@v0.21.0
    pkg:golang/github.com/burntsushi/toml@v1.4.0
    pkg:golang/github.com/spf13/pflag@v1.0.5
    pkg:golang/golang.org/x/text@v0.21.0
    ");
}

const OLD: &str = "module example.com/app // a comment

go 1.16

require example.com/a v1.0.0
require (
\texample.com/b/v2 v2.1.0 // indirect
\texample.com/local v0.0.0
)

replace (
\texample.com/a => example.com/fork v1.0.1
\texample.com/local v0.0.0 => ../local
)

exclude example.com/x v1.0.0
retract [v0.1.0, v0.2.0]
";

const SUMS: &str = "example.com/fork v1.0.1 h1:aaa=
example.com/fork v1.0.1/go.mod h1:bbb=
example.com/c v1.9.0 h1:ccc=
example.com/c v1.10.0 h1:ddd=
example.com/d v1.0.0/go.mod h1:eee=
";

fn files() -> Memory {
    Memory::of(&[("x/go.sum", SUMS)])
}

#[test]
fn replacements_count_and_an_older_go_leaves_the_rest_to_the_hashes() {
    let part = read("x/go.mod", OLD, &files()).unwrap();
    let properties: Vec<_> = part.packages.iter().flat_map(|one| one.properties.clone()).collect();
    insta::assert_snapshot!(format!("{properties:?}"), @r#"[("seaworthy:go:sum", "h1:aaa="), ("seaworthy:go:indirect", "true"), ("seaworthy:go:indirect", "true"), ("seaworthy:go:sum", "h1:ddd="), ("seaworthy:go:indirect", "true"), ("seaworthy:go:sum", "h1:aaa=")]"#);
    insta::assert_snapshot!(drawn_part(part), @r"
    * member:golang/example.com/app → member:golang/example.com/local pkg:golang/example.com/b/v2@v2.1.0 pkg:golang/example.com/c@v1.10.0 pkg:golang/example.com/fork@v1.0.1
    member:golang/example.com/local
    pkg:golang/example.com/b/v2@v2.1.0
    pkg:golang/example.com/c@v1.10.0
    pkg:golang/example.com/fork@v1.0.1
    ");
    let newer = read("x/go.mod", &OLD.replace("1.16", "1.17.1"), &files()).unwrap();
    assert_eq!(newer.packages.len(), 4);
}

#[test]
fn what_is_wrong_is_told_with_file_and_line() {
    let wrong = |text: &str| {
        let Faulty::Malformed { path, source } =
            read("x/go.mod", text, &Memory::of(&[("x/go.sum", "a b\n")])).unwrap_err()
        else {
            panic!("every file is there")
        };
        format!("{path}: {source} ({:?})", source.line)
    };
    insta::assert_snapshot!(wrong("module a\nrequire x"), @"x/go.mod: `require x` is no statement of go.mod (Some(2))");
    insta::assert_snapshot!(wrong("module a\nreplace x y"), @"x/go.mod: a replace without `=>` (Some(2))");
    insta::assert_snapshot!(wrong("module a\nreplace =>"), @"x/go.mod: a replace of nothing, or by nothing (Some(2))");
    insta::assert_snapshot!(wrong("module a\nrequire ("), @"x/go.mod: the block `require (` is not closed (None)");
    insta::assert_snapshot!(wrong("<<<<<<< ours"), @"x/go.mod: `<<<<<<< ours` is no statement of go.mod (Some(1))");
    insta::assert_snapshot!(wrong("module a"), @"x/go.sum: it is no module, version and hash (Some(1))");
    assert!(read("go.mod", "go 1.20", &Memory::default()).is_err());
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(at: proptest::sample::Index, text in "[a-zé()\"= \n./v0-9>-]{0,12}") {
        let mut whole = OLD.to_owned();
        whole.insert_str(at.index(whole.len()), &text);
        let _ = read("x/go.mod", &whole, &files());
    }
}
