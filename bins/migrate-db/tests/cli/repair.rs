//! What people tell the history after they have looked.

use testkit::crash::Crash;

use crate::{NOTES, dump, migrate, project, sql, two_steps};

#[test]
fn a_database_that_is_older_than_its_history_is_entered_and_not_run() {
    let scratch = two_steps();
    sql(&scratch, "CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT NOT NULL)");
    let plan = migrate(&scratch, &["repair", "--applied", "1", "--dry-run"]).run().succeeds();
    assert_eq!(sql(&scratch, ".tables"), "notes");
    let done = migrate(&scratch, &["repair", "--applied", "1"]).run().succeeds();
    assert_eq!(plan.stdout, done.stdout);
    insta::assert_snapshot!(done.stdout, @"
    sqlite:app.db
    1 notes: enter as applied, without running it
    ");
    migrate(&scratch, &["up"]).run().succeeds();
    migrate(&scratch, &["down", "--to", "1"]).run().succeeds();
}

#[test]
fn a_file_that_is_right_gives_the_history_its_checksum() {
    let scratch = two_steps();
    migrate(&scratch, &["up"]).run().succeeds();
    scratch.file("migrations/1_notes.sql", format!("-- a comment more\n{NOTES}"));
    migrate(&scratch, &["up"]).run().fails(1, "checksum-mismatch");
    let said = migrate(&scratch, &["repair"]).run().succeeds().stdout;
    assert!(said.contains("1 notes: checksum sha256:"), "{said}");
    migrate(&scratch, &["status", "--require-current"]).run().succeeds();
}

#[test]
fn what_nobody_can_mean_is_refused() {
    let scratch = two_steps();
    migrate(&scratch, &["up", "--to", "1"]).run().succeeds();
    migrate(&scratch, &["repair", "--applied", "7"]).run().fails(2, "version-unknown");
    migrate(&scratch, &["repair", "--not-applied", "1"]).run().fails(2, "migration-not-begun");
}

#[test]
fn repair_killed_at_any_write_converges() {
    let make = || {
        let scratch = project(&[("1_notes.sql", NOTES), ("2_more.sql", "CREATE TABLE more (a);")]);
        sql(
            &scratch,
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT NOT NULL); CREATE TABLE more (a)",
        );
        let command = migrate(&scratch, &["repair", "--applied", "2"]);
        (scratch, command)
    };
    let same = |goal: &testkit::Scratch, reached: &testkit::Scratch| {
        assert_eq!(dump(goal, "app.db"), dump(reached, "app.db"));
    };
    Crash::of(make).same(same).except(&["app.db*"]).at_most(12).run();
}
