//! What can be claimed: the types by name and by URI, and their forms; never what a gate makes of a claim.
//!
//! docs/evidence.md shows an example of each. A predicate of a type named here is signed only if it has the type's form; other types
//! are signed as they are.

mod approval;
mod deployment;
mod migration;
mod provenance;
mod resource;
mod sbom;
mod test_result;
mod verification_summary;
mod vulnerabilities;

use std::{borrow::Cow, fmt, str::FromStr};

use contract::Digest;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Gist, TrustError};

pub use approval::{Approval, Approver, Decision};
pub use deployment::{Deployment, DeploymentStatus, LedgerEntry, Schema};
pub use migration::{AppliedMigration, Backup, Migration, Phase, Step};
pub use provenance::Provenance;
pub use resource::Resource;
pub use sbom::Sbom;
pub use test_result::{TestEnvironment, TestResult};
pub use verification_summary::{Input, Policy, VerificationResult, VerificationSummary, Verifier};
pub use vulnerabilities::{ScanResult, ScannedSeverity, Scanner, SeverityRating, Vulnerabilities};

/// A claim with a form.
pub trait Predicate: Serialize + DeserializeOwned {
    /// Its type.
    const TYPE: PredicateType;

    /// What no type can rule out: a test that passed without having tested anything.
    fn check(&self) -> Result<(), Contradiction> {
        Ok(())
    }

    /// What a gate reads of it.
    fn gist(&self) -> Gist {
        Gist::default()
    }
}

/// A predicate that has the form of its type and contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Contradiction(pub(crate) &'static str);

/// The type of a predicate: a URI (in-toto Statement v1, `predicateType`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PredicateType(Cow<'static, str>);

/// The text is neither the name of a type nor a URI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no type of evidence: expected a URI or one of {names}", names = names())]
pub struct InvalidPredicateType(String);

/// The names people type, the shorter ones as cosign has them.
const NAMES: [(&str, PredicateType); 9] = [
    ("signature", PredicateType::SIGNATURE),
    ("cyclonedx", PredicateType::CYCLONEDX),
    ("slsaprovenance1", PredicateType::PROVENANCE),
    ("test-result", PredicateType::TEST_RESULT),
    ("vsa", PredicateType::VERIFICATION_SUMMARY),
    ("vulns", PredicateType::VULNERABILITIES),
    ("migration", PredicateType::MIGRATION),
    ("approval", PredicateType::APPROVAL),
    ("deployment", PredicateType::DEPLOYMENT),
];

fn names() -> String {
    NAMES.map(|(name, _)| name).join(", ")
}

impl PredicateType {
    /// `cosign sign` v3: the content is signed, and nothing more is said about it.
    pub const SIGNATURE: Self = Self::known("https://sigstore.dev/cosign/sign/v1");
    /// An SBOM in CycloneDX.
    pub const CYCLONEDX: Self = Self::known("https://cyclonedx.org/bom");
    /// How it was built: SLSA provenance v1.
    pub const PROVENANCE: Self = Self::known("https://slsa.dev/provenance/v1");
    /// How it was tested.
    pub const TEST_RESULT: Self = Self::known("https://in-toto.io/attestation/test-result/v0.1");
    /// What a gate decided: SLSA verification summary v1.
    pub const VERIFICATION_SUMMARY: Self = Self::known("https://slsa.dev/verification_summary/v1");
    /// Which known vulnerabilities are in it.
    pub const VULNERABILITIES: Self = Self::known("https://in-toto.io/attestation/vulns/v0.2");
    /// How the database schema was moved for it.
    pub const MIGRATION: Self = Self::known("https://seaworthy.dev/migration/v0.1");
    /// Who let it into an environment.
    pub const APPROVAL: Self = Self::known("https://seaworthy.dev/approval/v0.1");
    /// Where it runs.
    pub const DEPLOYMENT: Self = Self::known("https://seaworthy.dev/deployment/v0.1");

    const fn known(uri: &'static str) -> Self {
        Self(Cow::Borrowed(uri))
    }

    /// The URI.
    pub fn uri(&self) -> &str {
        &self.0
    }

    /// Whether this predicate has the form of the type; any object does for a type that is not known here. The answer is the content that
    /// it names as what it is about, if it names one.
    pub fn check(&self, predicate: &Value) -> Result<Option<Digest>, TrustError> {
        self.gist(predicate)
            .map(|gist| gist.content)
            .map_err(|source| TrustError::Predicate { kind: self.clone(), source })
    }

    /// What a gate reads of a predicate of this type, if it has the form.
    pub(crate) fn gist(&self, predicate: &Value) -> Result<Gist, BoxedError> {
        match self {
            kind if *kind == Self::SIGNATURE => gist_of::<Signature>(predicate),
            kind if *kind == Self::CYCLONEDX => gist_of::<Sbom>(predicate),
            kind if *kind == Self::PROVENANCE => gist_of::<Provenance>(predicate),
            kind if *kind == Self::TEST_RESULT => gist_of::<TestResult>(predicate),
            kind if *kind == Self::VERIFICATION_SUMMARY => gist_of::<VerificationSummary>(predicate),
            kind if *kind == Self::VULNERABILITIES => gist_of::<Vulnerabilities>(predicate),
            kind if *kind == Self::MIGRATION => gist_of::<Migration>(predicate),
            kind if *kind == Self::APPROVAL => gist_of::<Approval>(predicate),
            kind if *kind == Self::DEPLOYMENT => gist_of::<Deployment>(predicate),
            _ => is_object(predicate).map(|()| Gist::default()),
        }
    }
}

/// in-toto Statement v1, `predicate`. Read as a type, an array would do as well: its members by their order.
fn is_object(predicate: &Value) -> Result<(), BoxedError> {
    if predicate.is_object() { Ok(()) } else { Err(Contradiction("a predicate is a JSON object").into()) }
}

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

/// `{}`: that the content is signed says all.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature {}

impl Predicate for Signature {
    const TYPE: PredicateType = PredicateType::SIGNATURE;
}

fn gist_of<P: Predicate>(predicate: &Value) -> Result<Gist, BoxedError> {
    read::<P>(predicate).map(|predicate| predicate.gist())
}

/// Reads a predicate of this type, which must not contradict itself.
pub(crate) fn read<P: Predicate>(predicate: &Value) -> Result<P, BoxedError> {
    is_object(predicate)?;
    let predicate = P::deserialize(predicate)?;
    predicate.check()?;
    Ok(predicate)
}

impl FromStr for PredicateType {
    type Err = InvalidPredicateType;

    fn from_str(text: &str) -> Result<Self, InvalidPredicateType> {
        let known = NAMES.into_iter().find(|(name, kind)| *name == text || kind.uri() == text);
        let uri = || {
            let (scheme, rest) = text.split_once("://")?;
            let good = |one: char| !one.is_whitespace() && !one.is_control();
            let scheme = !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
            (scheme && !rest.is_empty() && rest.chars().all(good)).then(|| Self(text.to_owned().into()))
        };
        known.map(|(_, kind)| kind).or_else(uri).ok_or_else(|| InvalidPredicateType(text.to_owned()))
    }
}

/// The name people type, or the URI where there is none.
impl fmt::Display for PredicateType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(_, kind)| kind == self).map(|(name, _)| *name);
        out.pad(name.unwrap_or(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_known_by_its_name_and_by_its_uri() {
        for (name, kind) in NAMES {
            assert_eq!(name.parse(), Ok(kind.clone()));
            assert_eq!(kind.uri().parse(), Ok(kind.clone()));
            assert_eq!(kind.to_string(), name);
        }
        let other = "https://example.com/review/v1".parse::<PredicateType>().unwrap();
        assert_eq!(other.to_string(), "https://example.com/review/v1");
        for text in ["", "sbom", "://x", "https://", "https://a b", "CycloneDX"] {
            assert!(text.parse::<PredicateType>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_unknown_type_may_hold_any_object_and_a_known_one_may_not() {
        let other: PredicateType = "https://example.com/review/v1".parse().unwrap();
        assert!(other.check(&serde_json::json!({"x": [1]})).is_ok());
        for predicate in [Value::Null, serde_json::json!([]), serde_json::json!(1), serde_json::json!("x")] {
            assert!(other.check(&predicate).is_err(), "cosign can't read {predicate}");
        }
        for (name, kind) in NAMES {
            for predicate in [Value::Null, serde_json::json!([]), serde_json::json!({"x": 1})] {
                assert!(kind.check(&predicate).is_err(), "{name} {predicate}");
            }
        }
    }
}
