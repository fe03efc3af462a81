//! Around every request: its id, its log line and its count; never what it said.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::json;

use crate::log::Level;
use crate::problem::Cause;
use crate::random;
use crate::server::App;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REQUEST_ID_BYTES_MAX: usize = 64;
const REQUEST_ID_RANDOM_BYTES: usize = 8;

/// The middleware; the caller's well-formed `x-request-id` is kept so that a trace crosses services.
pub(crate) async fn observe(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request.headers().get(REQUEST_ID).filter(|id| well_formed(id)).cloned();
    let id = id.or_else(|| random::hex::<REQUEST_ID_RANDOM_BYTES>().ok()?.try_into().ok());
    let id = id.unwrap_or_else(|| HeaderValue::from_static("none"));
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();

    let mut response = next.run(request).await;

    let status = response.status();
    app.metrics.request(&route, status.as_u16());
    let mut fields = json!({
        "request_id": id.to_str().unwrap_or_default(), "method": method.as_str(), "route": route,
        "status": status.as_u16(), "ms": u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    });
    if let Some(Cause(cause)) = response.extensions().get() {
        fields["error"] = json!(cause);
    }
    let level = if status.is_server_error() { Level::Error } else { Level::Info };
    app.log.line(level, "request", fields);
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

fn well_formed(id: &HeaderValue) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    (1..=REQUEST_ID_BYTES_MAX).contains(&id.len()) && id.as_bytes().iter().all(allowed)
}
