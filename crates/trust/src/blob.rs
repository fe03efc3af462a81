//! The digest of a file of any size, taken as it is read; never the file in memory.

use std::{
    io::{self, Read},
    path::Path,
};

use ci::files::{self, FileError};
use contract::Digest;
use sha2::{Digest as _, Sha256};

/// The largest file that is signed, in bytes.
pub const BLOB_BYTES_MAX: u64 = 16 << 30;

/// The SHA-256 of a file.
pub fn digest(path: &Path) -> Result<Digest, FileError> {
    let mut file = files::open(path)?.take(BLOB_BYTES_MAX + 1);
    let mut hash = Sha256::new();
    let read = io::copy(&mut file, &mut hash)
        .map_err(|source| FileError::Unreadable { path: path.to_owned(), source })?;
    if read > BLOB_BYTES_MAX {
        return Err(FileError::TooLarge { path: path.to_owned(), limit: BLOB_BYTES_MAX });
    }
    Ok(Digest::from_bytes(hash.finalize().into()))
}
