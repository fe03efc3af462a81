//! The gates that stand on the ledgers: what was where before, for how long, and what was taken back.

use config::{Accepted, Gate};
use contract::EnvironmentName;
use evidence::{Bar, Terms};
use jiff::SignedDuration;
use ledger::{Entry, Event, History, Verdict};

use crate::{context::Context, facts::Facts, gates::Part};

pub(super) fn after(context: &Context, facts: &Facts) -> Vec<Part> {
    let each = context.environment.after.iter();
    each.flat_map(|environment| match deployed(environment, facts) {
        Ok((history, entry)) => verified(environment, history, entry, context, facts),
        Err(part) => vec![part],
    })
    .collect()
}

fn deployed<'a>(environment: &EnvironmentName, facts: &'a Facts) -> Result<(&'a History, &'a Entry), Part> {
    let unknown = || Part::fail(format!("this release was never deployed in {environment}"));
    let history = facts.upstream.get(environment).ok_or_else(unknown)?;
    Ok((history, history.deployed(&facts.candidate.digests()).ok_or_else(unknown)?))
}

fn verified(
    environment: &EnvironmentName,
    history: &History,
    entry: &Entry,
    context: &Context,
    facts: &Facts,
) -> Vec<Part> {
    if let Some(back) = history.taken_back(&facts.candidate.digests()) {
        return vec![Part::fail(format!("it was taken back in {environment}, entry {}", back.sequence))];
    }
    if entry.what.event == Event::Adopted {
        return vec![Part::pass(format!("adopted in {environment}, entry {}", entry.sequence), [])];
    }
    let Some(signer) = facts.signers.get(&Gate::SmokeTest(environment.clone())) else {
        return vec![Part::fail(format!("nobody is named whose tests in {environment} count"))];
    };
    let asked = context.environment.require.smoke_tests.get(environment);
    let accepts = asked.is_some_and(|asked| asked.accept.contains(&Accepted::Warned));
    let bar = if accepts { Bar::PassedOrWarned } else { Bar::Passed };
    let terms = Terms { since: entry.what.time, now: facts.now, bar };
    let mut parts = Vec::new();
    for (name, image) in &facts.images {
        if let evidence::Condition::Unknown(why) = &image.condition {
            parts.push(Part::not(Verdict::Error, format!("could not look at {name}: {why}")));
            continue;
        }
        parts.push(match evidence::verified(image, signer, environment, terms) {
            Ok(bundle) => Part::pass(
                format!("deployed in {environment}, entry {}, and verified", entry.sequence),
                [bundle],
            ),
            Err(why) => Part::fail(format!("{name} is deployed in {environment} and not verified: {why}")),
        });
    }
    parts
}

pub(super) fn soak(context: &Context, facts: &Facts) -> Vec<Part> {
    let Some(soak) = context.environment.soak else { return Vec::new() };
    let long = SignedDuration::try_from(soak.duration()).unwrap_or(SignedDuration::MAX);
    let stayed = |environment: &EnvironmentName| {
        let (history, entry) = match deployed(environment, facts) {
            Ok(found) => found,
            Err(part) => return part,
        };
        let since = entry.what.time;
        let left = history.replaced(entry);
        if left.unwrap_or(facts.now).duration_since(since) >= long {
            return Part::pass(format!("ran in {environment} since {since}, for {soak} or longer"), []);
        }
        if let Some(left) = left {
            return Part::fail(format!("left {environment} at {left}, before it had run there for {soak}"));
        }
        let until = since.checked_add(long).unwrap_or(jiff::Timestamp::MAX);
        Part::not(Verdict::Pending, format!("soaks in {environment} for {soak}, until {until}"))
    };
    context.environment.after.iter().map(stayed).collect()
}

pub(super) fn known_bad(context: &Context, facts: &Facts) -> Vec<Part> {
    let digests = facts.candidate.digests();
    vec![match facts.history.taken_back(&digests) {
        None => Part::pass(format!("never taken back from {}", context.name), []),
        Some(entry) => {
            let why = entry.what.reason.as_deref().unwrap_or("no reason is recorded");
            Part::fail(format!("taken back from {} in entry {}: {why}", context.name, entry.sequence))
        }
    }]
}
