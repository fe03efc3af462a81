//! Killed, cut, repeated: the end is the same, and a release that was taken back does not come back.

use std::sync::Mutex;

use contract::TestResult;
use testkit::{Scratch, crash::Crash};

use crate::world::{NOW, World, schema};

#[test]
fn a_second_run_finds_nothing_to_do() {
    let world = World::broken("ee", "eee");
    world.rollback().run().succeeds();
    let before = world.scratch.tree(&["**/*.lock"]);
    for again in [world.rollback(), world.rollback().args(["--to", "1.2.0"])] {
        let run = again.run().succeeds();
        assert!(run.stdout.starts_with("production is already rolled back to 1.2.0\n"), "{}", run.stdout);
    }
    assert_eq!(before.difference(&world.scratch.tree(&["**/*.lock"])), "");
    world.rollback().args(["--to", "1.3.0"]).run().fails(1, "target-known-bad");
}

#[test]
fn what_drifted_since_is_put_right_again() {
    let world = World::broken("ee", "eee");
    world.rollback().run().succeeds();
    world.scratch.file("running", format!("app=oci:registry/app@{}\n", world.image("3")));
    world.rollback().run().succeeds();
    assert!(world.runs("2"));
    assert_eq!(&world.events()[4..], ["intent", "rolled-back", "intent", "rolled-back"]);
}

#[test]
fn what_people_wrote_into_the_incident_was_once_lost_when_rollback_ran_again() {
    let world = World::broken("ee", "eee");
    let told = world.rollback().args(["--format", "json"]).run().succeeds().json();
    let incident = told["outputs"]["incident"].as_str().unwrap().to_owned();
    let filled = world.scratch.read(&incident).replace("- Cause:", "- Cause: a JOIN");
    world.scratch.file(&incident, &filled);
    world.rollback().run().succeeds();
    assert_eq!(world.scratch.read(&incident), filled);
    // The service was down and is brought back: the same incident, for the same reason.
    world.scratch.file("running", "");
    let again = testkit::bin(env!("CARGO_BIN_EXE_rollback")).dir(world.scratch.path());
    let again = again.args(["run", "--environment", "production", "--reason", "after the reboot"]);
    again.env("SEAWORTHY_CLOCK", NOW.to_string()).run().succeeds();
    let now = world.scratch.read(&incident);
    assert!(now.contains("- Cause: a JOIN") && !now.contains("| Reason | after the reboot |"), "{now}");
}

#[test]
fn killed_at_any_write_the_next_run_arrives_at_the_same_end() {
    let template = Mutex::new(None::<Scratch>);
    let make = || {
        let mut template = template.lock().unwrap();
        let ready = template.get_or_insert_with(|| World::broken("e", "ec").scratch);
        let world = World { scratch: copy_of(ready) };
        let command = world.rollback();
        (world.scratch, command)
    };
    Crash::of(make)
        .except(&["**/*.lock", "**/*.partial", "*.new", "**/*.head", "**/*.jsonl", "**/*.md"])
        .same(|_, reached| {
            let world = World { scratch: copy_of(reached) };
            // Where the kill hit the script and not us, we lived to tell.
            let told = [&["intent", "rolled-back"][..], &["intent", "failed", "intent", "rolled-back"]];
            assert!(told.contains(&&world.events()[4..]), "{:?}", world.events());
            let incident = reached.read(".seaworthy/incidents/2027-01-15-production-4.md");
            assert!(incident.contains("mitigated: the earlier release runs again"), "{incident}");
        })
        .at_most(48)
        .run();
}

fn copy_of(scratch: &Scratch) -> Scratch {
    let copy = Scratch::new();
    let from = format!("{}/.", scratch.path().display());
    testkit::bin("/bin/cp").args(["-a", &from]).arg(copy.path()).run().succeeds();
    copy
}

#[test]
fn a_script_that_fails_leaves_an_open_incident_and_the_next_run_closes_it() {
    let world = World::broken("ee", "eee");
    world.scratch.file("broken", "");
    world.rollback().run().fails(3, "deploy-failed");
    let incident = ".seaworthy/incidents/2027-01-15-production-4.md";
    assert!(world.scratch.read(incident).contains("open: going back"));
    std::fs::remove_file(world.scratch.join("broken")).unwrap();
    world.rollback().run().succeeds();
    assert!(world.scratch.read(incident).contains("mitigated"));
    assert!(world.runs("2"));
}

#[test]
fn after_a_fix_the_way_back_leads_past_what_was_taken_back() {
    let world = World::broken("ee", "eee");
    world.rollback().run().succeeds();
    world.ran("4", 60, schema("eee"));
    world.test("4", TestResult::Failed, 120);
    let run = world.rollback().env("SEAWORTHY_CLOCK", (NOW + 300).to_string()).run().succeeds();
    assert!(run.stdout.starts_with("production is rolled back to 1.2.0\n"), "{}", run.stdout);
    assert!(run.stdout.contains("keep: both releases have the same schema"), "{}", run.stdout);
}

#[test]
fn a_deployment_that_failed_halfway_is_taken_back_too() {
    let world = World::broken("ee", "eee");
    world.rollback().run().succeeds();
    world.tell("5", 60, schema("eee"), ledger::Event::Intent { rollback: None });
    world.tell("5", 60, schema("eee"), ledger::Event::Failed { rollback: None });
    let run = world.rollback().run().succeeds();
    assert!(run.stdout.contains("1.5.0, entry 8"), "{}", run.stdout);
    assert!(world.runs("2"));
}
