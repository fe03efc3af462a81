//! The three decisions about the database, carried out.

use crate::world::World;

#[test]
fn a_breaking_step_is_undone_before_the_code_goes_back() {
    let world = World::broken("e", "eec");
    let deploy = world
        .scratch
        .read("deploy.sh")
        .replace("if [ -f broken ]", "[ -f down ] || exit 9\nif [ -f broken ]");
    world.scratch.script("deploy.sh", deploy.trim_start_matches("#!/bin/sh\n"));
    let run = world.rollback().run().succeeds();
    assert!(run.stdout.contains("down: to 2, undoing 3, before the code is switched"), "{}", run.stdout);
    assert_eq!(world.scratch.read("down"), "--dir migrations --to 2\n");
    assert!(world.runs("2"));
    let ledger = world.scratch.read(".seaworthy/ledger/production.jsonl");
    let last: serde_json::Value = serde_json::from_str(ledger.lines().last().unwrap()).unwrap();
    assert_eq!(last["schema"]["version"], "2");
}

#[test]
fn a_breaking_step_for_good_leaves_the_code_where_it_is() {
    let world = World::broken("e", "ex");
    let run = world.rollback().run().fails(1, "stay-and-hotfix");
    insta::assert_snapshot!(run.stderr, @"
    error[stay-and-hotfix]: the code of production stays as it is, and the fault is to be mended forwards
      why: the earlier code breaks on the schema, and 2 has no way down
      fix: nothing was switched. Mend the fault in a new release; the incident file has what is known
      see: docs/failures.md#stay-and-hotfix
    ");
    assert!(world.runs("3"));
    assert_eq!(world.events().len(), 4);
    let incident = world.scratch.read(".seaworthy/incidents/2027-01-15-production-4.md");
    assert!(incident.contains("2 has no way down"), "{incident}");
    let before = world.scratch.tree(&["**/*.lock"]);
    world.rollback().run().fails(1, "stay-and-hotfix");
    assert_eq!(before.difference(&world.scratch.tree(&["**/*.lock"])), "");
}

#[test]
fn a_database_that_does_not_go_down_keeps_the_code_and_the_next_run_goes_on() {
    let world = World::broken("e", "ec");
    world.scratch.file("stuck", "");
    let run = world.rollback().run().fails(3, "database-down-failed");
    assert!(run.stderr.contains("./down.sh | table is locked"), "{}", run.stderr);
    assert!(world.runs("3"));
    assert_eq!(&world.events()[4..], ["intent", "failed"]);
    std::fs::remove_file(world.scratch.join("stuck")).unwrap();
    world.rollback().run().succeeds();
    assert!(world.runs("2"));
    assert_eq!(&world.events()[4..], ["intent", "failed", "intent", "rolled-back"]);
}

#[test]
fn without_a_way_down_in_the_configuration_nobody_guesses_one() {
    let world = World::broken("e", "ec");
    let config = world.scratch.read("release.toml");
    let without: String =
        config.lines().filter(|line| !line.starts_with("database")).map(|line| format!("{line}\n")).collect();
    world.scratch.file("release.toml", without);
    let run = world.rollback().run().fails(1, "stay-and-hotfix");
    assert!(run.stderr.contains("Set database.down in release.toml"), "{}", run.stderr);
}
