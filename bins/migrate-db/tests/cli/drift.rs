//! Where directory and history disagree, nothing is decided on top of it.

use crate::{NOTES, PINNED, dump, migrate, project, sql, two_steps};

#[test]
fn a_changed_file_is_refused_with_both_checksums() {
    let scratch = two_steps();
    migrate(&scratch, &["up"]).run().succeeds();
    let before = dump(&scratch, "app.db");
    scratch.file("migrations/1_notes.sql", NOTES.replace("title", "name"));
    for command in ["up", "plan", "status"] {
        let run = migrate(&scratch, &[command]).run().fails(1, "checksum-mismatch");
        assert_eq!(run.stderr.matches("sha256:").count(), 2, "{}", run.stderr);
        assert!(run.stderr.contains("migrations/1_notes.sql"), "{}", run.stderr);
    }
    assert_eq!(dump(&scratch, "app.db"), before);
}

#[test]
fn line_ends_and_a_byte_order_mark_are_no_change() {
    let scratch = two_steps();
    migrate(&scratch, &["up"]).run().succeeds();
    scratch.file("migrations/1_notes.sql", format!("\u{feff}{}", NOTES.replace('\n', "\r\n")));
    migrate(&scratch, &["status", "--require-current"]).run().succeeds();
}

#[test]
fn an_applied_version_without_its_file_is_refused() {
    let scratch = two_steps();
    migrate(&scratch, &["up"]).run().succeeds();
    std::fs::remove_file(scratch.join("migrations/1_notes.sql")).unwrap();
    migrate(&scratch, &["up"]).run().fails(1, "migration-missing");
}

#[test]
fn a_version_below_an_applied_one_is_refused_and_not_skipped() {
    let scratch = project(&[("2_notes.sql", NOTES), ("10_pinned.sql", PINNED)]);
    migrate(&scratch, &["up"]).run().succeeds();
    scratch.file("migrations/3_late.sql", "CREATE TABLE late (a);");
    let run = migrate(&scratch, &["up"]).run().fails(1, "out-of-order");
    assert!(run.stderr.contains("version 3") && run.stderr.contains("version 10"), "{}", run.stderr);
}

#[test]
fn status_shows_the_history_and_fails_only_when_asked_to() {
    let scratch = two_steps();
    migrate(&scratch, &["status"]).run().fails(2, "database-missing");
    assert!(!scratch.has("app.db"));
    migrate(&scratch, &["up", "--to", "1"]).run().succeeds();
    insta::assert_snapshot!(migrate(&scratch, &["status"]).run().transcript(), @"
    $ migrate-db status --database-url sqlite:app.db
    status: 0
    ── stdout
    sqlite:app.db: version 1
      version  description  phase   way back  state    applied on
      1        notes        expand  no        applied  2023-11-14T22:13:20Z
      2        pinned       expand  yes       pending
    ");
    let run = migrate(&scratch, &["status", "--require-current"]).on_runner().run().exits(4);
    assert_eq!(run.observed().outputs["pending"], "2");
    assert_eq!(run.failure().code, "migrations-pending");
}

#[test]
fn a_history_that_somebody_else_wrote_is_refused() {
    let scratch = two_steps();
    migrate(&scratch, &["up"]).run().succeeds();
    sql(&scratch, "UPDATE migrate_db_history SET checksum = 'x' WHERE version = 1");
    migrate(&scratch, &["status"]).run().fails(1, "history-damaged");
    sql(&scratch, "UPDATE migrate_db_history SET checksum = x'ff' WHERE version = 1");
    migrate(&scratch, &["status"]).run().fails(1, "history-damaged");
    sql(&scratch, "DROP TABLE migrate_db_history; CREATE TABLE migrate_db_history (mine)");
    migrate(&scratch, &["up"]).run().fails(1, "history-damaged");
}

#[test]
fn what_somebody_made_by_hand_is_named_and_left_alone() {
    let scratch = two_steps();
    migrate(&scratch, &["up"]).run().succeeds();
    migrate(&scratch, &["verify", "--drift"]).run().succeeds();
    sql(&scratch, "CREATE TABLE by_hand (a)");
    let before = dump(&scratch, "app.db");
    let run = migrate(&scratch, &["verify", "--drift"]).run().fails(1, "schema-drifted");
    assert!(run.stdout.contains("the live schema") && run.stdout.contains("by_hand"), "{}", run.stdout);
    assert_eq!(dump(&scratch, "app.db"), before);
    assert_eq!(scratch.tree(&[]).to_string().matches("rehearsal").count(), 0);
    sql(&scratch, "DROP TABLE by_hand; DROP TABLE notes");
    let run = migrate(&scratch, &["verify", "--drift"]).run().fails(1, "schema-drifted");
    assert!(run.stdout.contains("the files") && run.stdout.contains("notes"), "{}", run.stdout);
    migrate(&scratch, &["verify"]).run().exits(2);
}
