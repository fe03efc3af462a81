//! An entry in a transparency log: Rekor's interfaces, version 1 (sigstore/rekor, openapi.yaml) and version 2 (sigstore/rekor-tiles,
//! rekor_service.proto); never whether the entry proves anything.

use std::collections::BTreeMap;

use contract::Digest;
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
            let digest = Digest::of(&envelope.pae());
            Ok((Sha256Hash::new(*digest.as_bytes()), envelope.signature.sig.clone()))
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

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use serde_json::json;
    use testkit::http::{Reply, Server};

    use super::*;

    /// A bundle of the public instance, whose log answers by version 1.
    const PUBLIC: &str = include_str!("../../testdata/keyless/public.json");

    fn hex(base64: &Value) -> String {
        let bytes = BASE64_STANDARD.decode(base64.as_str().unwrap()).unwrap();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn number(text: &Value) -> u64 {
        text.as_str().unwrap().parse().unwrap()
    }

    /// The entry of the bundle, as version 1 answers it.
    fn answer(entry: &Value) -> String {
        let proof = &entry["inclusionProof"];
        let hashes: Vec<String> = proof["hashes"].as_array().unwrap().iter().map(hex).collect();
        json!({"24296fb24b8ad77a": {
            "body": entry["canonicalizedBody"], "integratedTime": number(&entry["integratedTime"]),
            "logID": hex(&entry["logId"]["keyId"]), "logIndex": number(&entry["logIndex"]),
            "verification": {
                "signedEntryTimestamp": entry["inclusionPromise"]["signedEntryTimestamp"],
                "inclusionProof": {
                    "checkpoint": proof["checkpoint"]["envelope"], "hashes": hashes, "logIndex": number(&proof["logIndex"]),
                    "rootHash": hex(&proof["rootHash"]), "treeSize": number(&proof["treeSize"]),
                },
            },
        }})
        .to_string()
    }

    #[test]
    fn version_1_is_sent_the_envelope_and_its_answer_is_the_entry_of_a_bundle() {
        let json: Value = serde_json::from_str(PUBLIC).unwrap();
        let bundle: sigstore_types::Bundle = serde_json::from_str(PUBLIC).unwrap();
        let written = &json["verificationMaterial"]["tlogEntries"][0];
        let server = Server::script([Reply::json(&answer(written))]);
        let log = Log { url: server.url("/log").parse().unwrap(), version: Version::V1 };
        let certificate = bundle.signing_certificate().unwrap();
        let entry = enter(&wire::client().unwrap(), &log, &bundle.content, certificate).unwrap();
        assert_eq!(entry, bundle.verification_material.tlog_entries[0]);

        let asked = &server.requests()[0];
        assert_eq!((asked.method.as_str(), asked.target.as_str()), ("POST", "/log/api/v1/log/entries"));
        let body: Value = serde_json::from_slice(&asked.body).unwrap();
        assert_eq!((&body["kind"], &body["apiVersion"]), (&json!("dsse"), &json!("0.0.1")));
        let proposed = &body["spec"]["proposedContent"];
        let envelope: Value = serde_json::from_str(proposed["envelope"].as_str().unwrap()).unwrap();
        assert_eq!(envelope["payload"], json["dsseEnvelope"]["payload"]);
        let verifier = BASE64_STANDARD.decode(proposed["verifiers"][0].as_str().unwrap()).unwrap();
        assert!(verifier.starts_with(b"-----BEGIN CERTIFICATE-----"));
    }

    #[test]
    fn an_answer_that_is_no_entry_is_told() {
        let bundle: sigstore_types::Bundle = serde_json::from_str(PUBLIC).unwrap();
        for (reply, code) in [
            (Reply::json("{}"), "sigstore-answer"),
            (Reply::json("<html>"), "sigstore-answer"),
            (Reply::status(413).body("too large\u{1b}[31m"), "sigstore-refused"),
        ] {
            for version in [Version::V1, Version::V2] {
                let server = Server::script([reply.clone()]);
                let log = Log { url: server.url("").parse().unwrap(), version };
                let certificate = bundle.signing_certificate().unwrap();
                let refused =
                    enter(&wire::client().unwrap(), &log, &bundle.content, certificate).unwrap_err();
                assert_eq!(ci::Failure::code(&refused).as_str(), code);
                assert!(!refused.to_string().contains('\u{1b}'));
            }
        }
    }
}
