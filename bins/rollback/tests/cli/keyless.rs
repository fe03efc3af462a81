//! A release that was good is the one whose test a workload has signed: a private Sigstore of real servers, evidence made by cosign.

use std::collections::BTreeMap;

use contract::Digest;
use testkit::sigstore::Sigstore;

use crate::world::World;

const SIGNATURE: &str = "https://sigstore.dev/cosign/sign/v1";
const TEST_RESULT: &str = "https://in-toto.io/attestation/test-result/v0.1";

/// Everything must be signed by this workflow.
fn configure(world: &World, bed: &Sigstore, workflow: &str) {
    let (root, issuer) = (bed.file("trusted-root.json"), bed.issuer());
    let identity = Sigstore::identity().replace("release.yml", workflow);
    let by = format!(
        r#"trusted-root = "{root}"
verify-identity = {{ issuer = "{issuer}", identity = "{identity}", repository = "acme/app", repository-id = 1 }}"#
    );
    let plain = world.scratch.read("release.toml");
    let start = plain.find("\n[components.app]").unwrap();
    world.scratch.file("release.toml", format!("[release]\n{by}\n{}", &plain[start..]));
}

/// Lets cosign state this about a version, and puts it beside the image.
fn attest(world: &World, bed: &Sigstore, version: &str, kind: &str, predicate: &str) {
    let layout = world.layout();
    let digest = world.image(version);
    world.scratch.file("manifest.json", layout.manifest(digest).unwrap().bytes());
    world.scratch.file("predicate.json", predicate);
    let line = format!("attest-blob --bundle b.json --type {kind} --predicate predicate.json manifest.json");
    bed.cosign_signs(world.scratch.path(), &line);
    let artifact = oci::Artifact {
        artifact_type: trust::MEDIA_TYPE.to_owned(),
        content: world.scratch.bytes("b.json").unwrap(),
        annotations: BTreeMap::new(),
    };
    oci::attach(&*layout, digest, &artifact).unwrap();
}

/// A test of production that passed after version 2 came in.
fn passed() -> String {
    let suite = Digest::of(b"suite").hex();
    let at = crate::world::at(-3500);
    format!(
        r#"{{"result": "PASSED", "configuration": [{{"name": "notes", "digest": {{"sha256": "{suite}"}}}},
            {{"name": "production", "uri": "https://notes.example.com",
              "annotations": {{"startedOn": "{at}", "finishedOn": "{at}"}}}}], "passedTests": ["login"], "failedTests": []}}"#
    )
}

#[test]
#[ignore = "peers: needs a private Sigstore, see script/setup --peers"]
fn peers_what_the_required_workflow_has_signed_and_tested_is_restored() {
    let bed = Sigstore::start();
    let world = World::broken("ee", "eee");
    configure(&world, &bed, "release.yml");
    // What the key has signed counts for nothing where a workflow is asked for.
    world.rollback().run().fails(1, "no-earlier-release");
    attest(&world, &bed, "2", SIGNATURE, "{}");
    world.rollback().run().fails(1, "no-earlier-release");
    attest(&world, &bed, "2", TEST_RESULT, &passed());
    configure(&world, &bed, "other.yml");
    world.rollback().run().fails(1, "no-earlier-release");
    configure(&world, &bed, "release.yml");
    world.rollback().run().succeeds();
    assert!(world.runs("2"));
    assert_eq!(&world.events()[4..], ["intent", "rolled-back"]);
}
