//! Failure codes and their page: each code has one entry, each entry one code.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    rule::{Break, Rule},
    source::Source,
    tree,
};

const PAGE: &str = "docs/failures.md";
const CALL: &str = "Code::new(";

/// The codes of a file, each with its line; a code that is not written out is a break.
fn codes(source: &Source) -> (Vec<(String, usize)>, Vec<Break>) {
    let (mut found, mut breaks) = (Vec::new(), Vec::new());
    for (at, _) in source.shipped_code().match_indices(CALL) {
        let argument = source.text[at + CALL.len()..].trim_start();
        let code = argument.strip_prefix('"').and_then(|rest| rest.split('"').next());
        let is_kebab = |code: &&str| {
            !code.is_empty()
                && code.split('-').all(|word| {
                    !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
                })
        };
        match code.filter(is_kebab) {
            Some(code) => found.push((code.to_owned(), source.line(at))),
            None => {
                breaks.push(Break::at(
                    &source.path,
                    source.line(at),
                    "this code is not a kebab-case literal",
                ));
            }
        }
    }
    (found, breaks)
}

fn unexplained(sources: &[Source], page: &str) -> Vec<Break> {
    let (mut breaks, mut used) = (Vec::new(), BTreeMap::new());
    for source in sources {
        let (found, not_literal) = codes(source);
        breaks.extend(not_literal);
        for (code, line) in found {
            used.entry(code).or_insert_with(|| (source.path.clone(), line));
        }
    }
    let mut explained = BTreeSet::new();
    for (number, line) in page.lines().enumerate() {
        let Some(code) = line.strip_prefix("## ") else { continue };
        let at = |what: String| Break::at(PAGE, number + 1, what);
        if !used.contains_key(code) {
            breaks.push(at(format!("no failure is called `{code}`")));
        }
        if !explained.insert(code) {
            breaks.push(at(format!("a second entry for `{code}`")));
        }
    }
    let missing = used.iter().filter(|(code, _)| !explained.contains(code.as_str()));
    breaks.extend(
        missing
            .map(|(code, (path, line))| Break::at(path, *line, format!("`{code}` has no entry in {PAGE}"))),
    );
    breaks
}

#[test]
fn every_failure_code_is_explained_once() {
    Rule {
        says: "each failure code has exactly one `## <code>` in docs/failures.md, and each entry has its code",
        why: "the code is what a person searches for when a release stands still",
        mend: "write the entry: what it means, what to do, the exit status; or remove the one whose code is gone",
    }
    .holds(&unexplained(&tree::shipped(), &tree::text(PAGE).unwrap_or_default()));
}

#[test]
fn a_code_without_entry_and_an_entry_without_code_are_seen() {
    let source = Source::new(
        "bins/a/src/error.rs",
        "fn code() { Code::new(\"tag-moved\"); Code::new(name); Code::new(\"Not_Kebab\") }",
    );
    let page = "# Failures\n## tag-moved\n## gone\n## tag-moved\n";
    let seen: Vec<_> =
        unexplained(std::slice::from_ref(&source), page).iter().map(ToString::to_string).collect();
    assert_eq!(seen.len(), 4, "{seen:?}");
    assert_eq!(unexplained(&[source], "").len(), 3);
}
