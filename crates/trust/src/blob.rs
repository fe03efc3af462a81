//! What a signature of a file is about: its digests, taken as it is read, once; the file itself only where a key wants it whole.

use std::{
    io::{self, Read},
    path::Path,
};

use ci::files::{self, FileError};
use contract::Digest;
use sha2::{Digest as _, Sha256, Sha384};

/// The largest file that is signed, in bytes.
pub const BLOB_BYTES_MAX: u64 = 16 << 30;
/// The largest file whose signature by an Ed25519 key is checked, in bytes: it has to be in memory.
pub const WHOLE_BYTES_MAX: u64 = 256 << 20;

/// How many bytes of a file are read at a time.
const PIECE_BYTES: usize = 64 << 10;

/// What of a file is taken, each more than the one before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Reads {
    /// SHA-256 alone.
    Sha256,
    /// SHA-384 too.
    Sha384,
    /// All of it.
    Whole,
}

/// A file, as far as a signature of it can be checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Blob {
    sha256: Digest,
    sha384: Option<[u8; 48]>,
    whole: Option<Vec<u8>>,
}

impl Blob {
    /// A file that somebody else has read.
    pub fn of(sha256: Digest) -> Self {
        Self { sha256, sha384: None, whole: None }
    }

    /// What is in memory already.
    pub(crate) fn held(bytes: &[u8]) -> Self {
        Self {
            sha256: Digest::of(bytes),
            sha384: Some(Sha384::digest(bytes).into()),
            whole: Some(bytes.to_vec()),
        }
    }

    /// Reads a file for signing.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        Self::read_for(path, Reads::Sha256)
    }

    pub(crate) fn read_for(path: &Path, reads: Reads) -> Result<Self, FileError> {
        let limit = if reads == Reads::Whole { WHOLE_BYTES_MAX } else { BLOB_BYTES_MAX };
        let unreadable = |source| FileError::Unreadable { path: path.to_owned(), source };
        let mut file = files::open(path)?.take(limit + 1);
        let (mut sha256, mut sha384, mut whole) = (Sha256::new(), Sha384::new(), Vec::new());
        let (mut piece, mut read) = (vec![0; PIECE_BYTES], 0);
        loop {
            let count = match file.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(unreadable(error)),
            };
            read += count as u64;
            sha256.update(&piece[..count]);
            if reads >= Reads::Sha384 {
                sha384.update(&piece[..count]);
            }
            if reads == Reads::Whole {
                whole.extend_from_slice(&piece[..count]);
            }
        }
        if read > limit {
            return Err(FileError::TooLarge { path: path.to_owned(), limit });
        }
        Ok(Self {
            sha256: Digest::from_bytes(sha256.finalize().into()),
            sha384: (reads >= Reads::Sha384).then(|| sha384.finalize().into()),
            whole: (reads == Reads::Whole).then_some(whole),
        })
    }

    /// What the file is called.
    pub fn sha256(&self) -> Digest {
        self.sha256
    }

    pub(crate) fn sha256_bytes(&self) -> &[u8] {
        self.sha256.as_bytes()
    }

    pub(crate) fn sha384(&self) -> Option<&[u8; 48]> {
        self.sha384.as_ref()
    }

    pub(crate) fn whole(&self) -> Option<&[u8]> {
        self.whole.as_deref()
    }
}
