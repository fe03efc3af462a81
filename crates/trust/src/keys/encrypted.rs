//! cosign's encrypted private key: PEM around JSON around scrypt and NaCl's secretbox (go-securesystemslib, `encrypted`); nothing else
//! may be encrypted so.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use contract::Secret;
use crypto_secretbox::{KeyInit as _, XSalsa20Poly1305, aead::Aead as _};
use p256::pkcs8::{LineEnding, der::pem};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{InvalidKey, TrustError};

pub(super) const LABEL: &str = "ENCRYPTED SIGSTORE PRIVATE KEY";
pub(super) const OLD_LABEL: &str = "ENCRYPTED COSIGN PRIVATE KEY";

/// What cosign v3 writes: 2^16, 64 MiB of memory.
const COST_LOG2: u8 = 16;
/// The costs that go-securesystemslib reads: 2^15 to 2^17, 128 MiB at most.
const COSTS_LOG2: std::ops::RangeInclusive<u8> = 15..=17;
const BLOCK_SIZE: u32 = 8;
const PARALLELISM: u32 = 1;
const SALT_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

#[derive(Serialize, Deserialize)]
struct Sealed {
    kdf: Kdf,
    cipher: Cipher,
    ciphertext: String,
}

#[derive(Serialize, Deserialize)]
struct Kdf {
    name: String,
    params: Cost,
    salt: String,
}

#[derive(Serialize, Deserialize)]
struct Cost {
    #[serde(rename = "N")]
    n: u64,
    r: u64,
    p: u64,
}

#[derive(Serialize, Deserialize)]
struct Cipher {
    name: String,
    nonce: String,
}

impl Cost {
    /// Checked before anything is derived: 128 * N * r bytes are about to be taken.
    fn params(&self) -> Result<scrypt::Params, InvalidKey> {
        let Self { n, r, p } = *self;
        let log = COSTS_LOG2.into_iter().find(|log| 1 << log == n);
        let usual = r == u64::from(BLOCK_SIZE) && p == u64::from(PARALLELISM);
        log.filter(|_| usual)
            .and_then(|log| scrypt::Params::new(log, BLOCK_SIZE, PARALLELISM, 32).ok())
            .ok_or(InvalidKey::Cost { n, r, p })
    }
}

fn cipher(password: &Secret, salt: &[u8], params: &scrypt::Params) -> Result<XSalsa20Poly1305, InvalidKey> {
    let mut key = Zeroizing::new([0; 32]);
    scrypt::scrypt(password.reveal().as_bytes(), salt, params, &mut *key)
        .map_err(|_| InvalidKey::Encryption("scrypt refuses it"))?;
    Ok(XSalsa20Poly1305::new((&*key).into()))
}

/// The PKCS#8 DER inside.
pub(super) fn open(block: &str, password: &Secret) -> Result<Zeroizing<Vec<u8>>, InvalidKey> {
    let (_, json) = pem::decode_vec(block.as_bytes()).map_err(|_| InvalidKey::Form)?;
    let sealed: Sealed =
        serde_json::from_slice(&json).map_err(|_| InvalidKey::Encryption("its content has another form"))?;
    if sealed.kdf.name != "scrypt" || sealed.cipher.name != "nacl/secretbox" {
        return Err(InvalidKey::Encryption("it names other algorithms"));
    }
    let params = sealed.kdf.params.params()?;
    let decode = |text: &str| STANDARD.decode(text).map_err(|_| InvalidKey::Encryption("it is not base64"));
    let (salt, ciphertext) = (decode(&sealed.kdf.salt)?, decode(&sealed.ciphertext)?);
    let nonce: [u8; NONCE_BYTES] = decode(&sealed.cipher.nonce)?
        .try_into()
        .map_err(|_| InvalidKey::Encryption("its nonce is not of 24 bytes"))?;
    let plain = cipher(password, &salt, &params)?.decrypt(&nonce.into(), ciphertext.as_slice());
    plain.map(Zeroizing::new).map_err(|_| InvalidKey::Password)
}

/// A PEM block with this PKCS#8 DER inside.
pub(super) fn seal(der: &[u8], password: &Secret) -> Result<Zeroizing<String>, TrustError> {
    let (mut salt, mut nonce) = ([0; SALT_BYTES], [0; NONCE_BYTES]);
    getrandom::fill(&mut salt).and_then(|()| getrandom::fill(&mut nonce)).map_err(|_| TrustError::Random)?;
    let cost = Cost { n: 1 << COST_LOG2, r: BLOCK_SIZE.into(), p: PARALLELISM.into() };
    let params = cost.params().map_err(TrustError::signing)?;
    let ciphertext = cipher(password, &salt, &params)
        .map_err(TrustError::signing)?
        .encrypt(&nonce.into(), der)
        .map_err(|_| TrustError::signing("secretbox refuses it"))?;
    let sealed = Sealed {
        kdf: Kdf { name: "scrypt".to_owned(), params: cost, salt: STANDARD.encode(salt) },
        cipher: Cipher { name: "nacl/secretbox".to_owned(), nonce: STANDARD.encode(nonce) },
        ciphertext: STANDARD.encode(ciphertext),
    };
    let json = serde_json::to_vec(&sealed).map_err(TrustError::signing)?;
    let pem = pem::encode_string(LABEL, LineEnding::LF, &json);
    pem.map(Zeroizing::new).map_err(|error| TrustError::signing(error.to_string()))
}
