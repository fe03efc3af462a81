//! What must not leave a developer's machine: its paths and its package registry.

use crate::{
    rule::{Break, Rule},
    tree,
};

// Put together here, so that this file does not name them itself.
const MARKS: [&str; 7] = [
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/wo", "rk/main"),
    concat!("/wo", "rk/shared"),
    concat!("arti", "factory"),
    concat!("index.crates", ".io"),
    concat!("proxy.golang", ".org"),
];
// GitHub's own machines: their paths are the same for everyone.
const RUNNER: &str = concat!("/ho", "me/runner");

fn marks_of_a_machine(path: &str, text: &str) -> Vec<Break> {
    text.lines()
        .enumerate()
        .filter_map(|(number, line)| {
            let line = line.replace(RUNNER, "");
            let mark = MARKS.iter().find(|mark| line.contains(**mark))?;
            Some(Break::at(path, number + 1, format!("names {mark}")))
        })
        .collect()
}

#[test]
fn no_file_names_the_machine_it_was_written_on() {
    Rule {
        says: "no file names a machine's paths or a registry's address",
        why: "it works nowhere else, and tells strangers what is theirs to guess",
        mend: "a relative path, $HOME, or the package's name alone",
    }
    .holds(
        &tree::paths()
            .iter()
            .flat_map(|path| marks_of_a_machine(path, &tree::text(path).unwrap_or_default()))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn a_machine_path_is_seen() {
    for mark in MARKS {
        assert_eq!(marks_of_a_machine("a.md", &format!("see\n{mark}x\n")).len(), 1, "{mark}");
    }
    assert_eq!(marks_of_a_machine("a.md", &format!("{RUNNER}/work/app/app")).len(), 0);
}
