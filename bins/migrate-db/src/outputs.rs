//! What happened, as a page, as data and as step outputs; never decides anything.

use std::{collections::BTreeMap, path::Path};

use ci::{Page, Report, Session};
use contract::Span;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    apply::{Done, Outcome},
    backup::{self, Backup, Found},
    drift::Drift,
    facts::{Contents, Facts},
    layout::{Applied, Migration, Phase, Version, directive, judge, progress::Progress},
    plan::{self, Plan, Standing, Step},
    remote::Copy,
    repair::Repair,
    verify::Answer,
};

fn list<'v>(versions: impl IntoIterator<Item = &'v Version>) -> String {
    versions.into_iter().map(Version::text).collect::<Vec<_>>().join(",")
}

fn state(left: &[Version]) -> &'static str {
    if left.is_empty() { "current" } else { "pending" }
}

/// A plan that is only shown.
pub fn planned(plan: &Plan<'_>) -> Report {
    let now = if plan.goes_down() { &[] } else { plan.steps.as_slice() };
    let pending: Vec<Version> =
        now.iter().map(|step| step.version.clone()).chain(plan.left.iter().cloned()).collect();
    let steps: Vec<_> = plan
        .steps
        .iter()
        .map(|step| {
            json!({
                "version": step.version, "description": step.description, "phase": step.phase,
                "statements": step.cut.statements.len(), "file": step.script.file.display().to_string(),
            })
        })
        .collect();
    let data = json!({
        "before": plan.before, "after": plan.after, "creates": plan.contents == Contents::NoDatabase, "steps": steps, "queries": plan.queries,
        "statementsDone": plan.done,
        "backup": plan.backup.map(|directory| directory.display().to_string()),
    });
    Report::planned(plan, data)
        .output("before", plan.before.to_string())
        .output("after", plan.after.to_string())
        .output("state", state(&pending))
        .output("pending", list(&pending))
}

/// A change, finished or not.
pub fn changed(plan: &Plan<'_>, done: &Done, answers: &[Answer]) -> Report {
    let reached = done.steps.len();
    let after = plan.steps[..reached].last().map_or_else(|| plan.before.clone(), Step::leads_to);
    let taken = taken(plan, done);
    let rest = plan.steps[reached..].iter().map(|step| step.version.clone()).chain(plan.left.iter().cloned());
    let (applied, reverted, pending) = if plan.goes_down() {
        (Vec::new(), taken.clone(), taken.into_iter().rev().collect())
    } else {
        (taken, Vec::new(), rest.collect::<Vec<_>>())
    };
    let backup = done.backup.as_ref();
    let data = json!({
        "before": plan.before, "after": after, "applied": applied, "reverted": reverted,
        "backup": backup.map(backup_json), "queries": answers_json(answers),
    });
    Report::new(changed_page(plan, done, &after).then(answers_page(answers)), data)
        .output("before", plan.before.to_string())
        .output("after", after.to_string())
        .output("applied", list(&applied))
        .output("reverted", list(&reverted))
        .output("state", state(&pending))
        .output("pending", list(&pending))
        .output("backup", backup.map(|one| one.path.display().to_string()).unwrap_or_default())
}

/// The versions that this run itself applied or took back.
pub fn taken(plan: &Plan<'_>, done: &Done) -> Vec<Version> {
    let is_ours = |outcome: &Outcome| *outcome != Outcome::TakenByAnother;
    let ours = plan.steps.iter().zip(&done.steps).filter(|(_, outcome)| is_ours(outcome));
    ours.map(|(step, _)| step.version.clone()).collect()
}

fn changed_page(plan: &Plan<'_>, done: &Done, after: &Version) -> Page {
    let outcomes = done.steps.iter().copied().map(Some).chain(std::iter::repeat(None));
    let rows = plan.steps.iter().zip(outcomes).map(|(step, outcome)| {
        let (result, time) = match outcome {
            Some(Outcome::Taken(ms)) if plan.goes_down() => ("taken back", format!("{ms} ms")),
            Some(Outcome::Taken(ms)) => ("applied", format!("{ms} ms")),
            Some(Outcome::TakenWithIt) if plan.goes_down() => ("taken back", "with it".into()),
            Some(Outcome::TakenWithIt) => ("applied", "with it".into()),
            Some(Outcome::TakenByAnother) => ("done by another run", String::new()),
            None => ("not done", String::new()),
        };
        [step.version.to_string(), step.description.to_owned(), step.phase.to_string(), result.into(), time]
    });
    let mut page = Page::new().heading(format!("{}: version {} → {after}", plan.url, plan.before));
    if let Some(backup) = &done.backup {
        page = page.line(backup_line(backup));
    }
    if let Some(why) = plan.no_backup() {
        page = page.line(why);
    }
    if let Some(warning) = plan.warning() {
        page = page.line(warning);
    }
    match plan.steps.len() {
        0 => page.line("nothing to change"),
        _ => page.table(&["version", "description", "phase", "result", "time"], rows),
    }
}

/// The history beside the directory.
pub fn status(
    url: &str,
    facts: &Facts,
    standings: &[(&Migration, Standing)],
    backups: Option<&Found>,
    session: &Session,
) -> Report {
    let pending: Vec<Version> = standings
        .iter()
        .filter(|(_, standing)| *standing == Standing::Pending)
        .map(|(one, _)| one.version.clone())
        .collect();
    let applied: BTreeMap<&Version, &Applied> = facts.history.iter().map(|row| (&row.version, row)).collect();
    let rows: Vec<Shown<'_>> = standings
        .iter()
        .map(|(one, standing)| {
            let row = applied.get(&one.version).filter(|_| *standing == Standing::Applied).copied();
            let phase = match row {
                Some(row) => plan::phase(row, Some(one), facts),
                None => judge::stated(one, facts.layout, facts.place.dialect).0,
            };
            // Its tool runs it and was not asked: `plan` asks.
            let is_said = !one.up.is_unknown() || one.up.text.contains(directive::MARK);
            let is_its = |begun: &&Progress| begun.is_of(facts.layout, &one.version);
            let done = facts.progress.as_ref().filter(is_its).map(|begun| begun.done);
            Shown { one, phase: is_said.then_some(phase), row, done }
        })
        .collect();
    let head = plan::head(&facts.history);
    let data = session.data(|| {
        let rows: Vec<Value> = rows.iter().map(Shown::data).collect();
        json!({ "version": head, "layout": facts.layout.word(), "migrations": rows, "backup": backups.and_then(newest_json) })
    });
    let mut page = Page::new().heading(format!("{url}: version {head}")).table(
        &["version", "description", "phase", "way back", "state", "applied on"],
        rows.iter().map(Shown::cells),
    );
    if let Some(found) = backups {
        page = page.then(backups_page(found, session.now()));
    }
    Report::new(page, data)
        .output("before", head.to_string())
        .output("after", head.to_string())
        .output("state", state(&pending))
        .output("pending", list(&pending))
}

/// By which backup it was judged, and which files are none.
fn backups_page(found: &Found, now: Timestamp) -> Page {
    let mut page = Page::new();
    if let Some(newest) = &found.newest {
        let age = Span::of(backup::age(newest, now));
        page = page.line(format!("newest backup: {}, {age} old, read to its end", newest.path.display()));
    }
    for (path, why) in &found.passed {
        page = page.line(format!("no backup: {}: {why}", path.display()));
    }
    page
}

fn newest_json(found: &Found) -> Option<Value> {
    let newest = found.newest.as_ref()?;
    Some(json!({ "path": newest.path.display().to_string(), "madeOn": newest.made_on }))
}

/// A migration of the directory, and its row of the history if it is applied.
struct Shown<'s> {
    one: &'s Migration,
    /// Nothing where its tool was not asked.
    phase: Option<Phase>,
    row: Option<&'s Applied>,
    /// How many of its statements are done, if it was begun and not finished.
    done: Option<usize>,
}

impl Shown<'_> {
    fn applied_on(&self) -> Option<Timestamp> {
        self.row.and_then(|row| row.applied_on)
    }

    fn cells(&self) -> [String; 6] {
        [
            self.one.version.to_string(),
            self.one.description.clone(),
            self.phase.map_or_else(|| "not asked".to_owned(), |phase| phase.to_string()),
            if self.one.down.is_some() { "yes" } else { "no" }.to_owned(),
            match (self.row, self.done) {
                (Some(_), _) => "applied".to_owned(),
                (None, Some(done)) => format!("pending, {done} statements done"),
                (None, None) => "pending".to_owned(),
            },
            self.applied_on().map(|moment| moment.to_string()).unwrap_or_default(),
        ]
    }

    fn data(&self) -> Value {
        json!({
            "version": self.one.version, "description": self.one.description,
            "checksum": self.one.up.checksum, "phase": self.phase,
            "reversible": self.one.down.is_some(), "applied": self.row.is_some(), "statementsDone": self.done,
            "appliedOn": self.applied_on(), "executionMs": self.row.and_then(|row| row.execution_ms),
        })
    }
}

/// The answers of `verify`, and what drifted.
pub fn verified(answers: &[Answer], drift: &Drift) -> Report {
    let of = |lines: &[String], whose: &str| {
        lines.iter().map(|line| [whose.to_owned(), line.clone()]).collect::<Vec<_>>()
    };
    let mut page = answers_page(answers);
    if !drift.is_none() {
        let rows = of(&drift.live, "the live schema").into_iter().chain(of(&drift.files, "the files"));
        page = page.then(Page::new().heading("Drift").table(&["only in", "definition"], rows));
    }
    let data = json!({
        "queries": answers_json(answers),
        "drift": { "live": drift.live, "files": drift.files },
    });
    Report::new(page, data)
}

/// What a repair rewrites, or has rewritten.
pub fn repaired(repair: &Repair<'_>) -> Report {
    let versions =
        |list: Vec<&Version>| list.into_iter().map(Version::text).map(str::to_owned).collect::<Vec<_>>();
    let corrected = versions(repair.corrected.iter().map(|(file, _)| &file.version).collect());
    let entered = versions(repair.entered.iter().map(|(file, _)| &file.version).collect());
    let forgotten = repair.forgotten.as_ref().map(|(version, ..)| version.text());
    Report::planned(repair, json!({ "corrected": corrected, "entered": entered, "forgotten": forgotten }))
}

/// The backup of `backup`.
pub fn backed_up(url: &str, backup: &Backup) -> Report {
    let page = Page::new()
        .heading(format!("{url}: version {}", backup.version))
        .line(backup_line(backup))
        .line(format!("sha256: {}", backup.sha256.hex()));
    Report::new(page, backup_json(backup)).output("backup", backup.path.display().to_string())
}

/// A copy that was fetched.
pub fn fetched(path: &Path, copy: &Copy) -> Report {
    let page = Page::new()
        .line(format!("backup: {} (fetched as {}, compared)", path.display(), copy.name))
        .line(format!("sha256: {}", copy.backup.hex()));
    let data = json!({ "path": path.display().to_string(), "name": copy.name, "sha256": copy.backup.hex() });
    Report::new(page, data).output("backup", path.display().to_string())
}

fn backup_line(backup: &Backup) -> String {
    let removed = match backup.removed.len() {
        0 => String::new(),
        count => format!(", {count} older removed"),
    };
    let copy = backup.copy.as_ref().map(|copy| format!(", copy read back from {copy}")).unwrap_or_default();
    format!("backup: {} ({}{copy}{removed})", backup.path.display(), backup.proof.words())
}

fn backup_json(backup: &Backup) -> Value {
    json!({ "path": backup.path.display().to_string(), "sha256": backup.sha256.hex(), "version": backup.version, "proof": backup.proof.words(), "copy": backup.copy })
}

/// The answers as a table.
pub fn answers_page(answers: &[Answer]) -> Page {
    if answers.is_empty() {
        return Page::new();
    }
    let rows = answers.iter().map(|answer| {
        let result = if answer.holds { "holds" } else { "does not hold" };
        [answer.name.clone(), result.to_owned(), answer.expected.clone(), answer.found.clone()]
    });
    Page::new().heading("Queries").table(&["query", "result", "expected", "found"], rows)
}

/// The answers as data.
pub fn answers_json(answers: &[Answer]) -> Vec<Value> {
    let one = |answer: &Answer| json!({ "name": answer.name, "holds": answer.holds, "expected": answer.expected, "found": answer.found });
    answers.iter().map(one).collect()
}

/// The part of the release record.
pub fn record(plan: &Plan<'_>, done: &Done) -> contract::Database {
    let before = (!plan.before.is_none()).then(|| plan.before.to_string());
    let applied = if plan.goes_down() { Vec::new() } else { taken(plan, done) };
    let applied = applied.iter().map(ToString::to_string).collect();
    let backup = done.backup.as_ref().map(|backup| backup.path.display().to_string());
    contract::Database::new(before, plan.after.to_string(), applied, backup)
}
