//! An entry in a transparency log: Rekor's interfaces, version 1 (sigstore/rekor, openapi.yaml) and version 2 (sigstore/rekor-tiles,
//! rekor_service.proto); never whether the entry proves anything.

use std::collections::BTreeMap;

use serde_json::Value;
use sigstore_rekor::{DsseEntry, HashedRekord, HashedRekordV2, LogEntry, RekorV2KeyDetails};
use sigstore_types::{
    DerCertificate, Sha256Hash, SignatureBytes, SignatureContent, TransparencyLogEntry, bundle::KindVersion,
};

use super::{
    KeylessError,
    services::{Log, Version},
    wire,
};

const SERVICE: &str = "Rekor";

/// Enters a signature.
pub(super) fn enter(
    client: &http::Client,
    log: &Log,
    content: &SignatureContent,
    certificate: &DerCertificate,
) -> Result<TransparencyLogEntry, KeylessError> {
    match log.version {
        Version::V1 => first(client, log, content, certificate),
        Version::V2 => second(client, log, content, certificate),
    }
}

/// A statement is sent whole: the log checks its signature and keeps its digest.
fn first(
    client: &http::Client,
    log: &Log,
    content: &SignatureContent,
    certificate: &DerCertificate,
) -> Result<TransparencyLogEntry, KeylessError> {
    let odd = |why: String| KeylessError::Answer { service: SERVICE, why };
    let (kind, entry) = if let SignatureContent::DsseEnvelope(envelope) = content {
        let entry = DsseEntry::new(envelope, certificate).map_err(|error| odd(error.to_string()))?;
        (KindVersion::DsseV001, serde_json::to_value(entry))
    } else {
        let (digest, signature) = signed(content)?;
        let entry = HashedRekord::new(&digest, &signature, certificate);
        (KindVersion::HashedRekordV001, serde_json::to_value(entry))
    };
    let entry = entry.map_err(|error| odd(error.to_string()))?;
    let url = wire::address(&log.url, "/api/v1/log/entries");
    let answer: BTreeMap<String, LogEntry> = wire::post(SERVICE, client, url, &entry)?;
    let mut entries = answer.into_values();
    match (entries.next(), entries.next()) {
        (Some(entry), None) => entry.to_bundle_entry(kind).map_err(|error| odd(error.to_string())),
        _ => Err(odd("it holds not exactly one entry".to_owned())),
    }
}

/// Only the digest is sent, of a statement that of what is signed: the log takes an entry for both alike.
fn second(
    client: &http::Client,
    log: &Log,
    content: &SignatureContent,
    certificate: &DerCertificate,
) -> Result<TransparencyLogEntry, KeylessError> {
    let (digest, signature) = signed(content)?;
    let key = RekorV2KeyDetails::PkixEcdsaP256Sha256;
    let entry = HashedRekordV2::new_with_certificate(&digest, &signature, certificate, key);
    let url = wire::address(&log.url, "/api/v2/log/entries");
    let answer: Value = wire::post(SERVICE, client, url, &entry)?;
    serde_json::from_value(answer)
        .map_err(|error| KeylessError::Answer { service: SERVICE, why: error.to_string() })
}

/// The digest that was signed, and its signature.
fn signed(content: &SignatureContent) -> Result<(Sha256Hash, SignatureBytes), KeylessError> {
    match content {
        SignatureContent::DsseEnvelope(envelope) => {
            Ok((sigstore_crypto::sha256(&envelope.pae()), envelope.signature.sig.clone()))
        }
        SignatureContent::MessageSignature(signature) => {
            let digest = signature.message_digest.as_ref().map(|digest| digest.digest.as_bytes());
            let digest = digest.and_then(|digest| <[u8; 32]>::try_from(digest).ok());
            let digest = digest.ok_or(KeylessError::Token("there is no digest to enter"))?;
            Ok((Sha256Hash::new(digest), signature.signature.clone()))
        }
        _ => Err(KeylessError::Token("there is nothing to enter")),
    }
}
