//! Requests to one repository of a registry: with what the registry wants to be shown, and what its refusals mean; never what they are for.

use std::{io::Read, sync::Arc, time::Duration};

use http::{Download, HttpError, Limits, Method, Request, Response, StatusCode, header};
use serde::Deserialize;

use super::{
    access::{Access, LIMITS},
    address::Address,
    error::RegistryError,
    token::Scope,
};

/// How many redirects are followed: blobs often lie elsewhere.
const REDIRECTS_MAX: u8 = 5;
/// How often a 401 is answered: once because nothing was shown, once because what was shown is stale.
const CHALLENGES_MAX: u32 = 2;
/// How much of a registry's own words is shown, in characters.
const WORDS_MAX: usize = 300;

/// A way to one repository.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) access: Arc<Access>,
    pub(super) address: Address,
}

/// What has a status and headers, whatever has become of the body.
trait Answer {
    fn head(&self) -> &Response;
}

impl Answer for Response {
    fn head(&self) -> &Response {
        self
    }
}

impl Answer for Download {
    fn head(&self) -> &Response {
        &self.response
    }
}

impl Connection {
    /// A request for something in the repository; `path` begins behind its name.
    pub(super) fn request(&self, method: Method, path: &str) -> Request {
        Request::new(method, self.address.url(path)).follow(REDIRECTS_MAX)
    }

    /// The scope of a question.
    pub(super) fn pull(&self) -> Scope {
        Scope::pull(&self.address.repository)
    }

    /// The scope of a write.
    pub(super) fn push(&self) -> Scope {
        Scope::push(&self.address.repository)
    }

    /// Sends what may be repeated, and repeats it within the budget.
    pub(super) fn send(&self, request: Request, scope: &Scope) -> Result<Response, RegistryError> {
        self.once(request.retry(self.access.retries()), scope)
    }

    /// Sends what the caller repeats in its own way.
    pub(super) fn once(&self, request: Request, scope: &Scope) -> Result<Response, RegistryError> {
        self.authorized(request, scope, |request| self.access.client()?.send(request).map_err(Into::into))
    }

    /// Asks for a body that is read piece by piece.
    pub(super) fn open(
        &self,
        request: Request,
        scope: &Scope,
        limits: Limits,
    ) -> Result<Download, RegistryError> {
        let request = request.retry(self.access.retries());
        self.authorized(request, scope, |request| {
            self.access.client()?.open(request, limits).map_err(Into::into)
        })
    }

    /// Sends a body that is read once, so only once. After a 401 the next request shows something new.
    pub(super) fn upload(
        &self,
        mut request: Request,
        scope: &Scope,
        limits: Limits,
        body: &mut dyn Read,
        length: u64,
    ) -> Result<Response, RegistryError> {
        let own = self.address.is_own(&request.url);
        if own && let Some(value) = self.access.authorization(&self.address, scope)? {
            request.headers.insert(header::AUTHORIZATION, value);
        }
        let answer = self.access.client()?.upload(&request, limits, body, length)?;
        if own && answer.status == StatusCode::UNAUTHORIZED {
            self.access.learn(&self.address, scope, &answer);
        }
        Ok(answer)
    }

    /// Anonymous first; what the registry asks for is shown from its first 401 on, and once more if it has become stale.
    fn authorized<A: Answer>(
        &self,
        mut request: Request,
        scope: &Scope,
        go: impl Fn(&Request) -> Result<A, RegistryError>,
    ) -> Result<A, RegistryError> {
        if !self.address.is_own(&request.url) {
            return go(&request);
        }
        let mut value = self.access.authorization(&self.address, scope)?;
        let mut challenges = 0;
        loop {
            if let Some(value) = &value {
                request.headers.insert(header::AUTHORIZATION, value.clone());
            }
            let answer = go(&request)?;
            let head = answer.head();
            let asked = head.status == StatusCode::UNAUTHORIZED && self.address.is_own(&head.url);
            if !asked || challenges == CHALLENGES_MAX || !self.access.learn(&self.address, scope, head) {
                return Ok(answer);
            }
            challenges += 1;
            let next = self.access.authorization(&self.address, scope)?;
            // Showing the same again would only count as another wrong password.
            if next == value {
                return Ok(answer);
            }
            value = next;
        }
    }
}

/// The answer, if it has one of these statuses.
pub(super) fn expect(answer: Response, wanted: &[u16]) -> Result<Response, RegistryError> {
    if wanted.contains(&answer.status.as_u16()) { Ok(answer) } else { Err(failed(&answer)) }
}

/// What an answer that helps nobody means.
pub(super) fn failed(answer: &Response) -> RegistryError {
    let (url, status, why) = ((&answer.url).into(), answer.status.as_u16(), words(&answer.body));
    match status {
        401 | 403 => RegistryError::Denied { url, status, why },
        _ => RegistryError::Status { url, status, why },
    }
}

/// Whether a later try may go better.
pub(super) fn is_passing(error: &RegistryError) -> bool {
    match error {
        RegistryError::Unanswered(error) => HttpError::is_passing(error),
        _ => false,
    }
}

#[derive(Deserialize)]
struct Errors {
    errors: Vec<ErrorEntry>,
}

#[derive(Deserialize)]
struct ErrorEntry {
    code: Option<String>,
    message: Option<String>,
}

/// The registry's own words (OCI distribution specification 1.1, "Error Codes"), with a colon before them.
fn words(body: &[u8]) -> String {
    let Ok(Errors { errors }) = serde_json::from_slice(body) else { return String::new() };
    let words: Vec<String> =
        errors.into_iter().flat_map(|entry| [entry.code, entry.message]).flatten().collect();
    let text = words.join(" ");
    let shown: String = text.chars().filter(|one| !one.is_control()).take(WORDS_MAX).collect();
    if shown.is_empty() { shown } else { format!(": {shown}") }
}

/// The limits of a body of this size: even a slow line has this many seconds for it.
pub(super) fn limits_for(size: u64) -> Limits {
    /// The slowest line that is waited for, in bytes a second.
    const BYTES_PER_SECOND_MIN: u64 = 64 << 10;
    /// The slowest disk on which a registry checks a whole blob before it says a word, in bytes a second.
    const CHECKED_PER_SECOND_MIN: u64 = 16 << 20;
    Limits {
        try_max: LIMITS.try_max + Duration::from_secs(size / CHECKED_PER_SECOND_MIN),
        total_max: LIMITS.total_max + Duration::from_secs(size / BYTES_PER_SECOND_MIN),
        ..LIMITS
    }
}
