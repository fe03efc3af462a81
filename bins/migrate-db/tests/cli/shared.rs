//! Files that share a transaction in a database that was not there, and what becomes of those before one that fails.

use crate::{migrate, project, sql};

const FILES: usize = 40;

fn files(first: usize, count: usize) -> Vec<(String, String)> {
    (first..first + count).map(|n| (format!("{n}_t.sql"), format!("CREATE TABLE t{n} (a);"))).collect()
}

fn as_texts(files: &[(String, String)]) -> Vec<(&str, &str)> {
    files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
}

/// How many transactions have changed it: the change counter of its header (sqlite.org/fileformat2.html, section 1.3.8).
fn changes(scratch: &testkit::Scratch) -> usize {
    let bytes = ci::files::read(&scratch.join("app.db"), 1 << 20).unwrap();
    u32::from_be_bytes(bytes[24..28].try_into().unwrap()) as usize
}

#[test]
fn only_where_nobody_else_can_be_do_files_share_a_commit() {
    let scratch = project(&as_texts(&files(1, FILES)));
    migrate(&scratch, &["up"]).run().succeeds();
    let shared = changes(&scratch);
    assert!(shared < FILES, "{FILES} files were committed in {shared} transactions");
    for (name, text) in files(1 + FILES, FILES) {
        scratch.file(&format!("migrations/{name}"), text);
    }
    migrate(&scratch, &["up"]).run().succeeds();
    assert_eq!(changes(&scratch) - shared, FILES);
}

/// SQLite takes the whole transaction back, of which only one file was at fault.
#[test]
fn a_file_that_fails_and_rolls_back_all_loses_only_itself() {
    let conflict = "INSERT INTO t1 VALUES (1); INSERT OR ROLLBACK INTO t1 VALUES (1);";
    for (text, failure) in [
        (conflict, "UNIQUE constraint failed: t1.a"),
        (
            "CREATE TRIGGER no BEFORE INSERT ON t1 BEGIN SELECT RAISE(ROLLBACK, 'not here'); END; INSERT INTO t1 VALUES (1);",
            "not here",
        ),
        ("INSERT INTO t1 VALUES (1); SELECT broken;", "no such column: broken"),
    ] {
        let scratch = project(&[
            ("1_t.sql", "CREATE TABLE t1 (a PRIMARY KEY);"),
            ("2_t.sql", "CREATE TABLE t2 (a);"),
            ("3_t.sql", text),
            ("4_t.sql", "CREATE TABLE t4 (a);"),
        ]);
        let run = migrate(&scratch, &["up"]).on_runner().run().fails(1, "migration-failed");
        assert!(run.stderr.contains(failure), "{}", run.stderr);
        assert_eq!(run.observed().outputs["applied"], "1,2");
        assert_eq!(run.observed().outputs["pending"], "3,4");
        assert_eq!(sql(&scratch, "SELECT group_concat(version) FROM migrate_db_history"), "1,2");
        assert_eq!(sql(&scratch, "SELECT count(*) FROM t1, t2"), "0");
    }
}

/// A statement that is stopped takes its whole transaction back, and no time is left to take the files before it again.
#[test]
fn what_a_stopped_file_took_back_with_it_is_not_called_applied() {
    let endless = "CREATE TABLE n (n); \
         WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) INSERT INTO n SELECT n FROM c;";
    let scratch = project(&[
        ("1_t.sql", "CREATE TABLE t1 (a);"),
        ("2_t.sql", "CREATE TABLE t2 (a);"),
        ("3_n.sql", endless),
        ("4_t.sql", "CREATE TABLE t4 (a);"),
    ]);
    let run = migrate(&scratch, &["up", "--budget", "1s"]).on_runner().run().fails(1, "budget-exceeded");
    assert!(run.stderr.contains("ran out in version 3"), "{}", run.stderr);
    let tables = sql(&scratch, "SELECT count(*) FROM sqlite_schema WHERE name IN ('t1', 't2', 't4', 'n')");
    let outputs = &run.observed().outputs;
    assert_eq!(outputs["after"], tables, "{outputs:?}");
    let applied = outputs["applied"].split(',').filter(|version| !version.is_empty()).count();
    assert_eq!(applied.to_string(), tables);
    scratch.file("migrations/3_n.sql", "CREATE TABLE n (n);");
    migrate(&scratch, &["up"]).run().succeeds();
    assert_eq!(sql(&scratch, "SELECT count(*) FROM migrate_db_history"), "4");
}

/// The time may run out between two files, after the first is committed.
#[test]
fn a_file_that_was_committed_when_the_time_ran_out_is_called_applied() {
    let files: Vec<(String, String)> = (1..=1500)
        .map(|n| {
            (
                format!("{n:04}_t.sql"),
                format!("CREATE TABLE IF NOT EXISTS t (a); INSERT INTO t VALUES ({n});"),
            )
        })
        .collect();
    let mut cut = 0;
    for existing in [false, true] {
        for budget in ["150ms", "250ms", "350ms"] {
            let scratch = project(&as_texts(&files));
            if existing {
                scratch.file("app.db", "");
            }
            let run = migrate(&scratch, &["up", "--budget", budget]).on_runner().run();
            cut += usize::from(run.stderr.contains("ran out in version"));
            let applied = sql(&scratch, "SELECT coalesce(max(version), 0) FROM migrate_db_history");
            assert_eq!(run.observed().outputs["after"], applied, "{budget}: {}", run.stderr);
        }
    }
    assert!(cut > 0, "no run was out of time");
}
