//! The digest of a file of any size, taken as it is read; never the file in memory.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use ci::files::FileError;
use contract::Digest;
use sha2::{Digest as _, Sha256};

/// The largest file that is signed, in bytes.
pub const BLOB_BYTES_MAX: u64 = 16 << 30;

/// The SHA-256 of a file.
pub fn digest(path: &Path) -> Result<Digest, FileError> {
    let unreadable = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => FileError::Missing(path.to_owned()),
        io::ErrorKind::IsADirectory => FileError::NotAFile(path.to_owned()),
        _ => FileError::Unreadable { path: path.to_owned(), source },
    };
    let file = File::open(path).map_err(unreadable)?;
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err(FileError::NotAFile(path.to_owned()));
    }
    let mut hash = Sha256::new();
    let read = io::copy(&mut file.take(BLOB_BYTES_MAX + 1), &mut hash).map_err(unreadable)?;
    if read > BLOB_BYTES_MAX {
        return Err(FileError::TooLarge { path: path.to_owned(), limit: BLOB_BYTES_MAX });
    }
    Ok(Digest::from_bytes(hash.finalize().into()))
}
