//! Whether a signature fits: the algorithms of Sigstore's algorithm registry (sigstore/architecture-docs, algorithm-registry.md) over ring
//! and RustCrypto, and the same for the sigstore crates; never a key file, never a secret.

use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use sigstore_crypto::{CryptoProvider, Error, HashContext, SigningScheme};
use sigstore_types::HashAlgorithm;

/// What the sigstore crates use instead of aws-lc, which would be a second stack beside that of TLS.
#[derive(Debug)]
struct House;

/// Makes the sigstore crates use what this house has; before any of them is used.
pub(crate) fn install() {
    // Fails where it was installed already, which is just as well.
    _ = sigstore_crypto::install_default_provider(&House);
}

/// Whether this key (SEC1 point, 32 bytes of Ed25519, PKCS#1 of RSA) has signed this message.
pub(crate) fn verifies(scheme: SigningScheme, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    algorithm(scheme)
        .is_some_and(|algorithm| UnparsedPublicKey::new(algorithm, key).verify(message, signature).is_ok())
}

/// Whether this key has signed the message with this digest. Of RSA only whole messages are checked, and Ed25519 signs only such.
pub(crate) fn verifies_digest(scheme: SigningScheme, key: &[u8], digest: &[u8], signature: &[u8]) -> bool {
    if scheme.hash_algorithm().is_none_or(|hash| hash.digest_size() != digest.len()) {
        return false;
    }
    match scheme {
        SigningScheme::EcdsaP256Sha256 | SigningScheme::EcdsaP256Sha384 => {
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(key);
            let signature = p256::ecdsa::Signature::from_der(signature);
            key.is_ok_and(|key| signature.is_ok_and(|one| key.verify_prehash(digest, &one).is_ok()))
        }
        SigningScheme::EcdsaP384Sha256 | SigningScheme::EcdsaP384Sha384 => {
            let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(key);
            let signature = p384::ecdsa::Signature::from_der(signature);
            key.is_ok_and(|key| signature.is_ok_and(|one| key.verify_prehash(digest, &one).is_ok()))
        }
        _ => false,
    }
}

fn algorithm(scheme: SigningScheme) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match scheme {
        SigningScheme::EcdsaP256Sha256 => &signature::ECDSA_P256_SHA256_ASN1,
        SigningScheme::EcdsaP256Sha384 => &signature::ECDSA_P256_SHA384_ASN1,
        SigningScheme::EcdsaP384Sha256 => &signature::ECDSA_P384_SHA256_ASN1,
        SigningScheme::EcdsaP384Sha384 => &signature::ECDSA_P384_SHA384_ASN1,
        SigningScheme::Ed25519 => &signature::ED25519,
        SigningScheme::RsaPssSha256 => &signature::RSA_PSS_2048_8192_SHA256,
        SigningScheme::RsaPssSha384 => &signature::RSA_PSS_2048_8192_SHA384,
        SigningScheme::RsaPssSha512 => &signature::RSA_PSS_2048_8192_SHA512,
        SigningScheme::RsaPkcs1Sha256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        SigningScheme::RsaPkcs1Sha384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        SigningScheme::RsaPkcs1Sha512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        _ => return None,
    })
}

struct Hash<H>(H);

impl<H: sha2::Digest + Send> HashContext for Hash<H> {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn finalize(self: Box<Self>) -> Vec<u8> {
        self.0.finalize().to_vec()
    }
}

impl CryptoProvider for House {
    fn hash(&self, algorithm: HashAlgorithm) -> Result<Box<dyn HashContext>, Error> {
        Ok(match algorithm {
            HashAlgorithm::Sha2256 => Box::new(Hash(Sha256::new())),
            HashAlgorithm::Sha2384 => Box::new(Hash(Sha384::new())),
            HashAlgorithm::Sha2512 => Box::new(Hash(Sha512::new())),
            other => return Err(Error::UnsupportedAlgorithm(other.to_string())),
        })
    }

    fn verify_raw(
        &self,
        scheme: SigningScheme,
        key: &[u8],
        data: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        verifies(scheme, key, data, signature).then_some(()).ok_or_else(|| unfit(scheme))
    }

    fn verify_prehashed(
        &self,
        scheme: SigningScheme,
        key: &[u8],
        digest: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        verifies_digest(scheme, key, digest, signature).then_some(()).ok_or_else(|| unfit(scheme))
    }
}

fn unfit(scheme: SigningScheme) -> Error {
    Error::Verification(format!("the {} signature does not fit", scheme.name()))
}
