//! Sends requests under their limits: one event loop and one pool of connections; nothing starts before the first request needs it.

use std::{
    io,
    net::IpAddr,
    pin::pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::{Url, Version, header, redirect::Policy};
use tokio::{
    runtime::{Builder, Runtime},
    time::{sleep, timeout},
};

use crate::{
    answer::Response,
    error::HttpError,
    pause::pause,
    redacted::RedactedUrl,
    redirect,
    request::Request,
    stream::{Download, Upload},
};

/// What a request may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// One try: connection, redirects, headers and body.
    pub try_max: Duration,
    /// All tries and the pauses between them.
    pub total_max: Duration,
    /// The body of an answer, in bytes.
    pub body_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { try_max: Duration::from_secs(30), total_max: Duration::from_mins(2), body_bytes_max: 16 << 20 }
    }
}

/// No limit is longer: the system's clock does not count for ever.
const TOTAL_MAX: Duration = Duration::from_hours(24);

/// How often a running request asks whether it is still wanted.
const WANTED_INTERVAL: Duration = Duration::from_millis(50);

/// The client. One for a whole run: it keeps its connections open.
pub struct Client {
    runtime: Arc<EventLoop>,
    limits: Limits,
    local: OnceLock<reqwest::Client>,
    plain: OnceLock<reqwest::Client>,
    secure: OnceLock<reqwest::Client>,
    /// Whether the last answer left its connection open.
    kept: AtomicBool,
}

impl Client {
    /// A client without connections.
    pub fn new(limits: Limits) -> Result<Self, HttpError> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Self {
            runtime: Arc::new(EventLoop(Some(runtime))),
            limits,
            local: OnceLock::new(),
            plain: OnceLock::new(),
            secure: OnceLock::new(),
            kept: AtomicBool::new(false),
        })
    }

    /// Sends a request and waits for its complete answer.
    pub fn send(&self, request: &Request) -> Result<Response, HttpError> {
        self.send_within(request, self.limits, &|| true)
    }

    /// As [`Self::send`], with limits of its own, and only for as long as the answer is wanted.
    pub fn send_within(
        &self,
        request: &Request,
        limits: Limits,
        wanted: &dyn Fn() -> bool,
    ) -> Result<Response, HttpError> {
        self.runtime.get()?.block_on(async {
            let mut work = pin!(self.tries(request, limits, Part::Whole));
            loop {
                match timeout(WANTED_INTERVAL, &mut work).await {
                    Ok(done) => return done.map(|(response, _)| response),
                    Err(_) if wanted() => {}
                    Err(_) => return Err(HttpError::GivenUp),
                }
            }
        })
    }

    /// Sends a request and leaves the body of its answer to be read: of any length, in little memory. The limits count until the headers
    /// are here; from then on `try_max` is how long the server may be silent and `total_max` how long the body may take.
    pub fn open(&self, request: &Request, limits: Limits) -> Result<Download, HttpError> {
        let (response, rest) = self.runtime.get()?.block_on(self.tries(request, limits, Part::Head))?;
        Ok(Download::new(Arc::clone(&self.runtime), limits, response, rest))
    }

    /// Sends a request whose body comes out of a reader, so many bytes, in little memory. It is sent once, and no redirect is followed: a
    /// reader can't be read again. `try_max` is how long the server may take no bytes, and how long its answer may take; `total_max`
    /// counts for everything. What the reader reports as an error is given back as [`HttpError::Source`], and then the request
    /// has never been complete.
    pub fn upload(
        &self,
        request: &Request,
        limits: Limits,
        body: &mut dyn io::Read,
        length: u64,
    ) -> Result<Response, HttpError> {
        let started = Instant::now();
        let (upload, stream) = Upload::new(length);
        let url = RedactedUrl::from(&request.url);
        let client =
            self.client(&request.url).map_err(|error| HttpError::sort(error, &url, Duration::ZERO))?;
        let asked = client.request(request.method.clone(), request.url.clone());
        let sent = asked.headers(request.headers.clone()).body(reqwest::Body::wrap(stream)).send();
        let answer = upload.run(self.runtime.get()?, limits, body, sent);
        self.kept.store(answer.as_ref().is_ok_and(keeps), Ordering::Relaxed);
        let answer = answer.map_err(|error| error.sort(&url, started.elapsed()))?;
        let mut response = head(&answer, request, started);
        let whole = whole_body(answer, limits.body_bytes_max, request, started);
        response.body = self
            .runtime
            .get()?
            .block_on(async { timeout(limits.try_max, whole).await })
            .map_err(|_| HttpError::Timeout { url, after: limits.try_max })??;
        response.elapsed = started.elapsed();
        Ok(response)
    }

    async fn tries(
        &self,
        request: &Request,
        limits: Limits,
        part: Part,
    ) -> Result<(Response, Option<reqwest::Response>), HttpError> {
        let end = Instant::now() + limits.total_max.min(TOTAL_MAX);
        let mut attempts = 1;
        loop {
            let left = limits.try_max.min(end.saturating_duration_since(Instant::now()));
            let mut result = match timeout(left, self.hops(request, limits.body_bytes_max, part)).await {
                Ok(result) => result,
                Err(_) => Err(HttpError::Timeout { url: RedactedUrl::from(&request.url), after: left }),
            };
            if let Ok((response, _)) = &mut result {
                response.attempts = attempts;
            }
            match pause(request.retry, attempts, result.as_ref().map(|(response, _)| response)) {
                Some(pause) if pause < end.saturating_duration_since(Instant::now()) => sleep(pause).await,
                _ => return result,
            }
            attempts += 1;
        }
    }

    async fn hops(
        &self,
        request: &Request,
        body_bytes_max: usize,
        part: Part,
    ) -> Result<(Response, Option<reqwest::Response>), HttpError> {
        let started = Instant::now();
        let mut request = request.clone();
        let mut left = request.redirects_max;
        loop {
            let answer = self.hop(&request, started).await?;
            if request.redirects_max > 0
                && let Some(next) = redirect::next(&request, answer.status(), answer.headers())?
            {
                let Some(fewer) = left.checked_sub(1) else {
                    let url = RedactedUrl::from(&next.url);
                    return Err(HttpError::Redirects { url, max: request.redirects_max });
                };
                left = fewer;
                request = next;
                continue;
            }
            let mut response = head(&answer, &request, started);
            if part == Part::Head {
                return Ok((response, Some(answer)));
            }
            response.body = whole_body(answer, body_bytes_max, &request, started).await?;
            response.elapsed = started.elapsed();
            return Ok((response, None));
        }
    }

    fn client(&self, url: &Url) -> Result<&reqwest::Client, reqwest::Error> {
        if url.scheme() == "http" && is_loopback(url) {
            // What is meant for this machine does not leave it, whatever proxy the environment names.
            once(&self.local, || build(reqwest::Client::builder().tls_certs_only([]).no_proxy()))
        } else if url.scheme() == "http" {
            once(&self.plain, || build(reqwest::Client::builder().tls_certs_only([])))
        } else {
            once(&self.secure, || build(reqwest::Client::builder()))
        }
    }

    async fn hop(&self, request: &Request, started: Instant) -> Result<reqwest::Response, HttpError> {
        let url = RedactedUrl::from(&request.url);
        let sort = |error| HttpError::sort(error, &url, started.elapsed());
        if !matches!(request.url.scheme(), "http" | "https") {
            return Err(HttpError::Address(url));
        }
        let client = self.client(&request.url).map_err(sort)?;
        let send = || {
            let asked = client.request(request.method.clone(), request.url.clone());
            asked.headers(request.headers.clone()).body(request.body.clone()).send()
        };
        let mut answer = send().await;
        // A server may close a kept connection just as it is used again. What is safe to repeat is then repeated once on a new one
        // (RFC 9112, section 9.3.1); a connection that was not kept has no such excuse.
        let broke = |error: &reqwest::Error| error.is_request() && !error.is_connect() && !error.is_timeout();
        let kept = self.kept.load(Ordering::Relaxed);
        if kept && request.method.is_safe() && answer.as_ref().is_err_and(broke) {
            answer = send().await;
        }
        self.kept.store(answer.as_ref().is_ok_and(keeps), Ordering::Relaxed);
        answer.map_err(sort)
    }
}

/// How much of an answer is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Whole,
    Head,
}

/// An answer whose body is still to come.
fn head(answer: &reqwest::Response, request: &Request, started: Instant) -> Response {
    let first_byte = started.elapsed();
    Response {
        status: answer.status(),
        version: answer.version(),
        headers: answer.headers().clone(),
        url: request.url.clone(),
        body: Vec::new(),
        attempts: 1,
        first_byte,
        elapsed: first_byte,
    }
}

/// Whether the connection stays open behind this answer (RFC 9112, section 9.3).
fn keeps(answer: &reqwest::Response) -> bool {
    let close = answer.headers().get_all(header::CONNECTION).iter();
    answer.version() == Version::HTTP_11
        && close.filter(|value| value.as_bytes().eq_ignore_ascii_case(b"close")).count() == 0
}

async fn whole_body(
    mut answer: reqwest::Response,
    limit: usize,
    request: &Request,
    started: Instant,
) -> Result<Vec<u8>, HttpError> {
    let url = RedactedUrl::from(&request.url);
    let mut body = Vec::new();
    while let Some(chunk) =
        answer.chunk().await.map_err(|error| HttpError::sort(error, &url, started.elapsed()))?
    {
        if body.len() + chunk.len() > limit {
            return Err(HttpError::BodyTooLarge { url, limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Whether nothing that is sent there leaves this machine.
pub fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Redirects are ours. TLS checks against the certificates of the system (`SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured), so that a
/// company's own authority counts; a client for plain http reads none, because a bare container has none.
fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, reqwest::Error> {
    // Fails where a provider is installed already, which is just as well.
    _ = rustls::crypto::ring::default_provider().install_default();
    builder.redirect(Policy::none()).user_agent(concat!("seaworthy/", env!("CARGO_PKG_VERSION"))).build()
}

fn once(
    cell: &OnceLock<reqwest::Client>,
    make: impl FnOnce() -> Result<reqwest::Client, reqwest::Error>,
) -> Result<&reqwest::Client, reqwest::Error> {
    match cell.get() {
        Some(client) => Ok(client),
        None => make().map(|client| cell.get_or_init(|| client)),
    }
}

/// An event loop whose end does not wait: a name lookup in the system's resolver cannot be called back.
pub(crate) struct EventLoop(Option<Runtime>);

impl EventLoop {
    pub(crate) fn get(&self) -> Result<&Runtime, HttpError> {
        self.0.as_ref().ok_or_else(|| HttpError::Start(io::Error::other("the event loop has ended")))
    }
}

impl Drop for EventLoop {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
