//! What a promotion tells: the table of gates, the checklist, outputs and data; never decides, never prints.

use ci::{Annotation, Level, Page, Report, Stop};
use config::Mode;
use contract::EnvironmentRecord;
use ledger::{Head, Verdict};
use serde_json::{Value, json};

use crate::{
    checklist::{self, Point},
    error::Error,
    facts::Facts,
    gates::Answer,
    plan::{Decision, Plan},
};

/// The report of a plan that was carried out, or found nothing to do.
pub(crate) fn done(plan: &Plan, facts: &Facts, head: Head, record: Option<&EnvironmentRecord>) -> Report {
    let (verdict, line, entry) = match &plan.decision {
        Decision::Enter(entry) => {
            ("passed", format!("{} runs in {}", plan.title, plan.environment), Some(entry.as_ref()))
        }
        _ => ("already-running", format!("{} is already running in {}", plan.title, plan.environment), None),
    };
    let points = checklist::checklist(&facts.history, entry, record);
    let page = Page::new()
        .heading(line)
        .then(gates(plan))
        .line(format!("ledger entry {}, head {}", head.sequence, head.digest))
        .heading("Closing checklist")
        .table(&["point", "state", "by"], points.iter().map(row));
    let mut report = outputs(Report::new(page, data(plan, verdict, &points)), facts, verdict, head);
    for answer in plan.answers.iter().filter(|answer| answer.verdict != Verdict::Pass) {
        report.annotate(let_in(plan, answer));
    }
    report
}

/// The report of a switch that failed.
pub(crate) fn failed(plan: &Plan, facts: &Facts, head: Head) -> Report {
    let page = Page::new()
        .heading(format!("{} did not come to run in {}", plan.title, plan.environment))
        .then(gates(plan))
        .line(format!("ledger entry {}, head {}", head.sequence, head.digest));
    outputs(Report::new(page, data(plan, "failed", &[])), facts, "failed", head)
}

/// The end of a run whose gates said no.
pub(crate) fn refused(plan: &Plan, facts: &Facts, verdict: Verdict) -> Stop {
    let word = match verdict {
        Verdict::Pending | Verdict::Inconclusive => "pending",
        _ => "failed",
    };
    let page = Page::new()
        .heading(format!("{} does not enter {}", plan.title, plan.environment))
        .then(gates(plan))
        .line("nothing was changed");
    let report = outputs(Report::new(page, data(plan, word, &[])), facts, word, facts.history.head());
    Stop::with(report, refusal(plan, verdict))
}

/// The failure of a plan whose gates say no.
pub(crate) fn refusal(plan: &Plan, verdict: Verdict) -> Error {
    let (release, environment) = (plan.title.clone(), plan.environment.clone());
    Error::Refused { release, environment, gates: plan.in_the_way(), verdict }
}

/// What is told of a plan that is only shown.
pub(crate) fn planned(plan: &Plan) -> Report {
    let verdict = match plan.decision {
        Decision::Refuse(Verdict::Pending | Verdict::Inconclusive) => "pending",
        Decision::Refuse(_) => "failed",
        Decision::AlreadyRunning(_) => "already-running",
        Decision::Enter(_) => "passed",
    };
    Report::planned(plan, data(plan, verdict, &[])).output("verdict", verdict)
}

fn outputs(report: Report, facts: &Facts, verdict: &'static str, head: Head) -> Report {
    let version = |version: Option<&contract::Version>| version.map(ToString::to_string).unwrap_or_default();
    let previous = facts.history.running().and_then(|entry| entry.what.release.version.as_ref());
    report
        .output("verdict", verdict)
        .output("ledger-sequence", head.sequence.to_string())
        .output("ledger-head", head.digest.to_string())
        .output("version", version(facts.candidate.version.as_ref()))
        .output("previous-version", version(previous))
}

fn gates(plan: &Plan) -> Page {
    let row = |answer: &Answer| {
        let word = match plan.overridden(&answer.gate) {
            Some(_) => format!("{}, overridden", answer.verdict.word()),
            None => answer.verdict.word().to_owned(),
        };
        [answer.gate.to_string(), word, answer.reason.clone()]
    };
    let page = Page::new().table(&["gate", "verdict", "why"], plan.answers.iter().map(row));
    let page = plan
        .overrides
        .iter()
        .fold(page, |page, one| page.line(format!("{} was overridden: {}", one.gate, one.reason)));
    match plan.mode {
        Mode::Enforce => page,
        Mode::Observe => page
            .line(format!("MODE IS OBSERVE: in {} gates are reported and refuse nothing", plan.environment)),
    }
}

/// A warning for each gate that did not pass and did not stop the release.
fn let_in(plan: &Plan, answer: &Answer) -> Annotation {
    let why = match plan.overridden(&answer.gate) {
        Some(one) => format!("overridden, because: {}", one.reason),
        None => "let in, because mode is observe".to_owned(),
    };
    Annotation {
        level: Level::Warning,
        title: format!("gate {} says {}", answer.gate, answer.verdict.word()),
        message: format!("{}\n{why}", answer.reason),
        place: None,
    }
}

fn row(point: &Point) -> [String; 3] {
    [point.asks.to_owned(), point.state.to_owned(), point.detail.clone()]
}

fn data(plan: &Plan, verdict: &str, points: &[Point]) -> Value {
    let gates: Vec<Value> = plan
        .answers
        .iter()
        .map(|answer| {
            json!({
                "id": answer.gate,
                "verdict": answer.verdict,
                "reason": answer.reason,
                "evidence": answer.evidence,
                "overridden": plan.overridden(&answer.gate).map(|one| &one.reason),
            })
        })
        .collect();
    let checklist: Vec<Value> = points
        .iter()
        .map(|one| json!({"point": one.asks, "state": one.state, "detail": one.detail}))
        .collect();
    json!({
        "environment": plan.environment,
        "release": plan.title,
        "manifest": plan.manifest,
        "mode": match plan.mode { Mode::Enforce => "enforce", Mode::Observe => "observe" },
        "verdict": verdict,
        "gates": gates,
        "checklist": checklist,
    })
}
