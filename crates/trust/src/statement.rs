//! What is claimed about which content: in-toto Statement v1 (in-toto/attestation, spec/v1/statement.md); never who claims it.

use std::collections::BTreeMap;

use contract::Digest;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Predicate, PredicateType, STATEMENT_BYTES_MAX, TrustError, hex, predicate};

const TYPE: &str = "https://in-toto.io/Statement/v1";
/// What `cosign attest` v3 still writes.
const OLD_TYPE: &str = "https://in-toto.io/Statement/v0.1";

/// A claim about some content.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    #[serde(rename = "_type")]
    version: String,
    subject: Vec<Subject>,
    predicate_type: PredicateType,
    #[serde(default)]
    predicate: Value,
    /// As somebody else has written it: what a signature is over.
    #[serde(skip)]
    text: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Subject {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    digest: BTreeMap<String, String>,
}

impl Subject {
    fn sha256(&self) -> Option<Digest> {
        self.digest.get("sha256").and_then(|hex| hex::parse(hex))
    }
}

impl Statement {
    /// A signature of this content and nothing more, as `cosign sign` makes it.
    pub fn signature(subject: Digest) -> Self {
        Self::unchecked(subject, PredicateType::SIGNATURE, Value::Object(Map::new()))
    }

    /// A claim of a type that this crate knows.
    pub fn about<P: Predicate>(subject: Digest, predicate: &P) -> Result<Self, TrustError> {
        let predicate = serde_json::to_value(predicate).map_err(TrustError::signing)?;
        Self::of(subject, P::TYPE, predicate)
    }

    /// A claim of any type. The predicate of a type that this crate knows must have its form, and no claim may be larger than any reader
    /// takes: a service that signs, or a log, is not asked about one in vain.
    pub fn of(subject: Digest, kind: PredicateType, predicate: Value) -> Result<Self, TrustError> {
        let named = kind.check(&predicate)?;
        if let Some(named) = named.filter(|named| *named != subject) {
            return Err(TrustError::OtherContent { kind, named, subject });
        }
        let statement = Self::unchecked(subject, kind, predicate);
        match statement.to_json()?.len() {
            bytes if bytes as u64 > STATEMENT_BYTES_MAX => Err(TrustError::TooLarge { bytes }),
            _ => Ok(statement),
        }
    }

    fn unchecked(subject: Digest, predicate_type: PredicateType, predicate: Value) -> Self {
        let digest = BTreeMap::from([("sha256".to_owned(), subject.hex())]);
        let subject = vec![Subject { name: None, digest }];
        Self { version: TYPE.to_owned(), subject, predicate_type, predicate, text: None }
    }

    /// With a name for its content, which is for people and for readers that want one (sigstore-python); the digest alone says what it is about.
    #[must_use]
    pub fn called(mut self, name: Option<&str>) -> Self {
        for subject in &mut self.subject {
            subject.name = name.map(str::to_owned);
        }
        self
    }

    /// A statement that somebody else has written, to be signed byte for byte as it is, and its first subject with a SHA-256.
    ///
    /// # Errors
    /// Why it is none that anybody would read.
    pub fn written(json: Vec<u8>) -> Result<(Self, Digest), String> {
        if json.len() as u64 > STATEMENT_BYTES_MAX {
            return Err(format!("it has more than {STATEMENT_BYTES_MAX} bytes"));
        }
        let statement = Self::parse(&json)?;
        let subject =
            statement.subject.iter().find_map(Subject::sha256).ok_or("it has no subject with a SHA-256")?;
        Ok((Self { text: Some(json), ..statement }, subject))
    }

    /// Reads a statement of version 1 or 0.1.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, String> {
        let statement: Self = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        match statement.version.as_str() {
            TYPE | OLD_TYPE => Ok(statement),
            other => Err(format!("its _type is `{other}`")),
        }
    }

    pub(crate) fn to_json(&self) -> Result<Vec<u8>, TrustError> {
        match &self.text {
            Some(text) => Ok(text.clone()),
            None => serde_json::to_vec(self).map_err(TrustError::signing),
        }
    }

    /// Whether exactly this content is among the subjects.
    pub fn is_about(&self, content: Digest) -> bool {
        self.subject.iter().any(|subject| subject.sha256() == Some(content))
    }

    /// Whether both claim the same, whatever version they are written in and whatever their subjects are called.
    pub fn claims_as(&self, other: &Self) -> bool {
        self.predicate_type == other.predicate_type && self.predicate == other.predicate
    }

    /// What kind of claim it is.
    pub fn predicate_type(&self) -> &PredicateType {
        &self.predicate_type
    }

    /// The claim.
    pub fn predicate(&self) -> &Value {
        &self.predicate
    }

    /// The claim, as this type. Nothing if it is of another type, does not have the form, or contradicts itself: such a claim counts
    /// for nothing, whoever has signed it.
    pub fn read<P: Predicate>(&self) -> Option<P> {
        if self.predicate_type != P::TYPE {
            return None;
        }
        predicate::read(&self.predicate).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_that_somebody_has_written_is_signed_as_it_stands() {
        let hex = "a".repeat(64);
        let text = format!(
            r#"{{ "predicateType": "https://example.com/p/v1", "_type": "{TYPE}", "more": 1.0,
                 "subject": [{{"digest": {{"sha1": "b"}}}}, {{"uri": "urn:a", "digest": {{"sha256": "{hex}"}}}}] }}"#
        );
        let (statement, subject) = Statement::written(text.clone().into_bytes()).unwrap();
        assert_eq!(statement.to_json().unwrap(), text.into_bytes());
        assert_eq!(subject.hex(), hex);
        assert!(statement.is_about(subject));
        for bad in ["{}", "hello", r#"{"_type":"x","predicateType":"https://example.com/p/v1","subject":[]}"#]
        {
            assert!(Statement::written(bad.as_bytes().to_vec()).is_err(), "{bad}");
        }
        let none = format!(r#"{{"_type":"{TYPE}","predicateType":"https://example.com/p/v1","subject":[]}}"#);
        assert!(Statement::written(none.into_bytes()).unwrap_err().contains("no subject"));
    }
}
