//! Who may depend on what: the table of docs/architecture.md, compared with the manifests.

use std::process::Command;

use serde_json::Value;

use crate::{
    rule::{Break, Rule},
    tree,
};

/// One room: the package, the rooms of ours it may use, and the packages of others.
struct Room(&'static str, &'static str, &'static str);

/// From the ground up: a room uses only rooms above it in this table, and none uses a binary.
const ROOMS: &[Room] = &[
    Room("contract", "", "semver sha2 zeroize"),
    Room("ci", "contract", "base64 clap getrandom percent-encoding rustix signal-hook"),
    Room("config", "ci contract", "strsim toml"),
    Room("http", "contract", "bytes http-body reqwest rustls tokio"),
    Room("oci", "ci contract http", "base64 flate2 ruzstd sha2 tar"),
    Room(
        "trust",
        "ci contract http oci",
        "base64 crypto_secretbox getrandom p256 p384 ring scrypt sha2 sigstore-bundle sigstore-crypto sigstore-rekor \
         sigstore-trust-root sigstore-types sigstore-verify zeroize",
    ),
    Room("ledger", "ci contract", "rustix sha2"),
    Room("evidence", "ci config contract ledger oci trust", ""),
    Room("deploy", "ci config contract http", ""),
    Room("validate-env", "ci contract", "clap regex strsim"),
    Room("tag-image", "ci config contract http oci", "clap pep440_rs regress toml"),
    Room(
        "migrate-db",
        "ci config contract http ledger oci",
        "age clap crc32fast futures-core mimalloc percent-encoding rusty-s3 sha2 sqlx tokio toml",
    ),
    Room(
        "smoke-test",
        "ci contract http",
        "clap getrandom percent-encoding regex serde-saphyr serde_json_path strsim",
    ),
    Room(
        "sbom-sign",
        "ci contract http oci trust",
        "base64 clap cvss cyclonedx-bom flate2 memchr mimalloc object pep440_rs percent-encoding rpm-version semver serde-saphyr spdx toml zeroize zip",
    ),
    Room("promote", "ci config contract deploy evidence ledger oci trust", "clap toml"),
    Room("rollback", "ci config contract deploy evidence ledger oci trust", "clap toml"),
    Room("testkit", "", "rustix tempfile"),
    Room("tests", "ci config contract deploy evidence http ledger oci trust", "clap serde-saphyr toml"),
];

/// What any room may use: small, and without a subject of its own.
const EVERYWHERE: &str = "jiff serde serde_json thiserror";

/// What any room's tests may use beside that.
const IN_TESTS: &str = "insta proptest tempfile testkit";

/// One edge of the graph: `room` names `used` in its manifest.
struct Edge {
    room: String,
    used: String,
    section: Section,
}

#[derive(Clone, Copy)]
enum Section {
    Dependencies,
    DevDependencies,
}

fn words(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.split_whitespace()
}

/// `seaworthy-ci` is called ci in the house.
fn short(package: &Value) -> String {
    package.as_str().expect("cargo writes names as text").trim_start_matches("seaworthy-").to_owned()
}

fn edges(metadata: &Value) -> Vec<Edge> {
    let list = |value: &'_ Value| value.as_array().expect("cargo writes a list").clone();
    let of_package = |package: &Value| {
        let room = short(&package["name"]);
        let edge = |dependency: Value| Edge {
            room: room.clone(),
            used: short(&dependency["name"]),
            section: match dependency["kind"].as_str() {
                Some("dev") => Section::DevDependencies,
                _ => Section::Dependencies,
            },
        };
        list(&package["dependencies"]).into_iter().map(edge).collect::<Vec<_>>()
    };
    list(&metadata["packages"]).iter().flat_map(of_package).collect()
}

fn is_in_table(Edge { room, used, section }: &Edge) -> bool {
    let Some(Room(_, ours, theirs)) = ROOMS.iter().find(|row| row.0 == room) else { return false };
    let for_tests = match section {
        Section::Dependencies => "",
        Section::DevDependencies => IN_TESTS,
    };
    [ours, theirs, EVERYWHERE, for_tests].into_iter().flat_map(words).any(|allowed| allowed == used)
}

fn edges_off_the_table(edges: &[Edge]) -> Vec<Break> {
    let told = |Edge { room, used, .. }: &Edge| {
        Break::of_file(
            &manifest(room),
            format!("`{room}` may not depend on `{used}`; see docs/architecture.md"),
        )
    };
    edges.iter().filter(|edge| !is_in_table(edge)).map(told).collect()
}

fn manifest(room: &str) -> String {
    let paths = [
        format!("bins/{room}/Cargo.toml"),
        format!("crates/{room}/Cargo.toml"),
        format!("{room}/Cargo.toml"),
    ];
    paths.into_iter().find(|path| tree::text(path).is_some()).unwrap_or_else(|| room.to_owned())
}

fn is_binary(room: &str) -> bool {
    tree::root().join("bins").join(room).is_dir()
}

fn metadata() -> Value {
    let cargo = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(tree::root())
        .output()
        .expect("cargo can be run");
    assert!(cargo.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&cargo.stderr));
    serde_json::from_slice(&cargo.stdout).expect("cargo writes JSON")
}

#[test]
fn every_dependency_is_in_the_table() {
    let edges = edges(&metadata());
    assert!(edges.len() > ROOMS.len(), "tidy sees only {} edges", edges.len());
    Rule {
        says: "a room depends only on what docs/architecture.md gives it",
        why: "dependencies point one way, no binary rests on a binary, and a heavy package has one room",
        mend: "ask the room that has it; or, if the edge is right, change table and docs/architecture.md and say why",
    }
    .holds(&edges_off_the_table(&edges));
}

#[test]
fn the_table_points_one_way() {
    for (number, Room(name, ours, _)) in ROOMS.iter().enumerate() {
        for used in words(ours) {
            let above = ROOMS[..number].iter().any(|room| room.0 == used);
            assert!(
                above && !is_binary(used),
                "{name} uses {used}, which is not above it in the table or is a binary"
            );
        }
    }
}

#[test]
fn an_edge_off_the_table_is_seen() {
    let seen = |room: &str, used: &str, section| {
        edges_off_the_table(&[Edge { room: room.to_owned(), used: used.to_owned(), section }]).len()
    };
    let shipped = |room, used| seen(room, used, Section::Dependencies);
    let in_tests = |room, used| seen(room, used, Section::DevDependencies);
    assert_eq!(shipped("promote", "rollback"), 1);
    assert_eq!(shipped("promote", "sqlx"), 1);
    assert_eq!(shipped("contract", "ci"), 1);
    assert_eq!(shipped("ci", "testkit"), 1);
    assert_eq!(shipped("a-new-room", "serde"), 1);
    assert_eq!(in_tests("promote", "smoke-test"), 1);
    assert_eq!(shipped("promote", "ledger"), 0);
    assert_eq!(in_tests("promote", "testkit"), 0);
}
