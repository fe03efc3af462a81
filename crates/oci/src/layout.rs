//! The OCI image layout (OCI image specification 1.1, "Image Layout"): a directory that holds what a repository of a registry would; never the network.
//!
//! `index.json` is read, changed and replaced under a lock on the directory; it lists what carries a name, what was
//! stored as a root, and every referrer: an untagged descriptor whose manifest names its `subject`, which is where oras and
//! oras-based tools look.

mod blobs;
pub(crate) mod index_file;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use ci::files::{self, FileError};
use contract::{Digest, ImageRef, Location, Selector, Tag};
use serde::Deserialize;

use crate::{
    blob::Blob,
    descriptor::Descriptor,
    error::OciError,
    lock,
    manifest::{MANIFEST_BYTES_MAX, Manifest},
    repository::{Repository, Role, Stored, Write},
};
use blobs::Blobs;
use index_file::{IndexFile, TagConflict};

/// The file that makes a directory a layout.
const MARKER: &str = "oci-layout";
/// Its content.
const MARKER_CONTENT: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;
/// Its largest size, in bytes.
const MARKER_BYTES_MAX: u64 = 4 << 10;
/// The file that lists what is in the layout.
const INDEX: &str = "index.json";

/// An OCI image layout.
#[derive(Debug)]
pub struct Layout {
    location: Location,
    root: PathBuf,
    blobs: Blobs,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Marker {
    image_layout_version: String,
}

/// The part of a manifest that tells referrers from the rest.
#[derive(Deserialize)]
struct Reference {
    subject: Option<Subject>,
}

#[derive(Deserialize)]
struct Subject {
    /// As text: a digest of another algorithm is none that we look for, and no error.
    digest: String,
}

impl Layout {
    /// A layout that exists.
    ///
    /// # Errors
    /// [`OciError::LayoutMissing`] and [`OciError::LayoutInvalid`].
    pub fn open(root: &Path) -> Result<Self, OciError> {
        let layout = Self::at(root);
        if layout.exists()? { Ok(layout) } else { Err(OciError::LayoutMissing(root.to_owned())) }
    }

    /// A layout that exists, or will from the first write on.
    ///
    /// # Errors
    /// [`OciError::LayoutInvalid`] if the directory holds something else.
    pub fn open_or_new(root: &Path) -> Result<Self, OciError> {
        let layout = Self::at(root);
        layout.exists()?;
        Ok(layout)
    }

    fn at(root: &Path) -> Self {
        Self { location: Location::Layout(root.to_owned()), root: root.to_owned(), blobs: Blobs::of(root) }
    }

    fn invalid(&self, why: impl Into<String>) -> OciError {
        OciError::LayoutInvalid { path: self.root.clone(), why: why.into() }
    }

    /// Whether this is a layout already; an error if it is something else.
    fn exists(&self) -> Result<bool, OciError> {
        if self.marked()? {
            return Ok(true);
        }
        // Another process may make it between two looks; the marker is its first file, so the last look decides.
        let vacant = self.vacant()?;
        match self.marked()? {
            false if !vacant => Err(self.invalid(format!("it has no file `{MARKER}`"))),
            marked => Ok(marked),
        }
    }

    fn marked(&self) -> Result<bool, OciError> {
        match files::read(&self.root.join(MARKER), MARKER_BYTES_MAX) {
            Ok(bytes) => match serde_json::from_slice::<Marker>(&bytes) {
                Ok(marker) if marker.image_layout_version == "1.0.0" => Ok(true),
                Ok(marker) => Err(self.invalid(format!("its version is `{}`", marker.image_layout_version))),
                Err(_) => Err(self.invalid(format!("its file `{MARKER}` does not have the right form"))),
            },
            Err(FileError::Missing(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether nothing is here: a directory of somebody else's files never becomes a layout.
    fn vacant(&self) -> Result<bool, OciError> {
        let unreadable = |source| FileError::Unreadable { path: self.root.clone(), source };
        let mut entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
            Err(error) => return Err(unreadable(error).into()),
        };
        entries.try_fold(true, |vacant, entry| {
            // What a run leaves that was killed while it made this layout.
            Ok(vacant && entry.map_err(unreadable)?.file_name() == ".oci-layout.partial")
        })
    }

    fn index(&self) -> Result<IndexFile, OciError> {
        match files::read(&self.root.join(INDEX), MANIFEST_BYTES_MAX) {
            Ok(bytes) => IndexFile::parse(&bytes).map_err(|why| self.invalid(format!("its {INDEX} {why}"))),
            Err(FileError::Missing(_)) => Ok(IndexFile::empty()),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the layout where there is none yet, and changes `index.json` while nobody else can.
    fn edit(
        &self,
        change: impl FnOnce(&mut IndexFile) -> Result<Stored, OciError>,
    ) -> Result<Stored, OciError> {
        let _held = lock::directory(&self.root)?;
        let mut index = self.index()?;
        let stored = change(&mut index)?;
        if stored == Stored::New {
            let bytes = index.to_bytes().map_err(|error| self.invalid(error.to_string()))?;
            let path = self.root.join(INDEX);
            // What is listed comes from anyone, and a longer list could never be read again.
            if bytes.len() as u64 > MANIFEST_BYTES_MAX {
                return Err(FileError::TooLarge { path, limit: MANIFEST_BYTES_MAX }.into());
            }
            files::write(&path, &bytes)?;
        }
        Ok(stored)
    }

    /// Makes the directory a layout.
    fn make(&self) -> Result<(), OciError> {
        if self.exists()? {
            return Ok(());
        }
        fs::create_dir_all(&self.root).map_err(FileError::writing(&self.root))?;
        let _held = lock::directory(&self.root)?;
        Ok(files::write(&self.root.join(MARKER), MARKER_CONTENT)?)
    }

    fn store_bytes(&self, manifest: &Manifest) -> Result<Stored, OciError> {
        self.make()?;
        self.blobs.put(Blob::new(manifest.descriptor().clone(), manifest.bytes()))
    }

    /// How `index.json` shows a manifest: a referrer with its kind and annotations, anything else by itself.
    fn listing(manifest: &Manifest) -> Descriptor {
        if manifest.subject().is_some() { manifest.as_referrer() } else { manifest.descriptor().clone() }
    }

    fn named(&self, tag: &Tag) -> ImageRef {
        ImageRef::repository(self.location.clone()).with_tag(tag.clone())
    }

    fn missing(&self, digest: Digest) -> OciError {
        OciError::ContentMissing { digest, location: self.location.clone() }
    }

    /// Reads one listed manifest and tells whether it is about this subject. Only one that says so is checked against its digest:
    /// a damaged image must not hide the evidence of another, and one that is missing or unreadable is an error.
    fn referrer_of(&self, subject: Digest, listed: &Descriptor) -> Result<Option<Descriptor>, OciError> {
        let digest = listed.digest;
        let bytes =
            self.blobs.read_unchecked(digest, MANIFEST_BYTES_MAX)?.ok_or_else(|| self.missing(digest))?;
        let reference: Reference = serde_json::from_slice(&bytes)
            .map_err(|error| OciError::ManifestInvalid { digest, source: error.into() })?;
        if reference.subject.is_none_or(|named| named.digest != subject.to_string()) {
            return Ok(None);
        }
        self.described(listed).map(|manifest| Some(manifest.as_referrer()))
    }
}

impl Repository for Layout {
    fn location(&self) -> &Location {
        &self.location
    }

    fn resolve(&self, selector: &Selector) -> Result<Option<Descriptor>, OciError> {
        match selector {
            Selector::Tag(tag) => {
                let index = self.index()?;
                let named = index.find(tag).map_err(|_| OciError::TagAmbiguous(Box::new(self.named(tag))))?;
                named.map(|found| Ok(self.described(found)?.descriptor().clone())).transpose()
            }
            Selector::Digest(digest) if self.blobs.size(*digest)?.is_some() => {
                Ok(Some(self.manifest(*digest)?.descriptor().clone()))
            }
            Selector::Digest(_) => Ok(None),
        }
    }

    fn tags(&self) -> Result<Vec<Tag>, OciError> {
        Ok(self.index()?.tags())
    }

    fn manifest(&self, digest: Digest) -> Result<Manifest, OciError> {
        let bytes =
            self.blobs.read_unchecked(digest, MANIFEST_BYTES_MAX)?.ok_or_else(|| self.missing(digest))?;
        let found = Digest::of(&bytes);
        if found != digest {
            return Err(OciError::DigestMismatch { expected: digest, found });
        }
        Manifest::parse(bytes).map_err(|source| OciError::ManifestInvalid { digest, source })
    }

    fn has_blob(&self, blob: &Descriptor) -> Result<bool, OciError> {
        Ok(self.blobs.size(blob.digest)? == Some(blob.size))
    }

    fn blob(&self, blob: &Descriptor) -> Result<Blob<'_>, OciError> {
        self.blobs.open(blob)?.ok_or_else(|| self.missing(blob.digest))
    }

    fn put_blob(&self, blob: Blob<'_>) -> Result<Stored, OciError> {
        self.make()?;
        self.blobs.put(blob)
    }

    fn put_manifest(&self, manifest: &Manifest, role: Role) -> Result<Stored, OciError> {
        let stored = self.store_bytes(manifest)?;
        if role == Role::Child && manifest.subject().is_none() {
            return Ok(stored);
        }
        let listed = self.edit(|index| Ok(index.list(Self::listing(manifest))))?;
        Ok(if stored == Stored::New { stored } else { listed })
    }

    fn tag(&self, tag: &Tag, manifest: &Manifest) -> Result<Stored, OciError> {
        self.store_bytes(manifest)?;
        let to = manifest.digest();
        self.edit(|index| {
            index.name(tag, Self::listing(manifest)).map_err(|conflict| match conflict {
                TagConflict::Taken(from) => {
                    OciError::TagWouldMove { image: Box::new(self.named(tag)), from, to }
                }
                TagConflict::Ambiguous => OciError::TagAmbiguous(Box::new(self.named(tag))),
            })
        })
    }

    fn writes(&self, write: Write<'_>) -> Vec<String> {
        let index = || format!("write {}", self.root.join(INDEX).display());
        let content = |content: &Descriptor| {
            format!("write {}, {} bytes", self.blobs.path(content.digest).display(), content.size)
        };
        match write {
            Write::Blob(blob, _) => vec![content(blob)],
            Write::Manifest(manifest) => vec![content(manifest.descriptor())],
            Write::Tag(tag, _) => vec![format!("{}, with the name {tag}", index())],
        }
    }

    fn referrers(&self, subject: Digest) -> Result<Vec<Descriptor>, OciError> {
        let index = self.index()?;
        let mut found: Vec<Descriptor> = Vec::new();
        for listed in index.manifests() {
            let new = listed.digest != subject && found.iter().all(|known| known.digest != listed.digest);
            if new && listed.is_manifest() {
                found.extend(self.referrer_of(subject, listed)?);
            }
        }
        Ok(found)
    }
}
