//! A release let in by who built it: a recorded signature of a workflow, and every way in which it is another's.

use contract::Digest;
use oci::{Artifact, Blob, Descriptor, Image, Role, media_type};

use crate::world::World;

const ROOT: &str = include_str!("../../../../crates/trust/testdata/keyless/image-trusted-root.json");
const BUNDLE: &str = include_str!("../../../../crates/trust/testdata/keyless/image-signature.json");

/// The commit that the signature comes from.
const COMMIT: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

const CONFIG: &str = r#"
[release]
trusted-root = "trusted-root.json"

[components.app]
image = "oci:registry/app"

[environments.staging]
target = { kind = "exec", command = ["./deploy.sh"], observe = ["./deploy.sh", "observe"] }

[environments.staging.require.signature]
issuer = "http://127.0.0.1:15090"
identity = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main"
repository = "acme/app"
repository-id = 1
ref = "refs/heads/main"
"#;

/// A world with the one image that the workflow has signed.
fn world(from: &str, to: &str, commit: &str) -> World {
    let world = World::new();
    assert!(CONFIG.contains(from), "{from}");
    world.scratch.file("release.toml", CONFIG.replace(from, to));
    world.scratch.file("trusted-root.json", ROOT);
    let layout = world.layout("registry/app");
    let config = Descriptor::of(media_type::IMAGE_CONFIG, b"{}");
    layout.put_blob(Blob::new(config.clone(), &b"{}"[..])).unwrap();
    let manifest = Image::new(config, Vec::new()).into_manifest().unwrap();
    layout.put_manifest(&manifest, Role::Root).unwrap();
    let artifact = Artifact {
        artifact_type: trust::MEDIA_TYPE.to_owned(),
        content: BUNDLE.as_bytes().to_vec(),
        annotations: std::collections::BTreeMap::new(),
    };
    oci::attach(&*layout, manifest.digest(), &artifact).unwrap();
    record(&world, manifest.digest(), commit);
    world
}

fn record(world: &World, digest: Digest, commit: &str) {
    world.record("2", digest);
    let mut json: serde_json::Value = serde_json::from_str(&world.scratch.read("release.json")).unwrap();
    json["commit"] = commit.into();
    world.scratch.file("release.json", json.to_string());
}

/// What the gate said.
fn said(world: &World) -> String {
    let run = world.promote("staging").args(["--format", "json"]).run();
    let json = run.json();
    let gates = json["result"]["gates"].as_array().unwrap();
    let answer = gates.iter().find(|answer| answer["id"] == "signature").unwrap();
    format!("{}: {}", answer["verdict"].as_str().unwrap(), answer["reason"].as_str().unwrap())
}

#[test]
fn a_release_signed_by_the_required_workflow_at_its_own_commit_is_let_in() {
    let world = world("acme", "acme", COMMIT);
    world.promote("staging").run().succeeds();
    insta::assert_snapshot!(said(&world), @"pass: the signature of app is by the required workflow");
}

#[test]
fn a_workflow_of_another_repository_ref_or_commit_is_another() {
    for (from, to) in [
        ("repository-id = 1", "repository-id = 2"),
        ("repository = \"acme/app\"", "repository = \"acme/other\""),
        ("ref = \"refs/heads/main\"", "ref = \"refs/heads/other\""),
        ("release.yml", "test.yml"),
        ("127.0.0.1:15090", "127.0.0.1:15091"),
        ("ref = \"refs/heads/main\"", "deployment-environment = \"production\""),
    ] {
        let world = world(from, to, COMMIT);
        let said = said(&world);
        assert!(
            said.starts_with(
                "fail: app has no signature by the required workflow (there is a statement signed by another"
            ),
            "{to}: {said}"
        );
        world.promote("staging").run().exits(1);
    }
    let world = world("acme", "acme", &COMMIT.replace('a', "b"));
    insta::assert_snapshot!(said(&world), @"fail: app has no signature by the required workflow (there is one that does not fit: its commit is aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa)");
}

#[test]
fn a_key_is_no_workflow_and_a_root_that_is_none_is_told() {
    let world = world("acme", "acme", COMMIT);
    world.scratch.file("trusted-root.json", "{}");
    world.promote("staging").run().fails(2, "trusted-root-malformed");
    world.scratch.file("trusted-root.json", ROOT.replace("MII", "MIJ"));
    world.promote("staging").run().fails(2, "trusted-root-malformed");
}
