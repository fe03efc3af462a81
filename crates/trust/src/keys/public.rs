//! Public keys as people have them: `PUBLIC KEY` PEM on P-256, P-384 or Ed25519; never a private one.

use std::{fmt, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ci::{Session, files};
use contract::Digest;
use p256::pkcs8::{DecodePublicKey as _, EncodePublicKey as _, LineEnding, der::pem};
use sigstore_crypto::{KeyAlgorithm, SigningScheme, VerificationKey};
use sigstore_types::DerPublicKey;

use super::{KeySource, block};
use crate::{Blob, InvalidKey, TrustError, blob::Reads, crypto};

/// A public key.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    algorithm: KeyAlgorithm,
    /// The key as its algorithm writes it: SEC1 point, or 32 bytes.
    raw: Vec<u8>,
    /// SubjectPublicKeyInfo.
    der: Vec<u8>,
    hint: String,
}

impl PublicKey {
    pub(super) fn of_p256(key: &p256::ecdsa::VerifyingKey) -> Result<Self, InvalidKey> {
        let der = key.to_public_key_der().map_err(|_| InvalidKey::Form)?;
        Self::from_der(der.as_bytes())
    }

    /// Reads a key from a file or a variable.
    pub fn read(source: &KeySource, session: &Session) -> Result<Self, TrustError> {
        let pem = source.text(session)?;
        Self::from_pem(&pem).map_err(|why| TrustError::Key { key: source.clone(), source: why })
    }

    /// Reads a key file.
    pub fn read_file(path: &Path) -> Result<Self, TrustError> {
        let source = KeySource::File(path.to_owned());
        let bytes = files::read(path, super::source::KEY_BYTES_MAX)?;
        let read = std::str::from_utf8(&bytes).map_err(|_| InvalidKey::Form).and_then(Self::from_pem);
        read.map_err(|why| TrustError::Key { key: source, source: why })
    }

    /// Reads a `PUBLIC KEY` (SubjectPublicKeyInfo, RFC 5480 and RFC 8410).
    pub fn from_pem(pem: &str) -> Result<Self, InvalidKey> {
        match block(pem)? {
            ("PUBLIC KEY", block) => {
                let (_, der) = pem::decode_vec(block.as_bytes()).map_err(|_| InvalidKey::Form)?;
                Self::from_der(&der)
            }
            (label, _) => Err(InvalidKey::Label(label.to_owned())),
        }
    }

    /// Of all forms of one key the same is taken: whoever has it with a compressed point has the same hint.
    fn from_der(der: &[u8]) -> Result<Self, InvalidKey> {
        let p256 =
            || Some(p256::PublicKey::from_public_key_der(der).ok()?.to_public_key_der().ok()?.into_vec());
        let p384 =
            || Some(p384::PublicKey::from_public_key_der(der).ok()?.to_public_key_der().ok()?.into_vec());
        let der = p256().or_else(p384).unwrap_or_else(|| der.to_vec());
        let spki = DerPublicKey::new(der.clone());
        let algorithm = KeyAlgorithm::from_spki(&spki).map_err(|_| InvalidKey::Form)?;
        if !matches!(algorithm, KeyAlgorithm::EcdsaP256 | KeyAlgorithm::EcdsaP384 | KeyAlgorithm::Ed25519) {
            return Err(InvalidKey::Algorithm);
        }
        let raw = VerificationKey::from_spki(&spki).map_err(|_| InvalidKey::Form)?.as_bytes().to_vec();
        Ok(Self { algorithm, raw, hint: STANDARD.encode(Digest::of(&der).as_bytes()), der })
    }

    /// The key as a `PUBLIC KEY`.
    pub fn to_pem(&self) -> Result<String, InvalidKey> {
        pem::encode_string("PUBLIC KEY", LineEnding::LF, &self.der).map_err(|_| InvalidKey::Form)
    }

    /// SubjectPublicKeyInfo.
    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    /// What a bundle calls this key: base64 of the SHA-256 of its SubjectPublicKeyInfo, as cosign writes it.
    pub fn hint(&self) -> &str {
        &self.hint
    }

    /// What of a file must be read to check a signature of it.
    pub(crate) fn reads(&self) -> Reads {
        match self.algorithm {
            KeyAlgorithm::EcdsaP384 => Reads::Sha384,
            KeyAlgorithm::Ed25519 => Reads::Whole,
            _ => Reads::Sha256,
        }
    }

    /// The schemes this key signs by. cosign hashes for P-384 with SHA-256 up to its version 2 and with SHA-384 since.
    fn schemes(&self) -> &'static [SigningScheme] {
        match self.algorithm {
            KeyAlgorithm::EcdsaP384 => &[SigningScheme::EcdsaP384Sha384, SigningScheme::EcdsaP384Sha256],
            KeyAlgorithm::Ed25519 => &[SigningScheme::Ed25519],
            _ => &[SigningScheme::EcdsaP256Sha256],
        }
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.schemes().iter().any(|scheme| crypto::verifies(*scheme, &self.raw, message, signature))
    }

    pub(crate) fn verifies_blob(&self, blob: &Blob, signature: &[u8]) -> bool {
        self.schemes().iter().any(|scheme| match scheme {
            SigningScheme::Ed25519 => {
                blob.whole().is_some_and(|whole| crypto::verifies(*scheme, &self.raw, whole, signature))
            }
            SigningScheme::EcdsaP384Sha384 => {
                blob.sha384().is_some_and(|hash| crypto::verifies_digest(*scheme, &self.raw, hash, signature))
            }
            _ => crypto::verifies_digest(*scheme, &self.raw, blob.sha256().as_bytes(), signature),
        })
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PublicKey({})", self.hint)
    }
}

#[cfg(test)]
mod tests {
    use p384::ecdsa::signature::{Signer as _, hazmat::PrehashSigner as _};
    use ring::signature::{Ed25519KeyPair, KeyPair as _};

    use super::*;

    const MESSAGE: &[u8] = b"a message";

    fn p384() -> (PublicKey, p384::ecdsa::SigningKey) {
        let key = p384::ecdsa::SigningKey::from_slice(&[7; 48]).unwrap();
        let der = key.verifying_key().to_public_key_der().unwrap();
        (PublicKey::from_der(der.as_bytes()).unwrap(), key)
    }

    fn ed25519() -> (PublicKey, Ed25519KeyPair) {
        let key = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap();
        // RFC 8410, section 4: an algorithm without parameters, and the 32 bytes.
        let head = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        let der = [&head[..], key.public_key().as_ref()].concat();
        (PublicKey::from_der(&der).unwrap(), key)
    }

    /// A file of this message, read as far as the key asks.
    fn file(key: &PublicKey, content: &[u8]) -> Blob {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        files::write(&path, content).unwrap();
        Blob::read_for(&path, key.reads()).unwrap()
    }

    #[test]
    fn a_key_on_p_384_checks_what_was_hashed_either_way() {
        let (public, key) = p384();
        let by_sha384: p384::ecdsa::Signature = key.sign(MESSAGE);
        let by_sha256: p384::ecdsa::Signature = key.sign_prehash(Digest::of(MESSAGE).as_bytes()).unwrap();
        for signature in [by_sha384, by_sha256] {
            let signature = signature.to_der();
            assert!(public.verifies(MESSAGE, signature.as_bytes()));
            assert!(!public.verifies(b"another", signature.as_bytes()));
            assert!(public.verifies_blob(&file(&public, MESSAGE), signature.as_bytes()));
            assert!(!public.verifies_blob(&file(&public, b"another"), signature.as_bytes()));
            assert!(!crate::fixture::public().verifies(MESSAGE, signature.as_bytes()));
        }
    }

    #[test]
    fn a_key_on_ed25519_checks_whole_messages() {
        let (public, key) = ed25519();
        let signature = key.sign(MESSAGE);
        assert!(public.verifies(MESSAGE, signature.as_ref()));
        assert!(!public.verifies(b"another", signature.as_ref()));
        assert!(public.verifies_blob(&file(&public, MESSAGE), signature.as_ref()));
        assert!(!public.verifies_blob(&file(&public, b"another"), signature.as_ref()));
        // Who has read only a digest can't tell.
        assert!(!public.verifies_blob(&Blob::of(Digest::of(MESSAGE)), signature.as_ref()));
    }

    #[test]
    fn every_public_key_comes_back_from_its_pem() {
        for key in [p384().0, ed25519().0, crate::fixture::public()] {
            assert_eq!(PublicKey::from_pem(&key.to_pem().unwrap()).unwrap(), key);
            assert!(!key.verifies(MESSAGE, b"") && !key.verifies(MESSAGE, &[0x30; 200]));
        }
        assert_ne!(p384().0.hint(), ed25519().0.hint());
    }
}
