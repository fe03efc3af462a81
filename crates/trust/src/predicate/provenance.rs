//! How it was built: SLSA provenance v1 (slsa.dev/spec, provenance), as far as every provenance must have it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Predicate, PredicateType};

/// A build.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    build_definition: BuildDefinition,
    run_details: RunDetails,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BuildDefinition {
    build_type: String,
    external_parameters: Map<String, Value>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct RunDetails {
    builder: Builder,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Builder {
    id: String,
}

impl Provenance {
    /// Who built it: a URI.
    pub fn builder(&self) -> &str {
        &self.run_details.builder.id
    }
}

impl Predicate for Provenance {
    const TYPE: PredicateType = PredicateType::PROVENANCE;
}
