//! What is answered when a request cannot be served (RFC 9457 problem details); causes go to the log, never to the caller.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::json;

/// Why a request was not served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("{0}")]
    Input(StatusCode, String),
    #[error("a valid bearer token is required")]
    Unauthorized,
    #[error("email or password is wrong")]
    WrongCredentials,
    #[error("there is no such resource")]
    NotFound,
    #[error("this method is not offered here")]
    Method,
    #[error("this email is registered already")]
    Registered,
    #[error("our fault; the log has the cause under this request's id")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Problem {
    fn status(&self) -> StatusCode {
        match self {
            Self::Input(status, _) => *status,
            Self::Unauthorized | Self::WrongCredentials => StatusCode::UNAUTHORIZED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Registered => StatusCode::CONFLICT,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// Rides on the response to the request's log line.
#[derive(Clone)]
pub(crate) struct Cause(pub(crate) String);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let body = json!({ "title": status.canonical_reason(), "status": status.as_u16(), "detail": self.to_string() });
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Self::Internal(source) = self {
            response.extensions_mut().insert(Cause(source.to_string()));
        }
        response
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::RowNotFound => Self::NotFound,
            _ => Self::Internal(error.into()),
        }
    }
}

/// A JSON body that parses into `T`, or a problem.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let refused = |refusal: JsonRejection| Problem::Input(refusal.status(), refusal.body_text());
        Json::from_request(request, state).await.map(|Json(value)| Self(value)).map_err(refused)
    }
}
