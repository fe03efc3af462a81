//! What came back, whole; never a judgement.

use std::{borrow::Cow, time::Duration};

use reqwest::{StatusCode, Url, Version, header::HeaderMap};

use crate::pause::{asked, is_passing};

/// A complete answer of any status.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status of the last hop.
    pub status: StatusCode,
    /// The version of HTTP it was given in.
    pub version: Version,
    /// Its headers; a name may occur more than once.
    pub headers: HeaderMap,
    /// Its body, never cut.
    pub body: Vec<u8>,
    /// Who answered: the address after the last redirect followed.
    pub url: Url,
    /// How often it was tried.
    pub attempts: u32,
    /// From the start of the last try until its headers were here.
    pub first_byte: Duration,
    /// From the start of the last try, redirects counted, until the last byte.
    pub elapsed: Duration,
}

impl Response {
    /// The pause a server asks for before the next try (RFC 9110, section 10.2.3), in seconds or until a date.
    pub fn retry_after(&self) -> Option<Duration> {
        asked(self)
    }

    /// Whether the same request may be answered better a little later.
    pub fn is_passing(&self) -> bool {
        is_passing(self.status)
    }

    /// The body as text, with replacement characters where it is not UTF-8.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The first value of a header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
