//! What layers are compressed with: gzip, zstd, nothing; never what is in them.

use std::io::{self, BufRead, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::{
    BlockDecodingStrategy, FrameDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};

/// The beginning of gzip (RFC 1952, section 2.3.1).
const GZIP: &[u8] = &[0x1f, 0x8b];
/// The beginning of a frame of zstd (RFC 8878, section 3.1.1).
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// The end of the beginning of a frame that is skipped (RFC 8878, section 3.1.2); its first byte is 0x50 to 0x5f.
const ZSTD_SKIPPED: &[u8] = &[0x2a, 0x4d, 0x18];

/// A layer's archive, whatever it is compressed with: what the bytes say counts, as it does for container runtimes.
pub(crate) fn decompressed<'r>(mut from: impl BufRead + 'r) -> io::Result<Box<dyn Read + 'r>> {
    let mut start = Vec::with_capacity(4);
    (&mut from).take(4).read_to_end(&mut start)?;
    let zstd = start.starts_with(ZSTD) || (start.ends_with(ZSTD_SKIPPED) && start[0] & 0xf0 == 0x50);
    let gzip = start.starts_with(GZIP);
    let whole = io::Cursor::new(start).chain(from);
    Ok(if zstd {
        Box::new(Frames { rest: whole, decoder: FrameDecoder::new(), state: Frame::Between })
    } else if gzip {
        Box::new(MultiGzDecoder::new(whole))
    } else {
        Box::new(whole)
    })
}

/// The frames of zstd one after the other (RFC 8878, section 3): some tools write one for each file. Their checksums are left alone,
/// because the digest of the layer says more.
struct Frames<R> {
    rest: R,
    decoder: FrameDecoder,
    state: Frame,
}

#[derive(PartialEq)]
enum Frame {
    Between,
    Within,
}

impl<R: BufRead> Frames<R> {
    /// Opens the next frame; `false` at the end.
    fn open(&mut self) -> io::Result<bool> {
        while !self.rest.fill_buf()?.is_empty() {
            match self.decoder.init(&mut self.rest) {
                Ok(()) => {
                    self.state = Frame::Within;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    io::copy(&mut (&mut self.rest).take(length.into()), &mut io::sink())?;
                }
                Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            }
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !buffer.is_empty() && (self.state == Frame::Within || self.open()?) {
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder
                    .decode_blocks(&mut self.rest, one)
                    .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            }
            match self.decoder.read(buffer)? {
                0 => self.state = Frame::Between,
                length => return Ok(length),
            }
        }
        Ok(0)
    }
}
