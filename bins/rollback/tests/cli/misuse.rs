//! Wrong input and damaged releases: a code, a status, nothing touched.

use testkit::bad_input;

use crate::world::World;

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
