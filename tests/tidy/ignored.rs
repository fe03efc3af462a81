//! Tests that do not run by default: only the slow tier's, each with its reason.

use crate::{
    rule::{Break, Rule},
    source::Source,
    tree,
};

const ATTRIBUTE: &str = "#[ignore";

fn ignored_for_nothing(source: &Source) -> Vec<Break> {
    source
        .code
        .match_indices(ATTRIBUTE)
        .filter_map(|(at, _)| {
            let reason =
                source.text[at + ATTRIBUTE.len()..].split(']').next()?.trim().trim_start_matches('=').trim();
            let name = source.code[at..].split("fn ").nth(1)?.split('(').next()?;
            let runs_among_peers = name.starts_with("peers_") || source.path.contains("peers");
            let what = match reason.len() > "\"\"".len() {
                false => "is ignored without a reason",
                true if !runs_among_peers => {
                    "is ignored and in no tier: its name does not begin with `peers_`"
                }
                true => return None,
            };
            Some(Break::at(&source.path, source.line(at), format!("`{name}` {what}")))
        })
        .collect()
}

#[test]
fn every_test_runs_somewhere() {
    Rule {
        says: "an ignored test has a reason and belongs to `script/test --peers`",
        why: "a test that never runs proves nothing, and looks as if it did",
        mend: "`#[ignore = \"needs cosign\"] fn peers_…`, or let it run",
    }
    .holds(&tree::sources().iter().flat_map(ignored_for_nothing).collect::<Vec<_>>());
}

#[test]
fn an_ignored_test_is_seen() {
    let seen = |text: &str| ignored_for_nothing(&Source::new("a.rs", text)).len();
    assert_eq!(seen("#[test]\n#[ignore]\nfn peers_a() {}"), 1);
    assert_eq!(seen("#[test]\n#[ignore = \"\"]\nfn peers_a() {}"), 1);
    assert_eq!(seen("#[test]\n#[ignore = \"slow\"]\nfn a() {}"), 1);
    assert_eq!(seen("#[test]\n#[ignore = \"needs cosign\"]\nfn peers_a() {}"), 0);
}
