//! A plan that is older than the database: what another run did meanwhile is seen under the lock.

use std::{path::Path, sync::Arc};

use ci::{Common, Env, Failure, Format};

use super::*;
use crate::{
    context::{Change, Others, Target, Up},
    database::{self, Access, Url},
    facts,
    layout::{Checksums, Files, Layout, Migration, Script},
    plan,
};

fn session() -> Session {
    let common = Common { dry_run: false, format: Format::Human, release_file: "release.json".into() };
    Session::new(Env::of([("SEAWORTHY_CLOCK", "0")]), common)
}

fn script(text: &str) -> Script {
    Script::of(Path::new("x.sql"), text)
}

fn migration(number: i64, text: &str) -> Migration {
    let up = script(text);
    Migration {
        version: Version::number(&number.to_string()).unwrap(),
        description: format!("t{number}"),
        name: String::new(),
        checksums: Checksums { written: Some(up.checksum.to_string()), accepted: Vec::new() },
        after: Vec::new(),
        up,
        down: Some(script(&format!("DROP TABLE t{number}"))),
    }
}

/// Three tables, one a step.
fn migrations() -> Vec<Migration> {
    (1..=3).map(|number| migration(number, &format!("CREATE TABLE t{number} (a)"))).collect()
}

struct Place {
    directory: tempfile::TempDir,
    url: Url,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = Url::Sqlite(directory.path().join("app.db"));
        Self { directory, url }
    }

    fn open(&self) -> Box<dyn Database> {
        database::open(&self.url, Access::Create, Duration::from_secs(5)).unwrap()
    }

    fn facts(&self) -> Facts {
        self.open().close();
        let (url, files) = (self.url.clone(), Files::none(Some(Layout::Numbered)));
        let (others, lock_timeout) = (Others::Refused, Duration::from_secs(5));
        let target = Target { url, files, tool: None, others, lock_timeout };
        facts::look(&target, Access::Read, facts::Turn::Anyones, facts::Sight::Pending).unwrap().0
    }

    /// Carries out a plan made from these facts; the steps taken, or the code.
    fn up(&self, facts: Facts, migrations: Vec<Migration>, to: i64) -> Result<Vec<Outcome>, &'static str> {
        let wanted = Up {
            change: self.change(),
            to: Some(to.to_string()),
            queries: Vec::new(),
            judge: None,
            predicate: None,
        };
        let facts = Facts { migrations: Arc::new(migrations), ..facts };
        self.carry_out(&plan::up(&self.url, &wanted, &facts).unwrap(), &facts)
    }

    fn down(&self, facts: &Facts, to: i64) -> Result<Vec<Outcome>, &'static str> {
        let files = migrations();
        let rows = plan::above(facts, &to.to_string()).unwrap();
        let back = |row: &Applied| {
            files.iter().find(|one| one.version == row.version).unwrap().down.clone().unwrap()
        };
        let ways_back = rows.into_iter().map(|row| (row, back(row))).collect();
        let backups = self.change().backups;
        self.carry_out(&plan::down(&self.url, &backups, facts, ways_back).unwrap(), facts)
    }

    fn change(&self) -> Change {
        let budget = Span::of(Duration::from_mins(1));
        Change {
            backups: self.directory.path().join("backups"),
            budget,
            keep: None,
            remote: None,
            environment: None,
        }
    }

    fn carry_out(&self, plan: &Plan<'_>, facts: &Facts) -> Result<Vec<Outcome>, &'static str> {
        let bounds = Bounds { budget: self.change().budget, patience: Duration::from_secs(5), keep: None };
        let mut done = Done::default();
        match apply(plan, facts, self.open().as_mut(), bounds, &session(), &mut done) {
            Ok(()) => Ok(done.steps),
            Err(error) => Err(error.code().as_str()),
        }
    }

    fn head(&self) -> String {
        plan::head(&self.facts().history).to_string()
    }
}

#[test]
fn what_another_run_applied_meanwhile_is_left_alone() {
    let place = Place::new();
    let before = place.facts();
    place.up(place.facts(), migrations(), 2).unwrap();
    let outcomes = place.up(before, migrations(), 3).unwrap();
    assert!(matches!(outcomes[..], [Outcome::TakenByAnother, Outcome::TakenByAnother, Outcome::Taken(_)]));
    assert_eq!(place.head(), "3");
}

#[test]
fn what_another_run_applied_from_another_file_is_refused() {
    let place = Place::new();
    let before = place.facts();
    place.up(place.facts(), migrations(), 1).unwrap();
    let mut other = migrations();
    other[0] = migration(1, "CREATE TABLE other (a)");
    assert_eq!(place.up(before, other, 1), Err("checksum-mismatch"));
}

#[test]
fn a_step_whose_ground_was_taken_away_meanwhile_is_not_taken() {
    let place = Place::new();
    place.up(place.facts(), migrations(), 2).unwrap();
    let before = place.facts();
    place.down(&before, 1).unwrap();
    assert_eq!(place.up(before, migrations(), 3), Err("database-moved"));
    assert_eq!(place.head(), "1");
}

#[test]
fn a_step_back_that_is_not_the_newest_any_more_is_not_taken() {
    let place = Place::new();
    place.up(place.facts(), migrations(), 2).unwrap();
    let before = place.facts();
    place.up(place.facts(), migrations(), 3).unwrap();
    assert_eq!(place.down(&before, 1), Err("database-moved"));
    assert_eq!(place.head(), "3");
    let before = place.facts();
    place.down(&before, 2).unwrap();
    assert_eq!(place.down(&before, 2), Ok(vec![Outcome::TakenByAnother]));
}
