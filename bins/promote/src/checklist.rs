//! The closing checklist of a deployment, filled in from what is known; pure, and "not looked at" where nobody looked.

use contract::{EnvironmentRecord, TestResult};
use ledger::History;

use crate::plan::Entry;

/// One point of the checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Point {
    /// What is asked.
    pub asks: &'static str,
    /// `yes`, `no`, `next` or `not looked at`.
    pub state: &'static str,
    /// What that stands on.
    pub detail: String,
}

/// Fills in the checklist. The run's record is quoted where there is one; nothing is decided by it.
pub(crate) fn checklist(
    history: &History,
    entry: Option<&Entry>,
    record: Option<&EnvironmentRecord>,
) -> Vec<Point> {
    vec![
        configuration(record),
        Point {
            asks: "tests of the commit are green",
            state: "not looked at",
            detail: "see the workflow run".into(),
        },
        health(record),
        Point { asks: "no alarm", state: "not looked at", detail: "see the monitoring".into() },
        way_back(history, entry),
        backup(entry),
    ]
}

fn configuration(record: Option<&EnvironmentRecord>) -> Point {
    let asks = "configuration is current";
    match record.and_then(|record| record.configuration.as_ref()) {
        Some(checked) => Point {
            asks,
            state: "yes",
            detail: format!(
                "{} variables checked by validate-env at {}",
                checked.variables, checked.checked_on
            ),
        },
        None => Point { asks, state: "not looked at", detail: "validate-env did not run before".into() },
    }
}

fn health(record: Option<&EnvironmentRecord>) -> Point {
    let asks = "health answers 200";
    match record.and_then(|record| record.smoke_test.as_ref()) {
        Some(test) if test.result == TestResult::Passed => Point {
            asks,
            state: "yes",
            detail: format!("{} steps of {} held at {}", test.passed, test.suite, test.finished_on),
        },
        Some(test) => Point { asks, state: "no", detail: format!("see the report of {}", test.suite) },
        None => Point { asks, state: "next", detail: "smoke-test runs after the switch".into() },
    }
}

fn way_back(history: &History, entry: Option<&Entry>) -> Point {
    let asks = "there is a way back";
    let other = |earlier: &&ledger::Entry| {
        earlier.runs()
            && entry.is_none_or(|entry| earlier.what.components != entry.components)
            && history.taken_back(&earlier.what.digests()).is_none()
    };
    let current = if entry.is_some() { None } else { history.running().map(|entry| entry.what.digests()) };
    let mut earlier = history.entries().iter().rev().filter(other);
    match earlier.find(|earlier| current.as_ref().is_none_or(|current| earlier.what.digests() != *current)) {
        Some(earlier) => Point {
            asks,
            state: "yes",
            detail: format!(
                "`rollback` can restore {}, ledger entry {}",
                earlier.what.release, earlier.sequence
            ),
        },
        None => Point { asks, state: "no", detail: "the ledger knows no earlier good release".into() },
    }
}

fn backup(entry: Option<&Entry>) -> Point {
    let asks = "the database is backed up";
    match entry.and_then(|entry| entry.schema.as_ref()).and_then(|schema| schema.backup.as_ref()) {
        Some(backup) if backup.verified => {
            Point { asks, state: "yes", detail: format!("{}, read back", backup.uri) }
        }
        Some(backup) => Point { asks, state: "no", detail: format!("{} was never read back", backup.uri) },
        None => Point { asks, state: "not looked at", detail: "no signed migration names a backup".into() },
    }
}
