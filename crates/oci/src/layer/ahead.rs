//! The bytes of a layer, fetched and hashed in a thread of their own while another one makes sense of them; never what is in them.

use std::{
    io::{self, BufRead, Read, Write},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, Sender, SyncSender},
    },
    thread,
};

use crate::{descriptor::Descriptor, error::OciError, repository::Repository};

/// How many pieces may wait to be read. A piece is as long as [`crate::Blob`] reads at a time.
const PIECES_AHEAD: usize = 8;

/// What becomes of the rest of a layer that nobody wants to read any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Rest {
    /// It is hashed: nothing that was in the layer counts before its digest is known.
    Hashed,
    /// It is not even fetched, because there is too much of it.
    Left,
}

/// Gives a layer's bytes to `reads`, and its answer back with whether the layer is what its descriptor says.
pub(super) fn read_ahead<T>(
    from: &dyn Repository,
    layer: &Descriptor,
    reads: impl FnOnce(&mut Pieces) -> (T, Rest),
) -> (T, Result<(), OciError>) {
    let leave = AtomicBool::new(false);
    thread::scope(|scope| {
        let (to, received) = mpsc::sync_channel(PIECES_AHEAD);
        let (used, again) = mpsc::channel();
        let leave = &leave;
        let fetched =
            scope.spawn(move || from.blob(layer)?.copy_to(&mut Outlet { to: Some(to), again, leave }));
        let mut pieces = Pieces { received, used, piece: Vec::new(), read: 0 };
        let (answer, rest) = reads(&mut pieces);
        leave.store(rest == Rest::Left, Ordering::Relaxed);
        drop(pieces);
        (answer, fetched.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// The end from which is read.
pub(super) struct Pieces {
    received: Receiver<Vec<u8>>,
    /// Where pieces go that were read: memory from the system for each would cost more than what is in it.
    used: Sender<Vec<u8>>,
    piece: Vec<u8>,
    read: usize,
}

impl BufRead for Pieces {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.read == self.piece.len() {
            // An end before its time is told by the other side.
            let Ok(piece) = self.received.recv() else { return Ok(&[]) };
            // Whoever fetches may have come to the end.
            let _ = self.used.send(std::mem::replace(&mut self.piece, piece));
            self.read = 0;
        }
        Ok(&self.piece[self.read..])
    }

    fn consume(&mut self, length: usize) {
        self.read += length;
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(buffer)?;
        self.consume(length);
        Ok(length)
    }
}

/// The end into which is written.
struct Outlet<'a> {
    to: Option<SyncSender<Vec<u8>>>,
    again: Receiver<Vec<u8>>,
    leave: &'a AtomicBool,
}

impl Write for Outlet<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(to) = &self.to {
            let mut piece = self.again.try_recv().unwrap_or_default();
            piece.clear();
            piece.extend_from_slice(bytes);
            if to.send(piece).is_err() {
                self.to = None;
            }
        }
        if self.to.is_none() && self.leave.load(Ordering::Relaxed) {
            return Err(io::Error::other("nobody reads it any more"));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
