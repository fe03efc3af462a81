//! A question to a server of Sigstore and its answer, with limits; never what either means.

use std::time::Duration;

use http::{HeaderValue, Limits, Method, Request, Response, Retry, Url, header};
use serde::{Serialize, de::DeserializeOwned};

use super::KeylessError;

/// No answer is larger, in bytes: a log entry with its proof has some 10 KB.
const ANSWER_BYTES_MAX: usize = 4 << 20;
/// How much of what a server says about a refusal is told, in characters.
const SAID_CHARS_MAX: usize = 300;
/// A log may wait for its next checkpoint before it answers.
const TRY_MAX: Duration = Duration::from_secs(30);
const TOTAL_MAX: Duration = Duration::from_mins(2);
const RETRY: Retry = Retry { attempts_max: 3, backoff: Duration::from_millis(500) };

pub(super) fn client() -> Result<http::Client, KeylessError> {
    let limits = Limits { try_max: TRY_MAX, total_max: TOTAL_MAX, body_bytes_max: ANSWER_BYTES_MAX };
    http::Client::new(limits).map_err(|source| KeylessError::Unreachable { service: "Sigstore", source })
}

/// The address of an interface of a server; the server's own may have a path.
pub(super) fn address(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url
}

/// Posts JSON and reads JSON.
pub(super) fn post<T: DeserializeOwned>(
    service: &'static str,
    client: &http::Client,
    url: Url,
    body: &impl Serialize,
) -> Result<T, KeylessError> {
    let odd = |error: serde_json::Error| KeylessError::Answer { service, why: error.to_string() };
    let body = serde_json::to_vec(body).map_err(odd)?;
    let request = Request::new(Method::POST, url)
        .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .body(body);
    json(service, client, request)
}

/// Asks and reads JSON.
pub(super) fn json<T: DeserializeOwned>(
    service: &'static str,
    client: &http::Client,
    request: Request,
) -> Result<T, KeylessError> {
    let request = request.header(header::ACCEPT, HeaderValue::from_static("application/json"));
    let answer = send(service, client, &request)?;
    serde_json::from_slice(&answer.body)
        .map_err(|error| KeylessError::Answer { service, why: error.to_string() })
}

/// Asks; an answer that is no success is a refusal.
pub(super) fn send(
    service: &'static str,
    client: &http::Client,
    request: &Request,
) -> Result<Response, KeylessError> {
    let answer = client
        .send(&request.clone().retry(RETRY))
        .map_err(|source| KeylessError::Unreachable { service, source })?;
    if answer.status.is_success() {
        return Ok(answer);
    }
    let said = answer.text().chars().filter(|one| !one.is_control()).take(SAID_CHARS_MAX).collect();
    Err(KeylessError::Refused { service, status: answer.status.as_u16(), said })
}
