//! A blob on its way out of a registry, taken up again where it broke off; its digest is checked by whoever reads it.

use std::{
    io::{self, Read},
    thread,
};

use http::{Download, HeaderValue, HttpError, Method, header};

use super::{
    connection::{Connection, failed, limits_for},
    error::RegistryError,
};
use crate::{descriptor::Descriptor, error::OciError};

/// Opens a blob: what is not there is known at once.
pub(super) fn open(
    connection: &Connection,
    blob: &Descriptor,
    missing: OciError,
) -> Result<Box<dyn Read>, OciError> {
    let mut reader =
        Resumed { connection: connection.clone(), blob: blob.bare(), at: 0, body: None, breaks: 0 };
    if reader.connect()? { Ok(Box::new(reader)) } else { Err(missing) }
}

struct Resumed {
    connection: Connection,
    blob: Descriptor,
    /// How much was read.
    at: u64,
    body: Option<Download>,
    /// How often it broke off.
    breaks: u32,
}

impl Resumed {
    /// Asks for the rest; `false` if there is no such blob.
    fn connect(&mut self) -> Result<bool, RegistryError> {
        let mut request = self.connection.request(Method::GET, &format!("blobs/{}", self.blob.digest));
        if self.at > 0
            && let Ok(range) = HeaderValue::try_from(format!("bytes={}-", self.at))
        {
            request = request.header(header::RANGE, range);
        }
        let mut body = self.connection.open(request, &self.connection.pull(), limits_for(self.blob.size))?;
        match body.response.status.as_u16() {
            206 if self.at > 0 => {}
            // The range was not understood: what is known already comes again.
            200 => self.skip(&mut body)?,
            404 => return Ok(false),
            _ => return Err(failed(&body.whole(WORDS_BYTES_MAX)?)),
        }
        self.body = Some(body);
        Ok(true)
    }

    fn skip(&self, body: &mut Download) -> Result<(), RegistryError> {
        let skipped = io::copy(&mut body.take(self.at), &mut io::sink());
        let url = || (&self.connection.address.url("blobs")).into();
        match skipped {
            Ok(length) if length == self.at => Ok(()),
            Ok(_) => Err(RegistryError::Answer { url: url(), why: "became shorter" }),
            Err(error) => match error.downcast::<HttpError>() {
                Ok(error) => Err(error.into()),
                Err(_) => Err(RegistryError::Answer { url: url(), why: "can't be read" }),
            },
        }
    }
}

/// How much of a refusal is read, in bytes.
const WORDS_BYTES_MAX: usize = 64 << 10;

impl Read for Resumed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(body) = &mut self.body else { return Ok(0) };
            let error = match body.read(buffer) {
                // An end before the end is for the digest's check to tell.
                Ok(length) => {
                    self.at += length as u64;
                    return Ok(length);
                }
                Err(error) => error,
            };
            self.breaks += 1;
            let retry = self.connection.access.retries();
            let passing =
                error.get_ref().and_then(|error| error.downcast_ref()).is_some_and(HttpError::is_passing);
            if !passing || self.breaks >= retry.attempts_max {
                return Err(error);
            }
            thread::sleep(retry.backoff);
            if !self.connect().map_err(|error| io::Error::other(OciError::from(error)))? {
                return Err(error);
            }
        }
    }
}
