//! What machines ask: alive, ready, how much; no token needed and nothing personal told.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde_json::{Value, json};

use crate::server::App;

/// The process answers. Says nothing of the database: a restart would not mend that.
pub(super) async fn alive(State(app): State<Arc<App>>) -> Json<Value> {
    Json(json!({ "status": "ok", "version": app.edition.version(), "release": app.release }))
}

/// The database is there and its schema is at least what this version needs.
pub(super) async fn ready(State(app): State<Arc<App>>) -> (StatusCode, Json<Value>) {
    let needs = app.edition.schema();
    let schema = app.store.schema().await.ok();
    let (status, word) = match schema {
        Some(schema) if schema >= needs => (StatusCode::OK, "ready"),
        Some(_) => (StatusCode::SERVICE_UNAVAILABLE, "schema is behind"),
        None => (StatusCode::SERVICE_UNAVAILABLE, "database is unreachable"),
    };
    (status, Json(json!({ "status": word, "schema": schema, "needs": needs })))
}

/// The counters in Prometheus' text format.
pub(super) async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    let text = app.metrics.render(app.edition, &app.release);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}
