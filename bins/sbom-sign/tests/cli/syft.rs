//! The fixtures of every ecosystem, listed by us and by syft: each difference has its reason.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

use serde_json::Value;
use testkit::Scratch;

use crate::desk::{desk, sbom_sign};

/// What the fixture of JavaScript needs for development only.
const FOR_DEVELOPMENT: &[&str] = &["npm/p-limit@5.0.0", "npm/yocto-queue@1.2.2"];

/// A tree, what only syft lists of it, and what only we do.
struct Difference {
    tree: &'static str,
    only_syft: &'static [&'static str],
    only_ours: &'static [&'static str],
}

const fn difference(
    tree: &'static str,
    only_syft: &'static [&'static str],
    only_ours: &'static [&'static str],
) -> Difference {
    Difference { tree, only_syft, only_ours }
}

/// Why they differ: of JavaScript and Pipfile.lock syft leaves out what is for development (but not from pnpm's version 9, and from yarn only
/// where the manifest is at the root of what it scans); it takes npm's link to a package of the tree for a package without a version,
/// and yarn's placeholder for a version; requirements that only constraints pin, that nothing pins, or that name a repository it leaves out.
const DIFFERENCES: &[Difference] = &[
    difference("bun", &[], FOR_DEVELOPMENT),
    difference("go", &[], &[]),
    difference("npm-v1", &[], FOR_DEVELOPMENT),
    difference("npm-v2", &["npm/fixture-lib"], FOR_DEVELOPMENT),
    difference("npm-v3", &["npm/fixture-lib"], FOR_DEVELOPMENT),
    difference("pdm", &[], &[]),
    difference("pip", &[], &["pypi/iniconfig@2.0.0", "pypi/markupsafe", "pypi/packaging"]),
    difference("pipenv", &[], &["pypi/iniconfig@2.0.0"]),
    difference("pnpm-5", &[], FOR_DEVELOPMENT),
    difference("pnpm-7", &[], FOR_DEVELOPMENT),
    difference("pnpm-8", &[], FOR_DEVELOPMENT),
    difference("pnpm-9", &[], &[]),
    difference("poetry", &[], &[]),
    difference("poetry-1", &[], &[]),
    difference("uv", &[], &[]),
    difference("yarn-1", &[], &[]),
    difference("yarn-berry", &["npm/fixture-app@0.0.0-use.local", "npm/fixture-lib@0.0.0-use.local"], &[]),
];

/// `type/name@version` of a package URL, in lower case and without what it is qualified by.
fn bare(purl: &str) -> String {
    purl.trim_start_matches("pkg:").split(['?', '#']).next().unwrap().to_lowercase()
}

/// What we list of a tree.
fn ours(desk: &Scratch, tree: &Path) -> BTreeSet<String> {
    sbom_sign(desk, &format!("sbom {} --output bom.json", tree.display())).run().succeeds();
    let bom: Value = serde_json::from_str(&desk.read("bom.json")).unwrap();
    bom["components"].as_array().unwrap().iter().filter_map(|one| one["purl"].as_str()).map(bare).collect()
}

/// What syft lists of all trees, by the tree that it found it in; one run, because it starts slowly.
fn theirs(desk: &Scratch, trees: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new("syft")
        .args(["scan", "--quiet", "--output", "json"])
        .arg(format!("dir:{}", trees.display()))
        .env("HOME", desk.path())
        .env("SYFT_CHECK_FOR_APP_UPDATE", "false")
        .output()
        .unwrap_or_else(|error| panic!("syft is not there, see script/setup --peers: {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for artifact in found["artifacts"].as_array().unwrap() {
        for location in artifact["locations"].as_array().unwrap() {
            let path = location["path"].as_str().unwrap().trim_start_matches('/');
            let tree = path.split('/').next().unwrap().to_owned();
            all.entry(tree).or_default().insert(bare(artifact["purl"].as_str().unwrap()));
        }
    }
    all
}

#[test]
#[ignore = "peers: needs syft, see script/setup --peers"]
fn peers_syft_lists_no_package_that_we_do_not_list_without_a_reason() {
    let desk = desk();
    let trees = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trees");
    let theirs = theirs(&desk, &trees);
    let compared: Vec<&str> = DIFFERENCES.iter().map(|one| one.tree).collect();
    assert_eq!(theirs.keys().collect::<Vec<_>>(), compared, "every tree is compared");
    for Difference { tree, only_syft, only_ours } in DIFFERENCES {
        let (ours, theirs) = (ours(&desk, &trees.join(tree)), &theirs[*tree]);
        assert!(theirs.len() > 2, "syft lists next to nothing of {tree}: {theirs:?}");
        let minus = |one: &BTreeSet<String>, other: &BTreeSet<String>| -> Vec<String> {
            one.difference(other).filter(|name| !is_own(name)).cloned().collect()
        };
        assert_eq!(minus(theirs, &ours), *only_syft, "only syft lists these of {tree}");
        assert_eq!(minus(&ours, theirs), *only_ours, "only we list these of {tree}");
    }
}

/// The packages of the fixture itself: our root and its members, to syft packages like others or nothing.
fn is_own(name: &str) -> bool {
    ["fixture-app@1.0.0", "fixture-lib@1.0.0"].iter().any(|own| name.ends_with(own))
}
