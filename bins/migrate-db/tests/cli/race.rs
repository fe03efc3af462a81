//! Two runs at once on one database.

use std::thread;

use crate::{migrate, project, sql};

#[test]
fn two_runners_at_once_apply_everything_once() {
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
