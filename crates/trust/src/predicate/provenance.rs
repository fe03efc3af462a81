//! How it was built: SLSA provenance v1 (slsa.dev/spec, provenance), as far as every provenance must have it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Predicate, PredicateType};
use crate::Gist;

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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    finished_on: Option<Timestamp>,
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

    fn gist(&self) -> Gist {
        let stated_on = self.run_details.metadata.as_ref().and_then(|metadata| metadata.finished_on);
        Gist { stated_on, about: self.builder().to_owned(), ..Gist::default() }
    }
}
