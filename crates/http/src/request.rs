//! What is asked, and how often; never how.

use std::time::Duration;

use reqwest::{
    Method, Url,
    header::{HeaderMap, HeaderName, HeaderValue},
};

/// One request.
#[derive(Clone)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// In the order they were added.
    pub headers: HeaderMap,
    /// Empty for none.
    pub body: Vec<u8>,
    /// How many redirects are followed; with none, the redirect itself is the answer.
    pub redirects_max: u8,
    /// Whether a passing failure is tried again; by default it is not.
    pub retry: Option<Retry>,
}

/// The mechanism of trying again; whether a request may be repeated at all is the caller's to know. Tried again are a refused or broken
/// connection, a timeout, and the statuses 408, 429, 500, 502, 503 and 504.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// How often in all, the first time counted.
    pub attempts_max: u32,
    /// The first pause; each later one is twice as long. A `Retry-After` that asks for more is respected.
    pub backoff: Duration,
}

impl Request {
    /// A request without headers and body, tried once.
    pub fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: Vec::new(), redirects_max: 0, retry: None }
    }

    /// A `GET`.
    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Follows so many redirects.
    #[must_use]
    pub fn follow(mut self, redirects_max: u8) -> Self {
        self.redirects_max = redirects_max;
        self
    }

    /// Tries again after a passing failure.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = Some(retry);
        self
    }
}
