//! A repository in memory that holds what random bytes say; it takes nothing, and never a registry.

use std::{collections::BTreeMap, path::PathBuf};

use contract::{Digest, Location, Selector, Tag};
use oci::{Blob, Descriptor, Image, Manifest, OciError, Repository, Role, Stored, Write, media_type};

/// Blobs and manifests by digest.
pub struct Shelf {
    location: Location,
    blobs: BTreeMap<Digest, Vec<u8>>,
    manifests: BTreeMap<Digest, Manifest>,
    referrers: Vec<Descriptor>,
    tagged: Option<Descriptor>,
}

impl Shelf {
    /// With nothing on it.
    pub fn new() -> Self {
        Self {
            location: Location::Layout(PathBuf::from("shelf")),
            blobs: BTreeMap::new(),
            manifests: BTreeMap::new(),
            referrers: Vec::new(),
            tagged: None,
        }
    }

    /// Puts a blob there.
    pub fn blob(&mut self, kind: &str, bytes: &[u8]) -> Descriptor {
        let descriptor = Descriptor::of(kind, bytes);
        self.blobs.insert(descriptor.digest, bytes.to_vec());
        descriptor
    }

    /// Puts an image of these layers there.
    ///
    /// # Panics
    /// Never: every descriptor can be written as JSON.
    pub fn image(&mut self, layers: Vec<Descriptor>, subject: Option<Descriptor>) -> Manifest {
        let config = self.blob(media_type::EMPTY, b"{}");
        let mut image = Image::new(config, layers);
        image.subject = subject;
        let manifest = image.into_manifest().expect("a manifest can be written");
        self.manifest(manifest.clone());
        manifest
    }

    /// Puts a manifest there.
    pub fn manifest(&mut self, manifest: Manifest) {
        self.manifests.insert(manifest.digest(), manifest);
    }

    /// Says that this refers to any image that is asked for.
    pub fn refers(&mut self, manifest: &Manifest) {
        self.referrers.push(manifest.as_referrer());
    }

    /// Says that this has any tag that is asked for.
    pub fn tagged(&mut self, manifest: &Manifest) {
        self.tagged = Some(manifest.descriptor().clone());
    }

    fn missing(&self, digest: Digest) -> OciError {
        let image = contract::ImageRef::repository(self.location.clone());
        OciError::ImageMissing(image.with_digest(digest))
    }
}

impl Default for Shelf {
    fn default() -> Self {
        Self::new()
    }
}

impl Repository for Shelf {
    fn location(&self) -> &Location {
        &self.location
    }

    fn resolve(&self, selector: &Selector) -> Result<Option<Descriptor>, OciError> {
        Ok(match selector {
            Selector::Tag(_) => self.tagged.clone(),
            Selector::Digest(digest) => self.manifests.get(digest).map(|one| one.descriptor().clone()),
        })
    }

    fn tags(&self) -> Result<Vec<Tag>, OciError> {
        Ok(Vec::new())
    }

    fn manifest(&self, digest: Digest) -> Result<Manifest, OciError> {
        self.manifests.get(&digest).cloned().ok_or_else(|| self.missing(digest))
    }

    fn has_blob(&self, blob: &Descriptor) -> Result<bool, OciError> {
        Ok(self.blobs.contains_key(&blob.digest))
    }

    fn blob(&self, blob: &Descriptor) -> Result<Blob<'_>, OciError> {
        let bytes = self.blobs.get(&blob.digest).ok_or_else(|| self.missing(blob.digest))?;
        Ok(Blob::new(blob.clone(), bytes.as_slice()))
    }

    fn put_blob(&self, blob: Blob<'_>) -> Result<Stored, OciError> {
        Err(self.missing(blob.descriptor().digest))
    }

    fn put_manifest(&self, manifest: &Manifest, _: Role) -> Result<Stored, OciError> {
        Err(self.missing(manifest.digest()))
    }

    fn tag(&self, _: &Tag, manifest: &Manifest) -> Result<Stored, OciError> {
        Err(self.missing(manifest.digest()))
    }

    fn writes(&self, _: Write<'_>) -> Vec<String> {
        Vec::new()
    }

    fn referrers(&self, _: Digest) -> Result<Vec<Descriptor>, OciError> {
        Ok(self.referrers.clone())
    }
}
