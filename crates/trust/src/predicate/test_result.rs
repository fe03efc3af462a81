//! How it was tested: in-toto test-result v0.1 (in-toto/attestation, spec/predicates/test-result.md), with the suite and the environment
//! in the two places of `configuration` that the specification leaves open.

use contract::{Digest, EnvironmentName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Contradiction, Predicate, PredicateType, Resource};
use crate::Gist;

/// The result of one suite in one environment.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestResult {
    /// What came out.
    pub result: contract::TestResult,
    /// First the suite with its digest, then the environment with its times.
    pub configuration: Vec<Resource>,
    /// Where the details are published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The names of the tests that held.
    #[serde(default)]
    pub passed_tests: Vec<String>,
    /// The names of the tests that did not decide: skipped, or only warned about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warned_tests: Vec<String>,
    /// The names of the tests that did not hold.
    #[serde(default)]
    pub failed_tests: Vec<String>,
}

/// Where and when a suite ran; `configuration[1]`.
#[derive(Clone, PartialEq, Debug)]
pub struct TestEnvironment {
    /// Which environment.
    pub name: EnvironmentName,
    /// Where its first request went.
    pub base_url: Option<String>,
    /// When it began.
    pub started_on: Timestamp,
    /// When it ended.
    pub finished_on: Timestamp,
    /// The workflow run.
    pub run_url: Option<String>,
}

impl TestResult {
    /// A result without any test in it yet.
    pub fn new(result: contract::TestResult, suite: &str, digest: Digest, ran: &TestEnvironment) -> Self {
        let annotations = [
            ("startedOn", Some(ran.started_on.to_string())),
            ("finishedOn", Some(ran.finished_on.to_string())),
            ("runUrl", ran.run_url.clone()),
        ];
        let annotations: Map<String, Value> = annotations
            .into_iter()
            .filter_map(|(name, text)| Some((name.to_owned(), text?.into())))
            .collect();
        let environment = Resource {
            name: Some(ran.name.to_string()),
            uri: ran.base_url.clone(),
            annotations,
            ..Resource::default()
        };
        Self {
            result,
            configuration: vec![Resource::file(suite, digest), environment],
            url: ran.run_url.clone(),
            passed_tests: Vec::new(),
            warned_tests: Vec::new(),
            failed_tests: Vec::new(),
        }
    }

    /// The name and the digest of the suite.
    pub fn suite(&self) -> Option<(&str, Digest)> {
        let suite = self.configuration.first()?;
        Some((suite.name.as_deref()?, suite.sha256()?))
    }

    /// Where and when it ran, if that is stated.
    pub fn environment(&self) -> Option<TestEnvironment> {
        let ran = self.configuration.get(1)?;
        let time = |name| ran.annotation(name).and_then(|text| text.parse().ok());
        Some(TestEnvironment {
            name: ran.name.as_deref()?.parse().ok()?,
            base_url: ran.uri.clone(),
            started_on: time("startedOn")?,
            finished_on: time("finishedOn")?,
            run_url: ran.annotation("runUrl").map(str::to_owned),
        })
    }

    /// Whether the release may go on.
    pub fn is_good(&self) -> bool {
        self.result != contract::TestResult::Failed && self.check().is_ok()
    }
}

impl Predicate for TestResult {
    const TYPE: PredicateType = PredicateType::TEST_RESULT;

    fn check(&self) -> Result<(), Contradiction> {
        let failed = self.result == contract::TestResult::Failed;
        let (Some(_), Some(ran)) = (self.suite(), self.environment()) else {
            return Err(Contradiction(
                "configuration[0] must name the suite with its sha256, and configuration[1] the environment with startedOn and finishedOn",
            ));
        };
        if ran.finished_on < ran.started_on {
            return Err(Contradiction("it ended before it began"));
        }
        if !failed && self.passed_tests.is_empty() {
            return Err(Contradiction("it does not say FAILED, and names no test that passed"));
        }
        if !failed && !self.failed_tests.is_empty() {
            return Err(Contradiction("it does not say FAILED, and names tests that failed"));
        }
        Ok(())
    }

    fn gist(&self) -> Gist {
        let ran = self.environment();
        Gist {
            environment: ran.as_ref().map(|ran| ran.name.clone()),
            stated_on: ran.map(|ran| ran.finished_on),
            about: self.suite().map_or_else(String::new, |(suite, _)| suite.to_owned()),
            objection: (self.result == contract::TestResult::Failed).then_some("says FAILED"),
            ..Gist::default()
        }
    }
}
