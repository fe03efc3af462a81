//! Register, log in, leave; notes are not known here.

use std::fmt::Display;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::password::Password;
use crate::problem::{Body, Problem};
use crate::server::App;
use crate::session::User;

const EMAIL_BYTES_MAX: usize = 254;

#[derive(Deserialize)]
pub(super) struct Credentials {
    email: Email,
    password: Password,
}

/// An address in lower case. Whether it exists only a mail could tell.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Email(String);

impl TryFrom<String> for Email {
    type Error = &'static str;

    fn try_from(typed: String) -> Result<Self, Self::Error> {
        let email = typed.trim().to_lowercase();
        let (name, host) = email.split_once('@').unwrap_or_default();
        let plausible = !name.is_empty() && !host.is_empty() && email.len() <= EMAIL_BYTES_MAX;
        plausible.then_some(Self(email)).ok_or("an email looks like name@host")
    }
}

/// 201 with the new user's id; 409 if the email is taken.
pub(super) async fn register(
    State(app): State<Arc<App>>,
    Body(Credentials { email, password }): Body<Credentials>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let hash = hashing(&app, move || password.hash()).await?;
    let id = app.store.add_user(&email.0, &hash, Timestamp::now()).await?.ok_or(Problem::Registered)?;
    Ok((StatusCode::CREATED, Json(json!({ "id": id }))))
}

/// 200 with a bearer token; 401 without saying which of the two was wrong.
pub(super) async fn login(
    State(app): State<Arc<App>>,
    Body(Credentials { email, password }): Body<Credentials>,
) -> Result<Json<Value>, Problem> {
    let (user, hash) = app.store.find_user(&email.0).await?.ok_or(Problem::WrongCredentials)?;
    if !hashing(&app, move || password.matches(&hash)).await? {
        return Err(Problem::WrongCredentials);
    }
    let (token, digest) = app.sessions.issue()?;
    let now = Timestamp::now();
    app.store.add_session(&digest, user, now, now + app.session_lifetime).await?;
    Ok(Json(json!({ "token": token })))
}

/// 204: the user, the sessions and the notes are gone.
pub(super) async fn leave(State(app): State<Arc<App>>, user: User) -> Result<StatusCode, Problem> {
    app.store.remove_user(user.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Runs slow password work on its own thread, a few at a time.
async fn hashing<T, E>(app: &App, work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, Problem>
where
    T: Send + 'static,
    E: Display + Send + 'static,
{
    let _turn = app.hashing.acquire().await.map_err(|error| Problem::Internal(error.into()))?;
    let done = tokio::task::spawn_blocking(work).await.map_err(|error| Problem::Internal(error.into()))?;
    done.map_err(|error| Problem::Internal(error.to_string().into()))
}
