//! A blob on its way into a registry (OCI distribution specification 1.1, "Pushing a blob"); never a manifest.
//!
//! A blob is mounted from a neighbour where that can be, and else sent in one request, as containerd does it: Google's registry takes
//! no other way, GitHub's takes chunks of 4 MiB at most, and Amazon's does not say how much of its chunks it has. What
//! breaks off is taken up where the registry says it stopped. Chunks are for a proxy that refuses the whole (status 413).

use std::{
    io::{self, Read},
    thread,
    time::Duration,
};

use contract::Digest;
use http::{HeaderName, HeaderValue, Method, Request, Response, Retry, Url, header};

use super::{
    connection::{Connection, expect, failed, is_passing, limits_for},
    error::RegistryError,
    token::Scope,
};
use crate::{blob::Blob, descriptor::Descriptor, error::OciError, repository::Stored};

/// A blob that can't be read twice is kept in memory up to this size, in bytes, so that it can be sent twice.
const KEPT_BYTES_MAX: u64 = 4 << 20;
/// The size of a chunk, in bytes: what GitHub's registry takes at most.
const CHUNK_BYTES: u64 = 4 << 20;
/// The largest chunk that a registry may ask for, in bytes: it is kept in memory.
const CHUNK_BYTES_MAX: u64 = 16 << 20;
/// The longest pause that a registry may ask for in the middle of an upload.
const PAUSE_MAX: Duration = Duration::from_mins(1);
/// Where a registry asks for larger chunks.
const CHUNK_MIN: HeaderName = HeaderName::from_static("oci-chunk-min-length");

/// An upload that was begun.
struct Session {
    url: Url,
    /// How much of the blob is there.
    offset: u64,
    chunk: u64,
}

/// What became of one try.
enum Outcome {
    Done,
    /// In part, or not at all; a later try may go better, after this pause at least.
    Broken(OciError, Duration),
    /// Somebody on the way refuses a body of this length.
    TooLong,
}

fn broken(error: RegistryError) -> Outcome {
    Outcome::Broken(error.into(), Duration::ZERO)
}

/// How a blob is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Whole,
    Chunks,
}

/// One blob and where it goes.
struct Upload<'a> {
    connection: &'a Connection,
    scope: Scope,
    blob: Descriptor,
}

/// Stores a blob that is not there yet, mounted from `neighbour` if that can be.
pub(super) fn put(
    connection: &Connection,
    blob: Blob<'_>,
    neighbour: Option<&str>,
) -> Result<Stored, OciError> {
    let mut scope = connection.push();
    if let Some(neighbour) = neighbour {
        scope = scope.and_pull(neighbour);
    }
    let upload = Upload { connection, scope, blob: blob.descriptor().bare() };
    let begun = match neighbour {
        Some(neighbour) => match upload.mount(neighbour)? {
            None => return Ok(Stored::New),
            begun => begun,
        },
        None => None,
    };
    let mut bytes = Vec::new();
    if upload.blob.size > KEPT_BYTES_MAX {
        return upload.send(blob, begun);
    }
    // Small: read and checked before anything is sent, and sent as often as it takes.
    blob.copy_to(&mut bytes)?;
    let kept = Blob::opened_by(upload.blob.clone(), || Ok(Box::new(bytes.as_slice())));
    upload.send(kept, begun)
}

impl Upload<'_> {
    /// Asks for a blob of another repository; nothing if it is there now, else the upload that was begun in its place.
    fn mount(&self, from: &str) -> Result<Option<Session>, OciError> {
        let path = format!("blobs/uploads/?mount={}&from={from}", self.blob.digest);
        let answer = self.connection.send(self.connection.request(Method::POST, &path), &self.scope)?;
        match answer.status.as_u16() {
            201 => Ok(None),
            202 => Ok(Some(self.session(&answer, 0)?)),
            // Not every registry mounts, nor everything: then a plain upload says what is wrong, if anything is.
            _ => self.begin().map(Some),
        }
    }

    fn begin(&self) -> Result<Session, OciError> {
        let request = self.connection.request(Method::POST, "blobs/uploads/");
        let answer = expect(self.connection.send(request, &self.scope)?, &[202])?;
        self.session(&answer, 0)
    }

    fn session(&self, answer: &Response, offset: u64) -> Result<Session, OciError> {
        let url = answer.header("location").and_then(|location| answer.url.join(location).ok());
        let odd = |why| RegistryError::Answer { url: (&answer.url).into(), why };
        let url = url.ok_or_else(|| odd("has no Location to upload to"))?;
        if !self.connection.access.is_private(&url) {
            return Err(odd("wants the upload without TLS").into());
        }
        let asked = answer.headers.get(CHUNK_MIN).and_then(|value| value.to_str().ok()?.parse().ok());
        let chunk = asked.unwrap_or(0).clamp(CHUNK_BYTES, CHUNK_BYTES_MAX);
        Ok(Session { url, offset, chunk })
    }

    /// How far a broken upload got, if the registry knows it.
    fn resume(&self, broken: &Session) -> Option<Session> {
        let request = Request::get(broken.url.clone());
        let answer = self.connection.once(request, &self.scope).ok()?;
        if answer.status.as_u16() != 204 {
            return None;
        }
        // `0-0` is said of one byte and of none: none is safe.
        let end: u64 =
            answer.header("range")?.trim_start_matches("bytes=").strip_prefix("0-")?.parse().ok()?;
        let offset = if end == 0 { 0 } else { end + 1 };
        let known = Session { url: broken.url.clone(), offset, chunk: broken.chunk };
        let known = self.session(&answer, offset).unwrap_or(known);
        (known.offset <= self.blob.size).then_some(known)
    }

    fn send(&self, mut blob: Blob<'_>, mut begun: Option<Session>) -> Result<Stored, OciError> {
        let Retry { attempts_max, backoff } = self.connection.access.retries();
        let mut manner = Manner::Whole;
        let mut attempts = 1;
        loop {
            let mut session = match begun.take() {
                Some(session) => session,
                None => self.begin()?,
            };
            let outcome = match manner {
                Manner::Whole => self.whole(&session, &mut blob)?,
                Manner::Chunks => self.chunks(&mut session, &mut blob)?,
            };
            match outcome {
                Outcome::Done => return Ok(Stored::New),
                Outcome::TooLong if blob.rewind() => manner = Manner::Chunks,
                Outcome::Broken(_, pause)
                    if attempts < attempts_max && pause <= PAUSE_MAX && blob.rewind() =>
                {
                    thread::sleep(pause.max(backoff * 2_u32.pow(attempts - 1)));
                    begun = self.resume(&session);
                    attempts += 1;
                }
                Outcome::TooLong => {
                    let digest = self.blob.digest;
                    let source = io::Error::other("it can't be read a second time, in smaller pieces");
                    return Err(OciError::Transfer { digest, source });
                }
                Outcome::Broken(error, _) => return Err(error),
            }
        }
    }

    /// One request with everything that is not there yet.
    fn whole(&self, session: &Session, blob: &mut Blob<'_>) -> Result<Outcome, OciError> {
        self.skip(blob, session.offset)?;
        let length = self.blob.size - session.offset;
        let mut request = octets(Method::PUT, self.finished(session));
        if session.offset > 0 {
            request = ranged(request, session.offset, length);
        }
        let sent = self.connection.upload(request, &self.scope, limits_for(length), blob, length);
        self.judge(sent, session)
    }

    /// A request for each chunk, and one to end them.
    fn chunks(&self, session: &mut Session, blob: &mut Blob<'_>) -> Result<Outcome, OciError> {
        self.skip(blob, session.offset)?;
        while session.offset < self.blob.size {
            let length = session.chunk.min(self.blob.size - session.offset);
            let mut chunk = Vec::new();
            blob.take(length).read_to_end(&mut chunk).map_err(|error| self.unread(error))?;
            if session.offset + length == self.blob.size {
                // Nothing is finished that was not what it should be.
                self.skip(blob, 1)?;
            }
            let request = ranged(octets(Method::PATCH, session.url.clone()), session.offset, length);
            let sent = self.connection.once(request.body(chunk), &self.scope);
            match sent {
                Ok(answer) if answer.status.as_u16() == 202 => {
                    let next = self.session(&answer, session.offset + length)?;
                    *session = Session { chunk: session.chunk, ..next };
                }
                other => return self.judge(other, session),
            }
        }
        self.judge(self.connection.once(octets(Method::PUT, self.finished(session)), &self.scope), session)
    }

    fn judge(&self, sent: Result<Response, RegistryError>, session: &Session) -> Result<Outcome, OciError> {
        let answer = match sent {
            Ok(answer) => answer,
            Err(RegistryError::Unanswered(http::HttpError::Source(error))) => return Err(self.unread(error)),
            Err(error) if is_passing(&error) => return Ok(broken(error)),
            Err(error) => return Err(error.into()),
        };
        let status = answer.status.as_u16();
        match status {
            200 | 201 | 204 => {
                let found = answer.header("docker-content-digest").and_then(|found| found.parse().ok());
                let expected = self.blob.digest;
                match found {
                    Some(found) if found != expected => Err(OciError::DigestMismatch { expected, found }),
                    _ => Ok(Outcome::Done),
                }
            }
            413 => Ok(Outcome::TooLong),
            // A session that is not known any more, or that holds something else than it said.
            400 | 404 | 416 if session.offset > 0 => Ok(broken(failed(&answer))),
            // What was shown became stale on the way.
            401 => Ok(broken(failed(&answer))),
            _ if answer.is_passing() => {
                let pause = answer.retry_after().unwrap_or_default();
                Ok(Outcome::Broken(failed(&answer).into(), pause))
            }
            _ => Err(failed(&answer).into()),
        }
    }

    /// Reads over what is there already.
    fn skip(&self, blob: &mut Blob<'_>, length: u64) -> Result<(), OciError> {
        io::copy(&mut blob.take(length), &mut io::sink()).map(drop).map_err(|error| self.unread(error))
    }

    fn unread(&self, error: io::Error) -> OciError {
        let digest = self.blob.digest;
        error.downcast::<OciError>().unwrap_or_else(|source| OciError::Transfer { digest, source })
    }

    /// Where an upload is ended.
    fn finished(&self, session: &Session) -> Url {
        let mut url = session.url.clone();
        let digest: Digest = self.blob.digest;
        url.query_pairs_mut().append_pair("digest", &digest.to_string());
        url
    }
}

/// A request whose body is bytes.
fn octets(method: Method, url: Url) -> Request {
    let octets = HeaderValue::from_static("application/octet-stream");
    Request::new(method, url).header(header::CONTENT_TYPE, octets)
}

/// Says which bytes these are, in this specification's own form of the header.
fn ranged(request: Request, offset: u64, length: u64) -> Request {
    match HeaderValue::try_from(format!("{offset}-{}", offset + length.saturating_sub(1))) {
        Ok(range) => request.header(header::CONTENT_RANGE, range),
        Err(_) => request,
    }
}
