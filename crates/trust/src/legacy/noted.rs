//! What cosign before version 3 noted beside a signature: the entry in a log of version 1 and the timestamp (cosign, specs/SIGNATURE_SPEC.md),
//! judged as those of a bundle are; never the signature alone.

use base64::{Engine, prelude::BASE64_STANDARD};
use oci::Descriptor;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Authorities, Blob, PublicKey, authorities::Content, hex};

/// The entry, as the log has promised it.
const ENTRY: &str = "dev.sigstore.cosign/bundle";
/// The timestamp.
const STAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";
/// The version of bundles in which a promise is enough: there was no proof of inclusion then.
const PROMISED: &str = "application/vnd.dev.sigstore.bundle+json;version=0.1";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Promised {
    signed_entry_timestamp: String,
    payload: Entry,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    body: String,
    integrated_time: u64,
    log_index: u64,
    #[serde(rename = "logID")]
    log: String,
}

#[derive(Deserialize)]
struct Stamped {
    #[serde(rename = "SignedRFC3161Timestamp")]
    stamp: String,
}

/// Of which kind the entry is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    kind: String,
    api_version: String,
}

/// Checks what is noted, if anything is.
pub(super) fn holds(
    authorities: &Authorities,
    layer: &Descriptor,
    payload: &[u8],
    signature: &[u8],
    key: &PublicKey,
) -> Result<(), String> {
    let entry = layer.annotations.get(ENTRY).map(|text| entry(text)).transpose()?;
    let stamp = layer.annotations.get(STAMP).map(|text| stamp(text)).transpose()?;
    if entry.is_none() && stamp.is_none() {
        return Ok(());
    }
    let blob = Blob::held(payload);
    let bundle = json!({
        "mediaType": if entry.is_some() { PROMISED } else { crate::MEDIA_TYPE },
        "verificationMaterial": {
            "publicKey": { "hint": key.hint() },
            "tlogEntries": Vec::from_iter(entry),
            "timestampVerificationData": { "rfc3161Timestamps": Vec::from_iter(stamp) },
        },
        "messageSignature": {
            "messageDigest": { "algorithm": "SHA2_256", "digest": BASE64_STANDARD.encode(blob.sha256_bytes()) },
            "signature": BASE64_STANDARD.encode(signature),
        },
    });
    let bundle = serde_json::from_value(bundle).map_err(|error| error.to_string())?;
    authorities.witness(&bundle, &Content::File(&blob), key)
}

/// An entry as bundles have it.
fn entry(annotation: &str) -> Result<Value, String> {
    let unread = |why: &dyn std::fmt::Display| format!("its log entry can't be read: {why}");
    let promised: Promised = serde_json::from_str(annotation).map_err(|error| unread(&error))?;
    let entry = promised.payload;
    let body = BASE64_STANDARD.decode(&entry.body).map_err(|error| unread(&error))?;
    let body: Body = serde_json::from_slice(&body).map_err(|error| unread(&error))?;
    let log = hex::parse(&entry.log).ok_or_else(|| unread(&"the log's name is no SHA-256"))?;
    Ok(json!({
        "logIndex": entry.log_index.to_string(),
        "logId": { "keyId": BASE64_STANDARD.encode(log.as_bytes()) },
        "kindVersion": { "kind": body.kind, "version": body.api_version },
        "integratedTime": entry.integrated_time.to_string(),
        "inclusionPromise": { "signedEntryTimestamp": promised.signed_entry_timestamp },
        "canonicalizedBody": entry.body,
    }))
}

/// A timestamp as bundles have it.
fn stamp(annotation: &str) -> Result<Value, String> {
    let stamped: Stamped =
        serde_json::from_str(annotation).map_err(|error| format!("its timestamp can't be read: {error}"))?;
    Ok(json!({ "signedTimestamp": stamped.stamp }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNATURE: &str = include_str!("../../testdata/legacy/signature.json");
    const ROOT: &str = include_str!("../../testdata/legacy/trusted-root.json");

    /// What is said of cosign's signature once its notes are changed.
    fn said(change: impl FnOnce(&mut Value)) -> Result<(), String> {
        let mut signature: Value = serde_json::from_str(SIGNATURE).unwrap();
        change(&mut signature["annotations"]);
        let payload = signature["payload"].as_str().unwrap().as_bytes();
        let mut layer = Descriptor::of(super::super::PAYLOAD, payload);
        layer.annotations = serde_json::from_value(signature["annotations"].clone()).unwrap();
        let bytes = BASE64_STANDARD.decode(&layer.annotations[super::super::SIGNATURE]).unwrap();
        let key = PublicKey::from_pem(include_str!("../../testdata/cosign.pub")).unwrap();
        assert!(key.verifies(payload, &bytes));
        holds(&Authorities::parse(ROOT).unwrap(), &layer, payload, &bytes, &key)
    }

    /// Changes the JSON in the text of a note.
    fn within(note: &mut Value, change: impl FnOnce(&mut Value)) {
        let mut inner: Value = serde_json::from_str(note.as_str().unwrap()).unwrap();
        change(&mut inner);
        *note = json!(inner.to_string());
    }

    #[test]
    fn what_cosign_noted_holds_and_nothing_of_it_can_be_changed() {
        assert_eq!(said(|_| ()), Ok(()));
        let promise = |change: fn(&mut Value)| said(|notes| within(&mut notes[ENTRY], change));
        assert!(promise(|entry| entry["Payload"]["integratedTime"] = json!(1_600_000_000)).is_err());
        assert!(promise(|entry| entry["Payload"]["logIndex"] = json!(1)).is_err());
        assert!(promise(|entry| entry["Payload"]["logIndex"] = json!(-1)).is_err());
        assert!(promise(|entry| entry["Payload"]["logID"] = json!("0".repeat(64))).is_err());
        assert!(promise(|entry| entry["Payload"]["logID"] = json!("0")).is_err());
        assert!(promise(|entry| entry["Payload"]["body"] = json!("e30=")).is_err());
        assert!(promise(|entry| entry["SignedEntryTimestamp"] = json!("AAAA")).is_err());
        assert!(promise(|entry| *entry = json!(null)).is_err());
        let stamp = |change: fn(&mut Value)| said(|notes| within(&mut notes[STAMP], change));
        assert!(stamp(|stamp| stamp["SignedRFC3161Timestamp"] = json!("MAA=")).is_err());
        assert!(stamp(|stamp| *stamp = json!([])).is_err());
    }

    #[test]
    fn either_note_may_be_missing_and_then_says_nothing() {
        let without = |names: &[&str]| {
            said(|notes| {
                for name in names {
                    notes.as_object_mut().unwrap().remove(*name).unwrap();
                }
            })
        };
        assert_eq!(without(&[ENTRY]), Ok(()));
        assert_eq!(without(&[STAMP]), Ok(()));
        assert_eq!(without(&[ENTRY, STAMP]), Ok(()));
    }

    proptest::proptest! {
        #[test]
        fn any_note_is_read_or_refused(text in ".*") {
            for name in [ENTRY, STAMP] {
                proptest::prop_assert!(said(|notes| notes[name] = json!(text)).is_err());
            }
        }
    }
}
