//! The `blobs/sha256` of a layout: files whose names are made from digests, so no path from outside ever reaches the disk; never `index.json`.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use ci::files::{self, FileError};
use contract::Digest;

use crate::{blob::Blob, descriptor::Descriptor, error::OciError, lock, repository::Stored};

/// The directory of all blobs.
#[derive(Debug)]
pub(super) struct Blobs(PathBuf);

impl Blobs {
    /// Those of the layout in this directory.
    pub(super) fn of(root: &Path) -> Self {
        Self(root.join("blobs/sha256"))
    }

    /// Where a blob lies, or would.
    pub(super) fn path(&self, digest: Digest) -> PathBuf {
        self.0.join(digest.hex())
    }

    /// The size of a blob, in bytes; nothing where there is none.
    pub(super) fn size(&self, digest: Digest) -> Result<Option<u64>, OciError> {
        let path = self.path(digest);
        match fs::metadata(&path) {
            Ok(about) if about.is_file() => Ok(Some(about.len())),
            Ok(_) => Err(FileError::NotAFile(path).into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(FileError::Unreadable { path, source }.into()),
        }
    }

    /// A blob whose content is checked as it is read.
    pub(super) fn open<'a>(&self, blob: &Descriptor) -> Result<Option<Blob<'a>>, OciError> {
        let Descriptor { digest, size, .. } = *blob;
        let path = self.path(digest);
        match self.size(digest)? {
            None => Ok(None),
            Some(found) if found != size => Err(OciError::SizeMismatch { digest, expected: size, found }),
            Some(_) => {
                let open = move || match File::open(&path) {
                    Ok(file) => Ok(Box::new(file) as Box<dyn Read>),
                    Err(source) => Err(FileError::Unreadable { path: path.clone(), source }.into()),
                };
                Ok(Some(Blob::opened_by(blob.clone(), open)))
            }
        }
    }

    /// The bytes of a small blob, whatever they are.
    pub(super) fn read_unchecked(&self, digest: Digest, limit: u64) -> Result<Option<Vec<u8>>, OciError> {
        match self.size(digest)? {
            None => Ok(None),
            Some(_) => match files::read(&self.path(digest), limit) {
                Err(FileError::TooLarge { limit, .. }) => Err(OciError::TooLarge { digest, limit }),
                other => Ok(Some(other?)),
            },
        }
    }

    /// Stores a blob whole or not at all: a temporary file beside it, checked and synced, is renamed to its digest.
    pub(super) fn put(&self, blob: Blob<'_>) -> Result<Stored, OciError> {
        let digest = blob.descriptor().digest;
        let path = self.path(digest);
        let temporary = self.0.join(format!(".{}.partial", digest.hex()));
        fs::create_dir_all(&self.0).map_err(FileError::writing(&self.0))?;
        let Some(mut file) = self.claim(&temporary, blob.descriptor())? else {
            return Ok(Stored::AlreadyThere);
        };
        let writing = FileError::writing;
        file.set_len(0).map_err(writing(&temporary))?;
        let finished = blob
            .copy_to(&mut file)
            .and_then(|()| Ok(file.sync_all().map_err(writing(&temporary))?))
            .and_then(|()| Ok(fs::rename(&temporary, &path).map_err(writing(&path))?))
            .and_then(|()| {
                Ok(File::open(&self.0).and_then(|all| all.sync_all()).map_err(writing(&self.0))?)
            });
        if finished.is_err() {
            // Ours, because we hold its lock; if even this fails, the next run overwrites it.
            let _ = fs::remove_file(&temporary);
        }
        finished.map(|()| Stored::New)
    }

    /// The temporary file, locked; nothing if the blob is there, perhaps because another process finished it while we waited. The
    /// name is fixed, so that what a killed run left is overwritten and does not pile up.
    fn claim(&self, temporary: &Path, blob: &Descriptor) -> Result<Option<File>, OciError> {
        loop {
            if self.size(blob.digest)? == Some(blob.size) {
                return Ok(None);
            }
            let file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                .custom_flags(files::NO_LINK)
                .open(temporary)
                .map_err(FileError::writing(temporary))?;
            lock::exclusive(&file, temporary)?;
            // The one who held the lock before us renamed or removed the file: then ours has no name any more.
            let ours = file.metadata().map_err(FileError::writing(temporary))?.ino();
            if fs::metadata(temporary).is_ok_and(|named| named.ino() == ours) {
                return Ok(Some(file));
            }
        }
    }
}
