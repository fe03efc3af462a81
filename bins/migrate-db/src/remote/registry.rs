//! Backups as artifacts of an OCI repository (OCI image specification 1.1, "Guidance for Artifacts"): one layer, named by a tag; never removed,
//! because registries have rules of their own for that.

use std::{fs::File, io::Write, path::Path};

use ci::Session;
use contract::{Digest, ImageRef, Selector, Tag};
use oci::{Access, Blob, Descriptor, Image, OciError, Role};

use super::{Copy, Place, RemoteError, Removal};

/// What kind of artifact it is, and the media type of its layer.
const KIND: &str = "application/vnd.seaworthy.backup.v1";
/// The media type of the empty configuration, and its content.
const EMPTY: (&str, &[u8]) = ("application/vnd.oci.empty.v1+json", b"{}");
/// The name of the file (OCI image specification 1.1, "Pre-Defined Annotation Keys").
const TITLE: &str = "org.opencontainers.image.title";
/// SHA-256 of the backup before it was encrypted.
const BACKUP: &str = "dev.seaworthy.backup.sha256";
/// The longest tag (OCI distribution specification 1.1, section "Definitions").
const TAG_CHARS_MAX: usize = 128;

/// A repository that keeps backups.
pub(super) struct Repository {
    image: ImageRef,
    repository: Box<dyn oci::Repository>,
}

impl Repository {
    pub(super) fn read(typed: &str, session: &Session) -> Result<Self, RemoteError> {
        let image: ImageRef = typed.parse().map_err(|why| RemoteError::Place(format!("{why}")))?;
        if image.selector().is_some() {
            return Err(RemoteError::Place("a repository is wanted, without a tag or a digest".into()));
        }
        let repository = oci::open_or_new_with(image.location(), &Access::of_run(session))
            .map_err(|source| failed(&image, source))?;
        Ok(Self { image, repository })
    }

    fn failed(&self, source: OciError) -> RemoteError {
        failed(&self.image, source)
    }

    fn tag(&self, name: &str) -> Result<Tag, RemoteError> {
        self.written(name).parse().map_err(|_| RemoteError::Place(format!("`{name}` can't be a tag")))
    }
}

fn failed(image: &ImageRef, source: OciError) -> RemoteError {
    RemoteError::Registry { place: image.to_string(), source: Box::new(source) }
}

impl Place for Repository {
    fn uri(&self) -> String {
        self.image.to_string()
    }

    fn put(&self, copy: &Copy, file: &Path) -> Result<(), RemoteError> {
        let failed = |source| self.failed(source);
        let layer = Descriptor::new(KIND, copy.sent, copy.size);
        let config = Descriptor::of(EMPTY.0, EMPTY.1);
        let mut image = Image::new(config.clone(), vec![layer.clone()]);
        image.artifact_type = Some(KIND.to_owned());
        image.annotations.insert(TITLE.to_owned(), copy.name.clone());
        image.annotations.insert(BACKUP.to_owned(), copy.backup.to_string());
        let digest = copy.sent;
        let manifest =
            image.into_manifest().map_err(|source| failed(OciError::ManifestInvalid { digest, source }))?;
        let open = || -> Result<Box<dyn std::io::Read>, OciError> {
            let open = File::open(file).map_err(|source| OciError::Transfer { digest, source })?;
            Ok(Box::new(open))
        };
        self.repository.put_blob(Blob::opened_by(layer, open)).map_err(failed)?;
        self.repository.put_blob(Blob::new(config, EMPTY.1)).map_err(failed)?;
        self.repository.put_manifest(&manifest, Role::Root).map_err(failed)?;
        self.repository.tag(&self.tag(&copy.name)?, &manifest).map(drop).map_err(failed)
    }

    fn names(&self) -> Result<Vec<String>, RemoteError> {
        let tags = self.repository.tags().map_err(|source| self.failed(source))?;
        Ok(tags.iter().map(ToString::to_string).collect())
    }

    fn find(&self, name: &str) -> Result<Option<Copy>, RemoteError> {
        let failed = |source| self.failed(source);
        let selector = Selector::Tag(self.tag(name)?);
        let Some(found) = self.repository.resolve(&selector).map_err(failed)? else { return Ok(None) };
        let manifest = self.repository.manifest(found.digest).map_err(failed)?;
        let copy = || {
            let image = manifest.image()?;
            let [layer] = image.layers.as_slice() else { return None };
            let backup: Digest = image.annotations.get(BACKUP)?.parse().ok()?;
            let title = image.annotations.get(TITLE)?;
            // Another name than the tag's is not what was asked for.
            let name = Some(title.clone()).filter(|title| self.written(title) == self.written(name))?;
            Some(Copy { name, backup, sent: layer.digest, size: layer.size })
        };
        let strange = || RemoteError::Taken { name: name.to_owned(), place: self.uri() };
        copy().map(Some).ok_or_else(strange)
    }

    fn get(&self, copy: &Copy, to: &mut dyn Write) -> Result<(), RemoteError> {
        let layer = Descriptor::new(KIND, copy.sent, copy.size);
        let blob = self.repository.blob(&layer).map_err(|source| self.failed(source))?;
        blob.copy_to(to).map_err(|source| self.failed(source))
    }

    fn remove(&self, _: &str) -> Result<Removal, RemoteError> {
        Ok(Removal::Kept)
    }

    /// A tag: letters, digits, `_`, `.` and `-`, not in front the last two.
    fn written(&self, name: &str) -> String {
        let character =
            |one: char| if one.is_ascii_alphanumeric() || "_.-".contains(one) { one } else { '_' };
        let mut tag: String = name.chars().map(character).collect();
        if tag.starts_with(['.', '-']) {
            tag.insert(0, '_');
        }
        // What tells one from another stands at the end.
        tag.split_off(tag.len().saturating_sub(TAG_CHARS_MAX))
    }
}
