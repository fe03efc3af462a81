//! The way up: what is said, what is kept, what is refused before anything runs.

use crate::{NOTES, dump, migrate, project, sql, steady, two_steps};

#[test]
fn the_first_up_makes_the_database_and_the_second_finds_nothing_to_do() {
    let scratch = two_steps();
    insta::assert_snapshot!(steady(&migrate(&scratch, &["up"]).run()), @"
    $ migrate-db up --database-url sqlite:app.db
    status: 0
    ── stdout
    sqlite:app.db: version 0 → 2
    version description phase result time
    1 notes expand applied # ms
    2 pinned expand applied # ms
    ");
    insta::assert_snapshot!(steady(&migrate(&scratch, &["up"]).run()), @"
    $ migrate-db up --database-url sqlite:app.db
    status: 0
    ── stdout
    sqlite:app.db: version 2 → 2
    nothing to change
    ");
    assert!(!scratch.has(".seaworthy"), "nothing changed, and there is a backup");
    let history = "SELECT version, description, phase, applied_on, down_sql FROM migrate_db_history";
    insta::assert_snapshot!(sql(&scratch, history), @"
    1|notes|expand|2023-11-14T22:13:20Z|
    2|pinned|expand|2023-11-14T22:13:20Z|ALTER TABLE notes DROP COLUMN pinned;
    ");
}

#[test]
fn a_dry_run_says_everything_and_writes_nothing() {
    let scratch = two_steps();
    migrate(&scratch, &["up", "--to", "1"]).run().succeeds();
    scratch.file("queries.toml", "[[query]]\nname = 'n'\nsql = 'SELECT 1'\nequals = 1\n");
    let before = scratch.tree(&[]);
    let run = migrate(&scratch, &["up", "--dry-run", "--verify", "queries.toml"]).run();
    assert!(before.difference(&scratch.tree(&[])).is_empty());
    insta::assert_snapshot!(run.transcript(), @"
    $ migrate-db up --dry-run --verify queries.toml --database-url sqlite:app.db
    status: 0
    ── stdout
    sqlite:app.db: version 1 → 2
    back up into .seaworthy/backups, open the copy and compare it
    apply 2 pinned (expand, 1 statement)
    ask 1 query
    ");
    let plan = migrate(&scratch, &["plan", "--format", "json"]).run().succeeds().json();
    assert_eq!(plan["outputs"]["pending"], "2");
    assert_eq!(plan["result"]["steps"][0]["statements"], 1);
}

#[test]
fn a_runner_learns_what_happened() {
    let scratch = two_steps();
    let run = migrate(&scratch, &["up", "--to", "1"]).on_runner().run().succeeds();
    insta::assert_debug_snapshot!(run.observed().outputs, @r#"
    {
        "after": "1",
        "applied": "1",
        "backup": "",
        "before": "0",
        "pending": "2",
        "reverted": "",
        "state": "pending",
    }
    "#);
}

#[test]
fn a_failing_statement_is_named_with_its_line_and_nothing_of_its_file_stays() {
    let scratch = project(&[
        ("1_notes.sql", NOTES),
        ("2_tags.sql", "CREATE TABLE tags (id);\n\n-- the wrong table\nINSERT INTO\n  labels VALUES (1);\n"),
        ("3_more.sql", "CREATE TABLE more (id);"),
    ]);
    let run = migrate(&scratch, &["up"]).on_runner().run().fails(1, "migration-failed");
    assert_eq!(run.observed().outputs["applied"], "1");
    assert_eq!(run.observed().outputs["after"], "1");
    assert_eq!(run.observed().outputs["pending"], "2,3");
    insta::assert_snapshot!(migrate(&scratch, &["up"]).run().stderr, @"
    error[migration-failed]: a statement in migrations/2_tags.sql:4 failed, and nothing of that file was kept: INSERT INTO labels VALUES (1);
      why: no such table: labels
      fix: correct the statement and run again: files before this one stay applied
      see: docs/failures.md#migration-failed
    ");
    assert_eq!(sql(&scratch, ".tables"), "migrate_db_history  notes");
}

#[test]
fn a_statement_that_outlives_the_budget_is_stopped_and_taken_back() {
    let endless = "CREATE TABLE n (n);\nINSERT INTO n WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c;";
    let scratch = project(&[("1_notes.sql", NOTES), ("2_endless.sql", endless)]);
    let run = migrate(&scratch, &["up", "--budget", "200ms"]).run().fails(1, "budget-exceeded");
    assert!(run.stderr.contains("200ms ran out in version 2"), "{}", run.stderr);
    assert_eq!(sql(&scratch, ".tables"), "migrate_db_history  notes");
    scratch.file("migrations/2_endless.sql", "CREATE TABLE n (n);");
    migrate(&scratch, &["up", "--budget", "10s"]).run().succeeds();
}

#[test]
fn a_database_that_somebody_holds_is_waited_for_and_no_longer() {
    let scratch = two_steps();
    migrate(&scratch, &["up", "--to", "1"]).run().succeeds();
    let before = dump(&scratch, "app.db");
    let up = format!(
        ".shell {} up --lock-timeout 100ms --database-url sqlite:app.db 2>&1 | grep -o 'error.*]'",
        env!("CARGO_BIN_EXE_migrate-db")
    );
    let holder =
        testkit::bin("/usr/bin/sqlite3").args(["app.db", "BEGIN IMMEDIATE", &up]).dir(scratch.path());
    assert_eq!(holder.run().stdout.trim(), "error[database-locked]");
    assert_eq!(dump(&scratch, "app.db"), before);
}

#[test]
fn a_table_can_be_rebuilt_by_sqlites_own_recipe_and_keeps_what_points_to_it() {
    let scratch = project(&[
        (
            "1_users.sql",
            "CREATE TABLE users (id INTEGER PRIMARY KEY, name);\n\
             CREATE TABLE notes (id, user_id REFERENCES users (id) ON DELETE CASCADE);\n\
             INSERT INTO users VALUES (1, 'a'); INSERT INTO notes VALUES (1, 1);",
        ),
        (
            "2_rebuild.sql",
            "-- migrate-db: phase=contract approve=OPS-1\nPRAGMA foreign_keys = OFF;\n\
             CREATE TABLE new (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n\
             INSERT INTO new SELECT id, name FROM users;\nDROP TABLE users;\nALTER TABLE new RENAME TO users;",
        ),
    ]);
    migrate(&scratch, &["up"]).run().succeeds();
    assert_eq!(sql(&scratch, "SELECT count(*) FROM notes JOIN users ON user_id = users.id"), "1");
}

#[test]
fn a_file_that_leaves_rows_pointing_to_nothing_is_refused_and_older_ones_are_not_its_fault() {
    let scratch = project(&[(
        "1_users.sql",
        "CREATE TABLE users (id INTEGER PRIMARY KEY); CREATE TABLE notes (user_id REFERENCES users (id));\n\
         INSERT INTO users VALUES (1), (2); INSERT INTO notes VALUES (1), (2);",
    )]);
    migrate(&scratch, &["up"]).run().succeeds();
    sql(&scratch, "INSERT INTO notes VALUES (99)");
    scratch.file("migrations/2_leave.sql", "DELETE FROM users WHERE id = 1;");
    let run = migrate(&scratch, &["up"]).run().fails(1, "references-broken");
    assert!(run.stderr.contains("notes → users"), "{}", run.stderr);
    assert_eq!(sql(&scratch, "SELECT count(*) FROM users"), "2");
    scratch.file(
        "migrations/2_leave.sql",
        "DELETE FROM notes WHERE user_id = 1; DELETE FROM users WHERE id = 1;",
    );
    migrate(&scratch, &["up"]).run().succeeds();
}

#[test]
fn triggers_comments_and_strings_arrive_whole() {
    let scratch = project(&[(
        "1_log.sql",
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, title);\nCREATE TABLE log (entry);\n\
         CREATE TRIGGER logged AFTER INSERT ON notes BEGIN\n  INSERT INTO log VALUES (CASE WHEN new.title = ';' THEN 'a;b' ELSE 'c' END);\n\
         UPDATE notes SET title = title || '!' WHERE id = new.id;\nEND;\nINSERT INTO notes VALUES (1, ';');",
    )]);
    migrate(&scratch, &["up"]).run().succeeds();
    assert_eq!(sql(&scratch, "SELECT entry, title FROM log, notes"), "a;b|;!");
}

#[test]
fn what_breaks_the_running_release_needs_to_say_so_and_runs_nothing_until_then() {
    let scratch = project(&[("1_notes.sql", NOTES), ("2_drop.sql", "DROP TABLE notes;")]);
    let run = migrate(&scratch, &["up"]).run().fails(1, "migration-breaks");
    assert!(run.stderr.contains("migrations/2_drop.sql:1"), "{}", run.stderr);
    assert!(!scratch.has("app.db"));
    scratch.file("migrations/2_drop.sql", "-- migrate-db: phase=contract approve=OPS-7\nDROP TABLE notes;");
    migrate(&scratch, &["up"]).run().succeeds();
    assert_eq!(sql(&scratch, "SELECT phase FROM migrate_db_history"), "expand\ncontract");
}

#[test]
fn a_journal_mode_stays_as_it_is() {
    let scratch = two_steps();
    sql(&scratch, "PRAGMA journal_mode = WAL; CREATE TABLE mine (a)");
    migrate(&scratch, &["up"]).run().succeeds();
    migrate(&scratch, &["status", "--require-current"]).run().succeeds();
    migrate(&scratch, &["up", "--dry-run"]).run().succeeds();
    assert!(!scratch.has("app.db-wal") && !scratch.has("app.db-shm"));
    assert_eq!(sql(&scratch, "PRAGMA journal_mode"), "wal");
}
