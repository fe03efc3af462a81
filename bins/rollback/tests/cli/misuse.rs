//! Wrong input and damaged releases: a code, a status, nothing touched.

use testkit::bad_input;
use trust::{SigningKey, Statement};

use crate::world::{World, at};

#[test]
fn a_release_that_was_tampered_with_is_not_restored() {
    let world = World::broken("ee", "eee");
    let digest = world.image("2");
    let layer = world.layout().manifest(digest).unwrap().image().unwrap().layers[0].digest;
    world.scratch.file(&format!("registry/app/blobs/sha256/{}", layer.hex()), "content Z");
    let run = world.rollback().run().fails(1, "no-earlier-release");
    assert!(run.stderr.contains("digest-mismatch"), "{}", run.stderr);
    world.rollback().args(["--to", "2"]).run().fails(1, "no-earlier-release");
    assert_eq!(world.events().len(), 4);
}

#[test]
fn where_signatures_have_a_key_of_their_own_no_test_once_counted_that_the_verify_key_had_signed() {
    let world = World::broken("ee", "eee");
    let (build, digest) = (SigningKey::generate().unwrap(), world.image("2"));
    world.scratch.file("build.pub", build.public().to_pem().unwrap());
    let config = world.scratch.read("release.toml");
    world
        .scratch
        .file("release.toml", config.replace("signature = {}", "signature = { key = \"build.pub\" }"));
    world.rollback().run().fails(1, "no-earlier-release");
    trust::attest(&*world.layout(), &build, digest, &Statement::signature(digest), at(0)).unwrap();
    world.rollback().run().succeeds();
    assert!(world.runs("2"));
}

#[test]
fn what_could_not_be_looked_at_is_no_verdict() {
    let world = World::broken("ee", "eee");
    world.scratch.file("registry/app/index.json", "{");
    world.rollback().run().fails(3, "no-earlier-release");
}

#[test]
fn a_target_that_makes_no_sense_is_refused() {
    let world = World::broken("ee", "eee");
    let to = |name: &str| world.rollback().args(["--to", name]).run();
    to("1.9.0").fails(2, "target-never-ran");
    to("99").fails(2, "target-never-ran");
    to("4").fails(2, "target-is-present");
    to("yesterday").exits(2);
    let reason = world.command("run").args(["--reason", " "]).run();
    reason.exits(2);
    assert_eq!(world.events().len(), 4);
}

#[test]
fn every_binary_meets_bad_input_alike() {
    let base = ["run", "--environment", "production", "--reason", "logins fail"];
    bad_input::check_cli(env!("CARGO_BIN_EXE_rollback"), &base);
    bad_input::files(env!("CARGO_BIN_EXE_rollback"), |file| {
        base.into_iter().map(Into::into).chain(["--config".into(), file.into()]).collect()
    });
}

#[test]
fn a_record_of_another_commit_is_refused_and_one_of_this_commit_is_completed() {
    let world = World::broken("ee", "eee");
    let commit = "860c1904a1ce19322e91ac35af1ab07466440c37";
    world.scratch.file("release.json", format!("{{\"schemaVersion\": 1, \"commit\": \"{commit}\"}}"));
    let run = world.rollback().env("GITHUB_SHA", "0".repeat(40)).run();
    run.fails(2, "release-file-other-commit");
    assert_eq!(world.events().len(), 4);
    world.rollback().env("GITHUB_SHA", commit).run().succeeds();
    let record: serde_json::Value = serde_json::from_str(&world.scratch.read("release.json")).unwrap();
    let rolled_back = &record["environments"]["production"]["rolledBack"];
    assert_eq!((&rolled_back["sequence"], &rolled_back["toSequence"]), (&6.into(), &2.into()));
}
