//! Manifests and indexes: bytes that are never rewritten, with a typed view of them (OCI image specification 1.1); never where they lie.

use std::collections::BTreeMap;

use contract::Digest;
use serde::{Deserialize, Serialize, de::IgnoredAny};

use crate::{descriptor::Descriptor, media_type};

/// The largest manifest that is read, in bytes: the size that registries must accept.
pub const MANIFEST_BYTES_MAX: u64 = 4 << 20;

/// Bytes that are no manifest.
#[derive(Debug, thiserror::Error)]
pub enum InvalidManifest {
    /// Not JSON, or a member of the wrong type.
    #[error("it does not have the form of a manifest")]
    Form(#[from] serde_json::Error),
    /// Docker's schema 1, retired in 2019, or a schema of the future.
    #[error("it is written in schema version {0}, and only 2 is read")]
    Schema(u64),
    /// The same bytes could be read in two ways (CVE-2021-41190).
    #[error("it is an image and an index at once")]
    TwoInOne,
    /// The declared type and the members do not agree.
    #[error("its media type `{0}` does not fit its members")]
    MediaType(String),
}

/// A manifest as it was read, byte for byte, and what it says.
#[derive(Clone, PartialEq, Debug)]
pub struct Manifest {
    descriptor: Descriptor,
    bytes: Vec<u8>,
    content: Content,
}

/// What a manifest says.
#[derive(Clone, PartialEq, Debug)]
pub enum Content {
    /// One image, or one artifact.
    Image(Box<Image>),
    /// Images for several platforms.
    Index(Box<Index>),
}

/// An image manifest.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    schema_version: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    /// What kind of artifact it is, where it is no image to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// How to run it.
    pub config: Descriptor,
    /// What it is made of, from the bottom.
    pub layers: Vec<Descriptor>,
    /// The image it says something about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Free text by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// An image index.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    schema_version: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    /// What kind of artifact it is, where it is no image to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The images.
    pub manifests: Vec<Descriptor>,
    /// The image it says something about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Free text by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// As much of a manifest as decides how it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outline {
    schema_version: u64,
    media_type: Option<String>,
    manifests: Option<IgnoredAny>,
    layers: Option<IgnoredAny>,
    config: Option<IgnoredAny>,
}

impl Image {
    /// An image manifest of OCI.
    pub fn new(config: Descriptor, layers: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: Some(media_type::IMAGE_MANIFEST.to_owned()),
            artifact_type: None,
            config,
            layers,
            subject: None,
            annotations: BTreeMap::new(),
        }
    }

    /// The manifest's bytes, made once.
    ///
    /// # Errors
    /// None in practice: all of its members can be written as JSON.
    pub fn into_manifest(self) -> Result<Manifest, InvalidManifest> {
        Manifest::parse(serde_json::to_vec(&self)?)
    }
}

impl Index {
    /// An index of OCI.
    pub fn new(manifests: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: Some(media_type::IMAGE_INDEX.to_owned()),
            artifact_type: None,
            manifests,
            subject: None,
            annotations: BTreeMap::new(),
        }
    }

    /// The index's bytes, made once.
    ///
    /// # Errors
    /// None in practice: all of its members can be written as JSON.
    pub fn into_manifest(self) -> Result<Manifest, InvalidManifest> {
        Manifest::parse(serde_json::to_vec(&self)?)
    }
}

impl Manifest {
    /// Reads a manifest or an index of OCI, or of Docker's schema 2.
    ///
    /// # Errors
    /// [`InvalidManifest`] if the bytes are neither, or both.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, InvalidManifest> {
        let outline: Outline = serde_json::from_slice(&bytes)?;
        if outline.schema_version != 2 {
            return Err(InvalidManifest::Schema(outline.schema_version));
        }
        let is_index = outline.manifests.is_some();
        if is_index && (outline.layers.is_some() || outline.config.is_some()) {
            return Err(InvalidManifest::TwoInOne);
        }
        let own = if is_index { media_type::IMAGE_INDEX } else { media_type::IMAGE_MANIFEST };
        let docker = if is_index { media_type::DOCKER_INDEX } else { media_type::DOCKER_MANIFEST };
        let media_type = outline.media_type.unwrap_or_else(|| own.to_owned());
        if media_type != own && media_type != docker {
            return Err(InvalidManifest::MediaType(media_type));
        }
        let content = if is_index {
            Content::Index(Box::new(serde_json::from_slice(&bytes)?))
        } else {
            Content::Image(Box::new(serde_json::from_slice(&bytes)?))
        };
        Ok(Self { descriptor: Descriptor::of(media_type, &bytes), bytes, content })
    }

    /// The bytes as they were read.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Type, digest and size.
    pub fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// The digest of the bytes.
    pub fn digest(&self) -> Digest {
        self.descriptor.digest
    }

    /// What it says.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// The image, if it is one.
    pub fn image(&self) -> Option<&Image> {
        match &self.content {
            Content::Image(image) => Some(image),
            Content::Index(_) => None,
        }
    }

    /// The image it says something about.
    pub fn subject(&self) -> Option<&Descriptor> {
        match &self.content {
            Content::Image(image) => image.subject.as_ref(),
            Content::Index(index) => index.subject.as_ref(),
        }
    }

    /// Free text by name.
    pub fn annotations(&self) -> &BTreeMap<String, String> {
        match &self.content {
            Content::Image(image) => &image.annotations,
            Content::Index(index) => &index.annotations,
        }
    }

    /// What kind of artifact it is; an image manifest that does not say it is what its configuration is
    /// (OCI distribution specification 1.1, "Listing Referrers").
    pub fn artifact_type(&self) -> Option<&str> {
        match &self.content {
            Content::Image(image) => Some(image.artifact_type.as_ref().unwrap_or(&image.config.media_type)),
            Content::Index(index) => index.artifact_type.as_ref(),
        }
        .map(String::as_str)
    }

    /// The manifests below it.
    pub fn children(&self) -> &[Descriptor] {
        match &self.content {
            Content::Image(_) => &[],
            Content::Index(index) => &index.manifests,
        }
    }

    /// The blobs it needs: the configuration and the layers.
    pub fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        self.image().into_iter().flat_map(|image| std::iter::once(&image.config).chain(&image.layers))
    }

    /// How a list of referrers names it: with the kind of artifact and the annotations.
    pub fn as_referrer(&self) -> Descriptor {
        let mut descriptor = self.descriptor.clone();
        descriptor.artifact_type = self.artifact_type().map(str::to_owned);
        descriptor.annotations = self.annotations().clone();
        descriptor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Manifest, InvalidManifest> {
        Manifest::parse(text.as_bytes().to_vec())
    }

    #[test]
    fn bytes_are_kept_as_they_are() {
        let text = "{\"schemaVersion\": 2,\n \"x\": 1, \"manifests\": []}";
        let manifest = parse(text).unwrap();
        assert_eq!(manifest.bytes(), text.as_bytes());
        assert_eq!(manifest.digest(), Digest::of(text.as_bytes()));
        assert_eq!(manifest.descriptor().media_type, media_type::IMAGE_INDEX);
    }

    #[test]
    fn schema_1_is_refused_by_name() {
        let text = r#"{"schemaVersion": 1, "name": "library/x", "tag": "latest", "fsLayers": [], "history": [], "signatures": []}"#;
        assert_eq!(
            parse(text).unwrap_err().to_string(),
            "it is written in schema version 1, and only 2 is read"
        );
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        let both = r#"{"schemaVersion": 2, "manifests": [], "layers": []}"#;
        assert!(matches!(parse(both), Err(InvalidManifest::TwoInOne)));
        let lying = format!(
            r#"{{"schemaVersion": 2, "mediaType": "{}", "manifests": []}}"#,
            media_type::IMAGE_MANIFEST
        );
        assert!(matches!(parse(&lying), Err(InvalidManifest::MediaType(_))));
        assert!(matches!(parse(r#"{"schemaVersion": 2}"#), Err(InvalidManifest::Form(_))));
    }

    #[test]
    fn an_image_without_an_artifact_type_is_what_its_configuration_is() {
        let image = Image::new(Descriptor::of(media_type::EMPTY, b"{}"), Vec::new());
        let manifest = image.into_manifest().unwrap();
        assert_eq!(manifest.as_referrer().artifact_type.as_deref(), Some(media_type::EMPTY));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = Manifest::parse(bytes);
        }
    }
}
