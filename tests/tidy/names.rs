//! What modules and files are called: by their subject.

use crate::{
    rule::{Break, Rule},
    source::Source,
    tree,
};

const LOST_PROPERTY: [&str; 8] = ["util", "utils", "common", "helper", "helpers", "misc", "core", "mod"];

fn names_without_subject(source: &Source) -> Vec<Break> {
    let of_path = source.path.trim_end_matches(".rs").split('/').filter(|part| LOST_PROPERTY.contains(part));
    let of_modules = source.code.match_indices("mod ").filter_map(|(at, word)| {
        let name = source.code[at + word.len()..].split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
        LOST_PROPERTY
            .contains(&name)
            .then(|| Break::at(&source.path, source.line(at), format!("a module called {name}")))
    });
    of_path
        .map(|part| Break::of_file(&source.path, format!("a path called {part}")))
        .chain(of_modules)
        .collect()
}

#[test]
fn modules_are_called_by_their_subject() {
    Rule {
        says: "no module is called util, common, helper, misc or core, and there is no mod.rs",
        why: "a name without a subject collects what has no other place, and grows for ever",
        mend: "name it by what lives there; `foo.rs` beside `foo/` instead of `foo/mod.rs`",
    }
    .holds(&tree::sources().iter().flat_map(names_without_subject).collect::<Vec<_>>());
}

#[test]
fn a_name_without_subject_is_seen() {
    let seen = |path: &str, text: &str| names_without_subject(&Source::new(path, text)).len();
    assert_eq!(seen("crates/a/src/utils.rs", ""), 1);
    assert_eq!(seen("crates/a/src/b/mod.rs", ""), 1);
    assert_eq!(seen("crates/helpers/src/b.rs", ""), 1);
    assert_eq!(seen("crates/a/src/b.rs", "mod helper { }"), 1);
    assert_eq!(seen("crates/a/src/common_name.rs", "mod commonplace; // mod util;"), 0);
}
