//! Digests as in-toto's `DigestSet` spells them: the hexadecimal digits alone, without the algorithm in front.

use contract::Digest;
use serde::{Deserialize, Deserializer, Serializer};

pub(crate) fn serialize<S: Serializer>(digest: &Digest, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&digest.hex())
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Digest, D::Error> {
    let hex = std::borrow::Cow::<'de, str>::deserialize(from)?;
    parse(&hex)
        .ok_or_else(|| serde::de::Error::custom(format!("`{hex}` is no SHA-256 in hexadecimal digits")))
}

pub(crate) fn parse(hex: &str) -> Option<Digest> {
    format!("sha256:{hex}").parse().ok()
}
