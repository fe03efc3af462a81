//! What a gate asks of the evidence beside an image, and what of it counts; pure: the time comes in as a fact.
//!
//! A gate reads the result and not the mere presence: a test result that says FAILED is signed as well as one that says PASSED.

use std::{collections::BTreeMap, time::Duration};

use contract::{Digest, EnvironmentName, Span};
use jiff::{SignedDuration, Timestamp};

use crate::{Evidence, PredicateType, Verdict, Verified};

/// How far the clock of whoever made a statement may be ahead of ours.
const CLOCK_SKEW_MAX: Duration = Duration::from_mins(5);

/// One question about an image.
#[derive(Clone, PartialEq, Debug)]
pub struct Requirement {
    /// What kind of statement there must be.
    pub kind: PredicateType,
    /// The environment it must be about.
    pub environment: Option<EnvironmentName>,
    /// How old it may be.
    pub max_age: Option<Span>,
    /// Which suite it must be the result of.
    pub suite: Option<String>,
}

/// What a statement says, as far as any gate reads it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Gist {
    /// Which environment it is about.
    pub environment: Option<EnvironmentName>,
    /// When what it says happened.
    pub stated_on: Option<Timestamp>,
    /// Until when it may be used.
    pub expires_on: Option<Timestamp>,
    /// What it is about within its environment: a suite, an approver. A later statement about the same replaces an earlier one.
    pub about: String,
    /// Which content it names as what it is about, beside the subject of its statement.
    pub content: Option<Digest>,
    /// Why it speaks against the release, if it does.
    pub objection: Option<&'static str>,
}

/// The answer to a requirement.
#[derive(Clone, PartialEq, Debug)]
pub struct Judgement<'e> {
    /// The referrers that count, and what they state.
    pub counted: Vec<(Digest, &'e Verified)>,
    /// The referrers that do not, and why.
    pub set_aside: Vec<(Digest, String)>,
    /// Why the requirement is not met.
    pub shortfall: Option<Shortfall>,
}

/// Why a requirement is not met.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Shortfall {
    /// Nothing of the kind is there.
    #[error("there is none")]
    Missing,
    /// Something claims to be, and does not hold.
    #[error("there is none that holds, and what claims one of the keys does not")]
    Invalid,
    /// The latest says no.
    #[error("the latest one speaks against it")]
    Negative,
    /// What there is is too old, expired, or does not say when it was made.
    #[error("there is none that is recent enough")]
    Stale,
}

struct Candidate<'e> {
    manifest: Digest,
    verified: &'e Verified,
    gist: Gist,
}

impl Requirement {
    /// Asks only for the kind.
    pub fn of(kind: PredicateType) -> Self {
        Self { kind, environment: None, max_age: None, suite: None }
    }

    /// Judges the evidence of one image.
    pub fn judge<'e>(&self, evidence: &'e Evidence, now: Timestamp) -> Judgement<'e> {
        let mut set_aside = Vec::new();
        let candidates = self.candidates(evidence, &mut set_aside);
        let mut judgement = Judgement { counted: Vec::new(), set_aside, shortfall: None };
        let (mut stale, mut negative) = (false, false);
        for Candidate { manifest, verified, gist } in latest(candidates, &mut judgement.set_aside) {
            if let Some(objection) = gist.objection {
                negative = true;
                judgement.set_aside.push((manifest, objection.to_owned()));
            } else if let Some(why) = self.staleness(&gist, now) {
                stale = true;
                judgement.set_aside.push((manifest, why));
            } else {
                judgement.counted.push((manifest, verified));
            }
        }
        judgement.shortfall = if negative {
            Some(Shortfall::Negative)
        } else if !judgement.counted.is_empty() {
            None
        } else if stale {
            Some(Shortfall::Stale)
        } else if evidence.invalid().next().is_some() {
            Some(Shortfall::Invalid)
        } else {
            Some(Shortfall::Missing)
        };
        judgement
    }

    fn candidates<'e>(
        &self,
        evidence: &'e Evidence,
        set_aside: &mut Vec<(Digest, String)>,
    ) -> Vec<Candidate<'e>> {
        let mut candidates = Vec::new();
        for item in &evidence.items {
            let manifest = item.manifest;
            let verified = match &item.verdict {
                Verdict::Verified(verified) => verified,
                Verdict::Foreign(why) => {
                    set_aside.push((manifest, why.to_string()));
                    continue;
                }
                Verdict::Invalid(why) => {
                    set_aside.push((manifest, why.to_string()));
                    continue;
                }
            };
            if *verified.predicate_type() != self.kind {
                set_aside.push((manifest, format!("a statement of type {}", verified.predicate_type())));
                continue;
            }
            let Some(gist) = verified.gist() else {
                set_aside.push((manifest, format!("does not have the form of {}", self.kind)));
                continue;
            };
            if let Some(other) = gist.content.filter(|content| *content != evidence.subject) {
                set_aside.push((manifest, format!("names {other} and not this image")));
                continue;
            }
            if self.suite.as_ref().is_some_and(|suite| *suite != gist.about) {
                set_aside.push((manifest, format!("of the suite {}", gist.about)));
                continue;
            }
            if self.environment.is_some() && gist.environment != self.environment {
                let about = gist.environment.map_or("no environment".to_owned(), |name| name.to_string());
                set_aside.push((manifest, format!("about {about}")));
                continue;
            }
            candidates.push(Candidate { manifest, verified, gist });
        }
        candidates
    }

    fn staleness(&self, gist: &Gist, now: Timestamp) -> Option<String> {
        if gist.expires_on.is_some_and(|end| end <= now) {
            return Some("expired".to_owned());
        }
        let age = |stated: Timestamp| now.duration_since(stated);
        let skew = SignedDuration::try_from(CLOCK_SKEW_MAX).unwrap_or_default();
        match (gist.stated_on, self.max_age) {
            (Some(stated), _) if age(stated) < -skew => Some("dated in the future".to_owned()),
            (Some(stated), Some(most)) => {
                let old = age(stated).unsigned_abs() > most.duration() && age(stated) > SignedDuration::ZERO;
                old.then(|| format!("made {stated}, more than {most} ago"))
            }
            (None, Some(_)) => Some("does not say when it was made".to_owned()),
            (_, None) => None,
        }
    }
}

/// Of several statements about the same the latest counts; of two at the same time the one that objects.
fn latest<'e>(candidates: Vec<Candidate<'e>>, set_aside: &mut Vec<(Digest, String)>) -> Vec<Candidate<'e>> {
    let mut latest: BTreeMap<(Option<EnvironmentName>, String), Candidate<'e>> = BTreeMap::new();
    let mut undated = Vec::new();
    for candidate in candidates {
        if candidate.gist.stated_on.is_none() {
            undated.push(candidate);
            continue;
        }
        let rank = |one: &Candidate<'_>| (one.gist.stated_on, one.gist.objection.is_some());
        let about = (candidate.gist.environment.clone(), candidate.gist.about.clone());
        let earlier = match latest.remove(&about) {
            Some(known) if rank(&known) >= rank(&candidate) => {
                latest.insert(about, known);
                Some(candidate)
            }
            known => {
                latest.insert(about, candidate);
                known
            }
        };
        set_aside.extend(earlier.map(|one| (one.manifest, "a later one of the same counts".to_owned())));
    }
    latest.into_values().chain(undated).collect()
}

#[cfg(test)]
mod tests;
