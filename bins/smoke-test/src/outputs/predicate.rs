//! The in-toto test-result predicate v0.1 of one suite (in-toto attestation, spec/predicates/test-result.md); unsigned, which is sbom-sign's part.

use serde_json::{Value, json};

use super::{Whereabouts, word};
use crate::outcome::{StepOutcome, SuiteOutcome, Verdict};

/// The predicate. The format has no place for a time, an environment or a step left out: the first two are annotations of the environment's
/// descriptor, the last counts as a warning.
pub(super) fn document(outcome: &SuiteOutcome<'_>, at: &Whereabouts<'_>) -> Value {
    let titles = |verdicts: &[Verdict]| -> Vec<String> {
        verdicts.iter().flat_map(|verdict| outcome.of(*verdict)).map(StepOutcome::title).collect()
    };
    let mut annotations = json!({"startedOn": outcome.started, "finishedOn": outcome.finished});
    if let Some(url) = &at.run_url {
        annotations["runUrl"] = url.as_str().into();
    }
    let mut environment = json!({"uri": at.base.as_str(), "annotations": annotations});
    if let Some(name) = at.environment {
        environment["name"] = name.to_string().into();
    }
    let mut predicate = json!({
        "result": word(outcome.result()),
        "configuration": [
            {"name": outcome.suite.form.name.value, "digest": {"sha256": outcome.suite.digest.hex()}},
            environment,
        ],
        "passedTests": titles(&[Verdict::Passed]),
        "warnedTests": titles(&[Verdict::Warned, Verdict::Skipped]),
        "failedTests": titles(&[Verdict::Failed]),
    });
    if let Some(url) = &at.run_url {
        predicate["url"] = url.as_str().into();
    }
    predicate
}
