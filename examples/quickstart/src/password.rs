//! Passwords and their scrypt hashes (RFC 7914, kept as PHC strings); the plain text goes no further than this.

use scrypt::password_hash::{self, PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use scrypt::{Params, Scrypt};
use serde::Deserialize;

use crate::random;

const PASSWORD_BYTES_MIN: usize = 8;
const PASSWORD_BYTES_MAX: usize = 256;
const SALT_BYTES: usize = 16;

// 16 MiB and about 40 ms. OWASP asks for log N = 17: eight times as much, which every run of the demo and of the tests would pay
// at each register and login. The parameters travel inside each hash, so raising them keeps the old hashes valid.
const LOG_N: u8 = 14;
const BLOCK_SIZE: u32 = 8;
const PARALLELISM: u32 = 1;

/// A password as typed. Not `Debug`.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Password(String);

impl TryFrom<String> for Password {
    type Error = &'static str;

    fn try_from(typed: String) -> Result<Self, Self::Error> {
        let fits = (PASSWORD_BYTES_MIN..=PASSWORD_BYTES_MAX).contains(&typed.len());
        fits.then_some(Self(typed)).ok_or("a password has 8 to 256 bytes")
    }
}

impl Password {
    /// The PHC string to store. Takes tens of milliseconds: keep it off the event loop.
    pub(crate) fn hash(&self) -> Result<String, password_hash::Error> {
        let salt = random::bytes::<SALT_BYTES>().map_err(|_| password_hash::Error::Crypto)?;
        let salt = SaltString::encode_b64(&salt)?;
        let params = Params::new(LOG_N, BLOCK_SIZE, PARALLELISM, Params::RECOMMENDED_LEN)
            .map_err(|_| password_hash::Error::Crypto)?;
        Ok(Scrypt.hash_password_customized(self.0.as_bytes(), None, None, params, &salt)?.to_string())
    }

    /// Whether this password gave `stored`, compared in constant time.
    pub(crate) fn matches(&self, stored: &str) -> Result<bool, password_hash::Error> {
        match Scrypt.verify_password(self.0.as_bytes(), &PasswordHash::new(stored)?) {
            Ok(()) => Ok(true),
            Err(password_hash::Error::Password) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password(text.to_owned())
    }

    #[test]
    fn a_hash_knows_its_password_and_its_parameters() {
        let hash = password("correct horse").hash().expect("scrypt");
        assert!(hash.starts_with("$scrypt$ln=14,r=8,p=1$"), "{hash}");
        assert_eq!(password("correct horse").matches(&hash), Ok(true));
        assert_eq!(password("wrong horse").matches(&hash), Ok(false));
    }

    #[test]
    fn a_broken_hash_is_an_error_and_no_wrong_password() {
        assert!(password("correct horse").matches("plain text").is_err());
    }

    #[test]
    fn a_password_is_neither_short_nor_a_novel() {
        assert!(Password::try_from("1234567".to_owned()).is_err());
        assert!(Password::try_from("x".repeat(257)).is_err());
        assert!(Password::try_from("12345678".to_owned()).is_ok());
    }
}
