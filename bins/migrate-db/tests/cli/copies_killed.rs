//! Killed at any write while a copy of the backup is sent: nothing changes before the copy is there, no half of one stays, and the next run
//! ends where an undisturbed one ends.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fs,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

use testkit::{Cmd, Scratch, crash::Crash, served::Served};

use crate::{
    copies::{FIRST, SECOND, Store, THIRD, at, project},
    dump, sql,
};

/// A run is sixty requests and more.
const POINTS_MAX: usize = 14;

/// Kills `up` everywhere. `place` gives a new place each time, `with` what reaches it.
fn killed(place: impl Fn(&Scratch) -> String, with: impl Fn(Cmd) -> Cmd) {
    let places = RefCell::<BTreeMap<PathBuf, String>>::default();
    let of = |scratch: &Scratch| places.borrow()[scratch.path()].clone();
    let make = || {
        let (scratch, public) = project();
        let place = place(&scratch);
        let wanted =
            |command: Cmd| with(command.args(["--upload", &place, "--encrypt-to", &public, "--keep", "1"]));
        wanted(at(&scratch, FIRST, &["backup"])).run().succeeds();
        places.borrow_mut().insert(scratch.path().to_owned(), place.clone());
        let command = wanted(at(&scratch, SECOND, &["up"]));
        (scratch, command)
    };
    // What is there can be fetched, and restored.
    let fetched = |scratch: &Scratch| {
        let fetch = ["fetch", "--from", &of(scratch), "--identity", "key.txt", "--backup-dir", "fetched"];
        with(at(scratch, THIRD, &fetch)).run().succeeds();
        at(scratch, THIRD, &["rehearse", "--backup-dir", "fetched"]).run().succeeds();
        let names = fs::read_dir(scratch.join("fetched")).unwrap();
        let newest = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).max().unwrap();
        fs::remove_dir_all(scratch.join("fetched")).unwrap();
        newest
    };
    let wreck = |scratch: &Scratch| {
        let newest = fetched(scratch);
        let is_changed = sql(scratch, "SELECT max(version) FROM migrate_db_history") == "2";
        assert!(
            newest.contains("20231116T020000Z") || !is_changed,
            "changed, and the newest copy is {newest}"
        );
    };
    let same = |goal: &Scratch, reached: &Scratch| {
        assert_eq!(dump(goal, "app.db"), dump(reached, "app.db"));
        let newest = fetched(reached);
        assert!(newest.starts_with("app.db-1-20231116T020000Z"), "{newest}");
        for entry in fs::read_dir(reached.join(".seaworthy/backups")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(!name.starts_with('.'), "{name} is left, and nobody overwrites it");
        }
    };
    let except = ["app.db*", ".seaworthy", "copies", "key.txt"];
    let report = Crash::of(make).wreck(wreck).same(same).except(&except).at_most(POINTS_MAX).run();
    assert!(report.killed >= POINTS_MAX / 2, "{report}");
}

fn numbered(prefix: &str) -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    format!("{prefix}{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

#[test]
fn sending_to_a_layout_killed_anywhere_converges() {
    killed(|scratch| format!("oci:{}", scratch.join("copies").display()), |command| command);
}

#[test]
fn sending_to_a_registry_killed_anywhere_converges() {
    let registry = Served::docker("");
    killed(|_| format!("{}/{}", registry.authority(), numbered("backups/app")), |command| command);
}

#[test]
fn sending_to_a_store_killed_anywhere_converges() {
    let store = Store::start();
    killed(|_| numbered("s3://backups/app"), |command| store.reached(command, "secret-of-the-store"));
}

#[test]
fn fetching_killed_anywhere_converges() {
    let make = || {
        let (scratch, public) = project();
        let place = format!("oci:{}", scratch.join("copies").display());
        at(&scratch, FIRST, &["backup", "--upload", &place, "--encrypt-to", &public]).run().succeeds();
        fs::remove_dir_all(scratch.join(".seaworthy")).unwrap();
        let command = at(&scratch, SECOND, &["fetch", "--from", &place, "--identity", "key.txt"]);
        (scratch, command)
    };
    let same = |_: &Scratch, reached: &Scratch| {
        at(reached, THIRD, &["rehearse"]).run().succeeds();
        let names = fs::read_dir(reached.join(".seaworthy/backups")).unwrap();
        let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["app.db-1-20231114T221320Z.sqlite"]);
    };
    Crash::of(make)
        .same(same)
        .except(&["app.db*", ".seaworthy", "copies", "key.txt"])
        .at_most(POINTS_MAX)
        .run();
}
