//! Crash points on small victims: what is written atomically passes, what is not is caught.

use crate::caught;
use testkit::crash::{Crash, Report, at_every_write};
use testkit::{Cmd, Scratch, bin};

fn victim(script: &str) -> impl Fn() -> (Scratch, Cmd) + '_ {
    move || {
        let scratch = Scratch::new();
        let command = bin("/bin/sh").args(["-c", script]).dir(scratch.path());
        (scratch, command)
    }
}

/// Writes beside the file and renames, and leaves alone what is there.
const ATOMIC: &str = "test -e done || { echo half > .done; echo whole >> .done; mv .done done; }";

#[test]
fn an_atomic_writer_arrives_from_every_point() {
    let report = at_every_write(victim(ATOMIC), |wreck| {
        assert!(!wreck.has("done") || wreck.read("done") == "half\nwhole\n", "absent or whole");
    });
    // Two opens, two writes, one rename.
    assert_eq!(report, Report { found: 5, killed: 5, missed: 0 });
}

#[test]
fn a_write_that_a_child_shadows_is_reached_too() {
    // The child makes as many writes as its parent before the parent's second.
    let script = "echo 1 > a; sh -c 'echo 1 > x; echo 2 > y'; test -e done || { echo half > done; echo whole >> done; }";
    caught("/done>, \"half", || at_every_write(victim(script), |_| ()));
    let honest = "echo 1 > a; sh -c 'echo 1 > x; echo 2 > y'; echo 2 > b";
    let report = at_every_write(victim(honest), |_| ());
    assert_eq!((report.killed, report.missed), (report.found, 0));
}

#[test]
fn a_half_written_file_that_is_believed_is_caught() {
    let careless = "test -e done || { echo half > done; echo whole >> done; }";
    caught("does not arrive at the goal", || at_every_write(victim(careless), |_| ()));
}

#[test]
fn the_wreck_is_looked_at_before_the_second_run() {
    let in_place = "echo half > done; echo whole >> done";
    assert!(at_every_write(victim(in_place), |_| ()).killed >= 3);
    caught("absent or whole", || {
        at_every_write(victim(in_place), |wreck| {
            assert!(!wreck.has("done") || wreck.read("done") == "half\nwhole\n", "absent or whole");
        })
    });
}

#[test]
fn a_lock_that_survives_its_owner_is_caught() {
    let locking = "mkdir lock || exit 3; echo x > done; rmdir lock";
    caught("fails", || at_every_write(victim(locking), |_| ()));
}

#[test]
fn a_second_run_that_adds_to_the_first_is_caught() {
    caught("a second run after an undisturbed one", || at_every_write(victim("echo x >> list"), |_| ()));
}

#[test]
fn nothing_to_kill_is_no_pass() {
    caught("no crash point", || at_every_write(victim("echo only printed"), |_| ()));
    caught("the undisturbed run fails", || at_every_write(victim("exit 3"), |_| ()));
}

#[test]
fn what_may_differ_is_left_out_or_evened_out_and_databases_are_compared_by_the_caller() {
    let script = "date +%N > time; echo \"$PWD\" > place; echo \"at $$\" > log; echo x > database";
    caught("does not arrive at the goal", || at_every_write(victim(script), |_| ()));
    let compared = std::cell::Cell::new(0);
    let report = Crash::of(victim(script))
        .except(&["time"])
        .normalising(|path, bytes| if path == "log" { b"at [PID]".to_vec() } else { bytes })
        .same(|goal, reached| {
            compared.set(compared.get() + 1);
            assert_eq!(goal.read("database"), reached.read("database"));
        })
        .at_most(3)
        .run();
    assert!((1..=3).contains(&report.killed) && report.found > 3, "{report}");
    assert_eq!(compared.get(), report.killed + report.missed + 1);
}
