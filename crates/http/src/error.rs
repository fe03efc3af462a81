//! What can go wrong between a request and its answer, sorted by whose turn it is; an answer of any status is no error.

use std::{error::Error, fmt, io, time::Duration};

use crate::redacted::RedactedUrl;

/// No answer, or none that may be used.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// Not `http://` or `https://`, or without a host.
    #[error("{0} is no http or https address")]
    Address(RedactedUrl),
    /// The name has no address.
    #[error("the host name of {url} was not found")]
    Dns {
        /// What was asked for.
        url: RedactedUrl,
        /// What the resolver said.
        source: RootCause,
    },
    /// Nobody listens there, or no way leads there.
    #[error("cannot connect to {url}")]
    Connect {
        /// What was asked for.
        url: RedactedUrl,
        /// What the system said.
        source: RootCause,
    },
    /// The server did not prove who it is, or this machine has no root certificates.
    #[error("no trusted connection to {url}")]
    Tls {
        /// What was asked for.
        url: RedactedUrl,
        /// What the check said.
        source: RootCause,
    },
    /// The answer was not complete in time.
    #[error("no complete answer from {url} within {} ms", .after.as_millis())]
    Timeout {
        /// What was asked for.
        url: RedactedUrl,
        /// How long was waited.
        after: Duration,
    },
    /// More bytes than the limit; nothing was cut silently.
    #[error("the answer of {url} is larger than {limit} bytes")]
    BodyTooLarge {
        /// What was asked for.
        url: RedactedUrl,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The chain of redirects did not end.
    #[error("more than {max} redirects, the last to {url}")]
    Redirects {
        /// Where it would have gone on.
        url: RedactedUrl,
        /// The limit.
        max: u8,
    },
    /// A redirect asked to send the body on to somebody else.
    #[error("{from} redirects the body of the request to {to}")]
    RedirectElsewhere {
        /// Whom it was meant for.
        from: RedactedUrl,
        /// Who would have got it.
        to: RedactedUrl,
    },
    /// Not HTTP, or the connection broke.
    #[error("the exchange with {url} broke off")]
    Protocol {
        /// What was asked for.
        url: RedactedUrl,
        /// What broke.
        source: RootCause,
    },
    /// The body of the request could not be read to its end, so the request was not made.
    #[error("the body of the request could not be read")]
    Source(#[source] io::Error),
    /// The caller wanted no more.
    #[error("the request was given up")]
    GivenUp,
    /// The system gave no event loop.
    #[error("cannot start the HTTP client")]
    Start(#[from] io::Error),
}

/// The innermost cause in a chain of errors: the layers in between only say that there was one.
#[derive(Debug)]
pub struct RootCause(String);

impl fmt::Display for RootCause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Error for RootCause {}

impl HttpError {
    /// Whether the same request may do better a little later.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Connect { .. } | Self::Timeout { .. } | Self::Protocol { .. })
    }

    /// Sorts what reqwest reports. Its text never shows the URL, which may hold a secret.
    pub(crate) fn sort(error: reqwest::Error, url: &RedactedUrl, after: Duration) -> Self {
        let url = url.clone();
        if error.is_timeout() {
            return Self::Timeout { url, after };
        }
        let error = error.without_url();
        let first: &(dyn Error + 'static) = &error;
        let chain: Vec<_> = std::iter::successors(Some(first), |at| (*at).source()).collect();
        let source = RootCause(chain.last().map_or_else(String::new, ToString::to_string));
        if chain.iter().any(|cause| is_tls(*cause)) {
            return Self::Tls { url, source };
        }
        if error.is_builder() {
            return Self::Address(url);
        }
        if !error.is_connect() {
            return Self::Protocol { url, source };
        }
        // hyper-util names this case by text only.
        if chain.iter().any(|cause| cause.to_string() == "dns error") {
            Self::Dns { url, source }
        } else {
            Self::Connect { url, source }
        }
    }
}

/// An `io::Error` hides the error it was made of from `source()`, and may hide another `io::Error`.
fn is_tls(cause: &(dyn Error + 'static)) -> bool {
    let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    cause.is::<rustls::Error>() || inner.is_some_and(|inner| is_tls(inner))
}
