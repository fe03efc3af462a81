//! What holds images, whatever it is: the questions and the writes that a registry and a directory have in common.

use contract::{Digest, ImageRef, Location, Selector, Tag};

use crate::{
    blob::Blob,
    descriptor::Descriptor,
    error::OciError,
    manifest::{MANIFEST_BYTES_MAX, Manifest},
};

/// What a write found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stored {
    /// It was not there before.
    New,
    /// Exactly this was there already.
    AlreadyThere,
}

/// What a manifest is to the one who stores it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Something to be found by itself: an image, an index, a referrer.
    Root,
    /// Part of an index that follows.
    Child,
}

/// Something to be written, as a plan names it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Write<'a> {
    /// A blob that is not there, and where it lies now, if it lies somewhere.
    Blob(&'a Descriptor, Option<&'a Location>),
    /// A manifest that is not there.
    Manifest(&'a Manifest),
    /// A name for a manifest.
    Tag(&'a Tag, &'a Manifest),
}

/// Where the images of one name lie. All bytes that are read are checked against their digest; nothing is ever rewritten or removed.
///
/// Order of writes: blobs, then the manifests that name them, then tags; so what is cut off leaves only what nobody refers to.
pub trait Repository: Send + Sync {
    /// Where this is.
    fn location(&self) -> &Location;

    /// What carries this name; nothing where there is no such name. "Could not look" is an error.
    ///
    /// # Errors
    /// [`OciError`] if the answer can't be had or does not fit the content.
    fn resolve(&self, selector: &Selector) -> Result<Option<Descriptor>, OciError>;

    /// All tags, in the order of their bytes.
    ///
    /// # Errors
    /// [`OciError`] if they can't be read.
    fn tags(&self) -> Result<Vec<Tag>, OciError>;

    /// A manifest or an index of at most [`MANIFEST_BYTES_MAX`] bytes.
    ///
    /// # Errors
    /// [`OciError`] if it is not there, is not what its digest says, or is no manifest.
    fn manifest(&self, digest: Digest) -> Result<Manifest, OciError>;

    /// Whether this manifest is there and, as far as its keeper vouches for that, everything it names: a registry takes no
    /// manifest before its blobs. A directory vouches for nothing.
    ///
    /// # Errors
    /// [`OciError`] if that can't be known.
    fn holds(&self, _manifest: &Manifest) -> Result<bool, OciError> {
        Ok(false)
    }

    /// Whether this manifest is there, whatever has become of what it names.
    ///
    /// # Errors
    /// [`OciError`] if that can't be known.
    fn has_manifest(&self, manifest: &Manifest) -> Result<bool, OciError> {
        self.has_blob(manifest.descriptor())
    }

    /// Whether this blob is there, in its full length.
    ///
    /// # Errors
    /// [`OciError`] if that can't be known.
    fn has_blob(&self, blob: &Descriptor) -> Result<bool, OciError>;

    /// A configuration or a layer, checked as it is read.
    ///
    /// # Errors
    /// [`OciError`] if it is not there.
    fn blob(&self, blob: &Descriptor) -> Result<Blob<'_>, OciError>;

    /// Stores a blob.
    ///
    /// # Errors
    /// [`OciError`] if it is not what its descriptor says, or can't be written; then nothing is stored.
    fn put_blob(&self, blob: Blob<'_>) -> Result<Stored, OciError>;

    /// Stores a manifest whose blobs and children are there.
    ///
    /// # Errors
    /// [`OciError`] if it can't be written.
    fn put_manifest(&self, manifest: &Manifest, role: Role) -> Result<Stored, OciError>;

    /// Stores a manifest whose blobs and children are there, and gives it this name.
    ///
    /// # Errors
    /// [`OciError::TagWouldMove`] if the name belongs to another digest: names never move.
    fn tag(&self, tag: &Tag, manifest: &Manifest) -> Result<Stored, OciError>;

    /// As [`tag`](Self::tag), without another look: the caller has just seen that the name is free, and nothing has happened since.
    ///
    /// # Errors
    /// As [`tag`](Self::tag), where the keeper of names can tell that it is taken by now.
    fn tag_free(&self, tag: &Tag, manifest: &Manifest) -> Result<Stored, OciError> {
        self.tag(tag, manifest)
    }

    /// What this write will be, one line a request or a file, for who wants to know before.
    fn writes(&self, write: Write<'_>) -> Vec<String>;

    /// The manifests whose `subject` is this digest, with kind and annotations.
    ///
    /// # Errors
    /// [`OciError`] if they can't be listed: "could not look" is never "none there".
    fn referrers(&self, subject: Digest) -> Result<Vec<Descriptor>, OciError>;

    /// Resolves and reads a manifest.
    ///
    /// # Errors
    /// [`OciError::ImageMissing`] if nothing carries this name; otherwise as [`manifest`](Self::manifest).
    fn find(&self, selector: &Selector) -> Result<Manifest, OciError> {
        let found = self.resolve(selector)?.ok_or_else(|| {
            let image = ImageRef::repository(self.location().clone());
            OciError::ImageMissing(match selector {
                Selector::Tag(tag) => image.with_tag(tag.clone()),
                Selector::Digest(digest) => image.with_digest(*digest),
            })
        })?;
        self.manifest(found.digest)
    }

    /// A small blob as a whole.
    ///
    /// # Errors
    /// [`OciError::TooLarge`] if it has more bytes than the limit; otherwise as [`blob`](Self::blob).
    fn blob_bytes(&self, blob: &Descriptor, limit: u64) -> Result<Vec<u8>, OciError> {
        self.blob(blob)?.bytes(limit)
    }

    /// A manifest that a descriptor points at: type and size must fit too.
    ///
    /// # Errors
    /// As [`manifest`](Self::manifest).
    fn described(&self, descriptor: &Descriptor) -> Result<Manifest, OciError> {
        let digest = descriptor.digest;
        if descriptor.size > MANIFEST_BYTES_MAX {
            return Err(OciError::TooLarge { digest, limit: MANIFEST_BYTES_MAX });
        }
        let manifest = self.manifest(digest)?;
        let found = manifest.descriptor();
        if found.size != descriptor.size {
            return Err(OciError::SizeMismatch { digest, expected: descriptor.size, found: found.size });
        }
        if found.media_type != descriptor.media_type {
            let (expected, found) = (descriptor.media_type.clone(), found.media_type.clone());
            return Err(OciError::TypeMismatch { digest, expected, found });
        }
        Ok(manifest)
    }
}
