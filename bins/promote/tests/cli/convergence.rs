//! Killed, cut, repeated, raced: the end is the same, and nothing is told that is not so.

use std::{sync::Mutex, thread};

use testkit::{Scratch, crash::Crash};

use crate::world::World;

#[test]
fn a_second_run_finds_nothing_to_do() {
    let (world, _) = World::ready("2");
    world.promote("production").run().succeeds();
    let before = world.scratch.tree(&["**/*.lock"]);
    let run = world.promote("production").run().succeeds();
    assert!(run.stdout.starts_with("1.2.0 is already running in production\n"), "{}", run.stdout);
    assert_eq!(before.difference(&world.scratch.tree(&["**/*.lock"])), "");
}

#[test]
fn killed_at_any_write_the_next_run_arrives_at_the_same_end() {
    let template = Mutex::new(None::<Scratch>);
    let make = || {
        let mut template = template.lock().unwrap();
        let ready = template.get_or_insert_with(|| World::ready("2").0.scratch);
        let world = World { scratch: copy_of(ready) };
        let command = world.promote("production");
        (world.scratch, command)
    };
    let whole = |scratch: &Scratch| {
        let ledger = ledger::Directory::new(scratch.join(".seaworthy"));
        ledger.read(&"production".parse().unwrap()).unwrap();
    };
    Crash::of(make)
        .wreck(whole)
        .except(&["**/*.lock", "**/*.partial", "**/*.new", "**/*.head", "**/*.jsonl", "release.json"])
        .same(|_, reached| {
            let world = World { scratch: copy_of(reached) };
            // Where the kill hit the script and not us, we lived to tell.
            let events = world.events("production");
            let told = [&["intent", "deployed"][..], &["intent", "failed", "intent", "deployed"]];
            assert!(told.contains(&&events[..]), "{events:?}");
            let sequence = format!("\"sequence\": {}", events.len());
            assert!(reached.read("release.json").contains(&sequence));
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
fn a_script_that_fails_is_recorded_and_the_next_run_succeeds() {
    let (world, _) = World::ready("2");
    world.scratch.file("broken", "");
    let run = world.promote("production").run().fails(3, "deploy-failed");
    assert!(run.stderr.contains("deploy.sh | cannot start"), "{}", run.stderr);
    assert_eq!(world.events("production"), ["intent", "failed"]);
    std::fs::remove_file(world.scratch.join("broken")).unwrap();
    world.promote("production").run().succeeds();
    assert_eq!(world.events("production"), ["intent", "failed", "intent", "deployed"]);
}

#[test]
fn a_script_that_lies_or_hangs_does_not_count_as_deployed() {
    let (world, _) = World::ready("2");
    world.scratch.script("deploy.sh", "exit 0");
    world.promote("production").run().fails(3, "deployed-differs");
    let config = world.scratch.read("release.toml").replace("\"20s\"", "\"200ms\"");
    world.scratch.file("release.toml", config);
    world.scratch.script("deploy.sh", "[ \"$1\" = observe ] || sleep 600");
    world.promote("production").run().fails(3, "deploy-deadline");
    assert_eq!(world.events("production"), ["intent", "failed", "intent", "failed"]);
}

#[test]
fn of_two_runs_at_once_one_goes_in_and_the_other_is_told_who() {
    let (world, _) = World::ready("2");
    world.scratch.script("deploy.sh", WAITING);
    let statuses: Vec<i32> = thread::scope(|scope| {
        let run = || {
            let run = world.promote("production").run();
            // The first to end is the one that was refused; the other waits for this file.
            world.scratch.file("go", "");
            if run.status == 4 {
                let loser = run.fails(4, "environment-busy");
                assert!(loser.stderr.contains("production is busy: ada (process "), "{}", loser.stderr);
                return 4;
            }
            run.status
        };
        let runs = [scope.spawn(run), scope.spawn(run)];
        runs.map(|run| run.join().unwrap()).into_iter().collect()
    });
    assert_eq!(statuses.iter().sum::<i32>(), 4, "{statuses:?}");
    assert_eq!(world.events("production"), ["intent", "deployed"]);
}

const WAITING: &str = r#"
if [ "$1" = observe ]; then
    if [ -f "running-$ENVIRONMENT" ]; then cat "running-$ENVIRONMENT"; fi
    exit 0
fi
until [ -f go ]; do sleep 0.05; done
echo "app=$APP_IMAGE" >"running-$ENVIRONMENT""#;

#[test]
fn an_intent_without_outcome_is_continued() {
    let (world, _) = World::ready("2");
    world.promote("production").run().succeeds();
    let text = world.scratch.read(".seaworthy/ledger/production.jsonl");
    let first = text.lines().next().unwrap();
    world.scratch.file(".seaworthy/ledger/production.jsonl", format!("{first}\n"));
    let head = format!("{{\"sequence\":1,\"digest\":\"{}\"}}\n", contract::Digest::of(first.as_bytes()));
    world.scratch.file(".seaworthy/ledger/production.head", head);
    world.promote("production").run().succeeds();
    assert_eq!(world.events("production"), ["intent", "deployed"]);
}
