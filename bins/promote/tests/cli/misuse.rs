//! Wrong input: a code, a status, nothing written.

use testkit::bad_input;

use crate::world::World;

#[test]
fn an_override_needs_a_reason_and_a_permission() {
    let (world, _) = World::ready("2");
    let run = |arguments: &[&str]| world.promote("production").args(arguments).run();
    run(&["--override", "soak"]).fails(2, "override-without-reason");
    run(&["--override", "soak", "--reason", " "]).fails(2, "override-without-reason");
    let refused = run(&["--override", "signature", "--reason", "hurry"]).fails(2, "override-not-allowed");
    assert!(
        refused.stderr.contains("overridable here: smoke-test@staging, after, soak"),
        "{}",
        refused.stderr
    );
    run(&["--override", "sok", "--reason", "hurry"]).exits(2);
    assert!(world.events("production").is_empty());
}

#[test]
fn an_environment_or_component_that_is_not_configured_is_named() {
    let (world, _) = World::ready("2");
    let run = world.promote("prodution").run().fails(2, "environment-unknown");
    assert!(run.stderr.contains("did you mean `production`?"), "{}", run.stderr);
    let config = world.scratch.read("release.toml");
    world.scratch.file(
        "release.toml",
        config.replace(
            "[environments.staging]",
            "[components.web]\nimage = \"oci:registry/web\"\n\n[environments.staging]",
        ),
    );
    let run = world.promote("production").run().fails(2, "release-incomplete");
    assert!(run.stderr.contains("the release lacks web, which release.toml has"), "{}", run.stderr);
}

#[test]
fn a_ledger_that_was_changed_stops_everything() {
    let (world, _) = World::ready("2");
    world.promote("production").run().succeeds();
    let ledger = world.scratch.read(".seaworthy/ledger/production.jsonl");
    world.scratch.file(".seaworthy/ledger/production.jsonl", ledger.replace("\"ada\"", "\"eve\""));
    for command in [world.promote("production"), world.command().arg("status")] {
        command.run().fails(1, "ledger-broken");
    }
}

#[test]
fn on_a_runner_a_ledger_that_will_be_lost_is_refused() {
    let (world, _) = World::ready("2");
    let run = world.promote("production").on_runner().run().fails(2, "ledger-not-persistent");
    assert!(run.stderr.contains("persistent = true"), "{}", run.stderr);
}

#[test]
fn what_the_switch_needs_is_missing_before_anything_is_written() {
    let (world, _) = World::ready("2");
    std::fs::remove_file(world.scratch.join("production.env")).unwrap();
    world.promote("production").run().fails(2, "env-file-missing");
    world.scratch.file("production.env", "");
    std::fs::remove_file(world.scratch.join("cosign.pub")).unwrap();
    world.promote("production").run().fails(2, "file-missing");
    assert!(world.events("production").is_empty());
}

#[test]
fn every_binary_meets_bad_input_alike() {
    bad_input::check_cli(env!("CARGO_BIN_EXE_promote"), &["run", "--environment", "production"]);
    bad_input::files(env!("CARGO_BIN_EXE_promote"), |file| {
        let words = ["run", "--environment", "production", "--config"];
        words.into_iter().map(Into::into).chain([file.into()]).collect()
    });
}

#[test]
fn a_record_of_another_commit_is_refused_before_anything_is_written() {
    let (world, _) = World::ready("2");
    let record = world.scratch.read("release.json");
    let commit = "860c1904a1ce19322e91ac35af1ab07466440c37";
    world.scratch.file("release.json", record.replacen('{', &format!("{{\"commit\": \"{commit}\","), 1));
    let run = world.promote("production").env("GITHUB_SHA", "0".repeat(40)).run();
    run.fails(2, "release-file-other-commit");
    // Another spelling of the same file once got past the check.
    let run = world.promote("production").args(["--release", "./release.json"]);
    run.env("GITHUB_SHA", "0".repeat(40)).run().fails(2, "release-file-other-commit");
    assert!(world.events("production").is_empty());
    world.promote("production").env("GITHUB_SHA", commit).run().succeeds();
}

#[test]
fn what_runs_once_was_adopted_for_no_reason_at_all() {
    let (world, _) = World::ready("2");
    let adopt = world.command().args(["adopt", "--environment", "production", "--reason", " \t"]);
    adopt.run().fails(2, "reason-missing");
    assert!(world.events("production").is_empty());
}
