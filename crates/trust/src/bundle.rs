//! Signatures with what is needed to check them, in one JSON: Sigstore bundle v0.3 (sigstore/protobuf-specs, sigstore_bundle.proto);
//! never where a bundle lies.

use contract::Digest;
use serde::{Deserialize, de::IgnoredAny};
use sigstore_bundle::{BundleV03, VerificationMaterialV03};
use sigstore_types::{
    DigestBytes, DsseEnvelope, DsseSignature, HashAlgorithm, KeyId, MediaType, PayloadBytes, SignatureBytes,
    bundle::{MessageDigest, MessageSignature, SignatureContent, VerificationMaterialContent},
    pae,
};

use crate::{PublicKey, SigningKey, Statement, TrustError};

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
}

/// Who a bundle says has signed it. Not authenticated: it only says which key to try.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Signer<'b> {
    /// The key with this hint.
    Key(&'b str),
    /// The holder of a certificate.
    Certificate,
}

/// The bundle's content, of which there must be exactly one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Contents {
    message_signature: Option<IgnoredAny>,
    dsse_envelope: Option<IgnoredAny>,
}

impl Bundle {
    /// Signs a statement: a DSSE envelope.
    pub fn of_statement(key: &SigningKey, statement: &Statement) -> Result<Self, TrustError> {
        let payload = statement.to_json()?;
        let signature = SignatureBytes::new(key.sign(&pae(PAYLOAD_TYPE, &payload))?);
        let signature = DsseSignature::new(signature, KeyId::default());
        let envelope = DsseEnvelope::new(PAYLOAD_TYPE, PayloadBytes::new(payload), signature);
        Self::signed(key, SignatureContent::DsseEnvelope(envelope))
    }

    /// Signs the bytes with this digest: a message signature.
    pub fn of_blob(key: &SigningKey, blob: Digest) -> Result<Self, TrustError> {
        let digest = DigestBytes::new(blob.as_bytes().to_vec());
        let signature = MessageSignature::new(SignatureBytes::new(key.sign_digest(blob)?))
            .with_message_digest(MessageDigest::new(HashAlgorithm::Sha2256, digest));
        Self::signed(key, SignatureContent::MessageSignature(signature))
    }

    fn signed(key: &SigningKey, content: SignatureContent) -> Result<Self, TrustError> {
        let hint = key.public().hint().to_owned();
        let content = BundleV03::new(VerificationMaterialV03::PublicKey { hint }, content).into_bundle();
        let bytes = content.to_json().map_err(TrustError::signing)?.into_bytes();
        match bytes.len() {
            length if length as u64 > BUNDLE_BYTES_MAX => Err(TrustError::TooLarge { bytes: length }),
            _ => Ok(Self { bytes, content }),
        }
    }

    /// Reads a bundle; says why if the bytes are none.
    pub(crate) fn parse(bytes: Vec<u8>) -> Result<Self, String> {
        let contents: Contents = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        // The parser below takes the first of two; another reader may take the second.
        if contents.message_signature.is_some() && contents.dsse_envelope.is_some() {
            return Err("it has two contents".to_owned());
        }
        let content = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        Ok(Self { bytes, content })
    }

    /// The bundle as JSON.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The digest of the JSON.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.bytes)
    }

    pub(crate) fn signer(&self) -> Signer<'_> {
        match &self.content.verification_material.content {
            VerificationMaterialContent::PublicKey(key) => Signer::Key(&key.hint),
            _ => Signer::Certificate,
        }
    }

    /// The statement inside, if this key has signed it.
    pub(crate) fn statement(&self, key: &PublicKey) -> Result<Statement, String> {
        self.check_version()?;
        let SignatureContent::DsseEnvelope(envelope) = &self.content.content else {
            return Err("it signs a file and states nothing".to_owned());
        };
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(format!("its payload is of type `{}`", envelope.payload_type));
        }
        if !key.verifies(&envelope.pae(), envelope.signature.sig.as_bytes()) {
            return Err("its signature does not fit its content".to_owned());
        }
        Statement::parse(envelope.payload.as_bytes())
    }

    /// Whether this key has signed the blob with this digest.
    pub(crate) fn signs(&self, blob: Digest, key: &PublicKey) -> Result<(), String> {
        self.check_version()?;
        let SignatureContent::MessageSignature(signature) = &self.content.content else {
            return Err("it holds a statement and no signature of a file".to_owned());
        };
        if let Some(digest) = &signature.message_digest {
            let known = digest.algorithm == HashAlgorithm::Sha2256;
            if !known || digest.digest.as_bytes() != blob.as_bytes() {
                return Err("it was made for another file".to_owned());
            }
        }
        let holds = key.verifies_digest(blob, signature.signature.as_bytes());
        holds.then_some(()).ok_or_else(|| "its signature does not fit the file".to_owned())
    }

    fn check_version(&self) -> Result<(), String> {
        match self.content.media_type {
            MediaType::Bundle0_3 => Ok(()),
            other => Err(format!("its version is not read: {other}")),
        }
    }
}
