//! The questions, one function each, from facts to an answer with its reason; pure, and the only place that judges.

mod order;
mod proof;

use config::Gate;
use contract::Digest;
use ledger::Verdict;

use crate::{context::Context, facts::Facts};

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The question.
    pub gate: Gate,
    /// The answer.
    pub verdict: Verdict,
    /// Why, for a person.
    pub reason: String,
    /// The signed statements it stands on.
    pub evidence: Vec<Digest>,
}

/// What one part of a release says to a gate; a gate's answer is the worst of its parts.
pub(crate) struct Part {
    verdict: Verdict,
    reason: String,
    evidence: Vec<Digest>,
}

impl Part {
    fn pass(reason: impl Into<String>, evidence: impl IntoIterator<Item = Digest>) -> Self {
        Self { verdict: Verdict::Pass, reason: reason.into(), evidence: evidence.into_iter().collect() }
    }

    fn not(verdict: Verdict, reason: impl Into<String>) -> Self {
        Self { verdict, reason: reason.into(), evidence: Vec::new() }
    }

    fn fail(reason: impl Into<String>) -> Self {
        Self::not(Verdict::Fail, reason)
    }
}

/// Asks every gate of the environment whose time has come, in order; none is left out because another has said no.
pub(crate) fn ask(context: &Context, facts: &Facts) -> Vec<Answer> {
    let gates = context.environment.gates().into_iter();
    gates.filter(|gate| !context.skipped.contains(gate)).map(|gate| answer(gate, context, facts)).collect()
}

/// Asks one gate.
pub(crate) fn answer(gate: Gate, context: &Context, facts: &Facts) -> Answer {
    let parts = match &gate {
        Gate::Signature => proof::signature(facts),
        Gate::Sbom => proof::sbom(facts),
        Gate::Vulns => proof::vulns(context, facts),
        Gate::SmokeTest(environment) => proof::smoke_test(environment, context, facts),
        Gate::Migration => proof::migration(&context.name, facts),
        Gate::After => order::after(context, facts),
        Gate::Soak => order::soak(context, facts),
        Gate::KnownBad => order::known_bad(context, facts),
    };
    worst(gate, &parts)
}

/// No part at all is no proof of anything.
fn worst(gate: Gate, parts: &[Part]) -> Answer {
    let verdict = parts.iter().map(|part| part.verdict).max().unwrap_or(Verdict::Fail);
    let mut reasons: Vec<&str> = Vec::new();
    for part in parts.iter().filter(|part| part.verdict == verdict) {
        if !reasons.contains(&part.reason.as_str()) {
            reasons.push(&part.reason);
        }
    }
    let reason = if reasons.is_empty() { "nothing was looked at".to_owned() } else { reasons.join("; ") };
    let evidence = parts.iter().flat_map(|part| &part.evidence).copied().collect();
    Answer { gate, verdict, reason, evidence }
}

#[cfg(test)]
mod table;
