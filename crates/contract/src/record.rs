//! What each binary adds to `release.json` for one environment; facts for the next step's convenience, never evidence.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Digest;

/// All parts of one environment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentRecord {
    /// From validate-env.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<Configuration>,
    /// From migrate-db.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<Database>,
    /// From smoke-test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smoke_test: Option<SmokeTest>,
    /// From promote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promotion: Option<Promotion>,
    /// From rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_back: Option<RolledBack>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

/// The environment's variables were checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Configuration {
    /// The schema they were checked against.
    pub schema: Digest,
    /// How many the schema names.
    pub variables: usize,
    /// When.
    pub checked_on: Timestamp,
}

/// The schema was moved, or found where it should be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Database {
    /// The version before, absent on an empty database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The version after.
    pub after: String,
    /// The versions applied by this run, in order.
    #[serde(default)]
    pub applied: Vec<String>,
    /// Where the backup lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<String>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

/// The result of a test, spelled as in-toto's test-result predicate v0.1 spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TestResult {
    /// All held.
    Passed,
    /// All that decides held.
    Warned,
    /// Something did not hold, or nothing was looked at.
    Failed,
}

/// The deployment was tested from outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SmokeTest {
    /// What came out.
    pub result: TestResult,
    /// The name of the suite.
    pub suite: String,
    /// How many steps held.
    pub passed: usize,
    /// How many did not.
    pub failed: usize,
    /// When it ended.
    pub finished_on: Timestamp,
}

/// The release was let in and switched to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Promotion {
    /// The ledger's entry that says so.
    pub sequence: u64,
    /// When.
    pub finished_on: Timestamp,
}

/// The environment went back to an earlier release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RolledBack {
    /// The ledger's entry that says so.
    pub sequence: u64,
    /// The entry whose release runs again.
    pub to_sequence: u64,
    /// The incident file.
    pub incident: String,
    /// When.
    pub finished_on: Timestamp,
}

impl Database {
    /// What migrate-db knows after a run.
    pub fn new(before: Option<String>, after: String, applied: Vec<String>, backup: Option<String>) -> Self {
        Self { before, after, applied, backup, unknown: Map::new() }
    }
}
