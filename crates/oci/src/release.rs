//! Release manifests in repositories: an artifact of one small layer under the tag `release-<version>`; never what a gate makes of one.

use std::collections::BTreeMap;

use contract::{Digest, ImageRef, ReleaseManifest, Selector, Tag};

use crate::{
    attach::Artifact,
    error::OciError,
    manifest::Manifest,
    repository::{Repository, Role, Stored, Write},
};

/// The largest release manifest that is read, in bytes: some thousands of components.
const RELEASE_BYTES_MAX: u64 = 1 << 20;

/// A release manifest as it is stored.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredRelease {
    /// The artifact.
    pub digest: Digest,
    /// What it says.
    pub release: ReleaseManifest,
}

/// A release manifest on its way into a repository.
#[derive(Clone, PartialEq, Debug)]
pub struct NewRelease {
    artifact: Artifact,
    manifest: Manifest,
}

impl NewRelease {
    /// The artifact of this release: the same bytes for the same release.
    ///
    /// # Errors
    /// None in practice: all of its members can be written as JSON.
    pub fn of(release: &ReleaseManifest) -> Result<Self, OciError> {
        let digest = Digest::of(b"");
        let content = release.to_json().map_err(|source| OciError::ReleaseInvalid { digest, source })?;
        let named = |(name, value)| (format!("org.opencontainers.image.{name}"), value);
        let about = [("version", release.version.to_string()), ("revision", release.commit.to_string())];
        let annotations: BTreeMap<String, String> = about.into_iter().map(named).collect();
        let artifact =
            Artifact { artifact_type: ReleaseManifest::MEDIA_TYPE.to_owned(), content, annotations };
        Ok(Self { manifest: artifact.standalone()?, artifact })
    }

    /// The manifest that gets the name.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What [`store`](Self::store) will write, one line a request or a file.
    pub fn writes(&self, to: &dyn Repository, tag: &Tag) -> Vec<String> {
        let blobs = self.manifest.blobs().map(|blob| Write::Blob(blob, None));
        let named = [Write::Manifest(&self.manifest), Write::Tag(tag, &self.manifest)];
        blobs.chain(named).flat_map(|write| to.writes(write)).collect()
    }

    /// Stores it and gives it its name, which never moves.
    ///
    /// # Errors
    /// As [`Repository::tag`].
    pub fn store(&self, to: &dyn Repository, tag: &Tag) -> Result<Stored, OciError> {
        self.artifact.store(to)?;
        to.put_manifest(&self.manifest, Role::Root)?;
        to.tag(tag, &self.manifest)
    }
}

/// The release manifest under this name; nothing where nothing has the name.
///
/// # Errors
/// [`OciError::ReleaseInvalid`] and [`OciError::NoRelease`] if something else has it.
pub fn release(from: &dyn Repository, tag: &Tag) -> Result<Option<StoredRelease>, OciError> {
    let Some(found) = from.resolve(&Selector::Tag(tag.clone()))? else { return Ok(None) };
    let digest = found.digest;
    let manifest = from.manifest(digest)?;
    let no_release = || {
        let image = ImageRef::repository(from.location().clone()).with_tag(tag.clone());
        OciError::NoRelease { image: Box::new(image), digest }
    };
    let image = manifest.image().ok_or_else(no_release)?;
    let layer = match image.layers.as_slice() {
        [layer] if layer.media_type == ReleaseManifest::MEDIA_TYPE => layer,
        _ => return Err(no_release()),
    };
    let bytes = from.blob_bytes(layer, RELEASE_BYTES_MAX)?;
    let release = ReleaseManifest::from_json(&bytes);
    let release = release.map_err(|source| OciError::ReleaseInvalid { digest, source })?;
    // A manifest that somebody gave the name of another release.
    if ReleaseManifest::tag(&release.version).as_ref() != Ok(tag) {
        return Err(no_release());
    }
    Ok(Some(StoredRelease { digest, release }))
}
