//! The way back, with the files and without them.

use crate::{UNPINNED, dump, migrate, sql, steady, two_steps};

#[test]
fn down_needs_no_file_because_the_history_keeps_the_way_back() {
    let scratch = two_steps();
    migrate(&scratch, &["up", "--to", "1"]).run().succeeds();
    let wanted = dump(&scratch, "app.db");
    migrate(&scratch, &["up"]).run().succeeds();
    std::fs::remove_dir_all(scratch.join("migrations")).unwrap();
    let run = migrate(&scratch, &["down", "--to", "1"]).run();
    insta::assert_snapshot!(steady(&run), @"
    $ migrate-db down --to 1 --database-url sqlite:app.db
    status: 0
    ── stdout
    sqlite:app.db: version 2 → 1
    backup: [DIR]/.seaworthy/backups/app.db-2-20231114T221320Z.sqlite (opened and compared)
    version description phase result time
    2 pinned expand taken back # ms
    ");
    assert_eq!(dump(&scratch, "app.db"), wanted);
    migrate(&scratch, &["down", "--to", "1"]).run().succeeds();
}

#[test]
fn down_says_what_it_would_do_and_does_not() {
    let scratch = two_steps();
    migrate(&scratch, &["up"]).run().succeeds();
    let before = scratch.tree(&[]);
    let run = migrate(&scratch, &["down", "--to", "1", "--dry-run"]).run().succeeds();
    assert!(run.stdout.contains("take back 2 pinned (expand, 1 statement)"), "{}", run.stdout);
    assert!(before.difference(&scratch.tree(&[])).is_empty());
}

#[test]
fn a_step_without_a_way_back_stops_down_before_anything_runs() {
    let scratch = two_steps();
    migrate(&scratch, &["up"]).run().succeeds();
    let before = dump(&scratch, "app.db");
    let run = migrate(&scratch, &["down", "--to", "0"]).run().fails(1, "down-missing");
    assert!(run.stderr.contains("version 1 (notes)"), "{}", run.stderr);
    assert_eq!(dump(&scratch, "app.db"), before);
    migrate(&scratch, &["down", "--to", "7"]).run().fails(2, "version-unknown");
}

#[test]
fn a_way_back_that_changed_since_is_refused() {
    let scratch = two_steps();
    migrate(&scratch, &["up"]).run().succeeds();
    scratch.file("migrations/2_pinned.down.sql", "SELECT 1;");
    migrate(&scratch, &["down", "--to", "1"]).run().fails(1, "down-differs");
    scratch.file("migrations/2_pinned.down.sql", UNPINNED.replace('\n', "\r\n"));
    migrate(&scratch, &["down", "--to", "1"]).run().succeeds();
}

#[test]
fn a_way_back_that_somebody_rewrote_in_the_history_is_refused() {
    let scratch = two_steps();
    migrate(&scratch, &["up"]).run().succeeds();
    std::fs::remove_dir_all(scratch.join("migrations")).unwrap();
    sql(&scratch, "UPDATE migrate_db_history SET down_sql = 'DROP TABLE notes' WHERE version = 2");
    migrate(&scratch, &["down", "--to", "1"]).run().fails(1, "history-damaged");
    assert_eq!(sql(&scratch, "SELECT count(*) FROM notes"), "0");
}

#[test]
fn up_comes_back_after_down() {
    let scratch = two_steps();
    migrate(&scratch, &["up"]).run().succeeds();
    let wanted = dump(&scratch, "app.db");
    let run = migrate(&scratch, &["down", "--to", "1"]).on_runner().run().succeeds();
    assert_eq!(run.observed().outputs["reverted"], "2");
    assert_eq!(run.observed().outputs["state"], "pending");
    migrate(&scratch, &["up"]).run().succeeds();
    assert_eq!(dump(&scratch, "app.db"), wanted);
}
