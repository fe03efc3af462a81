//! What a run leaves: files, outputs, a page, the release record; judges nothing.

mod json;
mod junit;
mod predicate;

use ci::{Annotation, Level, Page, Place, Report, Session, Stop, files};
use contract::{EnvironmentName, Release, SmokeTest, TestResult};

use crate::{
    context::{Base, Files},
    error::Error,
    outcome::{StepOutcome, SuiteOutcome, Verdict},
};

/// Where and on whose behalf a run was.
pub struct Whereabouts<'r> {
    /// Where the deployment answers.
    pub base: &'r Base,
    /// The environment, if it was named.
    pub environment: Option<&'r EnvironmentName>,
    /// The page of the workflow run, on a runner.
    pub run_url: Option<String>,
}

/// Writes the files and the record, and tells the rest. A failed test is evidence too: the files are there before the verdict.
pub fn deliver(
    outcomes: &[SuiteOutcome<'_>],
    at: &Whereabouts<'_>,
    files: &Files,
    release: Option<Release>,
    session: &Session,
) -> Result<Report, Stop> {
    let document = json::document(outcomes, at);
    let mut report = report(outcomes, at, &document);
    if let Err(Stop { failure, .. }) = keep(outcomes, at, files, release, &document, session) {
        return Err(Stop { failure, report: Box::new(report) });
    }
    // Named only once they are written: what lies there otherwise is an earlier run's, and would be signed as this one's.
    for (name, path) in [("junit", &files.junit), ("report", &files.report), ("predicate", &files.predicate)]
    {
        if let Some(path) = path {
            report = report.output(name, path.display().to_string());
        }
    }
    Ok(report)
}

fn keep(
    outcomes: &[SuiteOutcome<'_>],
    at: &Whereabouts<'_>,
    files: &Files,
    release: Option<Release>,
    document: &serde_json::Value,
    session: &Session,
) -> Result<(), Stop> {
    if let Some(path) = &files.junit {
        files::write(path, junit::document(outcomes).as_bytes())?;
    }
    if let Some(path) = &files.report {
        files::write(path, pretty(document)?.as_bytes())?;
    }
    if let (Some(path), [outcome]) = (&files.predicate, outcomes) {
        files::write(path, pretty(&predicate::document(outcome, at))?.as_bytes())?;
    }
    if let (Some(environment), Some(mut release)) = (at.environment, release) {
        release.environment(environment).smoke_test = Some(record(outcomes));
        session.save(&release)?;
    }
    Ok(())
}

fn pretty(document: &serde_json::Value) -> Result<String, Error> {
    Ok(serde_json::to_string_pretty(document)? + "\n")
}

/// The worst result of all.
pub fn worst(outcomes: &[SuiteOutcome<'_>]) -> TestResult {
    let results: Vec<TestResult> = outcomes.iter().map(SuiteOutcome::result).collect();
    let worst = [TestResult::Failed, TestResult::Warned].into_iter().find(|one| results.contains(one));
    worst.unwrap_or(TestResult::Passed)
}

/// The result as the predicate spells it.
fn word(result: TestResult) -> &'static str {
    match result {
        TestResult::Passed => "PASSED",
        TestResult::Warned => "WARNED",
        TestResult::Failed => "FAILED",
    }
}

fn count(outcomes: &[SuiteOutcome<'_>], verdict: Verdict) -> usize {
    outcomes.iter().map(|outcome| outcome.of(verdict).count()).sum()
}

fn record(outcomes: &[SuiteOutcome<'_>]) -> SmokeTest {
    let names: Vec<&str> = outcomes.iter().map(|outcome| outcome.suite.form.name.value.as_str()).collect();
    SmokeTest {
        result: worst(outcomes),
        suite: names.join(", "),
        passed: count(outcomes, Verdict::Passed),
        failed: count(outcomes, Verdict::Failed),
        finished_on: outcomes.iter().map(|outcome| outcome.finished).max().unwrap_or_default(),
    }
}

fn report(outcomes: &[SuiteOutcome<'_>], at: &Whereabouts<'_>, document: &serde_json::Value) -> Report {
    let mut page = Page::new();
    for outcome in outcomes {
        let (name, result) = (&outcome.suite.form.name.value, word(outcome.result()));
        page = page
            .heading(format!("Smoke test {name}: {result} at {}", at.base.as_str()))
            .table(&["step", "result", "time", "what"], outcome.steps.iter().map(row));
    }
    let mut report = Report::new(page, document.clone())
        .output("result", word(worst(outcomes)))
        .output("passed", count(outcomes, Verdict::Passed).to_string())
        .output("failed", count(outcomes, Verdict::Failed).to_string());
    for outcome in outcomes {
        for step in &outcome.steps {
            let level = match step.verdict {
                Verdict::Failed => Level::Error,
                Verdict::Warned => Level::Warning,
                Verdict::Passed | Verdict::Skipped => continue,
            };
            let place = Place { file: outcome.suite.file.clone(), line: step.line };
            report.annotate(Annotation {
                level,
                title: step.title(),
                message: step.complaint(),
                place: Some(place),
            });
        }
    }
    report
}

fn row(step: &StepOutcome) -> [String; 4] {
    let time = if step.attempts == 0 { "-".to_owned() } else { format!("{} ms", step.elapsed.as_millis()) };
    let what = match (step.verdict, step.status) {
        (Verdict::Passed, Some(status)) if step.attempts > 1 => {
            format!("{status}, attempt {}", step.attempts)
        }
        (Verdict::Passed, Some(status)) => status.to_string(),
        _ => step.complaint(),
    };
    [step.title(), step.verdict.word().to_owned(), time, what]
}
