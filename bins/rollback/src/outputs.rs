//! What a way back tells: page, outputs and data; never decides, never prints.

use std::path::Path;

use ci::{Annotation, Level, Page, Report};
use ledger::{Entry, Head};
use serde_json::{Value, json};

use crate::{
    apply::Done,
    facts::Standing,
    incident,
    plan::{Action, Plan},
};

/// The report of a way back that was gone, or had been gone already.
pub(crate) fn done(plan: &Plan, done: &Done) -> Report {
    let to = &plan.to.what.release;
    let line = match plan.action {
        Action::Already => format!("{} is already rolled back to {to}", plan.environment),
        _ => format!("{} is rolled back to {to}", plan.environment),
    };
    let mut report = outputs(report(plan, line, &done.incident, done.head), plan, &done.incident)
        .output("restored-version", version(&plan.to))
        .output("restored-digests", digests(&plan.to))
        .output("restored-images", images(&plan.to));
    report.annotate(Annotation {
        level: Level::Warning,
        title: format!("rolled back to {to}"),
        message: format!("{} was taken back from {}", plan.from.what.release, plan.environment),
        place: None,
    });
    report
}

/// The report of a way back that failed on the way.
pub(crate) fn failed(plan: &Plan, done: &Done) -> Report {
    let line = format!("{} did not come back to {}", plan.environment, plan.to.what.release);
    outputs(report(plan, line, &done.incident, done.head), plan, &done.incident)
}

/// The report of a release that stays.
pub(crate) fn stayed(plan: &Plan, incident: &Path, head: Head) -> Report {
    let line = format!("{} stays on {}", plan.environment, plan.from.what.release);
    outputs(report(plan, line, incident, head), plan, incident)
}

/// What is told of a plan that is only shown.
pub(crate) fn planned(plan: &Plan) -> Report {
    Report::planned(plan, data(plan)).output("database-decision", plan.database.word())
}

/// The report of an incident that was only written.
pub(crate) fn incident(bad: &Entry, path: &Path) -> Report {
    let page = Page::new().line(format!("the incident with {} is in {}", bad.what.release, path.display()));
    Report::new(page, json!({ "incident": path, "postmortem": postmortem(path) }))
        .output("incident", path.display().to_string())
        .output("postmortem", postmortem(path))
}

fn report(plan: &Plan, line: String, incident: &Path, head: Head) -> Report {
    let row = |name: &str, value: String| [name.to_owned(), value];
    let mut rows = vec![
        row("taken back", format!("{}, entry {}", plan.from.what.release, plan.from.sequence)),
        row("known good", format!("{}, entry {}", plan.to.what.release, plan.to.sequence)),
        row("database", plan.database.to_string()),
        row("incident", incident.display().to_string()),
        row("ledger", format!("entry {}, head {}", head.sequence, head.digest)),
    ];
    if let Standing::Lacks(why) | Standing::Unknown(why) = &plan.checked.verified {
        rows.push(row("WARNING", format!("it was named and is not known to be good: {why}")));
    }
    let page = Page::new().heading(line).table(&["what", "which"], rows);
    Report::new(page, data(plan))
        .output("incident", incident.display().to_string())
        .output("ledger-sequence", head.sequence.to_string())
        .output("ledger-head", head.digest.to_string())
}

fn outputs(report: Report, plan: &Plan, incident: &Path) -> Report {
    report.output("database-decision", plan.database.word()).output("postmortem", postmortem(incident))
}

fn postmortem(incident: &Path) -> String {
    incident::opened(incident).map(|opened| incident::postmortem(opened).to_string()).unwrap_or_default()
}

fn version(entry: &Entry) -> String {
    entry.what.release.version.as_ref().map(ToString::to_string).unwrap_or_default()
}

fn digests(entry: &Entry) -> String {
    let lines = entry.what.components.iter().map(|(name, pinned)| format!("{name}={}", pinned.digest));
    lines.collect::<Vec<_>>().join("\n")
}

/// The exact images, for whoever tests and attests what runs now: the run's record is still about the release that was left.
fn images(entry: &Entry) -> String {
    entry.what.components.values().map(|pinned| pinned.exact().to_string()).collect::<Vec<_>>().join("\n")
}

fn data(plan: &Plan) -> Value {
    let release = |entry: &Entry| {
        json!({
            "sequence": entry.sequence,
            "release": entry.what.release,
            "components": entry.what.components,
            "schema": entry.what.schema.as_ref().map(|schema| &schema.version),
        })
    };
    json!({
        "environment": plan.environment,
        "from": release(&plan.from),
        "to": release(&plan.to),
        "database": { "decision": plan.database.word(), "reason": plan.database.to_string() },
    })
}
