//! Key pairs: made, read from the PEM forms people have, written in cosign's; never what is signed with them.

mod encrypted;
mod public;
mod source;

use std::fmt;

use ci::{InputError, Session};
use contract::{Digest, Secret};
use p256::{
    NistP256, SecretKey,
    ecdsa::{
        Signature,
        signature::{Signer as _, hazmat::PrehashSigner as _},
    },
    elliptic_curve::ALGORITHM_OID,
    pkcs8::{AssociatedOid as _, DecodePrivateKey as _, EncodePrivateKey as _, PrivateKeyInfo, der::pem},
};
use zeroize::Zeroizing;

pub use public::PublicKey;
pub use source::KeySource;

use crate::{InvalidKey, TrustError};

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
        Ok(Self { public: PublicKey::of_p256(key.verifying_key())?, key })
    }

    /// Reads a key from a file or a variable; the password comes from this run's environment and is asked for only by an encrypted key.
    pub fn read(source: &KeySource, session: &Session) -> Result<Self, TrustError> {
        let pem = source.text(session)?;
        let unusable = |why| TrustError::Key { key: source.clone(), source: why };
        Self::from_pem(&pem, password(session)?.as_ref()).map_err(unusable)
    }

    /// Reads `ENCRYPTED SIGSTORE PRIVATE KEY` and its older label, PKCS#8 (RFC 5958) or SEC1 (RFC 5915).
    pub fn from_pem(pem: &str, password: Option<&Secret>) -> Result<Self, InvalidKey> {
        let (label, block) = block(pem)?;
        let key = match label {
            encrypted::LABEL | encrypted::OLD_LABEL => {
                let password = password.ok_or(InvalidKey::NoPassword)?;
                let der = encrypted::open(block, password)?;
                SecretKey::from_pkcs8_der(&der).map_err(|_| unfit(&der))?
            }
            "PRIVATE KEY" => {
                let der = decoded(block)?;
                SecretKey::from_pkcs8_der(&der).map_err(|_| unfit(&der))?
            }
            "EC PRIVATE KEY" => {
                let der = decoded(block)?;
                SecretKey::from_sec1_der(&der).map_err(|_| unfit(&der))?
            }
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

fn decoded(block: &str) -> Result<Zeroizing<Vec<u8>>, InvalidKey> {
    let (_, der) = pem::decode_vec(block.as_bytes()).map_err(|_| InvalidKey::Form)?;
    Ok(Zeroizing::new(der))
}

/// Why this is no private key on P-256: a good one of another kind is told from one that is broken.
fn unfit(der: &[u8]) -> InvalidKey {
    let of_pkcs8 = PrivateKeyInfo::try_from(der).ok().and_then(|info| info.algorithm.oids().ok());
    let is_p256 = of_pkcs8 == Some((ALGORITHM_OID, Some(NistP256::OID)));
    if (of_pkcs8.is_some() && !is_p256) || p384::SecretKey::from_sec1_der(der).is_ok() {
        InvalidKey::OtherCurve
    } else {
        InvalidKey::Form
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
