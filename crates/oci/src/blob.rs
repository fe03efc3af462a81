//! Content on its way from one place to another, checked against its descriptor as it is read; never a file.

use std::io::{self, Read, Write};

use contract::Digest;
use sha2::{Digest as _, Sha256};

use crate::{descriptor::Descriptor, error::OciError};

/// How much is moved at a time, in bytes.
const CHUNK_BYTES: usize = 128 << 10;

/// A reader that ends well only if it gave exactly the bytes its descriptor names. Whoever holds what came out of it may act on it
/// only after its end.
pub struct Blob<'a> {
    descriptor: Descriptor,
    reader: Box<dyn Read + 'a>,
    hash: Sha256,
    bytes_read: u64,
}

impl<'a> Blob<'a> {
    /// The content of this descriptor, from a reader that may give anything.
    pub fn new(descriptor: Descriptor, reader: impl Read + 'a) -> Self {
        Self { descriptor, reader: Box::new(reader), hash: Sha256::new(), bytes_read: 0 }
    }

    /// What it must be.
    pub fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// All of it.
    ///
    /// # Errors
    /// [`OciError::TooLarge`] before anything is read; otherwise as [`copy_to`](Self::copy_to).
    pub fn bytes(self, limit: u64) -> Result<Vec<u8>, OciError> {
        let Descriptor { digest, size, .. } = self.descriptor;
        if size > limit {
            return Err(OciError::TooLarge { digest, limit });
        }
        let mut bytes = Vec::new();
        self.copy_to(&mut bytes)?;
        Ok(bytes)
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// [`OciError::DigestMismatch`] and [`OciError::SizeMismatch`] if it is something else, [`OciError::Transfer`] if reading or writing failed.
    pub fn copy_to(mut self, to: &mut dyn Write) -> Result<(), OciError> {
        let mut buffer = vec![0; CHUNK_BYTES];
        let digest = self.descriptor.digest;
        let failed = |error: io::Error| {
            error.downcast::<OciError>().unwrap_or_else(|source| OciError::Transfer { digest, source })
        };
        loop {
            match self.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(length) => to.write_all(&buffer[..length]).map_err(failed)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(error)),
            }
        }
    }

    fn check_end(&self) -> Result<(), OciError> {
        let Descriptor { digest, size, .. } = self.descriptor;
        if self.bytes_read != size {
            return Err(OciError::SizeMismatch { digest, expected: size, found: self.bytes_read });
        }
        let found = Digest::from_bytes(self.hash.clone().finalize().into());
        if found == digest { Ok(()) } else { Err(OciError::DigestMismatch { expected: digest, found }) }
    }
}

impl Read for Blob<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let length = self.reader.read(buffer)?;
        self.hash.update(&buffer[..length]);
        self.bytes_read += length as u64;
        // Too long is known at once; the rest only at the end.
        if length == 0 || self.bytes_read > self.descriptor.size {
            self.check_end().map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(promised: &[u8], given: &[u8]) -> Result<Vec<u8>, OciError> {
        Blob::new(Descriptor::of("x", promised), given).bytes(10)
    }

    #[test]
    fn only_the_promised_bytes_are_given_out() {
        assert_eq!(read(b"good", b"good").unwrap(), b"good");
        assert_eq!(read(b"", b"").unwrap(), b"");
        assert!(matches!(read(b"good", b"evil"), Err(OciError::DigestMismatch { .. })));
        assert!(matches!(read(b"good", b"goo"), Err(OciError::SizeMismatch { found: 3, .. })));
        assert!(matches!(read(b"good", b"good!"), Err(OciError::SizeMismatch { found: 5, .. })));
        assert!(matches!(read(b"much too long", b""), Err(OciError::TooLarge { limit: 10, .. })));
    }
}
