//! Content on its way from one place to another, checked against its descriptor as it is read; never a file.

use std::io::{self, Read, Write};

use contract::{Digest, Location};
use sha2::{Digest as _, Sha256};

use crate::{descriptor::Descriptor, error::OciError};

/// How much is moved at a time, in bytes.
const CHUNK_BYTES: usize = 128 << 10;

/// Opens content from its beginning, as often as it is asked.
type Source<'a> = Box<dyn Fn() -> Result<Box<dyn Read + 'a>, OciError> + 'a>;

/// A reader that ends well only if it gave exactly the bytes its descriptor names. Whoever holds what came out of it may act on it
/// only after its end.
pub struct Blob<'a> {
    descriptor: Descriptor,
    reader: Option<Box<dyn Read + 'a>>,
    source: Option<Source<'a>>,
    origin: Option<Location>,
    hash: Sha256,
    bytes_read: u64,
}

impl<'a> Blob<'a> {
    /// The content of this descriptor, from a reader that may give anything.
    pub fn new(descriptor: Descriptor, reader: impl Read + 'a) -> Self {
        let reader: Option<Box<dyn Read + 'a>> = Some(Box::new(reader));
        Self { descriptor, reader, source: None, origin: None, hash: Sha256::new(), bytes_read: 0 }
    }

    /// The content of this descriptor, opened when it is first read, and again if it has to be read again.
    pub fn opened_by(
        descriptor: Descriptor,
        open: impl Fn() -> Result<Box<dyn Read + 'a>, OciError> + 'a,
    ) -> Self {
        let source: Option<Source<'a>> = Some(Box::new(open));
        Self { descriptor, reader: None, source, origin: None, hash: Sha256::new(), bytes_read: 0 }
    }

    /// Says where it lies, so that a registry that holds it already need not be sent it.
    #[must_use]
    pub(crate) fn at(mut self, origin: Location) -> Self {
        self.origin = Some(origin);
        self
    }

    /// Where it lies, if it lies somewhere.
    pub(crate) fn origin(&self) -> Option<&Location> {
        self.origin.as_ref()
    }

    /// Goes back to the beginning; `false` if what was read can't be read again.
    pub(crate) fn rewind(&mut self) -> bool {
        if self.source.is_none() {
            return self.bytes_read == 0;
        }
        self.reader = None;
        self.hash = Sha256::new();
        self.bytes_read = 0;
        true
    }

    fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.reader.is_none()
            && let Some(open) = &self.source
        {
            self.reader = Some(open().map_err(io::Error::other)?);
        }
        self.reader.as_mut().map_or(Ok(0), |reader| reader.read(buffer))
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
        let length = self.read_some(buffer)?;
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
    fn what_was_opened_is_read_again_from_the_beginning() {
        let mut blob =
            Blob::opened_by(Descriptor::of("x", b"good"), || Ok(Box::new(io::Cursor::new(b"good"))));
        blob.read_exact(&mut [0; 3]).unwrap();
        assert!(blob.rewind());
        assert_eq!(blob.bytes(10).unwrap(), b"good");
        let mut once = Blob::new(Descriptor::of("x", b"good"), &b"good"[..]);
        assert!(once.rewind());
        once.read_exact(&mut [0; 3]).unwrap();
        assert!(!once.rewind());
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
