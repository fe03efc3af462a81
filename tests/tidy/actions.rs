//! Actions and binaries: one of each; what stands inside an action.yml is another test's subject.

use std::collections::BTreeSet;

use crate::{
    rule::{Break, Rule},
    tree,
};

fn without_partner(paths: &[String]) -> Vec<Break> {
    let rooms = |floor: &str, file: &str| -> BTreeSet<String> {
        paths
            .iter()
            .filter_map(|path| path.strip_prefix(floor)?.strip_suffix(file))
            .filter(|room| !room.contains('/'))
            .map(str::to_owned)
            .collect()
    };
    let (bins, actions) = (rooms("bins/", "/Cargo.toml"), rooms("actions/", "/action.yml"));
    let missing = bins
        .difference(&actions)
        .map(|name| Break::of_file(&format!("actions/{name}/action.yml"), "is missing"));
    let extra = actions
        .difference(&bins)
        .map(|name| Break::of_file(&format!("actions/{name}/action.yml"), "has no binary"));
    missing.chain(extra).collect()
}

#[test]
fn each_binary_has_its_action() {
    Rule {
        says: "bins/<name> and actions/<name>/action.yml come in pairs",
        why: "what runs on a laptop runs in a workflow, by the same name",
        mend: "add the action with one `run` step, or remove what has lost its partner",
    }
    .holds(&without_partner(&tree::paths()));
}

#[test]
fn a_missing_action_is_seen() {
    let paths = ["bins/a/Cargo.toml", "bins/b/Cargo.toml", "actions/b/action.yml", "actions/c/action.yml"];
    assert_eq!(without_partner(&paths.map(str::to_owned)).len(), 2);
}
