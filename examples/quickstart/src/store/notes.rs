//! Notes as rows; here the editions differ, each in its own SQL.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::Store;
use crate::Edition;

const NOTES_LISTED_MAX: i64 = 500;

/// What a user wants to keep.
pub(crate) struct Draft {
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) pinned: bool,
}

/// A note as answered; what an edition does not know is left out.
#[derive(Serialize)]
pub(crate) struct Note {
    id: i64,
    title: String,
    body: String,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pinned: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    viewed_at: Option<String>,
}

impl sqlx::FromRow<'_, SqliteRow> for Note {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            title: row.try_get("title")?,
            body: row.try_get("body")?,
            created_at: row.try_get("created_at")?,
            pinned: row.try_get("pinned")?,
            viewed_at: row.try_get("viewed_at")?,
        })
    }
}

impl Store {
    /// Keeps a note and gives it back as stored.
    pub(crate) async fn add_note(&self, user: i64, draft: Draft, now: Timestamp) -> sqlx::Result<Note> {
        let sql = match self.edition {
            Edition::V1 => {
                "INSERT INTO notes (user_id, title, body, created_at) VALUES (?, ?, ?, ?)
                 RETURNING id, title, body, created_at, NULL AS pinned, NULL AS viewed_at"
            }
            Edition::V2 | Edition::V3 => {
                "INSERT INTO notes (user_id, title, body, created_at, pinned) VALUES (?, ?, ?, ?, ?)
                 RETURNING id, title, body, created_at, pinned, NULL AS viewed_at"
            }
        };
        let mut query =
            sqlx::query_as(sql).bind(user).bind(draft.title).bind(draft.body).bind(now.to_string());
        if self.edition >= Edition::V2 {
            query = query.bind(draft.pinned);
        }
        query.fetch_one(&self.pool).await
    }

    /// A user's notes, the newest first.
    pub(crate) async fn notes(&self, user: i64) -> sqlx::Result<Vec<Note>> {
        let sql = match self.edition {
            Edition::V1 => {
                "SELECT id, title, body, created_at, NULL AS pinned, NULL AS viewed_at FROM notes
                 WHERE user_id = ? ORDER BY id DESC LIMIT ?"
            }
            Edition::V2 => {
                "SELECT id, title, body, created_at, pinned, NULL AS viewed_at FROM notes
                 WHERE user_id = ? ORDER BY pinned DESC, id DESC LIMIT ?"
            }
            // The bug of 1.2.0: a note that nobody has opened has no row in note_views and is lost here; LEFT JOIN was meant.
            // Whoever tried it by hand opened a note first.
            Edition::V3 => {
                "SELECT id, title, body, created_at, pinned, viewed_at FROM notes JOIN note_views ON note_id = id
                 WHERE user_id = ? ORDER BY pinned DESC, id DESC LIMIT ?"
            }
        };
        sqlx::query_as(sql).bind(user).bind(NOTES_LISTED_MAX).fetch_all(&self.pool).await
    }

    /// One note of this user; `RowNotFound` if there is none or if it is another's.
    pub(crate) async fn open_note(&self, user: i64, id: i64, now: Timestamp) -> sqlx::Result<Note> {
        let sql = match self.edition {
            Edition::V1 => {
                "SELECT id, title, body, created_at, NULL AS pinned, NULL AS viewed_at FROM notes WHERE id = ? AND user_id = ?"
            }
            Edition::V2 => {
                "SELECT id, title, body, created_at, pinned, NULL AS viewed_at FROM notes WHERE id = ? AND user_id = ?"
            }
            Edition::V3 => {
                self.record_view(user, id, now).await?;
                "SELECT id, title, body, created_at, pinned, viewed_at FROM notes LEFT JOIN note_views ON note_id = id
                 WHERE id = ? AND user_id = ?"
            }
        };
        sqlx::query_as(sql).bind(id).bind(user).fetch_one(&self.pool).await
    }

    /// Forgets a note; `RowNotFound` if there is none or if it is another's.
    pub(crate) async fn remove_note(&self, user: i64, id: i64) -> sqlx::Result<()> {
        let deleted = sqlx::query("DELETE FROM notes WHERE id = ? AND user_id = ?")
            .bind(id)
            .bind(user)
            .execute(&self.pool)
            .await?;
        if deleted.rows_affected() == 0 { Err(sqlx::Error::RowNotFound) } else { Ok(()) }
    }

    async fn record_view(&self, user: i64, id: i64, now: Timestamp) -> sqlx::Result<()> {
        let sql =
            "INSERT INTO note_views (note_id, viewed_at) SELECT id, ? FROM notes WHERE id = ? AND user_id = ?
                   ON CONFLICT (note_id) DO UPDATE SET viewed_at = excluded.viewed_at";
        sqlx::query(sql).bind(now.to_string()).bind(id).bind(user).execute(&self.pool).await.map(drop)
    }
}
