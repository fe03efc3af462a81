//! A thing that a predicate names: in-toto's `ResourceDescriptor` v1, as far as our predicates use it.

use std::collections::BTreeMap;

use contract::Digest;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::hex;

/// A file, an image, an environment.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Resource {
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// What it is: digests by algorithm, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digest: BTreeMap<String, String>,
    /// More about it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub annotations: Map<String, Value>,
}

impl Resource {
    /// A thing known by its name and content.
    pub fn file(name: impl Into<String>, digest: Digest) -> Self {
        let digest = BTreeMap::from([("sha256".to_owned(), digest.hex())]);
        Self { name: Some(name.into()), digest, ..Self::default() }
    }

    /// Its SHA-256, if it has a well-formed one.
    pub fn sha256(&self) -> Option<Digest> {
        self.digest.get("sha256").and_then(|digits| hex::parse(digits))
    }

    /// The text of an annotation.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations.get(name).and_then(Value::as_str)
    }
}
