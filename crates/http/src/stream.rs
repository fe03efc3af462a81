//! Bodies of any length in little memory: an answer as a reader, a reader as a request; never a second try.

use std::{
    collections::VecDeque,
    future::poll_fn,
    io::{self, Read},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::{
    runtime::Runtime,
    sync::mpsc::{Receiver, Sender, channel},
    time::timeout,
};

use crate::{
    answer::Response,
    client::{EventLoop, Limits},
    error::HttpError,
    redacted::RedactedUrl,
};

/// How much of an upload is read at a time, in bytes.
const PIECE_BYTES: usize = 256 << 10;

/// An answer whose body is read piece by piece.
pub struct Download {
    /// Status, headers and address; the body is empty.
    pub response: Response,
    runtime: Arc<EventLoop>,
    rest: Option<reqwest::Response>,
    piece: Bytes,
    silence_max: Duration,
    end: Instant,
}

impl Download {
    pub(crate) fn new(
        runtime: Arc<EventLoop>,
        limits: Limits,
        response: Response,
        rest: Option<reqwest::Response>,
    ) -> Self {
        let end = Instant::now() + limits.total_max;
        Self { response, runtime, rest, piece: Bytes::new(), silence_max: limits.try_max, end }
    }

    /// The whole body, if it is not longer than this many bytes.
    pub fn whole(mut self, limit: usize) -> Result<Response, HttpError> {
        while let Some(piece) = self.next()? {
            if self.response.body.len() + piece.len() > limit {
                return Err(HttpError::BodyTooLarge { url: RedactedUrl::from(&self.response.url), limit });
            }
            self.response.body.extend_from_slice(&piece);
        }
        Ok(self.response)
    }

    fn next(&mut self) -> Result<Option<Bytes>, HttpError> {
        let Some(rest) = &mut self.rest else { return Ok(None) };
        let url = RedactedUrl::from(&self.response.url);
        let after = self.silence_max.min(self.end.saturating_duration_since(Instant::now()));
        let waited = self.runtime.get()?.block_on(async { timeout(after, rest.chunk()).await });
        match waited {
            Ok(piece) => piece.map_err(|error| HttpError::sort(error, &url, after)),
            Err(_) => Err(HttpError::Timeout { url, after }),
        }
    }
}

/// An error is an [`HttpError`] inside.
impl Read for Download {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.next().map_err(io::Error::other)? {
                Some(piece) => self.piece = piece,
                None => return Ok(0),
            }
        }
        let length = self.piece.len().min(buffer.len());
        buffer[..length].copy_from_slice(&self.piece.split_to(length));
        Ok(length)
    }
}

/// The body of a request as hyper takes it: what comes through a channel, of a length that is known.
pub(crate) struct Stream {
    pieces: Receiver<Bytes>,
    left: u64,
}

impl Body for Stream {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.pieces.poll_recv(context).map(|piece| {
            // Ended early: the server must not take it for the whole.
            let piece = piece.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof));
            Some(piece.map(|piece| {
                self.left = self.left.saturating_sub(piece.len() as u64);
                Frame::data(piece)
            }))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// Feeds a request from a reader.
pub(crate) struct Upload {
    pieces: Sender<Bytes>,
    left: u64,
}

/// Why an upload ended without an answer.
pub(crate) enum Broken {
    Source(io::Error),
    Exchange(reqwest::Error),
    Timeout(Duration),
}

impl Broken {
    pub(crate) fn sort(self, url: &RedactedUrl, after: Duration) -> HttpError {
        match self {
            Self::Source(source) => HttpError::Source(source),
            Self::Exchange(error) => HttpError::sort(error, url, after),
            Self::Timeout(after) => HttpError::Timeout { url: url.clone(), after },
        }
    }
}

impl Upload {
    pub(crate) fn new(length: u64) -> (Self, Stream) {
        let (sender, receiver) = channel(1);
        (Self { pieces: sender, left: length }, Stream { pieces: receiver, left: length })
    }

    /// Reads outside the event loop, so that the reader may be a download of the same client. The last piece is sent only when the
    /// reader has ended well.
    pub(crate) fn run(
        self,
        runtime: &Runtime,
        limits: Limits,
        body: &mut dyn Read,
        answer: impl Future<Output = Result<reqwest::Response, reqwest::Error>>,
    ) -> Result<reqwest::Response, Broken> {
        let Self { pieces, mut left } = self;
        let end = Instant::now() + limits.total_max;
        let patience = || limits.try_max.min(end.saturating_duration_since(Instant::now()));
        let mut answer = pin!(answer);
        let mut ready = VecDeque::new();
        loop {
            let piece = piece(body, left).map_err(Broken::Source)?;
            left -= piece.len() as u64;
            let last = piece.is_empty();
            if last && left > 0 {
                return Err(Broken::Source(io::ErrorKind::UnexpectedEof.into()));
            }
            if !last {
                ready.push_back(piece);
            }
            // One piece stays behind until the next read has shown that it may go.
            if let Some(piece) = (last || ready.len() > 1).then(|| ready.pop_front()).flatten() {
                let mut room = pin!(pieces.reserve());
                let step = poll_fn(|context| match answer.as_mut().poll(context) {
                    Poll::Ready(answer) => Poll::Ready(Some(answer)),
                    Poll::Pending => room.as_mut().poll(context).map(|room| {
                        if let Ok(room) = room {
                            room.send(piece.clone());
                        }
                        None
                    }),
                });
                let patience = patience();
                match runtime.block_on(async { timeout(patience, step).await }) {
                    // The server has made up its mind before the end.
                    Ok(Some(answer)) => return answer.map_err(Broken::Exchange),
                    Ok(None) => {}
                    Err(_) => return Err(Broken::Timeout(patience)),
                }
            }
            if last {
                break;
            }
        }
        drop(pieces);
        let patience = patience();
        match runtime.block_on(async { timeout(patience, answer).await }) {
            Ok(answer) => answer.map_err(Broken::Exchange),
            Err(_) => Err(Broken::Timeout(patience)),
        }
    }
}

/// The next piece; an empty one only at the end, where the reader is asked once more so that it can object.
fn piece(body: &mut dyn Read, left: u64) -> io::Result<Bytes> {
    let mut bytes = vec![0; PIECE_BYTES.min(usize::try_from(left).unwrap_or(PIECE_BYTES)).max(1)];
    let mut length = 0;
    while length < bytes.len() {
        match body.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    if length as u64 > left {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the reader gives more bytes than were announced",
        ));
    }
    bytes.truncate(length);
    Ok(bytes.into())
}
