//! Evidence beside an image: an artifact manifest whose `subject` is the image (OCI image specification 1.1, "Guidance for Artifacts"); never what the evidence says.

use std::collections::BTreeMap;

use contract::{Digest, Selector};

use crate::{
    blob::Blob,
    descriptor::Descriptor,
    error::OciError,
    manifest::{Image, Manifest},
    media_type,
    repository::{Repository, Role},
};

/// The content of the empty descriptor.
const EMPTY_CONTENT: &[u8] = b"{}";

/// One piece of content to be found from the image it is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Artifact {
    /// What kind of artifact it is; also the media type of its one layer, as cosign writes it.
    pub artifact_type: String,
    /// The content.
    pub content: Vec<u8>,
    /// What a list of referrers shows of it.
    pub annotations: BTreeMap<String, String>,
}

impl Artifact {
    /// The manifest that says this about `subject`; the same bytes for the same artifact.
    ///
    /// # Errors
    /// None in practice: all of its members can be written as JSON.
    pub fn manifest(&self, subject: &Descriptor) -> Result<Manifest, OciError> {
        self.written(Some(subject.bare()))
    }

    /// The manifest of content that is about nothing but itself; the same bytes for the same artifact.
    ///
    /// # Errors
    /// None in practice: all of its members can be written as JSON.
    pub fn standalone(&self) -> Result<Manifest, OciError> {
        self.written(None)
    }

    fn written(&self, subject: Option<Descriptor>) -> Result<Manifest, OciError> {
        let config = Descriptor::of(media_type::EMPTY, EMPTY_CONTENT);
        let mut image = Image::new(config, vec![self.layer()]);
        image.artifact_type = Some(self.artifact_type.clone());
        image.subject = subject;
        image.annotations = self.annotations.clone();
        let digest = self.layer().digest;
        image.into_manifest().map_err(|source| OciError::ManifestInvalid { digest, source })
    }

    /// Stores the blobs of its manifest, whatever that is about.
    pub(crate) fn store(&self, to: &dyn Repository) -> Result<(), OciError> {
        to.put_blob(Blob::new(Descriptor::of(media_type::EMPTY, EMPTY_CONTENT), EMPTY_CONTENT))?;
        to.put_blob(Blob::new(self.layer(), self.content.as_slice()))?;
        Ok(())
    }

    fn layer(&self) -> Descriptor {
        Descriptor::of(self.artifact_type.clone(), &self.content)
    }
}

/// Stores an artifact as a referrer of an image that is there. Doing it twice changes nothing.
///
/// # Errors
/// [`OciError::ImageMissing`] if there is no such image; otherwise what storing it met.
pub fn attach(to: &dyn Repository, subject: Digest, artifact: &Artifact) -> Result<Descriptor, OciError> {
    let image = to.find(&Selector::Digest(subject))?;
    let manifest = artifact.manifest(image.descriptor())?;
    artifact.store(to)?;
    to.put_manifest(&manifest, Role::Root)?;
    Ok(manifest.as_referrer())
}
