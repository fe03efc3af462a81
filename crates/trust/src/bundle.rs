//! Signatures with what is needed to check them, in one JSON: Sigstore bundle v0.3 (sigstore/protobuf-specs, sigstore_bundle.proto);
//! never where a bundle lies.

use contract::Digest;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;
use sigstore_bundle::{BundleV03, VerificationMaterialV03};
use sigstore_types::{
    DigestBytes, DsseEnvelope, DsseSignature, HashAlgorithm, KeyId, MediaType, PayloadBytes, SignatureBytes,
    bundle::{MessageDigest, MessageSignature, SignatureContent, VerificationMaterialContent},
    pae,
};

use crate::{Blob, PublicKey, SigningKey, Statement, TrustError, Workload, authorities, blob::Reads};

/// The media type of a bundle, as a layer and as an artifact.
pub const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// The largest bundle that is written or read, in bytes: an SBOM of the largest images fits.
pub const BUNDLE_BYTES_MAX: u64 = 32 << 20;
/// The largest statement that is signed, in bytes: base64 makes it a third longer, and signature and certificate need their place.
pub const STATEMENT_BYTES_MAX: u64 = BUNDLE_BYTES_MAX / 4 * 3 - (256 << 10);

const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// A signature and its envelope.
#[derive(Clone, PartialEq, Debug)]
pub struct Bundle {
    bytes: Vec<u8>,
    content: sigstore_types::Bundle,
    digest: MessageHashForm,
}

/// Whether the digest beside the signature of a file, if there is one, says what it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum MessageHashForm {
    Named,
    Bare,
}

/// Who a bundle says has signed it. Not authenticated: it only says which key to try.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Claimed<'b> {
    /// The key with this hint.
    Key(&'b str),
    /// The holder of its certificate.
    Certificate,
}

/// The bundle's version, and its content, of which there must be exactly one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Contents {
    media_type: Option<IgnoredAny>,
    message_signature: Option<Message>,
    dsse_envelope: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    message_digest: Option<MessageHash>,
}

#[derive(Deserialize)]
struct MessageHash {
    algorithm: Option<IgnoredAny>,
}

impl Contents {
    /// cosign names no algorithm beside the digest of a file that Ed25519 has signed whole. Such a digest says nothing, and is left out.
    fn has_bare_digest(&self) -> bool {
        let digest = self.message_signature.as_ref().and_then(|message| message.message_digest.as_ref());
        digest.is_some_and(|digest| digest.algorithm.is_none())
    }
}

impl Bundle {
    /// Signs a statement: a DSSE envelope.
    pub fn of_statement(key: &SigningKey, statement: &Statement) -> Result<Self, TrustError> {
        Self::signed(key, envelope(key, statement)?)
    }

    /// Signs the bytes with this digest: a message signature.
    pub fn of_blob(key: &SigningKey, blob: Digest) -> Result<Self, TrustError> {
        Self::signed(key, message(key, blob)?)
    }

    fn signed(key: &SigningKey, content: SignatureContent) -> Result<Self, TrustError> {
        let hint = key.public().hint().to_owned();
        Self::finished(BundleV03::new(VerificationMaterialV03::PublicKey { hint }, content))
    }

    /// Writes a bundle down.
    pub(crate) fn finished(bundle: BundleV03) -> Result<Self, TrustError> {
        let content = bundle.into_bundle();
        let bytes = content.to_json().map_err(TrustError::signing)?.into_bytes();
        check_size(bytes.len())?;
        Ok(Self { bytes, content, digest: MessageHashForm::Named })
    }

    /// Whom its certificate names; not yet believed.
    pub(crate) fn workload(&self) -> Result<Workload, String> {
        authorities::claimed(&self.content)
    }

    /// Reads a bundle; says why if the bytes are none.
    pub(crate) fn parse(bytes: Vec<u8>) -> Result<Self, String> {
        let contents: Contents = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        // The parser below takes it for the oldest version, of which the least is demanded; other readers refuse it.
        if contents.media_type.is_none() {
            return Err("it does not say of which version it is".to_owned());
        }
        // The parser below takes the first of two; another reader may take the second.
        if contents.message_signature.is_some() && contents.dsse_envelope.is_some() {
            return Err("it has two contents".to_owned());
        }
        let digest = if contents.has_bare_digest() { MessageHashForm::Bare } else { MessageHashForm::Named };
        let content = if digest == MessageHashForm::Bare {
            let mut json: Value = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
            json["messageSignature"]["messageDigest"] = Value::Null;
            serde_json::from_value(json).map_err(|error| error.to_string())?
        } else {
            serde_json::from_slice(&bytes).map_err(|error| error.to_string())?
        };
        Ok(Self { bytes, content, digest })
    }

    /// The bundle as JSON.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The digest of the JSON.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.bytes)
    }

    pub(crate) fn claimed(&self) -> Claimed<'_> {
        match &self.content.verification_material.content {
            VerificationMaterialContent::PublicKey(key) => Claimed::Key(&key.hint),
            _ => Claimed::Certificate,
        }
    }

    /// The statement inside, if this key has signed it.
    pub(crate) fn statement(&self, key: &PublicKey) -> Result<Statement, String> {
        self.check_version()?;
        let envelope = self.envelope()?;
        if !key.verifies(&envelope.pae(), envelope.signature.sig.as_bytes()) {
            return Err("its signature does not fit its content".to_owned());
        }
        Statement::parse(envelope.payload.as_bytes())
    }

    /// The statement inside, whoever has signed it: for those who have checked that by other means.
    pub(crate) fn statement_unchecked(&self) -> Result<Statement, String> {
        Statement::parse(self.envelope()?.payload.as_bytes())
    }

    fn envelope(&self) -> Result<&DsseEnvelope, String> {
        let SignatureContent::DsseEnvelope(envelope) = &self.content.content else {
            return Err("it signs a file and states nothing".to_owned());
        };
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(format!("its payload is of type `{}`", envelope.payload_type));
        }
        Ok(envelope)
    }

    /// Whether this key has signed the blob.
    pub(crate) fn signs(&self, blob: &Blob, key: &PublicKey) -> Result<(), String> {
        self.check_version()?;
        let SignatureContent::MessageSignature(signature) = &self.content.content else {
            return Err("it holds a statement and no signature of a file".to_owned());
        };
        if let Some(digest) = &signature.message_digest {
            let known: Option<&[u8]> = match digest.algorithm {
                HashAlgorithm::Sha2256 => Some(blob.sha256_bytes()),
                HashAlgorithm::Sha2384 => blob.sha384().map(<[u8; 48]>::as_slice),
                _ => None,
            };
            if known != Some(digest.digest.as_bytes()) {
                return Err("it was made for another file".to_owned());
            }
        }
        if self.digest == MessageHashForm::Bare && key.reads() != Reads::Whole {
            return Err("its digest names no algorithm".to_owned());
        }
        let holds = key.verifies_blob(blob, signature.signature.as_bytes());
        holds.then_some(()).ok_or_else(|| "its signature does not fit the file".to_owned())
    }

    /// Whether it signs a file, rather than states something.
    pub(crate) fn is_of_blob(&self) -> Result<(), String> {
        match &self.content.content {
            SignatureContent::MessageSignature(_) if self.digest == MessageHashForm::Named => Ok(()),
            SignatureContent::MessageSignature(_) => Err("its digest names no algorithm".to_owned()),
            _ => Err("it holds a statement and no signature of a file".to_owned()),
        }
    }

    /// The bundle as the sigstore crates have it.
    pub(crate) fn content(&self) -> &sigstore_types::Bundle {
        &self.content
    }

    fn check_version(&self) -> Result<(), String> {
        match self.content.media_type {
            MediaType::Bundle0_3 => Ok(()),
            other => Err(format!("its version is not read: {other}")),
        }
    }
}

/// A statement in its envelope.
pub(crate) fn envelope(key: &SigningKey, statement: &Statement) -> Result<SignatureContent, TrustError> {
    let payload = statement.to_json()?;
    let signature = SignatureBytes::new(key.sign(&pae(PAYLOAD_TYPE, &payload))?);
    let signature = DsseSignature::new(signature, KeyId::default());
    let envelope = DsseEnvelope::new(PAYLOAD_TYPE, PayloadBytes::new(payload), signature);
    Ok(SignatureContent::DsseEnvelope(envelope))
}

/// The signature of the bytes with this digest.
pub(crate) fn message(key: &SigningKey, blob: Digest) -> Result<SignatureContent, TrustError> {
    let digest = DigestBytes::new(blob.as_bytes().to_vec());
    let signature = MessageSignature::new(SignatureBytes::new(key.sign_digest(blob)?))
        .with_message_digest(MessageDigest::new(HashAlgorithm::Sha2256, digest));
    Ok(SignatureContent::MessageSignature(signature))
}

/// No reader takes more.
pub(crate) fn check_size(bytes: usize) -> Result<(), TrustError> {
    if bytes as u64 > BUNDLE_BYTES_MAX { Err(TrustError::TooLarge { bytes }) } else { Ok(()) }
}
