//! Killed, cut off, or twice at once: what is there and what the history says agree, and the next run goes on.

use std::{cell::RefCell, collections::BTreeMap, path::PathBuf, thread};

use testkit::{Scratch, crash::Crash};

use crate::{
    kind::Finds as _,
    migrate, place, project,
    server::{SHARED, Server},
};

const STEPS: &[(&str, &str)] = &[
    ("1_users.sql", "CREATE TABLE users (id int PRIMARY KEY, name varchar(20));"),
    ("2_rows.sql", "INSERT INTO users VALUES (1, 'a'); INSERT INTO users VALUES (2, 'b');"),
    (
        "3_mixed.sql",
        "SET @add = 10; ALTER TABLE users ADD COLUMN score int NOT NULL DEFAULT 0; UPDATE users SET score = score + @add WHERE id > 0; \
         CREATE INDEX scores ON users (score); UPDATE users SET score = score + @add WHERE id > 0; DROP INDEX scores ON users;",
    ),
];

/// Nobody is connected to this database.
pub(crate) const QUIET: &str =
    "SELECT count(*) = 0 FROM information_schema.processlist WHERE db = database() AND id <> connection_id()";

#[test]
fn up_killed_at_any_message_to_the_server_converges() {
    let databases: RefCell<BTreeMap<PathBuf, String>> = RefCell::default();
    let of = |scratch: &Scratch| databases.borrow()[scratch.path()].clone();
    let make = || {
        let scratch = project(STEPS);
        let database = SHARED.database();
        let command = migrate(&scratch, &SHARED.url(&database), &["up"]);
        databases.borrow_mut().insert(scratch.path().to_owned(), database);
        (scratch, command)
    };
    let wreck = |scratch: &Scratch| {
        let database = of(scratch);
        SHARED.wait_for(&database, QUIET);
        let number = |question: &str| SHARED.sql(&database, question).parse::<u32>().unwrap();
        let users = SHARED.has(&database, "users");
        let begun = SHARED.has(&database, "migrate_db_progress")
            && number("SELECT count(*) FROM migrate_db_progress") == 1;
        let has_history = SHARED.has(&database, "migrate_db_history");
        let applied = if has_history { number("SELECT count(*) FROM migrate_db_history") } else { 0 };
        // Whatever is there of a file that is not applied was said before it was done.
        assert!(applied > 0 || begun || !users, "nothing is applied or begun and something is there");
        let rows = if users { number("SELECT count(*) FROM users") } else { 0 };
        assert_eq!(
            rows,
            if applied >= 2 { 2 } else { 0 },
            "a file of rows is there as a whole or not at all"
        );
        let column = "SELECT count(*) FROM information_schema.columns WHERE table_schema = database() AND column_name = 'score'";
        assert!(applied == 3 || begun || number(column) == 0, "a column is there that nobody says was begun");
    };
    let same = |goal: &Scratch, reached: &Scratch| {
        assert_eq!(SHARED.dump(&of(goal)), SHARED.dump(&of(reached)));
        assert_eq!(SHARED.sql(&of(reached), "SELECT group_concat(score) FROM users"), "20,20");
    };
    let report = Crash::of(make).wreck(wreck).same(same).except(&[".seaworthy"]).at_most(14).run();
    assert!(report.killed >= 10, "{report}");
}

#[test]
fn two_runners_at_once_apply_everything_once() {
    let steps: Vec<(String, String)> = (1..=20)
        .map(|n| (format!("{n}_t.sql"), format!("CREATE TABLE t{n} (a int); INSERT INTO t{n} VALUES (1);")))
        .collect();
    let steps: Vec<(&str, &str)> = steps.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let (scratch, server, database, url) = place(&steps);
    let applied: usize = thread::scope(|scope| {
        let run = || migrate(&scratch, &url, &["up", "--format", "json"]).run().succeeds().json();
        let runs = [scope.spawn(run), scope.spawn(run)];
        runs.map(|run| run.join().unwrap()["result"]["applied"].as_array().unwrap().len()).iter().sum()
    });
    assert_eq!(applied, 20);
    assert_eq!(server.sql(&database, "SELECT count(*) FROM migrate_db_history"), "20");
    assert_eq!(server.sql(&database, "SELECT count(*) FROM t20"), "1");
}

#[test]
fn a_server_that_is_killed_in_the_middle_keeps_what_was_recorded_and_the_next_run_goes_on() {
    let server = Server::start();
    let database = server.database();
    let scratch = project(&[
        STEPS[0],
        (
            "2_slow.sql",
            "ALTER TABLE users ADD a int; INSERT INTO users VALUES (1, 'a', sleep(30)); ALTER TABLE users ADD b int;",
        ),
    ]);
    thread::scope(|scope| {
        let run = scope
            .spawn(|| migrate(&scratch, &server.url(&database), &["up"]).run().fails(3, "database-failed"));
        server.wait_for(
            &database,
            "SELECT count(*) > 0 FROM information_schema.processlist WHERE state = 'User sleep' AND info LIKE 'INSERT INTO users%'",
        );
        server.crash();
        run.join().unwrap();
    });
    assert_eq!(server.sql(&database, "SELECT version, done FROM migrate_db_progress"), "2\t1");
    assert_eq!(server.sql(&database, "SELECT count(*) FROM users"), "0");
    // Behind what is done the file may be another one.
    scratch.file(
        "migrations/2_slow.sql",
        "ALTER TABLE users ADD a int; INSERT INTO users VALUES (1, 'a', 1); ALTER TABLE users ADD b int;",
    );
    migrate(&scratch, &server.url(&database), &["up"]).run().succeeds();
    assert_eq!(server.sql(&database, "SELECT * FROM users"), "1\ta\t1\tNULL");
    assert_eq!(server.sql(&database, "SELECT count(*) FROM migrate_db_history"), "2");
}

/// Ends the session that sleeps in this database, as a lost connection does.
fn cut_off(server: &Server, database: &str) {
    let sleeps = "FROM information_schema.processlist WHERE state = 'User sleep' AND db = database()";
    server.wait_for(database, &format!("SELECT count(*) > 0 {sleeps}"));
    let session = server.sql(database, &format!("SELECT id {sleeps}"));
    server.sql(database, &format!("KILL {session}"));
}

#[test]
fn what_nothing_shows_is_not_guessed() {
    let call = "DELIMITER //\nCREATE PROCEDURE p() BEGIN CREATE TABLE made (a int); DO sleep(3); END//\nDELIMITER ;\nCALL p();\nCREATE TABLE b (a int);\n";
    let (scratch, server, database, url) = place(&[("1_call.sql", call)]);
    thread::scope(|scope| {
        let run = scope.spawn(|| migrate(&scratch, &url, &["up"]).run().fails(3, "database-failed"));
        cut_off(server, &database);
        run.join().unwrap();
    });
    let run = migrate(&scratch, &url, &["up"]).run().fails(1, "migration-half-done");
    assert!(run.stderr.contains("1_call.sql:4") && run.stderr.contains("CALL p()"), "{}", run.stderr);
    server.sql(&database, "CREATE TABLE b (a int)");
    migrate(&scratch, &url, &["repair", "--applied", "1"]).run().succeeds();
    migrate(&scratch, &url, &["status", "--require-current"]).run().succeeds();
    assert!(!server.has(&database, "migrate_db_progress"));
}

#[test]
fn a_routine_that_fails_is_taken_back_and_one_that_had_committed_is_not_run_again() {
    let routine = |body: &str| {
        format!("CREATE PROCEDURE p() BEGIN {body} END;\nCALL p();\nCREATE TABLE done (a int);\n")
    };
    let rows = "INSERT INTO users VALUES (1, 'a'); INSERT INTO users VALUES (1, 'again');";
    let (scratch, server, database, url) = place(&[STEPS[0], ("2_call.sql", &routine(rows))]);
    let run = migrate(&scratch, &url, &["up"]).run().fails(1, "migration-failed");
    assert!(run.stderr.contains("2_call.sql:2"), "{}", run.stderr);
    assert_eq!(server.sql(&database, "SELECT count(*) FROM users"), "0");
    server.sql(&database, "DROP PROCEDURE p; CREATE PROCEDURE p() INSERT INTO users VALUES (1, 'a')");
    migrate(&scratch, &url, &["up"]).run().succeeds();
    assert_eq!(server.sql(&database, "SELECT count(*) FROM users"), "1");
    let (scratch, server, database, url) =
        place(&[STEPS[0], ("2_call.sql", &routine(&format!("CREATE TABLE made (a int); {rows}")))]);
    for _ in 0..2 {
        migrate(&scratch, &url, &["up"]).run().fails(1, "migration-half-done");
        assert_eq!(server.sql(&database, "SELECT count(*) FROM users"), "1");
    }
}

#[test]
fn a_row_that_asks_for_what_another_session_inserted_is_not_guessed() {
    let text = "CREATE TABLE a (id int AUTO_INCREMENT PRIMARY KEY, x int);\nINSERT INTO a (x) VALUES (1);\n\
                INSERT INTO a (x) SELECT last_insert_id() + sleep(3);\n";
    let (scratch, server, database, url) = place(&[("1_a.sql", text)]);
    thread::scope(|scope| {
        let run = scope.spawn(|| migrate(&scratch, &url, &["up"]).run().fails(3, "database-failed"));
        cut_off(server, &database);
        run.join().unwrap();
    });
    let run = migrate(&scratch, &url, &["up"]).run().fails(1, "migration-half-done");
    assert!(run.stderr.contains("1_a.sql:3"), "{}", run.stderr);
    assert_eq!(server.sql(&database, "SELECT count(*) FROM a"), "1");
}

#[test]
fn a_way_back_that_was_cut_off_is_seen_by_everyone_and_goes_on() {
    let (scratch, server, database, url) = place(&[
        STEPS[0],
        ("2_two.sql", "CREATE TABLE two (a int); ALTER TABLE users ADD b int;"),
        ("2_two.down.sql", "ALTER TABLE users DROP b; INSERT INTO two SELECT sleep(3); DROP TABLE two;"),
    ]);
    migrate(&scratch, &url, &["up"]).run().succeeds();
    thread::scope(|scope| {
        let run =
            scope.spawn(|| migrate(&scratch, &url, &["down", "--to", "1"]).run().fails(3, "database-failed"));
        cut_off(server, &database);
        run.join().unwrap();
    });
    // The history says that version 2 is there, and a part of it is not.
    for command in [&["up"][..], &["status"], &["plan"]] {
        migrate(&scratch, &url, command).run().fails(1, "migration-half-done");
    }
    migrate(&scratch, &url, &["down", "--to", "1"]).run().succeeds();
    assert!(!server.has(&database, "two"));
    migrate(&scratch, &url, &["status"]).run().succeeds();
}

#[test]
fn a_statement_that_outlives_its_killed_run_is_waited_for_and_not_done_twice() {
    let (scratch, server, database, url) = place(&[
        STEPS[0],
        ("2_index.sql", "ALTER TABLE users ADD INDEX (name);\nINSERT INTO users VALUES (1, 'a');"),
    ]);
    migrate(&scratch, &url, &["up", "--to", "1"]).run().succeeds();
    let mut reader = server.session(&database, "BEGIN; SELECT * FROM users; DO sleep(3)");
    server.wait_for(
        &database,
        "SELECT count(*) > 0 FROM information_schema.processlist WHERE state = 'User sleep' AND db = database()",
    );
    let mut run = std::process::Command::new(env!("CARGO_BIN_EXE_migrate-db"))
        .args(["up", "--database-url", &url])
        .current_dir(scratch.path())
        .finding(server.kind)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let waits = "SELECT count(*) > 0 FROM information_schema.processlist WHERE state LIKE 'Waiting for table metadata lock' AND info LIKE 'ALTER TABLE users%'";
    server.wait_for(&database, waits);
    run.kill().unwrap();
    run.wait().unwrap();
    reader.wait().unwrap();
    migrate(&scratch, &url, &["up"]).run().succeeds();
    let indexes = "SELECT count(*) FROM information_schema.statistics WHERE table_schema = database() AND column_name = 'name'";
    assert_eq!(server.sql(&database, indexes), "1");
    assert_eq!(server.sql(&database, "SELECT count(*) FROM users"), "1");
}
