//! A backup is a copy that was opened and compared, readable by its owner only, under a name that never replaces another.

use std::os::unix::fs::PermissionsExt;

use crate::{dump, migrate, project, sql, sqlite3, two_steps};

const FIRST: &str = ".seaworthy/backups/app.db-1-20231114T221320Z.sqlite";

#[test]
fn the_backup_holds_what_was_there_before_the_change() {
    let scratch = two_steps();
    migrate(&scratch, &["up", "--to", "1"]).run().succeeds();
    sql(&scratch, "INSERT INTO notes VALUES (1, 'kept'); PRAGMA application_id = 7; PRAGMA user_version = 3");
    let wanted = dump(&scratch, "app.db");
    migrate(&scratch, &["up"]).run().succeeds();
    assert_eq!(dump(&scratch, FIRST), wanted);
    assert_eq!(sqlite3(&scratch, FIRST, "PRAGMA application_id; PRAGMA user_version").run().stdout, "7\n3\n");
    let mode = std::fs::metadata(scratch.join(FIRST)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn two_backups_of_one_moment_do_not_replace_each_other() {
    let scratch = two_steps();
    migrate(&scratch, &["up", "--to", "1"]).run().succeeds();
    let first = migrate(&scratch, &["backup"]).on_runner().run().succeeds();
    let second = migrate(&scratch, &["backup"]).on_runner().run().succeeds();
    assert_ne!(first.observed().outputs["backup"], second.observed().outputs["backup"]);
    assert!(scratch.has(FIRST));
}

#[test]
fn virtual_tables_views_and_generated_columns_survive() {
    let scratch = project(&[(
        "1_all.sql",
        "CREATE VIRTUAL TABLE search USING fts5 (body); INSERT INTO search VALUES ('hello');\n\
         CREATE TABLE t (a, b AS (a + 1)); INSERT INTO t VALUES (1); CREATE VIEW v AS SELECT b FROM t;\n\
         CREATE TABLE \"odd \"\"name\" (a PRIMARY KEY) WITHOUT ROWID;",
    )]);
    migrate(&scratch, &["up"]).run().succeeds();
    migrate(&scratch, &["backup"]).run().succeeds();
    assert_eq!(
        sqlite3(&scratch, FIRST, "SELECT b FROM v; SELECT body FROM search").run().stdout,
        "2\nhello\n"
    );
}

#[test]
fn without_a_backup_nothing_is_changed() {
    let scratch = two_steps();
    migrate(&scratch, &["up", "--to", "1"]).run().succeeds();
    let before = dump(&scratch, "app.db");
    scratch.file("occupied", "");
    migrate(&scratch, &["up", "--backup-dir", "occupied"]).run().fails(3, "file-unwritable");
    assert_eq!(dump(&scratch, "app.db"), before);
}

#[test]
fn a_damaged_database_is_not_backed_up_and_not_changed() {
    let scratch = two_steps();
    migrate(&scratch, &["up", "--to", "1"]).run().succeeds();
    sql(&scratch, "CREATE INDEX i ON notes (title); INSERT INTO notes VALUES (1, 'a')");
    let page =
        sql(&scratch, "PRAGMA writable_schema = ON; SELECT rootpage FROM sqlite_schema WHERE name = 'i'");
    let mut bytes = scratch.bytes("app.db").unwrap();
    let start = (page.parse::<usize>().unwrap() - 1) * 4096;
    bytes[start..start + 4096].fill(0xff);
    scratch.file("app.db", bytes);
    migrate(&scratch, &["up"]).run().fails(3, "backup-unverified");
    assert_eq!(scratch.tree(&["app.db*", "migrations"]).to_string().matches(".sqlite").count(), 0);
}
