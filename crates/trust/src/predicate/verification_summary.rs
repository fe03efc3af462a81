//! What a gate decided and on which evidence: SLSA verification summary v1 (slsa.dev/spec, verification_summary).

use contract::Digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Predicate, PredicateType};
use crate::Gist;

/// A verdict, passed or failed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationSummary {
    /// Who decided.
    pub verifier: Verifier,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_verified: Option<Timestamp>,
    /// What was asked for: the image in its environment.
    pub resource_uri: String,
    /// By which rules.
    pub policy: Policy,
    /// All evidence that was used, if any is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub input_attestations: Vec<Input>,
    /// The verdict.
    pub verification_result: VerificationResult,
    /// What holds, `SEAWORTHY_STAGING_TESTS_PASSED` for example; own levels must not begin with `SLSA_`.
    pub verified_levels: Vec<String>,
}

/// Who decided.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Verifier {
    /// A URI.
    pub id: String,
}

/// The rules that were applied.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Policy {
    /// Where they are.
    pub uri: String,
    /// What they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Sha256>,
}

/// Evidence that was used.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Input {
    /// Where it is.
    pub uri: String,
    /// What it is: the bundle.
    pub digest: Sha256,
}

/// A set of digests with one in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sha256 {
    #[serde(with = "crate::hex")]
    sha256: Digest,
}

impl From<Digest> for Sha256 {
    fn from(sha256: Digest) -> Self {
        Self { sha256 }
    }
}

/// A verdict.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum VerificationResult {
    /// It may go on.
    Passed,
    /// It may not.
    Failed,
}

impl Predicate for VerificationSummary {
    const TYPE: PredicateType = PredicateType::VERIFICATION_SUMMARY;

    fn gist(&self) -> Gist {
        Gist {
            stated_on: self.time_verified,
            about: format!("{} {}", self.verifier.id, self.resource_uri),
            objection: (self.verification_result == VerificationResult::Failed).then_some("says FAILED"),
            ..Gist::default()
        }
    }
}
