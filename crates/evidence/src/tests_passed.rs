//! The rule by which a release counts as tested in an environment; pure.

use contract::{Digest, EnvironmentName, TestResult};
use jiff::Timestamp;

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

/// The newest test of an image in an environment, of one suite where one is named: a later failure takes back an earlier success.
pub fn newest_test<'a>(
    image: &'a Image,
    signer: &'a str,
    environment: &EnvironmentName,
    suite: Option<&str>,
) -> Option<(&'a Claim, &'a Test)> {
    let tests = image.signed_by(signer).filter_map(|claim| match &claim.says {
        Says::Test(test) => Some((claim, test)),
        _ => None,
    });
    tests
        .filter(|(_, test)| test.environment == *environment && suite.is_none_or(|suite| suite == test.suite))
        .max_by_key(|(_, test)| test.finished_on)
}

/// Whether an image was tested in an environment after it was deployed there, and passed; the bundle that says so, or why not.
///
/// # Errors
/// Why it does not count as verified, in words.
pub fn verified(
    image: &Image,
    signer: &str,
    environment: &EnvironmentName,
    since: Timestamp,
    bar: Bar,
) -> Result<Digest, String> {
    match newest_test(image, signer, environment, None) {
        None => Err(format!("no signed test result of {environment}")),
        Some((_, test)) if test.finished_on < since => Err(format!(
            "its newest test in {environment} ended {}, before it was deployed",
            test.finished_on
        )),
        Some((claim, test)) if bar.lets(test.result) => Ok(claim.bundle),
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

    fn staging() -> EnvironmentName {
        "staging".parse().unwrap()
    }

    fn image(tests: &[(&str, &str, TestResult, i64)]) -> Image {
        let claim = |(signer, environment, result, second): &(&str, &str, TestResult, i64)| Claim {
            signer: (*signer).to_owned(),
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
        ] {
            let said = verified(&image(tests), "k", &staging(), at(100), Bar::Passed);
            assert_eq!(said.is_ok(), good, "{tests:?}: {said:?}");
        }
    }

    #[test]
    fn warned_passes_only_where_it_is_accepted() {
        let image = image(&[("k", "staging", TestResult::Warned, 100)]);
        assert!(verified(&image, "k", &staging(), at(0), Bar::PassedOrWarned).is_ok());
        assert_eq!(
            verified(&image, "k", &staging(), at(0), Bar::Passed),
            Err("its newest test in staging, of notes, says WARNED".into())
        );
    }
}
