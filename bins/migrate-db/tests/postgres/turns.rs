//! Who comes first, on PostgreSQL: other runs, other sessions, and what a killed run left; nobody reads a history that is just being written.

use std::{fs, thread};

use crate::{
    cluster::Cluster,
    migrate, place,
    tools::{TOOLS, Wish},
};

const USERS: (&str, &str) = ("1_users.sql", "CREATE TABLE users (id int PRIMARY KEY, name text);");

/// What the database is called that is made beside this one.
pub(crate) fn beside(cluster: &Cluster, database: &str, purpose: &str) -> String {
    let hash = format!(
        "left(encode(sha256(convert_to('{database}.public.migrate_db_history', 'UTF8')), 'hex'), 16)"
    );
    cluster.sql(database, &format!("SELECT 'migrate_db_{purpose}_' || {hash}"))
}

/// Ends all other sessions on a database.
fn end_others(cluster: &Cluster, database: &str) {
    cluster.sql(database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
}

#[test]
fn a_second_run_waits_for_its_turn_before_it_backs_up_or_judges() {
    let slow = ("2_slow.sql", "ALTER TABLE users ADD c int; SELECT pg_sleep(5);");
    let (scratch, cluster, database, url) = place(&[USERS, slow]);
    migrate(&scratch, &url, &["up", "--to", "1"]).run().succeeds();
    let backups = || fs::read_dir(scratch.join(".seaworthy/backups")).unwrap().count();
    thread::scope(|scope| {
        let first = scope.spawn(|| migrate(&scratch, &url, &["up"]).run().succeeds());
        cluster.wait_for(&database, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep(5)%')");
        let made = backups();
        // The first has the table, so no dump could be made.
        let run =
            migrate(&scratch, &url, &["up", "--lock-timeout", "300ms"]).run().fails(3, "database-locked");
        assert!(run.stderr.contains("of role postgres (migrate-db, local)"), "{}", run.stderr);
        let second = migrate(&scratch, &url, &["up", "--lock-timeout", "60s"]).run().succeeds();
        assert!(second.stdout.contains("nothing to change"), "{}", second.stdout);
        assert_eq!(backups(), made);
        first.join().unwrap();
    });
    assert_eq!(cluster.sql(&database, "SELECT count(*) FROM migrate_db_history"), "2");
}

#[test]
fn a_file_whose_commit_fails_is_the_one_that_failed_and_the_next_is_not_begun() {
    let files = [
        (
            "1_a.sql",
            "CREATE TABLE a (id int PRIMARY KEY, other int REFERENCES a DEFERRABLE INITIALLY DEFERRED);",
        ),
        ("2_b.sql", "INSERT INTO a VALUES (1, 2);"),
        ("3_c.sql", "CREATE TABLE c (id int);"),
    ];
    let (scratch, cluster, database, url) = place(&files);
    let run = migrate(&scratch, &url, &["up"]).run().fails(1, "migration-failed");
    assert!(run.stderr.contains("2_b.sql") && run.stderr.contains("a_other_fkey"), "{}", run.stderr);
    let left = "SELECT concat(string_agg(version::text, ','), to_regclass('c')) FROM migrate_db_history";
    assert_eq!(cluster.sql(&database, left), "1");
    scratch.file("migrations/2_b.sql", "INSERT INTO a VALUES (1, 1);");
    migrate(&scratch, &url, &["up"]).run().succeeds();
    assert_eq!(cluster.sql(&database, "SELECT count(*) FROM migrate_db_history"), "3");
}

#[test]
fn a_file_that_gives_our_lock_away_is_done_and_the_next_is_not_begun() {
    let files = [
        ("1_slow.sql", "SELECT pg_sleep(3);"),
        ("2_gives.sql", "SELECT pg_advisory_unlock_all();"),
        ("3_after.sql", "CREATE TABLE after_it (id int);"),
    ];
    let (scratch, cluster, database, url) = place(&files);
    let ours = "SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND granted \
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) LIMIT 1";
    thread::scope(|scope| {
        let run = scope.spawn(|| migrate(&scratch, &url, &["up"]).run().fails(2, "database-pooled"));
        cluster.wait_for(&database, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep(3)%')");
        let take = format!("SELECT pg_advisory_lock({}); SELECT pg_sleep(60)", cluster.sql(&database, ours));
        let mut waits = cluster.session(&database, &take);
        let run = run.join().unwrap();
        assert!(run.stderr.contains("no lock holds"), "{}", run.stderr);
        waits.kill().unwrap();
        waits.wait().unwrap();
    });
    let left = "SELECT string_agg(version::text, ',' ORDER BY version) FROM migrate_db_history";
    assert_eq!(cluster.sql(&database, left), "1,2");
    end_others(cluster, &database);
    migrate(&scratch, &url, &["up"]).run().succeeds();
    assert_eq!(cluster.sql(&database, left), "1,2,3");
}

/// How a file begins is kept in the session as a prepared statement, which files can take away or shadow.
#[test]
fn what_a_file_does_to_prepared_statements_harms_no_other() {
    for (first, third) in [
        ("SELECT 1;", "DEALLOCATE ALL;"),
        ("SELECT 1;", "DEALLOCATE seaworthy_beginning;"),
        ("PREPARE seaworthy_beginning (text) AS SELECT 'f', $1;", "SELECT 1;"),
    ] {
        let (scratch, cluster, database, url) = place(&[
            ("1_x.sql", first),
            ("2_x.sql", "SELECT 1;"),
            ("3_x.sql", third),
            ("4_x.sql", "SET lock_timeout = '1h';"),
            ("5_x.sql", "CREATE TABLE seen AS SELECT current_setting('lock_timeout') AS lock_timeout;"),
        ]);
        migrate(&scratch, &url, &["up"]).run().succeeds();
        let seen = "SELECT count(*), (SELECT lock_timeout FROM seen) FROM migrate_db_history";
        assert_eq!(cluster.sql(&database, seen), "5|2s", "{first} {third}");
    }
}

/// What a transaction begins with is read before anything in it can put it back.
#[test]
fn a_transaction_begins_as_the_session_did_and_not_as_a_file_before_said() {
    let sets = "SET default_transaction_read_only = on; SET default_transaction_isolation = 'serializable';";
    let (scratch, cluster, database, url) = place(&[
        ("1_x.sql", sets),
        ("2_x.sql", "CREATE TABLE seen AS SELECT current_setting('transaction_isolation') AS isolation;"),
        ("3_x.sql", sets),
    ]);
    migrate(&scratch, &url, &["up"]).run().succeeds();
    assert_eq!(cluster.sql(&database, "SELECT isolation FROM seen"), "read committed");
}

#[test]
fn looking_waits_for_nobody() {
    let (scratch, cluster, database, url) = place(&[USERS, ("2_slow.sql", "SELECT pg_sleep(4);")]);
    thread::scope(|scope| {
        let first = scope.spawn(|| migrate(&scratch, &url, &["up"]).run().succeeds());
        cluster.wait_for(&database, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep(4)%')");
        for look in [&["plan"][..], &["status"], &["up", "--dry-run"], &["repair", "--dry-run"]] {
            migrate(&scratch, &url, look).args(["--lock-timeout", "1ms"]).run().succeeds();
        }
        first.join().unwrap();
    });
}

#[test]
fn a_table_that_somebody_holds_is_no_damaged_backup() {
    let (scratch, cluster, database, url) =
        place(&[USERS, ("2_flag.sql", "ALTER TABLE users ADD flag bool;")]);
    migrate(&scratch, &url, &["up", "--to", "1"]).run().succeeds();
    let mut session =
        cluster.session(&database, "BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(60)");
    cluster.wait_for(
        &database,
        "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'users'::regclass AND granted)",
    );
    let run = migrate(&scratch, &url, &["up", "--lock-timeout", "500ms"]).run().fails(3, "database-locked");
    assert!(
        run.stderr.contains("of role postgres") && run.stderr.contains("holds the table public.users"),
        "{}",
        run.stderr
    );
    end_others(cluster, &database);
    session.wait().unwrap();
    migrate(&scratch, &url, &["up"]).run().succeeds();
}

#[test]
fn a_file_that_failed_half_way_is_corrected_and_goes_on_in_every_layout() {
    for tool in &TOOLS {
        let (scratch, cluster, database, url) = place(&[]);
        let run = |command: &str| migrate(&scratch, &url, &[command, "--layout", tool.layout]).run();
        tool.add(&scratch, 1, "CREATE TABLE t1 (a int);", "DROP TABLE t1;", Wish::Transaction);
        run("up").succeeds();
        let second = |table: &str| {
            let up = format!(
                "CREATE INDEX CONCURRENTLY i1 ON t1 (a);\nCREATE INDEX CONCURRENTLY i2 ON {table} (a);"
            );
            tool.add(
                &scratch,
                2,
                &up,
                "DROP INDEX CONCURRENTLY i1;\nDROP INDEX CONCURRENTLY i2;",
                Wish::None,
            );
        };
        second("nobody");
        run("up").fails(1, "migration-failed");
        second("t1");
        run("status").succeeds();
        run("up").succeeds();
        assert_eq!(cluster.sql(&database, tool.count), "2", "{}", tool.layout);
        run("status").succeeds();
        assert_eq!(cluster.sql(&database, "SELECT to_regclass('migrate_db_progress') IS NULL"), "t");
    }
}

/// Cuts off the end of a file.
fn cut_short(file: &str) {
    let length = fs::metadata(file).unwrap().len();
    fs::OpenOptions::new().write(true).open(file).unwrap().set_len(length - 40).unwrap();
}

#[test]
fn a_dump_that_was_cut_short_is_no_backup_and_leaves_no_rehearsal() {
    let rows = "INSERT INTO users SELECT n, repeat('x', 50) FROM generate_series(1, 500) AS n;";
    let (scratch, cluster, database, url) = place(&[USERS, ("2_rows.sql", rows)]);
    migrate(&scratch, &url, &["up"]).run().succeeds();
    let run = migrate(&scratch, &url, &["backup", "--format", "json"]).run().succeeds().json();
    let kept = run["outputs"]["backup"].as_str().unwrap();
    let young = ["status", "--max-backup-age", "1h", "--backup-dir", "alone"];
    fs::create_dir(scratch.join("alone")).unwrap();
    let name = std::path::Path::new(kept).file_name().unwrap().to_str().unwrap().to_owned();
    fs::copy(kept, scratch.join("alone").join(&name)).unwrap();
    let run = migrate(&scratch, &url, &young).run().succeeds();
    assert!(run.stdout.contains(&format!("{name}, 0s old, read to its end")), "{}", run.stdout);
    cut_short(scratch.join("alone").join(&name).to_str().unwrap());
    let run = migrate(&scratch, &url, &young).run().fails(1, "backup-missing");
    assert!(run.stdout.contains("no backup: ") && run.stdout.contains("pg_restore"), "{}", run.stdout);
    migrate(&scratch, &url, &["rehearse", "--backup-dir", "alone"]).run().fails(3, "backup-not-restored");
    let left = format!(
        "SELECT count(*) FROM pg_database WHERE datname = '{}'",
        beside(cluster, &database, "rehearsal")
    );
    assert_eq!(cluster.sql(&database, &left), "0");
}

#[test]
fn a_database_that_the_server_still_makes_for_a_killed_run_is_waited_for() {
    let (scratch, cluster, database, url) = place(&[USERS]);
    migrate(&scratch, &url, &["up"]).run().succeeds();
    let verify = beside(cluster, &database, "verify");
    let mut holder =
        cluster.session(&database, "BEGIN; LOCK TABLE pg_database IN SHARE MODE; SELECT pg_sleep(60)");
    cluster.wait_for(&database, "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'pg_database'::regclass AND mode = 'ShareLock' AND granted)");
    let mut killed = cluster.session(&database, &format!("CREATE DATABASE {verify}"));
    let waits = |statement: &str| {
        let waits = format!(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '{statement} DATABASE %{verify}%')"
        );
        cluster.wait_for(&database, &waits);
    };
    waits("CREATE");
    thread::scope(|scope| {
        let run =
            scope.spawn(|| migrate(&scratch, &url, &["backup", "--lock-timeout", "30s"]).run().succeeds());
        waits("DROP");
        cluster.sql(&database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK TABLE pg_database%' AND pid <> pg_backend_pid()");
        run.join().unwrap();
    });
    holder.wait().unwrap();
    killed.wait().unwrap();
    let left = format!("SELECT count(*) FROM pg_database WHERE datname = '{verify}'");
    assert_eq!(cluster.sql(&database, &left), "0");
}
