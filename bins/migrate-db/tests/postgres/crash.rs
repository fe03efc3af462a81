//! Killed, cut off, or twice at once: what is there and what the history says agree, and the next run goes on.

use std::{cell::RefCell, collections::BTreeMap, path::PathBuf, thread};

use testkit::{Scratch, crash::Crash};

use crate::{
    cluster::{Cluster, SHARED},
    migrate, place, project,
};

const STEPS: &[(&str, &str)] = &[
    ("1_users.sql", "CREATE TABLE users (id int PRIMARY KEY, name text);"),
    (
        "2_rows.sql",
        "INSERT INTO users VALUES (1, 'a'), (2, 'b'); CREATE TABLE notes (user_id int REFERENCES users (id));",
    ),
    ("3_index.sql", "CREATE INDEX CONCURRENTLY IF NOT EXISTS names ON users (name);"),
    ("4_copy.sql", "COPY notes FROM STDIN;\n1\n2\n\\.\nALTER TABLE notes ADD PRIMARY KEY (user_id);"),
];

/// What exists once so many versions are applied.
const STATES: [&str; 5] = ["", "users", "notes,users", "names,notes,users", "names,notes,users,2"];

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
        // The server notices that its client is gone; what it still does for it ends with that.
        SHARED.wait_for(&database, "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
        let applied =
            match SHARED.sql(&database, "SELECT to_regclass('migrate_db_history') IS NOT NULL").as_str() {
                "t" => SHARED.sql(&database, "SELECT count(*) FROM migrate_db_history").parse().unwrap(),
                _ => 0,
            };
        let names = "SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relname IN ('users', 'notes', 'names')";
        let copied =
            if applied >= 2 { SHARED.sql(&database, "SELECT count(*) FROM notes") } else { "0".into() };
        let state = SHARED.sql(&database, names) + if copied == "2" { ",2" } else { "" };
        // The index is built outside of a transaction: it may be there before its row of the history.
        let ahead = applied == 2 && state == STATES[3];
        assert!(state == STATES[applied] || ahead, "{applied} versions are applied and there is {state}");
    };
    let same =
        |goal: &Scratch, reached: &Scratch| assert_eq!(SHARED.dump(&of(goal)), SHARED.dump(&of(reached)));
    Crash::of(make).wreck(wreck).same(same).except(&[".seaworthy"]).at_most(12).run();
}

#[test]
fn two_runners_at_once_apply_everything_once() {
    let steps: Vec<(String, String)> =
        (1..=40).map(|n| (format!("{n}_t.sql"), format!("CREATE TABLE t{n} (a int);"))).collect();
    let steps: Vec<(&str, &str)> = steps.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let (scratch, cluster, database, url) = place(&steps);
    let applied: usize = thread::scope(|scope| {
        let run = || migrate(&scratch, &url, &["up", "--format", "json"]).run().succeeds().json();
        let runs = [scope.spawn(run), scope.spawn(run)];
        runs.map(|run| run.join().unwrap()["result"]["applied"].as_array().unwrap().len()).iter().sum()
    });
    assert_eq!(applied, 40);
    assert_eq!(cluster.sql(&database, "SELECT count(*) FROM migrate_db_history"), "40");
}

#[test]
fn a_server_that_crashes_in_the_middle_keeps_whole_files_and_the_next_run_goes_on() {
    let cluster = Cluster::start();
    let database = cluster.database();
    let scratch =
        project(&[STEPS[0], ("2_slow.sql", "INSERT INTO users VALUES (1, 'a'); SELECT pg_sleep(30);")]);
    thread::scope(|scope| {
        let run = scope
            .spawn(|| migrate(&scratch, &cluster.url(&database), &["up"]).run().fails(3, "database-failed"));
        cluster.wait_for(
            &database,
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(30)%')",
        );
        cluster.crash();
        run.join().unwrap();
    });
    // A commit that the disk was not waited for may be lost, and takes its row of the history along.
    let is_there =
        |table: &str| cluster.sql(&database, &format!("SELECT to_regclass('{table}') IS NOT NULL")) == "t";
    let is_applied = is_there("migrate_db_history")
        && cluster.sql(&database, "SELECT count(*) FROM migrate_db_history") == "1";
    assert_eq!(is_there("users"), is_applied);
    assert!(!is_applied || cluster.sql(&database, "SELECT count(*) FROM users") == "0");
    scratch.file("migrations/2_slow.sql", "INSERT INTO users VALUES (1, 'a');");
    migrate(&scratch, &cluster.url(&database), &["up"]).run().succeeds();
    assert_eq!(cluster.sql(&database, "SELECT count(*) FROM migrate_db_history"), "2");
}

#[test]
fn what_was_said_to_be_applied_outlives_a_server_that_crashes_then() {
    let cluster = Cluster::start();
    // Nobody but us has the log written soon.
    cluster.sql("postgres", "ALTER SYSTEM SET wal_writer_delay = '10s'");
    cluster.sql("postgres", "SELECT pg_reload_conf()");
    let rows: [(&str, &str); 2] = [
        ("2_a.sql", "INSERT INTO users VALUES (1, 'a');"),
        ("3_b.sql", "INSERT INTO users VALUES (2, 'b');"),
    ];
    let whole = project(&[STEPS[0], rows[0], rows[1]]);
    let broken = project(&[STEPS[0], rows[0], ("3_no.sql", "SELECT 1 / 0;")]);
    for (scratch, expected) in [(whole, "3,2"), (broken, "2,1")] {
        let database = cluster.database();
        let run = migrate(&scratch, &cluster.url(&database), &["up"]).run();
        if expected == "3,2" {
            run.succeeds();
        } else {
            run.fails(1, "migration-failed");
        }
        cluster.crash();
        let both = "SELECT (SELECT count(*) FROM migrate_db_history) || ',' || (SELECT count(*) FROM users)";
        assert_eq!(cluster.sql(&database, both), expected);
    }
}
