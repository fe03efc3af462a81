//! The one HTTP client: limits, redirects, retries, redaction; blocking on the outside. Never a policy on what an answer means.

mod answer;
mod client;
mod error;
mod pause;
mod redacted;
mod redirect;
mod request;
mod stream;

pub use answer::Response;
pub use client::{Client, Limits, is_loopback};
pub use error::{HttpError, RootCause};
pub use redacted::RedactedUrl;
pub use request::{Request, Retry};
pub use stream::Download;
// The words of HTTP, so that no other room needs reqwest.
pub use reqwest::{
    Method, StatusCode, Url, Version,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
