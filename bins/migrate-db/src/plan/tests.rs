//! What is planned for which history, without a database.

use ci::Failure;
use contract::Span;

use super::*;
use crate::{context::Change, statement::Dialect};

fn script(text: &str) -> Script {
    Script::of(Path::new("x.sql"), text, Dialect::Sqlite).unwrap()
}

fn migration(version: i64) -> Migration {
    Migration {
        version: Version::from_row(version).unwrap(),
        description: format!("step {version}"),
        phase: Phase::Expand,
        approval: None,
        up: script(&format!("SELECT {version}")),
        down: Some(script(&format!("SELECT -{version}"))),
    }
}

fn applied(one: &Migration) -> Applied {
    Applied {
        version: one.version,
        description: one.description.clone(),
        checksum: one.checksum(),
        phase: one.phase,
        down: one.down.as_ref().map(|down| down.checksum),
        applied_on: jiff::Timestamp::UNIX_EPOCH,
        execution_ms: 0,
    }
}

fn wanted(versions: &[i64], to: Option<i64>) -> Up {
    let budget = Span::of(std::time::Duration::from_mins(1));
    Up {
        change: Change { backups: "backups".into(), budget, environment: None },
        migrations: versions.iter().copied().map(migration).collect(),
        to: to.and_then(Version::from_row),
        queries: Vec::new(),
        predicate: None,
    }
}

fn facts(applied_versions: &[i64]) -> Facts {
    let history = applied_versions.iter().map(|version| applied(&migration(*version))).collect();
    Facts { exists: true, history }
}

/// `before→after [steps] left`, or the code.
fn planned(directory: &[i64], history: &[i64], to: Option<i64>) -> String {
    let (url, wanted) = (Url::Sqlite("app.db".into()), wanted(directory, to));
    match up(&url, &wanted, &facts(history)) {
        Ok(plan) => {
            let steps: Vec<String> = plan.steps.iter().map(|step| step.version.to_string()).collect();
            let left: Vec<String> = plan.left.iter().map(ToString::to_string).collect();
            let backup = if plan.backup.is_some() { " backup" } else { "" };
            format!("{}→{} [{}] [{}]{backup}", plan.before, plan.after, steps.join(" "), left.join(" "))
        }
        Err(error) => error.code().as_str().to_owned(),
    }
}

#[test]
fn up_goes_from_the_newest_applied_to_the_last_asked_for() {
    for (directory, history, to, expected) in [
        (&[1, 2, 10][..], &[][..], None, "0→10 [1 2 10] [] backup"),
        (&[1, 2, 10], &[1], None, "1→10 [2 10] [] backup"),
        (&[1, 2, 10], &[1], Some(2), "1→2 [2] [10] backup"),
        (&[1, 2, 10], &[1, 2, 10], None, "10→10 [] []"),
        (&[1, 2, 10], &[1, 2], Some(1), "2→2 [] [10]"),
        (&[1, 2], &[], Some(3), "version-unknown"),
        (&[1, 3], &[1, 2, 3], None, "migration-missing"),
        (&[1, 2, 3], &[1, 3], None, "out-of-order"),
    ] {
        assert_eq!(planned(directory, history, to), expected, "{directory:?} {history:?} {to:?}");
    }
}

#[test]
fn down_passes_the_versions_that_are_applied_and_no_others() {
    let facts = facts(&[1, 4, 9]);
    let to = |version| Version::from_row(version).unwrap();
    let rows = above(&facts.history, to(1)).unwrap();
    let ways_back = rows.into_iter().map(|row| (row, script("SELECT 1"))).collect();
    let url = Url::Sqlite("app.db".into());
    let plan = down(&url, Path::new("backups"), &facts, ways_back);
    let steps: Vec<_> = plan.steps.iter().map(|step| (step.version, step.leads_to())).collect();
    assert_eq!(steps, [(to(9), to(4)), (to(4), to(1))]);
    assert_eq!((plan.before, plan.after), (to(9), to(1)));
    assert!(above(&facts.history, to(2)).is_err());
    assert_eq!(above(&facts.history, Version::NONE).unwrap().len(), 3);
}

#[test]
fn the_way_back_is_the_kept_one_and_a_file_may_not_contradict_it() {
    let one = migration(1);
    let row = applied(&one);
    let code = |row: &Applied, kept, migration| match way_back(row, kept, migration, Dialect::Sqlite) {
        Ok(script) => script.text,
        Err(error) => error.code().as_str().to_owned(),
    };
    assert_eq!(code(&row, Some("SELECT -1"), None), "SELECT -1");
    assert_eq!(code(&row, Some("SELECT -1"), Some(&one)), "SELECT -1");
    assert_eq!(code(&row, Some("SELECT -2"), None), "history-damaged");
    assert_eq!(code(&row, None, None), "down-missing");
    let without = Applied { down: None, ..row.clone() };
    assert_eq!(code(&without, None, Some(&one)), "SELECT -1");
    let other = Migration { down: Some(script("SELECT 0")), ..migration(1) };
    assert_eq!(code(&row, Some("SELECT -1"), Some(&other)), "down-differs");
    let changed = Migration { up: script("SELECT 0"), ..migration(1) };
    assert_eq!(code(&row, Some("SELECT -1"), Some(&changed)), "checksum-mismatch");
}
