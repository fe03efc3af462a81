//! What came of a check, for people, programs, the next step and the release record; never prints.

use std::collections::BTreeSet;

use ci::{Annotation, Level, Page, Place, Report, Stop};
use contract::{Configuration, Release};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    check::{Finding, Verdict, Where},
    context::Check,
    error::EnvError,
    facts::Facts,
};

/// An environment that is as its schema wants it.
pub(crate) fn passed(context: &Check, facts: &Facts, verdict: &Verdict) -> Report {
    let sentence = sentence(context, facts, verdict);
    report(Page::new().line(sentence), facts, verdict)
}

/// An environment that is not.
pub(crate) fn refused(context: &Check, facts: &Facts, verdict: &Verdict) -> Stop {
    let sentence = sentence(context, facts, verdict);
    let page = Page::new().line(&sentence).table(&["variable", "problem", "where"], rows(&verdict.problems));
    Stop::with(report(page, facts, verdict), EnvError::Invalid(sentence))
}

/// The record with this check in it, where the run has one.
pub(crate) fn record(context: &Check, facts: &Facts, now: Timestamp) -> Option<Release> {
    let mut release = facts.release.clone()?;
    release.environment(context.environment.as_ref()?).configuration = Some(Configuration {
        schema: facts.schema_digest,
        variables: facts.schema.variables.len(),
        checked_on: now,
    });
    Some(release)
}

/// The first line: what a newcomer should know.
fn sentence(context: &Check, facts: &Facts, verdict: &Verdict) -> String {
    let environment =
        context.environment.as_ref().map(ToString::to_string).or_else(|| verdict.environment.clone());
    let whose = environment.map_or_else(String::new, |name| format!("{name}: "));
    let all = facts.schema.variables.len();
    let wrong: BTreeSet<_> = verdict.problems.iter().map(|problem| &problem.variable).collect();
    let schema = facts.schema_path.display();
    match (all, wrong.len()) {
        (1, 0) => format!("{whose}1 variable is as {schema} wants it"),
        (_, 0) => format!("{whose}{all} variables are as {schema} wants them"),
        (_, 1) => format!("{whose}1 of {all} variables is not as {schema} wants it"),
        (_, wrong) => format!("{whose}{wrong} of {all} variables are not as {schema} wants them"),
    }
}

fn report(page: Page, facts: &Facts, verdict: &Verdict) -> Report {
    let page = if verdict.warnings.is_empty() {
        page
    } else {
        page.table(&["variable", "to look at", "where"], rows(&verdict.warnings))
    };
    let data = json!({
        "environment": verdict.environment,
        "schema": {"file": facts.schema_path.display().to_string(), "digest": facts.schema_digest},
        "variables": facts.schema.variables.len(),
        "problems": verdict.problems.iter().map(Finding::json).collect::<Vec<_>>(),
        "warnings": verdict.warnings.iter().map(Finding::json).collect::<Vec<_>>(),
    });
    let mut report = Report::new(page, data)
        .output("variables", facts.schema.variables.len().to_string())
        .output("problems", verdict.problems.len().to_string())
        .output("schema-digest", facts.schema_digest.to_string());
    for (level, findings) in [(Level::Error, &verdict.problems), (Level::Warning, &verdict.warnings)] {
        for finding in findings {
            report.annotate(finding.annotation(level));
        }
    }
    report
}

fn rows(findings: &[Finding]) -> impl Iterator<Item = [String; 3]> {
    findings.iter().map(|finding| [finding.variable.clone(), finding.what.clone(), finding.at.shown()])
}

impl Finding {
    fn annotation(&self, level: Level) -> Annotation {
        let place = match &self.at {
            Where::Line(file, line) => Some(Place { file: file.clone(), line: Some(*line) }),
            Where::Process => None,
        };
        Annotation {
            level,
            title: self.variable.clone(),
            message: format!("{} {}", self.variable, self.what),
            place,
        }
    }

    fn json(&self) -> Value {
        let (file, line) = match &self.at {
            Where::Line(file, line) => (Some(file.display().to_string()), Some(*line)),
            Where::Process => (None, None),
        };
        json!({"variable": self.variable, "what": self.what, "file": file, "line": line})
    }
}

impl Where {
    fn shown(&self) -> String {
        match self {
            Self::Line(file, line) => format!("{}:{line}", file.display()),
            Self::Process => "process environment".to_owned(),
        }
    }
}
