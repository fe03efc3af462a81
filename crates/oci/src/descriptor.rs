//! What points at content: its type, digest and size (OCI image specification 1.1, "Content Descriptors"); never the content.

use std::{collections::BTreeMap, fmt, str::FromStr};

use contract::Digest;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::media_type;

/// Points at content. Members that this code does not know survive.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What kind of content it is.
    pub media_type: String,
    /// What the content is.
    pub digest: Digest,
    /// How long it is, in bytes.
    pub size: u64,
    /// What kind of artifact a manifest holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Free text by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// What an index's child runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

impl Descriptor {
    /// A descriptor that says no more than it must.
    pub fn new(media_type: impl Into<String>, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.into(),
            digest,
            size,
            artifact_type: None,
            annotations: BTreeMap::new(),
            platform: None,
            unknown: Map::new(),
        }
    }

    /// Describes these bytes.
    pub fn of(media_type: impl Into<String>, bytes: &[u8]) -> Self {
        Self::new(media_type, Digest::of(bytes), bytes.len() as u64)
    }

    /// Type, digest and size alone, as a `subject` names an image.
    #[must_use]
    pub fn bare(&self) -> Self {
        Self::new(self.media_type.clone(), self.digest, self.size)
    }

    /// Whether it points at a manifest or an index.
    pub fn is_manifest(&self) -> bool {
        media_type::is_manifest(&self.media_type)
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_members_survive_at_both_levels() {
        let text = r#"{"mediaType":"a","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0,"platform":{"os":"linux","architecture":"arm","os.version":"1"},"urls":["https://example.com"]}"#;
        let descriptor: Descriptor = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&descriptor).unwrap(), text);
    }

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
