//! A user's own notes; another user's are answered as if they did not exist.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::problem::{Body, Problem};
use crate::server::App;
use crate::session::User;
use crate::store::{Draft, Note};

const TITLE_BYTES_MAX: usize = 200;

#[derive(Deserialize)]
pub(super) struct Typed {
    title: Title,
    #[serde(default)]
    body: String,
    #[serde(default)]
    pinned: bool,
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Title(String);

impl TryFrom<String> for Title {
    type Error = &'static str;

    fn try_from(typed: String) -> Result<Self, Self::Error> {
        let fits = (1..=TITLE_BYTES_MAX).contains(&typed.len());
        fits.then_some(Self(typed)).ok_or("a title has 1 to 200 bytes")
    }
}

/// 201 with the note as stored.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    user: User,
    Body(Typed { title, body, pinned }): Body<Typed>,
) -> Result<(StatusCode, Json<Note>), Problem> {
    let draft = Draft { title: title.0, body, pinned };
    let note = app.store.add_note(user.id, draft, Timestamp::now()).await?;
    app.metrics.note_created();
    Ok((StatusCode::CREATED, Json(note)))
}

/// 200 with the newest first; pinned ones (since 1.1.0) before all others.
pub(super) async fn list(State(app): State<Arc<App>>, user: User) -> Result<Json<Value>, Problem> {
    Ok(Json(json!({ "items": app.store.notes(user.id).await? })))
}

/// 200 with one note; since 1.2.0 this also records that it was opened.
pub(super) async fn read(State(app): State<Arc<App>>, user: User, id: Id) -> Result<Json<Note>, Problem> {
    Ok(Json(app.store.open_note(user.id, number(id)?, Timestamp::now()).await?))
}

/// 204 when it is gone.
pub(super) async fn delete(State(app): State<Arc<App>>, user: User, id: Id) -> Result<StatusCode, Problem> {
    app.store.remove_note(user.id, number(id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

type Id = Result<Path<i64>, PathRejection>;

/// What is not a number names no note.
fn number(id: Id) -> Result<i64, Problem> {
    id.map(|Path(id)| id).map_err(|_| Problem::NotFound)
}
