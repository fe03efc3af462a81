//! Key pairs: made, read from the PEM forms people have, written in cosign's; never what is signed with them.

mod encrypted;

use std::{fmt, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ci::{InputError, Session, files};
use contract::{Digest, Secret};
use p256::{
    SecretKey,
    ecdsa::{
        Signature, VerifyingKey,
        signature::{Signer as _, Verifier as _, hazmat::PrehashSigner as _, hazmat::PrehashVerifier as _},
    },
    pkcs8::{
        DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _, LineEnding,
    },
};
use zeroize::Zeroizing;

use crate::{InvalidKey, TrustError};

/// The largest key file, in bytes.
const KEY_BYTES_MAX: u64 = 64 << 10;

/// The variable in which cosign looks for a key's password.
const PASSWORD_VARIABLE: &str = "COSIGN_PASSWORD";

/// The password of this run's keys, masked. Set to nothing it is the empty password, as for cosign; only here an empty variable is
/// not an unset one.
pub fn password(session: &Session) -> Result<Option<Secret>, InputError> {
    let password = session.secret(PASSWORD_VARIABLE)?;
    let set = || session.env().all().any(|(name, _)| name == PASSWORD_VARIABLE);
    Ok(password.or_else(|| set().then(|| Secret::new(""))))
}

/// A private key on P-256. Overwritten when dropped, shown as `***`.
pub struct SigningKey {
    key: p256::ecdsa::SigningKey,
    public: PublicKey,
}

impl SigningKey {
    /// A new key.
    pub fn generate() -> Result<Self, TrustError> {
        let mut scalar = Zeroizing::new([0; 32]);
        // All but 2^-32 of the numbers of 256 bits are keys.
        loop {
            getrandom::fill(&mut *scalar).map_err(|_| TrustError::Random)?;
            if let Ok(key) = p256::ecdsa::SigningKey::from_slice(&*scalar) {
                return Self::of(key).map_err(TrustError::signing);
            }
        }
    }

    fn of(key: p256::ecdsa::SigningKey) -> Result<Self, InvalidKey> {
        Ok(Self { public: PublicKey::of(*key.verifying_key())?, key })
    }

    /// Reads a key file; the password comes from this run's environment and is asked for only by an encrypted key.
    pub fn read(path: &Path, session: &Session) -> Result<Self, TrustError> {
        let bytes = Zeroizing::new(files::read(path, KEY_BYTES_MAX)?);
        let unusable = |source| TrustError::Key { path: path.to_owned(), source };
        let pem = std::str::from_utf8(&bytes).map_err(|_| unusable(InvalidKey::Form))?;
        Self::from_pem(pem, password(session)?.as_ref()).map_err(unusable)
    }

    /// Reads `ENCRYPTED SIGSTORE PRIVATE KEY` and its older label, PKCS#8 (RFC 5958) or SEC1 (RFC 5915).
    pub fn from_pem(pem: &str, password: Option<&Secret>) -> Result<Self, InvalidKey> {
        let (label, block) = block(pem)?;
        let key = match label {
            encrypted::LABEL | encrypted::OLD_LABEL => {
                let password = password.ok_or(InvalidKey::NoPassword)?;
                let der = encrypted::open(block, password)?;
                SecretKey::from_pkcs8_der(&der).map_err(|_| InvalidKey::Form)?
            }
            "PRIVATE KEY" => SecretKey::from_pkcs8_pem(block).map_err(|_| InvalidKey::Form)?,
            "EC PRIVATE KEY" => SecretKey::from_sec1_pem(block).map_err(|_| InvalidKey::Form)?,
            other => return Err(InvalidKey::Label(other.to_owned())),
        };
        Self::of(key.into())
    }

    /// The key as cosign writes it, encrypted with this password.
    pub fn to_encrypted_pem(&self, password: &Secret) -> Result<Zeroizing<String>, TrustError> {
        let der = SecretKey::from(&self.key).to_pkcs8_der().map_err(TrustError::signing)?;
        encrypted::seal(der.as_bytes(), password)
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The DER signature of this message.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, TrustError> {
        let signature: Signature = self.key.try_sign(message).map_err(TrustError::signing)?;
        Ok(signature.to_der().as_bytes().to_vec())
    }

    /// The DER signature of the message with this digest.
    pub(crate) fn sign_digest(&self, digest: Digest) -> Result<Vec<u8>, TrustError> {
        let signature: Signature = self.key.sign_prehash(digest.as_bytes()).map_err(TrustError::signing)?;
        Ok(signature.to_der().as_bytes().to_vec())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

/// A public key on P-256.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublicKey {
    key: VerifyingKey,
    hint: String,
}

impl PublicKey {
    fn of(key: VerifyingKey) -> Result<Self, InvalidKey> {
        let der = key.to_public_key_der().map_err(|_| InvalidKey::Form)?;
        Ok(Self { key, hint: STANDARD.encode(Digest::of(der.as_bytes()).as_bytes()) })
    }

    /// Reads a public key file.
    pub fn read(path: &Path) -> Result<Self, TrustError> {
        let unusable = |source| TrustError::Key { path: path.to_owned(), source };
        let bytes = files::read(path, KEY_BYTES_MAX)?;
        let pem = std::str::from_utf8(&bytes).map_err(|_| unusable(InvalidKey::Form))?;
        Self::from_pem(pem).map_err(unusable)
    }

    /// Reads a `PUBLIC KEY` (SubjectPublicKeyInfo, RFC 5480).
    pub fn from_pem(pem: &str) -> Result<Self, InvalidKey> {
        match block(pem)? {
            ("PUBLIC KEY", block) => {
                Self::of(VerifyingKey::from_public_key_pem(block).map_err(|_| InvalidKey::Form)?)
            }
            (label, _) => Err(InvalidKey::Label(label.to_owned())),
        }
    }

    /// The key as a `PUBLIC KEY`.
    pub fn to_pem(&self) -> Result<String, InvalidKey> {
        self.key.to_public_key_pem(LineEnding::LF).map_err(|_| InvalidKey::Form)
    }

    /// What a bundle calls this key: base64 of the SHA-256 of its SubjectPublicKeyInfo, as cosign writes it.
    pub fn hint(&self) -> &str {
        &self.hint
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_der(signature).is_ok_and(|signature| self.key.verify(message, &signature).is_ok())
    }

    pub(crate) fn verifies_digest(&self, digest: Digest, signature: &[u8]) -> bool {
        Signature::from_der(signature)
            .is_ok_and(|signature| self.key.verify_prehash(digest.as_bytes(), &signature).is_ok())
    }
}

/// The label and the text of the first PEM block that holds a key: `openssl ecparam -genkey` writes its parameters before it.
fn block(pem: &str) -> Result<(&str, &str), InvalidKey> {
    const BEGIN: &str = "-----BEGIN ";
    let starts = pem.match_indices(BEGIN).map(|(at, _)| &pem[at..]);
    for block in starts {
        let (label, _) = block[BEGIN.len()..].split_once("-----").ok_or(InvalidKey::Form)?;
        if label != "EC PARAMETERS" {
            // A key pasted into a secret store often comes back with blank lines behind it.
            return Ok((label, block.trim_end()));
        }
    }
    Err(InvalidKey::Form)
}

#[cfg(test)]
mod tests;
