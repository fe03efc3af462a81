//! Each tool's files and history on MariaDB: detected, applied, taken back, killed in the middle, and never run a second time.

use std::{cell::RefCell, collections::BTreeMap, path::PathBuf};

use testkit::{Scratch, crash::Crash};

use crate::{
    crash::QUIET,
    migrate, place, project,
    server::SHARED,
    tools::{TOOLS, Tool, Wish},
};

/// Every message to the server is one place; more would take minutes for all layouts.
const POINTS_MAX: usize = 3;

#[test]
fn each_layout_goes_up_and_down_and_its_history_says_so() {
    for tool in &TOOLS {
        let (scratch, server, database, url) = place(&[]);
        let say = ["--layout", tool.layout];
        tool.add(
            &scratch,
            1,
            "CREATE TABLE t1 (a int);\nINSERT INTO t1 VALUES (1);",
            "DROP TABLE t1;",
            Wish::Transaction,
        );
        tool.add(&scratch, 2, "BEGIN; CREATE TABLE t2 (a int); COMMIT;", "DROP TABLE t2;", Wish::Transaction);
        tool.add(&scratch, 3, "INSERT INTO t2 VALUES (1);", "DELETE FROM t2 WHERE a = 1;", Wish::Transaction);
        migrate(&scratch, &url, &["up"]).args(say).run().succeeds();
        assert_eq!(server.sql(&database, tool.count), "3", "{}", tool.layout);
        // From here on the history says whose the files are, where they themselves leave it open.
        let status = migrate(&scratch, &url, &["status", "--require-current", "--format", "json"])
            .run()
            .succeeds()
            .json();
        assert_eq!(status["result"]["layout"], tool.layout);
        if !["golang-migrate", "dbmate"].contains(&tool.layout) {
            assert!(status["result"]["migrations"][2]["appliedOn"].is_string(), "{}: {status}", tool.layout);
        }
        assert!(!server.has(&database, "migrate_db_progress"));
        let again = migrate(&scratch, &url, &["up"]).run().succeeds();
        assert!(again.stdout.contains("nothing to change"), "{}", again.stdout);
        let first = status["result"]["migrations"][0]["version"].as_str().unwrap().to_owned();
        migrate(&scratch, &url, &["down", "--to", &first]).run().succeeds();
        assert_eq!(server.sql(&database, tool.count), "1", "{}", tool.layout);
        assert!(!server.has(&database, "t2"));
        migrate(&scratch, &url, &["up"]).run().succeeds();
        assert_eq!(server.sql(&database, tool.count), "3", "{}", tool.layout);
        migrate(&scratch, &url, &["verify", "--drift"]).args(say).run().succeeds();
        migrate(&scratch, &url, &["down", "--to", "0"]).args(say).run().succeeds();
        assert!(!server.has(&database, "t1"));
    }
}

#[test]
fn a_file_that_failed_half_way_is_corrected_and_goes_on_in_every_layout() {
    for tool in &TOOLS {
        let (scratch, server, database, url) = place(&[]);
        let run = |command: &str| migrate(&scratch, &url, &[command, "--layout", tool.layout]).run();
        tool.add(&scratch, 1, "CREATE TABLE t1 (a int);", "DROP TABLE t1;", Wish::Transaction);
        run("up").succeeds();
        let second = |table: &str| {
            let up = format!(
                "ALTER TABLE t1 ADD c int;\nINSERT INTO {table} (a) VALUES (1);\nALTER TABLE t1 ADD d int;"
            );
            tool.add(&scratch, 2, &up, "ALTER TABLE t1 DROP c, DROP d;", Wish::Transaction);
        };
        second("nobody");
        run("up").fails(1, "migration-failed");
        second("t1");
        run("status").succeeds();
        run("up").succeeds();
        assert_eq!(server.sql(&database, tool.count), "2", "{}", tool.layout);
        assert_eq!(server.sql(&database, "SELECT a, c, d FROM t1"), "1\tNULL\tNULL", "{}", tool.layout);
        run("status").succeeds();
    }
}

#[test]
fn what_its_tool_says_was_begun_stops_everything() {
    for (layout, table) in [
        ("golang-migrate", "UPDATE schema_migrations SET dirty = true"),
        ("sqlx", "UPDATE _sqlx_migrations SET success = false"),
        ("flyway", "UPDATE flyway_schema_history SET success = false"),
        ("prisma", "UPDATE _prisma_migrations SET finished_at = NULL"),
    ] {
        let tool = TOOLS.iter().find(|tool| tool.layout == layout).unwrap();
        let (scratch, server, database, url) = place(&[]);
        let say = ["--layout", layout];
        tool.add(&scratch, 1, "CREATE TABLE t1 (a int);", "DROP TABLE t1;", Wish::Transaction);
        migrate(&scratch, &url, &["up"]).args(say).run().succeeds();
        server.sql(&database, table);
        for command in [&["up"][..], &["status"], &["down", "--to", "0"]] {
            migrate(&scratch, &url, command).args(say).run().fails(1, "migration-half-done");
        }
        let version = if layout == "prisma" { "20240101" } else { "1" };
        migrate(&scratch, &url, &["repair", "--applied", version]).args(say).run().succeeds();
        migrate(&scratch, &url, &["status", "--require-current"]).args(say).run().succeeds();
        server.sql(&database, table);
        migrate(&scratch, &url, &["repair", "--not-applied", version]).args(say).run().succeeds();
        server.sql(&database, "DROP TABLE t1");
        migrate(&scratch, &url, &["up"]).args(say).run().succeeds();
        assert_eq!(server.sql(&database, tool.count), "1", "{layout}");
    }
}

#[test]
fn a_file_killed_anywhere_goes_on_where_it_was() {
    for tool in &TOOLS {
        killed(tool);
    }
}

fn killed(tool: &Tool) {
    let databases: RefCell<BTreeMap<PathBuf, String>> = RefCell::default();
    let of = |scratch: &Scratch| databases.borrow()[scratch.path()].clone();
    let make = || {
        let scratch = project(&[]);
        tool.add(
            &scratch,
            1,
            "CREATE TABLE t (a int);\nINSERT INTO t VALUES (1);",
            "DROP TABLE t;",
            Wish::Transaction,
        );
        let two = "ALTER TABLE t ADD b int;\nUPDATE t SET a = a + 1 WHERE a > 0;\nCREATE INDEX i ON t (a);";
        tool.add(&scratch, 2, two, "DROP INDEX i ON t;", Wish::Transaction);
        let database = SHARED.database();
        let command = migrate(&scratch, &SHARED.url(&database), &["up", "--layout", tool.layout]);
        databases.borrow_mut().insert(scratch.path().to_owned(), database);
        (scratch, command)
    };
    let wreck = |scratch: &Scratch| {
        let database = of(scratch);
        SHARED.wait_for(&database, QUIET);
        let history = tool.count.split_whitespace().nth(3).unwrap();
        let applied =
            if SHARED.has(&database, history) { SHARED.sql(&database, tool.count) } else { "0".into() };
        let begun = SHARED.has(&database, "migrate_db_progress")
            && SHARED.sql(&database, "SELECT count(*) FROM migrate_db_progress") == "1";
        // golang-migrate's one row says no more than the version that was begun.
        let is_first = applied == "0" && tool.layout != "golang-migrate";
        assert!(
            begun || !is_first || !SHARED.has(&database, "t"),
            "{}: there is what nobody says",
            tool.layout
        );
        if let (Some(question), true) = (tool.begun, begun) {
            assert_eq!(
                SHARED.sql(&database, question),
                "1",
                "{}: the tool itself would not know",
                tool.layout
            );
        }
    };
    let same = |goal: &Scratch, reached: &Scratch| {
        let state = |scratch| {
            let database = of(scratch);
            let rows = SHARED.sql(&database, "SELECT a, b FROM t");
            (rows, SHARED.sql(&database, tool.count), SHARED.definitions(&database))
        };
        assert_eq!(state(goal), state(reached));
        assert_eq!(state(reached).0, "2\tNULL", "{}", tool.layout);
    };
    Crash::of(make).wreck(wreck).same(same).except(&[".seaworthy"]).at_most(POINTS_MAX).run();
}
