//! A file of which no transaction holds the whole, killed at any message to the server, in every layout.

use std::{cell::RefCell, collections::BTreeMap, path::PathBuf};

use testkit::{Scratch, crash::Crash};

use crate::{
    cluster::SHARED,
    migrate, place, project,
    tools::{TOOLS, Tool, Wish},
};

/// Every message to the server is one place; more would take minutes for all layouts.
const POINTS_MAX: usize = 5;

#[test]
fn a_file_without_a_transaction_killed_anywhere_goes_on_where_it_was() {
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
            "CREATE TABLE t (a int); INSERT INTO t VALUES (1);",
            "DROP TABLE t;",
            Wish::Transaction,
        );
        let two = if has_no_wish(tool) {
            "CREATE INDEX CONCURRENTLY i ON t (a); DROP INDEX CONCURRENTLY i; CREATE INDEX CONCURRENTLY j ON t (a);"
        } else {
            "CREATE INDEX CONCURRENTLY i ON t (a);\nUPDATE t SET a = a + 1 WHERE a > 0;\nDROP INDEX CONCURRENTLY i;\n\
             UPDATE t SET a = a + 1 WHERE a > 0;\nCREATE INDEX CONCURRENTLY j ON t (a);"
        };
        tool.add(&scratch, 2, two, "DROP INDEX j;", Wish::None);
        let database = SHARED.database();
        let command = migrate(&scratch, &SHARED.url(&database), &["up", "--layout", tool.layout]);
        databases.borrow_mut().insert(scratch.path().to_owned(), database);
        (scratch, command)
    };
    let wreck = |scratch: &Scratch| {
        let database = of(scratch);
        SHARED.wait_for(&database, "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
        let there =
            |table: &str| SHARED.sql(&database, &format!("SELECT to_regclass('{table}') IS NOT NULL")) == "t";
        let history = tool.count.split_whitespace().skip_while(|word| *word != "FROM").nth(1).unwrap();
        let applied = if there(history) { SHARED.sql(&database, tool.count) } else { "0".into() };
        let begun = there("migrate_db_progress");
        match applied.as_str() {
            // golang-migrate's one row says no more than the version that was begun.
            "0" if begun => assert_eq!((tool.layout, there("t")), ("golang-migrate", true)),
            "0" => assert!(!there("t"), "{}: nothing is applied and something is there", tool.layout),
            "1" => assert!(there("t") && (begun || !there("i") && !there("j")), "{}", tool.layout),
            _ => assert!(there("j") && !there("i") && !begun, "{}", tool.layout),
        }
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
            let rows = SHARED.sql(&database, "SELECT a FROM t");
            (rows, SHARED.sql(&database, tool.count), SHARED.dump_of_schema(&database))
        };
        assert_eq!(state(goal), state(reached));
    };
    Crash::of(make).wreck(wreck).same(same).except(&[".seaworthy"]).at_most(POINTS_MAX).run();
}

/// Another tenant's run may be building one of the same name.
#[test]
fn a_half_built_index_of_another_schema_was_dropped() {
    let files =
        [("1_t.sql", "CREATE TABLE t (a int);"), ("2_i.sql", "CREATE INDEX CONCURRENTLY i ON t (a);")];
    let (scratch, cluster, database, url) = place(&files);
    let number = "SELECT 'other.i'::regclass::oid";
    cluster
        .sql(&database, "CREATE SCHEMA other; CREATE TABLE other.t (a int); CREATE INDEX i ON other.t (a)");
    cluster.sql(&database, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'other.i'::regclass");
    let before = cluster.sql(&database, number);
    migrate(&scratch, &url, &["up"]).run().succeeds();
    assert_eq!(cluster.sql(&database, number), before);
    assert_eq!(cluster.sql(&database, "SELECT to_regclass('public.i') IS NOT NULL"), "t");
}

/// Whether a file can only be without a transaction if all its statements are.
fn has_no_wish(tool: &Tool) -> bool {
    ["numbered", "prisma", "golang-migrate"].contains(&tool.layout)
}
