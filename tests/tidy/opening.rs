//! How a file begins: with a sentence on what lives there.

use crate::{
    rule::{Break, Rule},
    tree,
};

fn without_sentence(path: &str, text: &str) -> Option<Break> {
    let paragraph: Vec<_> = text
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(str::trim)
        .take_while(|line| !line.is_empty())
        .collect();
    match paragraph.last() {
        None => Some(Break::of_file(path, "no `//!` at its top")),
        Some(last) if last.ends_with(['.', '?', '!', ':']) => None,
        Some(_) => Some(Break::of_file(path, "its opening is no sentence")),
    }
}

#[test]
fn each_module_says_what_lives_there() {
    Rule {
        says: "a Rust file opens with a `//!` sentence",
        why: "whoever comes to change something must know whether this is the room",
        mend: "one sentence on what lives there and, where one might look for it, what never does",
    }
    .holds(
        &tree::sources()
            .iter()
            .filter_map(|source| without_sentence(&source.path, &source.text))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn a_missing_opening_is_seen() {
    assert!(without_sentence("a.rs", "//! What an a is.\n//!\n//! More\n").is_none());
    assert!(without_sentence("a.rs", "use b;\n//! What an a is.\n").is_some());
    assert!(without_sentence("a.rs", "//! module a\n\nfn b() {}\n").is_some());
}
