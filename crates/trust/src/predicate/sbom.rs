//! What it contains: an SBOM in CycloneDX JSON, of which only the head is read here.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Contradiction, Predicate, PredicateType};
use crate::Gist;

/// The head of an SBOM (CycloneDX 1.3 and later: `bomFormat` and `specVersion` are required).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sbom {
    bom_format: String,
    /// The version of CycloneDX.
    pub spec_version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Metadata {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timestamp: Option<Timestamp>,
}

impl Predicate for Sbom {
    const TYPE: PredicateType = PredicateType::CYCLONEDX;

    fn check(&self) -> Result<(), Contradiction> {
        let known = self.bom_format == "CycloneDX" && self.spec_version.starts_with("1.");
        known
            .then_some(())
            .ok_or(Contradiction("bomFormat must be `CycloneDX`, and specVersion `1.` and more"))
    }

    fn gist(&self) -> Gist {
        let stated_on = self.metadata.as_ref().and_then(|metadata| metadata.timestamp);
        Gist { stated_on, ..Gist::default() }
    }
}
