//! Two runs at once on one database.

use std::thread;

use crate::{migrate, project, sql, sqlite3, two_steps};

/// Again and again: between the end of a file and the beginning of the next the other run may take its turn, which was overlooked.
#[test]
fn two_runners_at_once_apply_everything_once() {
    for _ in 0..8 {
        two_runners_at_once();
    }
}

fn two_runners_at_once() {
    let steps: Vec<(String, String)> = (1..=40)
        .map(|n| (format!("{n}_t.sql"), format!("CREATE TABLE t{n} (a); INSERT INTO t{n} VALUES ({n});")))
        .collect();
    let steps: Vec<(&str, &str)> = steps.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let scratch = project(&steps);
    let runs: Vec<_> = thread::scope(|scope| {
        let run = || migrate(&scratch, &["up", "--format", "json"]).run().succeeds().json();
        let runs = [scope.spawn(run), scope.spawn(run)];
        runs.map(|run| run.join().unwrap()).into()
    });
    let applied: usize = runs.iter().map(|run| run["result"]["applied"].as_array().unwrap().len()).sum();
    assert_eq!(applied, 40);
    for run in runs {
        assert_eq!(run["outputs"]["after"], "40");
    }
    assert_eq!(sql(&scratch, "SELECT count(*) FROM migrate_db_history"), "40");
}

#[test]
fn two_runners_with_one_backup_directory_make_two_whole_backups() {
    let scratch = two_steps();
    migrate(&scratch, &["up", "--to", "1"]).run().succeeds();
    let backups: Vec<String> = thread::scope(|scope| {
        let run = || migrate(&scratch, &["backup"]).on_runner().run().succeeds();
        let runs = [scope.spawn(run), scope.spawn(run)];
        runs.map(|run| run.join().unwrap().observed().outputs["backup"].clone()).into()
    });
    assert_ne!(backups[0], backups[1]);
    for backup in backups {
        assert_eq!(sqlite3(&scratch, &backup, "SELECT version FROM migrate_db_history").run().stdout, "1\n");
    }
}

#[test]
fn a_backup_is_made_while_somebody_writes() {
    for mode in ["DELETE", "WAL"] {
        let scratch = two_steps();
        migrate(&scratch, &["up"]).run().succeeds();
        sql(&scratch, &format!("PRAGMA journal_mode = {mode}"));
        thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for _ in 0..20 {
                    sqlite3(
                        &scratch,
                        "app.db",
                        "PRAGMA busy_timeout = 9000; INSERT INTO notes (title) VALUES ('x')",
                    )
                    .run()
                    .succeeds();
                }
            });
            for _ in 0..5 {
                migrate(&scratch, &["backup"]).run().succeeds();
            }
            writer.join().unwrap();
        });
        assert_eq!(sql(&scratch, "SELECT count(*) FROM notes"), "20");
    }
}
