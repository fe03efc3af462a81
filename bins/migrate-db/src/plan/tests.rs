//! What is planned for which history, without a database.

use ci::Failure;
use contract::Span;

use super::*;
use crate::{context::Change, layout::Place, statement::Dialect};

fn script(text: &str) -> Script {
    Script::of(Path::new("x.sql"), text)
}

fn version(number: i64) -> Version {
    Version::number(&number.to_string()).unwrap()
}

fn migration(number: i64) -> Migration {
    let up = script(&format!("SELECT {number}"));
    Migration {
        version: version(number),
        description: format!("step {number}"),
        name: format!("{number}_step.sql"),
        checksums: Checksums { written: Some(up.checksum.to_string()), accepted: Vec::new() },
        after: Vec::new(),
        up,
        down: Some(script(&format!("SELECT -{number}"))),
    }
}

fn applied(one: &Migration) -> Applied {
    Applied {
        checksum: one.checksums.written.clone(),
        phase: Some(Phase::Expand),
        down: one.down.as_ref().map(|down| down.checksum),
        ..Applied::of(one.version.clone(), one.description.clone())
    }
}

fn wanted(to: Option<i64>) -> Up {
    let budget = Span::of(std::time::Duration::from_mins(1));
    Up {
        change: Change { backups: "backups".into(), budget, keep: None, remote: None, environment: None },
        to: to.map(|number| number.to_string()),
        queries: Vec::new(),
        judge: None,
        predicate: None,
    }
}

fn facts(directory: &[i64], history: &[i64]) -> Facts {
    let table = Layout::Numbered.history().table().to_owned();
    Facts {
        contents: Contents::Something,
        layout: Layout::Numbered,
        place: Place { dialect: Dialect::Sqlite, database: String::new(), schema: None, user: None, table },
        has_history: true,
        migrations: std::sync::Arc::new(directory.iter().copied().map(migration).collect()),
        history: history.iter().map(|version| applied(&migration(*version))).collect(),
        tool: None,
        progress: None,
    }
}

/// `before→after [steps] left`, or the code.
fn planned(directory: &[i64], history: &[i64], to: Option<i64>) -> String {
    let (url, wanted, facts) = (Url::Sqlite("app.db".into()), wanted(to), facts(directory, history));
    match up(&url, &wanted, &facts) {
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
    let facts = facts(&[], &[1, 4, 9]);
    let rows = above(&facts, "1").unwrap();
    let ways_back = rows.into_iter().map(|row| (row, script("SELECT 1"))).collect();
    let url = Url::Sqlite("app.db".into());
    let plan = down(&url, Path::new("backups"), &facts, ways_back).unwrap();
    let steps: Vec<_> = plan.steps.iter().map(|step| (step.version.clone(), step.leads_to())).collect();
    assert_eq!(steps, [(version(9), version(4)), (version(4), version(1))]);
    assert_eq!((plan.before, plan.after), (version(9), version(1)));
    assert!(above(&facts, "2").is_err());
    assert_eq!(above(&facts, "0").unwrap().len(), 3);
}

#[test]
fn a_file_that_was_begun_comes_next_with_the_same_text_or_nothing_does() {
    let (url, wanted) = (Url::Sqlite("app.db".into()), wanted(None));
    let mut facts = facts(&[1, 2, 3], &[1]);
    let progress = |number: i64, text: &str| {
        Some(Progress::of(Layout::Numbered, &version(number), Way::Up, script(text).checksum))
    };
    let sent = |text: &str| progress(2, text).map(|progress| Progress { begun: true, ..progress });
    let done = |text: &str, first: &str| {
        let mut progress = progress(2, text)?;
        progress.step(&crate::statement::statements(first, crate::statement::Dialect::Sqlite).ok()?);
        Some(progress)
    };
    for (begun, code) in [
        (progress(2, "SELECT 2"), "fine"),
        (sent("SELECT 2"), "fine"),
        (sent("SELECT 0"), "migration-half-done"),
        // What comes behind the statements that are done is nobody's yet.
        (progress(2, "SELECT 0"), "fine"),
        (done("SELECT 2; SELECT 0", "SELECT 2"), "fine"),
        (done("SELECT 0; SELECT 2", "SELECT 0"), "migration-half-done"),
        (progress(3, "SELECT 3"), "migration-half-done"),
        (progress(1, "SELECT 1"), "fine"),
        (
            progress(1, "SELECT 1").map(|progress| Progress { way: Way::Down, ..progress }),
            "migration-half-done",
        ),
    ] {
        facts.progress.clone_from(&begun);
        let found = up(&url, &wanted, &facts).map_or_else(|error| error.code().as_str(), |_| "fine");
        assert_eq!(found, code, "{begun:?}");
    }
    facts.progress = None;
    facts.history[0].state = State::Begun;
    assert_eq!(up(&url, &wanted, &facts).unwrap_err().code().as_str(), "migration-half-done");
}

#[test]
fn what_is_repeated_runs_behind_all_versions_and_only_if_it_changed() {
    let (url, wanted) = (Url::Sqlite("app.db".into()), wanted(None));
    let mut facts = facts(&[1, 2], &[1]);
    let repeated = Migration { version: Version::repeated("view"), ..migration(7) };
    let row = Applied { version: Version::repeated("view"), ..applied(&repeated) };
    facts.migrations = std::sync::Arc::new(vec![migration(1), migration(2), repeated]);
    let planned = |facts: &Facts| {
        let plan = up(&url, &wanted, facts).unwrap();
        let steps: Vec<String> = plan.steps.iter().map(|step| step.version.to_string()).collect();
        (steps.join(","), plan.after.to_string())
    };
    assert_eq!(planned(&facts), ("2,R view".to_owned(), "2".to_owned()));
    facts.history.push(row);
    assert_eq!(planned(&facts), ("2".to_owned(), "2".to_owned()));
    facts.history[1].checksum = Some("other".into());
    assert_eq!(planned(&facts).0, "2,R view");
}

#[test]
fn the_way_back_is_the_kept_one_and_a_file_may_not_contradict_it() {
    let one = migration(1);
    let row = applied(&one);
    let code = |row: &Applied, kept, migration| match way_back(row, kept, migration) {
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
    let changed = Migration { version: version(1), ..migration(3) };
    assert_eq!(code(&row, Some("SELECT -1"), Some(&changed)), "checksum-mismatch");
}
