//! The gates that stand on signed statements about the images: signature, SBOM, vulnerabilities, smoke test, migration.

use std::fmt;

use config::{Accepted, Gate};
use contract::{ComponentName, EnvironmentName, TestResult};
use evidence::{Bar, Claim, Condition, Image, Limits, Says, Test, Unfit};
use jiff::{SignedDuration, Timestamp};
use ledger::{Event, Verdict};
use trust::{Signer, SignerPolicy, predicate::SeverityRating};

use crate::{context::Context, facts::Facts, gates::Part};

/// How many of the things that do not count are told.
const DOUBTS_MAX: usize = 3;
/// How many vulnerabilities are named.
const FOUND_MAX: usize = 5;
/// How much of a vulnerability's name is shown, in characters.
const ID_CHARS_MAX: usize = 60;

/// Where a release manifest says which images are meant, it is signed too: good images can be put together to a bad release.
pub(super) fn signature(facts: &Facts) -> Vec<Part> {
    let signed = |name: &dyn fmt::Display, image: &Image, signer: &SignerPolicy| {
        claimed(name, image, signer, "signature", |claim| claim.says == Says::Signature)
    };
    let mut parts = each_image(facts, &Gate::Signature, |name, image, signer| signed(name, image, signer));
    if let (Some(manifest), Some(signer)) = (&facts.manifest, facts.signers.get(&Gate::Signature)) {
        let name = "the release manifest";
        parts.push(unusable(&name, manifest).unwrap_or_else(|| signed(&name, manifest, signer)));
    }
    parts
}

pub(super) fn sbom(facts: &Facts) -> Vec<Part> {
    each_image(facts, &Gate::Sbom, |name, image, signer| {
        claimed(name, image, signer, "SBOM", |claim| claim.says == Says::Sbom)
    })
}

pub(super) fn vulns(context: &Context, facts: &Facts) -> Vec<Part> {
    let Some(asked) = &context.environment.require.vulns else { return Vec::new() };
    let limits = Limits {
        now: facts.now,
        max_age: SignedDuration::try_from(asked.max_age.duration()).unwrap_or(SignedDuration::MAX),
        fail_on: asked.fail_on,
        unrated: asked.unrated,
    };
    each_image(facts, &Gate::Vulns, |name, image, signer| {
        let why = match evidence::scanned(image, signer, limits) {
            Ok(scans) => {
                let newest = scans.first().map_or(limits.now, |(_, scan)| scan.finished_on());
                let said = format!("the scan of {name} at {newest} found nothing from {} on", limits.fail_on);
                return Part::pass(said, scans.iter().map(|(claim, _)| claim.bundle));
            }
            Err(Unfit::NoScan) => {
                let missing =
                    format!("{name} has no scan for vulnerabilities by the required {}", kind(signer));
                missing + &doubts(image)
            }
            Err(Unfit::Stale(ended)) => {
                format!(
                    "the newest scan of {name} ended {ended}, longer ago than max-age ({}) allows",
                    asked.max_age
                )
            }
            Err(Unfit::Ahead(ended)) => {
                format!("a scan of {name} says it ended {ended}, which is in the future")
            }
            Err(Unfit::TooBad(found)) => format!("{name} has {}", too_bad(&found)),
        };
        Part::fail(why)
    })
}

/// The first few, and how many more.
fn too_bad(found: &[(String, SeverityRating)]) -> String {
    let shown = found.iter().take(FOUND_MAX).map(|(id, rating)| {
        // A signer's words, shown as data: no line of a summary should be theirs.
        let id: String = id.chars().filter(|one| !one.is_control()).take(ID_CHARS_MAX).collect();
        format!("{id} ({rating})")
    });
    let shown = shown.collect::<Vec<_>>().join(", ");
    match found.len().saturating_sub(FOUND_MAX) {
        0 => shown,
        more => format!("{shown}, and {more} more"),
    }
}

pub(super) fn smoke_test(environment: &EnvironmentName, context: &Context, facts: &Facts) -> Vec<Part> {
    let gate = Gate::SmokeTest(environment.clone());
    let digests = facts.candidate.digests();
    let deployed = facts.upstream.get(environment).and_then(|history| history.deployed(&digests));
    let Some(deployed) = deployed.map(|entry| entry.what.time) else {
        return vec![Part::fail(format!("the ledger of {environment} does not know this release"))];
    };
    each_image(facts, &gate, |name, image, signer| {
        let asked = context.environment.require.smoke_tests.get(environment);
        let suite = asked.and_then(|asked| asked.suite.as_deref());
        let suited = suite.map_or_else(String::new, |suite| format!(" of suite {suite}"));
        let Some((claim, test)) = evidence::deciding_test(image, signer, environment, suite) else {
            let missing = format!("{name} has no signed test result of {environment}{suited}");
            return Part::fail(missing + &doubts(image));
        };
        let accepts = asked.is_some_and(|asked| asked.accept.contains(&Accepted::Warned));
        let bar = if accepts { Bar::PassedOrWarned } else { Bar::Passed };
        let max_age = asked.and_then(|asked| asked.max_age);
        let max_age = max_age.and_then(|age| SignedDuration::try_from(age.duration()).ok());
        tested(name, claim, test, &Terms { bar, deployed, max_age, now: facts.now })
    })
}

/// What a test result is held against.
struct Terms {
    bar: Bar,
    deployed: Timestamp,
    max_age: Option<SignedDuration>,
    now: Timestamp,
}

fn tested(name: &ComponentName, claim: &Claim, test: &Test, terms: &Terms) -> Part {
    let Test { environment, suite, result, finished_on } = test;
    let age = terms.now.duration_since(*finished_on);
    let said = match result {
        TestResult::Passed => "PASSED",
        TestResult::Warned => "WARNED",
        TestResult::Failed => "FAILED",
    };
    if !terms.bar.lets(*result) {
        return Part::fail(format!(
            "the newest test of {name} in {environment}, of suite {suite}, says {said}"
        ));
    }
    if *finished_on < terms.deployed {
        return Part::fail(format!(
            "the test of {name} ended {finished_on}, before it was deployed in {environment} at {}",
            terms.deployed
        ));
    }
    if test.is_ahead(terms.now) {
        return Part::fail(format!("the test of {name} says it ended {finished_on}, which is in the future"));
    }
    if terms.max_age.is_some_and(|max| age > max) {
        return Part::fail(format!("the test of {name} ended {finished_on}, longer ago than max-age allows"));
    }
    Part::pass(format!("suite {suite} {said} in {environment} at {finished_on}"), [claim.bundle])
}

pub(super) fn migration(environment: &EnvironmentName, facts: &Facts) -> Vec<Part> {
    let Some(signer) = facts.signers.get(&Gate::Migration) else { return Vec::new() };
    if let Some(unusable) = facts.images.iter().find_map(|(name, image)| unusable(name, image)) {
        return vec![unusable];
    }
    let moves = facts.images.values().flat_map(|image| image.migrations(signer, environment));
    let Some((claim, newest)) = moves.max_by_key(|(_, migration)| migration.finished_on) else {
        let doubts: String = facts.images.values().map(doubts).collect();
        let missing = format!("no image has a signed migration of {environment}");
        return vec![Part::fail(missing + &doubts)];
    };
    let back = |event: &Event| matches!(event, Event::RolledBack(_));
    let went_back = facts.history.entries().iter().rev().find(|entry| back(&entry.what.event));
    if let Some(entry) = went_back.filter(|entry| newest.finished_on < entry.what.time) {
        return vec![Part::fail(format!(
            "the migration of {environment} ended {}, before it was rolled back in entry {}: migrate again",
            newest.finished_on, entry.sequence
        ))];
    }
    let said = format!("the database of {environment} is at {} since {}", newest.after, newest.finished_on);
    vec![Part::pass(said, [claim.bundle])]
}

/// Asks about each image that can be used; one that can't answers for itself.
fn each_image(
    facts: &Facts,
    gate: &Gate,
    ask: impl Fn(&ComponentName, &Image, &SignerPolicy) -> Part,
) -> Vec<Part> {
    let Some(signer) = facts.signers.get(gate) else { return Vec::new() };
    let judge = |(name, image): (&ComponentName, &Image)| {
        unusable(name, image).unwrap_or_else(|| ask(name, image, signer))
    };
    facts.images.iter().map(judge).collect()
}

/// An image that is not there, not whole or not to be seen answers every question about it.
fn unusable(name: &dyn fmt::Display, image: &Image) -> Option<Part> {
    match &image.condition {
        Condition::Whole => None,
        Condition::Absent(why) => Some(Part::fail(format!("{name} is not there: {why}"))),
        Condition::Damaged(why) => Some(Part::fail(format!("{name} is damaged or was tampered with: {why}"))),
        Condition::Unknown(why) => {
            Some(Part::not(Verdict::Error, format!("could not look at {name}: {why}")))
        }
    }
}

fn claimed(
    name: &dyn fmt::Display,
    image: &Image,
    signer: &SignerPolicy,
    what: &str,
    is_meant: impl Fn(&Claim) -> bool,
) -> Part {
    if let Some(claim) = image.signed_by(signer).find(|claim| is_meant(claim)) {
        let said = format!("the {what} of {name} is by the required {}", kind(signer));
        return Part::pass(said, [claim.bundle]);
    }
    let mut image = image.clone();
    let meant = image.claims.iter().filter(|claim| is_meant(claim));
    image.doubts.extend(meant.filter_map(|claim| unfit(signer, claim)).collect::<Vec<_>>());
    Part::fail(format!("{name} has no {what} by the required {}{}", kind(signer), doubts(&image)))
}

/// What of a statement by a trusted workload does not fit here: its commit is not the release's.
fn unfit(policy: &SignerPolicy, claim: &Claim) -> Option<String> {
    let (SignerPolicy::Workload(policy), Signer::Workload(workload)) = (policy, &claim.signer) else {
        return None;
    };
    policy.refusal(workload).map(|why| format!("one that does not fit: {why}"))
}

const fn kind(signer: &SignerPolicy) -> &'static str {
    match signer {
        SignerPolicy::Key(_) => "key",
        SignerPolicy::Workload(_) => "workflow",
    }
}

/// What lies beside the image and does not count, so that a wrong key is told from no signature.
fn doubts(image: &Image) -> String {
    let mut doubts = image.doubts.clone();
    doubts.sort();
    doubts.dedup();
    let more = doubts.len().saturating_sub(DOUBTS_MAX);
    doubts.truncate(DOUBTS_MAX);
    match (doubts.is_empty(), more) {
        (true, _) => String::new(),
        (_, 0) => format!(" (there is {})", doubts.join(", ")),
        _ => format!(" (there is {}, and {more} more)", doubts.join(", ")),
    }
}
