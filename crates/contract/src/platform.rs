//! What an image runs on (OCI image specification 1.1, "Image Index", `platform`); never which one is chosen.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What an image runs on, in Go's words: `linux` and `amd64`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Platform {
    /// The operating system.
    pub os: String,
    /// The processor.
    pub architecture: String,
    /// Which of the processor's variants, such as `v7`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

/// The text is no platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no platform: expected OS/ARCHITECTURE[/VARIANT], such as linux/amd64")]
pub struct InvalidPlatform(String);

impl Platform {
    /// A platform without a variant.
    pub fn new(os: impl Into<String>, architecture: impl Into<String>) -> Self {
        Self { os: os.into(), architecture: architecture.into(), variant: None, unknown: Map::new() }
    }

    /// What this program runs on.
    pub fn host() -> Self {
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            "x86" => "386",
            other => other,
        };
        let os = match std::env::consts::OS {
            "macos" => "darwin",
            other => other,
        };
        Self::new(os, architecture)
    }

    /// Whether an image for the other platform runs on this one: the same system and processor, and the same variant where both name one.
    pub fn runs(&self, other: &Self) -> bool {
        let variants_agree = match (&self.variant, &other.variant) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => true,
        };
        self.os == other.os && self.architecture == other.architecture && variants_agree
    }
}

impl FromStr for Platform {
    type Err = InvalidPlatform;

    fn from_str(text: &str) -> Result<Self, InvalidPlatform> {
        let word = |part: &str| {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
            !part.is_empty() && part.bytes().all(fits)
        };
        let parts: Vec<&str> = text.split('/').collect();
        match *parts {
            [os, architecture] if word(os) && word(architecture) => Ok(Self::new(os, architecture)),
            [os, architecture, variant] if word(os) && word(architecture) && word(variant) => {
                Ok(Self { variant: Some(variant.to_owned()), ..Self::new(os, architecture) })
            }
            _ => Err(InvalidPlatform(text.to_owned())),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.os, self.architecture)?;
        self.variant.iter().try_for_each(|variant| write!(out, "/{variant}"))
    }
}

/// Platforms as a list of texts, the form of the release record.
pub(crate) mod texts {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::Platform;

    pub(crate) fn serialize<S: Serializer>(platforms: &[Platform], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(platforms.iter().map(ToString::to_string))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Platform>, D::Error> {
        Vec::<String>::deserialize(from)?.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn a_platform_is_written_as_it_is_read(text in "[a-z/.]{0,12}") {
            if let Ok(platform) = text.parse::<Platform>() {
                proptest::prop_assert_eq!(platform.to_string(), text);
            }
        }
    }
}
