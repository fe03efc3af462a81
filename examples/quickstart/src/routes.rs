//! The table of routes and the limits around them; one file below a resource.

mod account;
mod notes;
mod probes;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post};
use tower_http::cors::CorsLayer;
use tower_http::timeout::TimeoutLayer;

use crate::observe::observe;
use crate::problem::Problem;
use crate::server::App;

const BODY_BYTES_MAX: usize = 64 * 1024;
const REQUEST_TIME_MAX: Duration = Duration::from_secs(15);

/// The whole service; layers added last are the outermost.
pub(crate) fn router(app: Arc<App>, cors_origins: Vec<HeaderValue>) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(cors_origins)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE]);
    Router::new()
        .route("/register", post(account::register))
        .route("/login", post(account::login))
        .route("/me", delete(account::leave))
        .route("/notes", get(notes::list).post(notes::create))
        .route("/notes/{id}", get(notes::read).delete(notes::delete))
        .route("/healthz", get(probes::alive))
        .route("/readyz", get(probes::ready))
        .route("/metrics", get(probes::metrics))
        .fallback(async || Problem::NotFound)
        .method_not_allowed_fallback(async || Problem::Method)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_TIME_MAX))
        .layer(cors)
        .layer(from_fn_with_state(app.clone(), observe))
        .with_state(app)
}
