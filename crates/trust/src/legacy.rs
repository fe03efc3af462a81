//! Signatures as cosign before version 3 stored them: the layers of the image under the tag `sha256-<hex>.sig` (cosign,
//! specs/SIGNATURE_SPEC.md); read and never written.
//!
//! A layer is a payload of the simple signing format (containers/image, docs/containers-signature.5.md), its signature an annotation. Nothing
//! in it names the key, so every key is tried.

mod noted;

use base64::{Engine, prelude::BASE64_STANDARD};
use contract::{Digest, Selector};
use oci::{Descriptor, Repository, legacy_tag};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    Foreign, Invalid, Signer, Statement, TrustError, Verdict, Verified, Verifier,
    evidence::{Item, Origin, held},
};

/// The media type of a payload.
const PAYLOAD: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// The signature of a payload, in base64.
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
/// The certificate of whoever signed without a key.
const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
/// What a payload says it is.
const TYPE: &str = "cosign container image signature";
/// The largest payload, in bytes: cosign's own have three hundred and some annotations.
const PAYLOAD_BYTES_MAX: u64 = 1 << 20;
/// How many signatures one image may have there.
const SIGNATURES_MAX: usize = 1000;

#[derive(Deserialize)]
struct Payload {
    critical: Critical,
    #[serde(default, rename = "optional")]
    _optional: Option<Value>,
}

/// What must be understood; a member that is not known could change what the rest means (the format, "critical").
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Critical {
    #[serde(rename = "identity")]
    _identity: Identity,
    image: Image,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    #[serde(rename = "docker-reference")]
    _reference: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Image {
    #[serde(rename = "docker-manifest-digest")]
    digest: Digest,
}

impl Verifier {
    /// Looks at every signature under the tag; an image without the tag has none.
    pub(crate) fn legacy(
        &self,
        repository: &dyn Repository,
        subject: Digest,
    ) -> Result<Vec<Item>, TrustError> {
        let Some(tag) = legacy_tag(subject, "sig") else { return Ok(Vec::new()) };
        let Some(found) = repository.resolve(&Selector::Tag(tag))? else { return Ok(Vec::new()) };
        let item = |verdict| Item { manifest: found.digest, verdict, origin: Origin::LegacyTag };
        let manifest = match held(repository.described(&found))? {
            Ok(manifest) => manifest,
            Err(why) => return Ok(vec![item(Verdict::Invalid(why))]),
        };
        let Some(image) = manifest.image() else {
            let kind = manifest.descriptor().media_type.clone();
            return Ok(vec![item(Verdict::Foreign(Foreign::AnotherKind(kind)))]);
        };
        if image.layers.len() > SIGNATURES_MAX {
            let what = format!(
                "{} signatures under one tag, and at most {SIGNATURES_MAX} are read",
                image.layers.len()
            );
            return Err(TrustError::TooMuch { subject, what });
        }
        image.layers.iter().map(|layer| Ok(item(self.signature_in(repository, layer, subject)?))).collect()
    }

    fn signature_in(
        &self,
        repository: &dyn Repository,
        layer: &Descriptor,
        subject: Digest,
    ) -> Result<Verdict, TrustError> {
        if layer.media_type != PAYLOAD {
            return Ok(Verdict::Foreign(Foreign::AnotherKind(layer.media_type.clone())));
        }
        let malformed = |why: &str| Ok(Verdict::Invalid(Invalid::Malformed(why.to_owned())));
        if layer.size > PAYLOAD_BYTES_MAX {
            return malformed("its payload is larger than any that is read");
        }
        let Some(signature) = layer.annotations.get(SIGNATURE) else {
            return malformed("it has no signature");
        };
        let Ok(signature) = BASE64_STANDARD.decode(signature) else {
            return malformed("its signature is not base64");
        };
        let payload = match held(repository.blob_bytes(layer, PAYLOAD_BYTES_MAX))? {
            Ok(payload) => payload,
            Err(why) => return Ok(Verdict::Invalid(why)),
        };
        let Some(key) = self.key_of(&payload, &signature) else {
            let certified = layer.annotations.contains_key(CERTIFICATE);
            return Ok(Verdict::Foreign(if certified {
                Foreign::LegacyCertificate
            } else {
                Foreign::Legacy
            }));
        };
        let noted = match self.witnesses() {
            Some(authorities) => noted::holds(authorities, layer, &payload, &signature, key),
            None => Ok(()),
        };
        Ok(match about(&payload, subject).and_then(|()| noted.map_err(Invalid::Signature)) {
            Ok(()) => {
                let statement = Statement::signature(subject);
                let signer = Signer::Key(key.hint().to_owned());
                Verdict::Verified(Verified { statement, signer, bundle: layer.digest })
            }
            Err(why) => Verdict::Invalid(why),
        })
    }
}

/// What a payload says, which must be exactly that this image is signed.
fn about(payload: &[u8], subject: Digest) -> Result<(), Invalid> {
    let payload: Payload =
        serde_json::from_slice(payload).map_err(|error| Invalid::Malformed(error.to_string()))?;
    if payload.critical.kind != TYPE {
        return Err(Invalid::Malformed(format!("its type is `{}`", payload.critical.kind)));
    }
    if payload.critical.image.digest != subject {
        return Err(Invalid::Subject(subject));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
