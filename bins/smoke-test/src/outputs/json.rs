//! The JSON report: every expectation and answer of a run; described in docs/smoke-test.md.

use serde_json::{Value, json};

use super::{Whereabouts, word};
use crate::outcome::{List, StepOutcome, SuiteOutcome};

/// The report as a document.
pub(super) fn document(outcomes: &[SuiteOutcome<'_>], at: &Whereabouts<'_>) -> Value {
    json!({
        "schemaVersion": 1,
        "result": word(super::worst(outcomes)),
        "baseUrl": at.base.as_str(),
        "environment": at.environment,
        "runUrl": at.run_url,
        "suites": outcomes.iter().map(suite).collect::<Vec<_>>(),
    })
}

fn suite(outcome: &SuiteOutcome<'_>) -> Value {
    json!({
        "name": outcome.suite.form.name.value,
        "file": outcome.suite.file.display().to_string(),
        "digest": outcome.suite.digest,
        "result": word(outcome.result()),
        "interrupted": outcome.interrupted,
        "startedOn": outcome.started,
        "finishedOn": outcome.finished,
        "steps": outcome.steps.iter().map(step).collect::<Vec<_>>(),
    })
}

fn step(step: &StepOutcome) -> Value {
    let checks = step.checks.iter().map(|check| {
        json!({"what": check.what, "expected": check.expected, "actual": check.actual, "passed": check.passed})
    });
    json!({
        "name": step.name,
        "list": match step.list {
            List::Wait => "wait",
            List::Steps => "steps",
            List::Cleanup => "cleanup",
        },
        "line": step.line,
        "verdict": step.verdict.word(),
        "reason": step.reason,
        "request": step.request,
        "status": step.status,
        "attempts": step.attempts,
        "milliseconds": u64::try_from(step.elapsed.as_millis()).unwrap_or(u64::MAX),
        "firstByteMilliseconds": u64::try_from(step.first_byte.as_millis()).unwrap_or(u64::MAX),
        "checks": checks.collect::<Vec<_>>(),
    })
}
