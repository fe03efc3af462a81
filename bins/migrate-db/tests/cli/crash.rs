//! Killed at any write and run again, it ends where an undisturbed run ends; compared by definitions and rows, because the bytes of two
//! equal databases differ.

use testkit::{Scratch, crash::Crash};

use crate::{dump, migrate, project, sql, sqlite3};

const STEPS: &[(&str, &str)] = &[
    ("1_users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);"),
    ("2_rows.sql", "INSERT INTO users VALUES (1, 'a'), (2, 'b'); CREATE INDEX names ON users (name);"),
    ("2_rows.down.sql", "DROP INDEX names; DELETE FROM users WHERE true;"),
    (
        "3_notes.sql",
        "CREATE TABLE notes (user_id REFERENCES users (id)); INSERT INTO notes SELECT id FROM users;",
    ),
    ("3_notes.down.sql", "DROP TABLE notes;"),
];

/// Each wreck is a database that opens and whose history says exactly what is there; what has a backup's name is one.
fn whole(scratch: &Scratch) {
    for entry in std::fs::read_dir(scratch.join(".seaworthy/backups")).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "sqlite") {
            let health = sqlite3(scratch, path.to_str().unwrap(), "PRAGMA integrity_check").run().succeeds();
            assert_eq!(health.stdout, "ok\n");
        }
    }
    for name in ["predicate.json", "release.json"] {
        if scratch.has(name) {
            serde_json::from_str::<serde_json::Value>(&scratch.read(name)).unwrap();
        }
    }
    if !scratch.has("app.db") {
        return;
    }
    migrate(scratch, &["status"]).run().succeeds();
    let state = sql(
        scratch,
        "PRAGMA integrity_check; SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema ORDER BY name)",
    );
    let expected = [
        "ok\n",
        "ok\nmigrate_db_history,users",
        "ok\nmigrate_db_history,names,users",
        "ok\nmigrate_db_history,names,notes,users",
    ];
    let applied = if state.contains("migrate_db_history") {
        sql(scratch, "SELECT count(*) FROM migrate_db_history").parse().unwrap()
    } else {
        0
    };
    assert_eq!(state, expected[applied].trim_end(), "{applied} versions are applied");
}

fn same(goal: &Scratch, reached: &Scratch) {
    assert_eq!(dump(goal, "app.db"), dump(reached, "app.db"));
}

const EXCEPT: &[&str] = &["app.db*", ".seaworthy", "release.json", "predicate.json", ".*.partial"];

#[test]
fn up_killed_at_any_write_converges() {
    let make = || {
        let scratch = project(STEPS);
        migrate(&scratch, &["up", "--to", "1"]).run().succeeds();
        let command = migrate(&scratch, &["up", "--environment", "staging", "--predicate", "predicate.json"]);
        (scratch, command)
    };
    Crash::of(make).wreck(whole).same(same).except(EXCEPT).run();
}

#[test]
fn the_first_up_killed_at_any_write_converges() {
    let make = || {
        let scratch = project(STEPS);
        let command = migrate(&scratch, &["up"]);
        (scratch, command)
    };
    Crash::of(make).wreck(whole).same(same).except(EXCEPT).at_most(20).run();
}

#[test]
fn down_killed_at_any_write_converges() {
    let make = || {
        let scratch = project(STEPS);
        migrate(&scratch, &["up"]).run().succeeds();
        let command = migrate(&scratch, &["down", "--to", "1"]);
        (scratch, command)
    };
    Crash::of(make).wreck(whole).same(same).except(EXCEPT).at_most(20).run();
}
