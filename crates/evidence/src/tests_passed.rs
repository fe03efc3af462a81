//! The rule by which a release counts as tested in an environment; pure.

use std::collections::BTreeMap;

use contract::{Digest, EnvironmentName, TestResult};
use jiff::{SignedDuration, Timestamp};
use trust::SignerPolicy;

use crate::claim::{Claim, Image, Says, Test};

/// Which results pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bar {
    /// Only PASSED.
    Passed,
    /// WARNED too.
    PassedOrWarned,
}

impl Bar {
    /// Whether this result passes.
    pub fn lets(self, result: TestResult) -> bool {
        match result {
            TestResult::Passed => true,
            TestResult::Warned => self == Self::PassedOrWarned,
            TestResult::Failed => false,
        }
    }
}

/// How far ahead of ours a tester's clock may be.
const CLOCK_AHEAD_MAX: SignedDuration = SignedDuration::from_mins(5);

impl Test {
    /// Whether it claims to have ended in the future. It would outlast every failure until then.
    pub fn is_ahead(&self, now: Timestamp) -> bool {
        is_ahead(self.finished_on, now)
    }
}

/// Whether a time is further in the future than clocks differ.
pub(crate) fn is_ahead(time: Timestamp, now: Timestamp) -> bool {
    time.duration_since(now) > CLOCK_AHEAD_MAX
}

/// The test that decides about an image in an environment, of one suite where one is named. Of each suite the newest counts, because a later
/// failure takes back an earlier success; of these the worst, because one suite's success takes back no other's failure.
pub fn deciding_test<'a>(
    image: &'a Image,
    signer: &'a SignerPolicy,
    environment: &EnvironmentName,
    suite: Option<&str>,
) -> Option<(&'a Claim, &'a Test)> {
    let tests = image.signed_by(signer).filter_map(|claim| match &claim.says {
        Says::Test(test) => Some((claim, test)),
        _ => None,
    });
    let asked =
        |test: &Test| test.environment == *environment && suite.is_none_or(|suite| suite == test.suite);
    let mut newest: BTreeMap<&str, (&Claim, &Test)> = BTreeMap::new();
    for (claim, test) in tests.filter(|(_, test)| asked(test)) {
        let known = newest.entry(&test.suite).or_insert((claim, test));
        if (test.finished_on, badness(test.result)) > (known.1.finished_on, badness(known.1.result)) {
            *known = (claim, test);
        }
    }
    newest.into_values().max_by_key(|(_, test)| (badness(test.result), test.finished_on))
}

const fn badness(result: TestResult) -> u8 {
    match result {
        TestResult::Passed => 0,
        TestResult::Warned => 1,
        TestResult::Failed => 2,
    }
}

/// Since when, until when and with which results a test counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// When the image was deployed.
    pub since: Timestamp,
    /// The clock.
    pub now: Timestamp,
    /// Which results pass.
    pub bar: Bar,
}

/// Whether an image was tested in an environment after it was deployed there, and passed; the bundle that says so, or why not.
///
/// # Errors
/// Why it does not count as verified, in words.
pub fn verified(
    image: &Image,
    signer: &SignerPolicy,
    environment: &EnvironmentName,
    terms: Terms,
) -> Result<Digest, String> {
    match deciding_test(image, signer, environment, None) {
        None => Err(format!("no signed test result of {environment}")),
        Some((_, test)) if test.finished_on < terms.since => Err(format!(
            "its newest test in {environment} ended {}, before it was deployed",
            test.finished_on
        )),
        Some((_, test)) if test.is_ahead(terms.now) => Err(format!(
            "its newest test in {environment} says it ended {}, which is in the future",
            test.finished_on
        )),
        Some((claim, test)) if terms.bar.lets(test.result) => Ok(claim.bundle),
        Some((_, test)) => {
            Err(format!("its newest test in {environment}, of {}, says {}", test.suite, word(test.result)))
        }
    }
}

/// The result as the predicate spells it.
pub(crate) const fn word(result: TestResult) -> &'static str {
    match result {
        TestResult::Passed => "PASSED",
        TestResult::Warned => "WARNED",
        TestResult::Failed => "FAILED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::Condition;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn k() -> SignerPolicy {
        SignerPolicy::Key("k".to_owned())
    }

    fn staging() -> EnvironmentName {
        "staging".parse().unwrap()
    }

    fn terms(second: i64, bar: Bar) -> Terms {
        Terms { since: at(second), now: at(1000), bar }
    }

    fn image(tests: &[(&str, &str, TestResult, i64)]) -> Image {
        let claim = |(signer, environment, result, second): &(&str, &str, TestResult, i64)| Claim {
            signer: trust::Signer::Key((*signer).to_owned()),
            bundle: Digest::of(second.to_string().as_bytes()),
            says: Says::Test(Test {
                environment: environment.parse().unwrap(),
                suite: "notes".into(),
                result: *result,
                finished_on: at(*second),
            }),
        };
        Image { condition: Condition::Whole, claims: tests.iter().map(claim).collect(), doubts: Vec::new() }
    }

    #[test]
    fn the_newest_test_of_the_right_key_and_environment_decides() {
        use TestResult::{Failed, Passed, Warned};
        for (tests, good) in [
            (&[][..], false),
            (&[("k", "staging", Passed, 100)], true),
            (&[("k", "staging", Passed, 99)], false),
            (&[("k", "production", Passed, 100)], false),
            (&[("other", "staging", Passed, 100)], false),
            (&[("k", "staging", Warned, 100)], false),
            (&[("k", "staging", Failed, 100)], false),
            (&[("k", "staging", Passed, 100), ("k", "staging", Failed, 101)], false),
            (&[("k", "staging", Failed, 101), ("k", "staging", Passed, 102)], true),
            (&[("k", "staging", Passed, 100), ("other", "staging", Failed, 101)], true),
            (&[("k", "staging", Failed, 100), ("k", "staging", Passed, 100)], false),
            (&[("k", "staging", Passed, 100), ("k", "staging", Failed, 100)], false),
            (&[("k", "staging", Passed, 1300)], true),
            (&[("k", "staging", Passed, 1301)], false),
        ] {
            let said = verified(&image(tests), &k(), &staging(), terms(100, Bar::Passed));
            assert_eq!(said.is_ok(), good, "{tests:?}: {said:?}");
        }
    }

    #[test]
    fn another_suites_success_once_covered_up_a_failure() {
        let of_suite = |image: &mut Image, at: usize, name: &str| {
            let Says::Test(test) = &mut image.claims[at].says else { unreachable!() };
            test.suite = name.into();
        };
        let mut image =
            image(&[("k", "staging", TestResult::Failed, 100), ("k", "staging", TestResult::Passed, 101)]);
        of_suite(&mut image, 1, "a quick look");
        let said = verified(&image, &k(), &staging(), terms(0, Bar::Passed));
        assert_eq!(said, Err("its newest test in staging, of notes, says FAILED".into()));
        let signer = k();
        let quick = deciding_test(&image, &signer, &staging(), Some("a quick look")).unwrap();
        assert_eq!(quick.1.result, TestResult::Passed);
        assert!(deciding_test(&image, &k(), &staging(), Some("none")).is_none());
    }

    #[test]
    fn warned_passes_only_where_it_is_accepted() {
        let image = image(&[("k", "staging", TestResult::Warned, 100)]);
        assert!(verified(&image, &k(), &staging(), terms(0, Bar::PassedOrWarned)).is_ok());
        assert_eq!(
            verified(&image, &k(), &staging(), terms(0, Bar::Passed)),
            Err("its newest test in staging, of notes, says WARNED".into())
        );
    }
}
