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
fn a_way_back_that_is_right_takes_the_place_of_the_kept_one_and_repair_says_so() {
    let scratch = two_steps();
    migrate(&scratch, &["up"]).run().succeeds();
    let kept = "SELECT down_sql FROM migrate_db_history WHERE version = 2";
    scratch.file("migrations/2_pinned.down.sql", "-- it's another\nALTER TABLE notes DROP COLUMN pinned;\n");
    migrate(&scratch, &["down", "--to", "1"]).run().fails(1, "down-differs");
    let said = migrate(&scratch, &["repair"]).run().succeeds().stdout;
    assert!(said.contains("2 pinned: way back sha256:") && !said.contains("checksum"), "{said}");
    assert!(sql(&scratch, kept).contains("it's another"));
    assert!(migrate(&scratch, &["repair"]).run().succeeds().stdout.contains("nothing to rewrite"));
    // One that has no file any more is not rewritten with nothing.
    std::fs::remove_file(scratch.join("migrations/2_pinned.down.sql")).unwrap();
    scratch.file("migrations/2_pinned.sql", format!("-- a comment more\n{}", crate::PINNED));
    let said = migrate(&scratch, &["repair"]).run().succeeds().stdout;
    assert!(said.contains("2 pinned: checksum") && !said.contains("way back"), "{said}");
    assert!(sql(&scratch, kept).contains("it's another"));
    migrate(&scratch, &["down", "--to", "1"]).run().succeeds();
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
