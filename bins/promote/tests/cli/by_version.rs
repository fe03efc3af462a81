//! A release that is named by its version alone: the release manifest says which digests it is.

use contract::{Digest, Release, ReleaseManifest, Tag};
use oci::NewRelease;

use crate::world::World;

fn tag(version: &str) -> Tag {
    ReleaseManifest::tag(&version.parse().unwrap()).unwrap()
}

/// Stores the release of release.json, as `tag-image release` does, under this name; gives the manifest's digest.
fn store(world: &World, name: &str) -> Digest {
    let mut record = Release::from_json(&world.scratch.read("release.json")).unwrap();
    record.commit = Some("860c1904a1ce19322e91ac35af1ab07466440c37".parse().unwrap());
    let new = NewRelease::of(&ReleaseManifest::of(&record).unwrap()).unwrap();
    new.store(&*world.layout("registry/app"), &tag(name)).unwrap();
    new.manifest().digest()
}

fn plan(world: &World, version: &str) -> testkit::Cmd {
    world.command().args(["plan", "--environment", "staging", "--release", version])
}

/// A signed release 1.2.0 that no ledger knows, and no record.
fn stored() -> (World, Digest, Digest) {
    let world = World::new();
    let digest = world.build("2");
    world.sign(digest);
    let manifest = store(&world, "1.2.0");
    world.sign(manifest);
    std::fs::remove_file(world.scratch.join("release.json")).unwrap();
    (world, digest, manifest)
}

#[test]
fn a_version_that_no_ledger_knows_is_found_in_its_manifest() {
    let (world, digest, manifest) = stored();
    let shown = plan(&world, "1.2.0").run().succeeds().stdout;
    let shown = shown.replace(&manifest.to_string(), "[manifest]").replace(&digest.to_string(), "[app]");
    insta::assert_snapshot!(shown, @r"
    1.2.0 into staging
    as the release manifest oci:registry/app@[manifest] says
    gate signature says pass: the signature of app is by the required key; the signature of the release manifest is by the required key
    gate known-bad says pass: never taken back from staging
    would record the intent
    would switch app to oci:registry/app@[app]
    would record the outcome
    ");
    let run = world.promote("staging").args(["--release", "1.2.0"]).run().succeeds();
    assert!(run.stdout.starts_with("1.2.0 runs in staging\n"), "{}", run.stdout);
    assert_eq!(world.scratch.read("running-staging"), format!("app=oci:registry/app@{digest}\n"));
    assert_eq!(world.events("staging"), ["intent", "deployed"]);
}

#[test]
fn a_record_of_the_same_release_learns_of_the_promotion_and_another_one_does_not() {
    let (world, digest, _) = stored();
    let promote = || world.promote("staging").args(["--release", "1.2.0"]).run().succeeds();
    let learned = || {
        let record = Release::from_json(&world.scratch.read("release.json")).unwrap();
        record.environments.values().any(|environment| environment.promotion.is_some())
    };
    world.record("2", Digest::of(b"another"));
    promote();
    assert!(!learned());
    world.record("2", digest);
    promote();
    assert!(learned());
}

#[test]
fn good_images_under_an_unsigned_manifest_are_refused() {
    let world = World::new();
    let digest = world.build("2");
    world.sign(digest);
    store(&world, "1.2.0");
    let refused = plan(&world, "1.2.0").run().fails(1, "promotion-refused");
    let said = "signature says fail: the release manifest has no signature by the required key";
    assert!(refused.stdout.contains(said), "{}", refused.stdout);
}

#[test]
fn a_ledger_and_a_manifest_of_two_minds_are_not_reconciled() {
    let (world, _, _) = stored();
    let other = world.build("3");
    world.sign(other);
    world.record("2", other);
    world.promote("staging").run().succeeds();
    plan(&world, "1.2.0").run().fails(2, "release-ambiguous");
}

#[test]
fn a_manifest_under_the_name_of_another_version_is_none() {
    let world = World::new();
    world.sign(world.build("2"));
    store(&world, "1.9.0");
    plan(&world, "1.9.0").run().fails(1, "release-manifest-expected");
    plan(&world, "1.2.0").run().fails(2, "release-unknown");
}

#[test]
fn an_image_under_the_name_of_a_release_is_no_manifest() {
    let world = World::new();
    let digest = world.build("2");
    let layout = world.layout("registry/app");
    layout.tag(&tag("1.2.0"), &layout.manifest(digest).unwrap()).unwrap();
    plan(&world, "1.2.0").run().fails(1, "release-manifest-expected");
}

#[test]
fn a_manifest_that_was_changed_is_refused() {
    let (world, _, manifest) = stored();
    let layer = world.layout("registry/app").manifest(manifest).unwrap().image().unwrap().layers[0].digest;
    let path = format!("registry/app/blobs/sha256/{}", layer.hex());
    let text = world.scratch.read(&path).replace("1.2.0", "1.3.0");
    world.scratch.file(&path, text);
    plan(&world, "1.2.0").run().fails(1, "digest-mismatch");
}
