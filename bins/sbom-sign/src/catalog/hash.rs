//! Hashes of archives, as lock files and package databases write them; never computed here.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// How a hash was made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Algorithm {
    /// MD5; it proves nothing any more, and is told all the same.
    Md5,
    /// SHA-1
    Sha1,
    /// SHA-256
    Sha256,
    /// SHA-384
    Sha384,
    /// SHA-512
    Sha512,
}

/// A hash, valid for its algorithm.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Hash {
    algorithm: Algorithm,
    bytes: Box<[u8]>,
}

impl Algorithm {
    const fn bytes(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The algorithm by the name that lock files have for it: `sha256`.
    pub fn named(word: &str) -> Option<Self> {
        Some(match word {
            "md5" => Self::Md5,
            "sha1" => Self::Sha1,
            "sha256" => Self::Sha256,
            "sha384" => Self::Sha384,
            "sha512" => Self::Sha512,
            _ => return None,
        })
    }
}

impl Hash {
    /// From hexadecimal digits, in either case.
    pub fn hex(algorithm: Algorithm, digits: &str) -> Option<Self> {
        let nibble =
            |digit: &u8| char::from(*digit).to_digit(16).and_then(|nibble| u8::try_from(nibble).ok());
        let byte = |pair: &[u8]| Some(nibble(pair.first()?)? << 4 | nibble(pair.get(1)?)?);
        let bytes: Option<Box<[u8]>> = digits.as_bytes().chunks(2).map(byte).collect();
        bytes.filter(|bytes| bytes.len() == algorithm.bytes()).map(|bytes| Self { algorithm, bytes })
    }

    /// From its bytes in base64.
    pub fn base64(algorithm: Algorithm, text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text).ok()?;
        (bytes.len() == algorithm.bytes()).then(|| Self { algorithm, bytes: bytes.into() })
    }

    /// From `sha256:` and digits, as pip and its kin write it.
    pub fn prefixed(text: &str) -> Option<Self> {
        let (algorithm, digits) = text.split_once(':')?;
        Self::hex(Algorithm::named(algorithm)?, digits)
    }

    /// All that stand in an integrity of npm and its kin (W3C Subresource Integrity, section 3.5): `sha512-…`, several with spaces between
    /// them. `None` if none can be read.
    pub fn integrity(text: &str) -> Option<Vec<Self>> {
        let one = |word: &str| {
            let (algorithm, rest) = word.split_once('-')?;
            let value = rest.split('?').next().unwrap_or(rest);
            Self::base64(Algorithm::named(algorithm)?, value)
        };
        let all: Vec<Self> = text.split_whitespace().filter_map(one).collect();
        (!all.is_empty()).then_some(all)
    }

    /// How it was made.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its hexadecimal digits, in lower case.
    pub fn digits(&self) -> String {
        hex(&self.bytes)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        for nibble in [byte >> 4, byte & 15] {
            hex.extend(char::from_digit(u32::from(nibble), 16));
        }
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_valid_for_its_algorithm() {
        let sha1 = "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3";
        assert_eq!(Hash::hex(Algorithm::Sha1, &sha1.to_uppercase()).unwrap().digits(), sha1);
        assert_eq!(Hash::hex(Algorithm::Sha256, sha1), None);
        assert_eq!(Hash::hex(Algorithm::Sha1, &sha1.replace('a', "g")), None);
        assert_eq!(Hash::prefixed(&format!("sha1:{sha1}")), Hash::hex(Algorithm::Sha1, sha1));
        assert_eq!(Hash::prefixed(&format!("sha3:{sha1}")), None);
        assert_eq!(Hash::base64(Algorithm::Sha1, "qUqP5cyxm6YcTAhz05Hph5gvu9M=").unwrap().digits(), sha1);
        assert_eq!(Hash::base64(Algorithm::Sha1, "qUqP5cyxm6YcTAhz05Hph5gvuw=="), None);
    }

    #[test]
    fn an_integrity_may_hold_several() {
        let two =
            Hash::integrity("sha1-qUqP5cyxm6YcTAhz05Hph5gvu9M=?ct=x sha3-xx md5-CY9rzUYh03PK3k6DJie09g==");
        let two = two.unwrap();
        assert_eq!(two.iter().map(Hash::algorithm).collect::<Vec<_>>(), [Algorithm::Sha1, Algorithm::Md5]);
        assert_eq!(Hash::integrity("sha512-short"), None);
        assert_eq!(Hash::integrity(""), None);
    }
}
