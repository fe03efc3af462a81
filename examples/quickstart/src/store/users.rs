//! Users and their sessions, as rows.

use jiff::Timestamp;

use super::Store;

impl Store {
    /// The new user's id, or none if the email is taken.
    pub(crate) async fn add_user(
        &self,
        email: &str,
        password_hash: &str,
        now: Timestamp,
    ) -> sqlx::Result<Option<i64>> {
        let sql = "INSERT INTO users (email, password_hash, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING id";
        sqlx::query_scalar(sql)
            .bind(email)
            .bind(password_hash)
            .bind(now.to_string())
            .fetch_optional(&self.pool)
            .await
    }

    /// Id and password hash.
    pub(crate) async fn find_user(&self, email: &str) -> sqlx::Result<Option<(i64, String)>> {
        sqlx::query_as("SELECT id, password_hash FROM users WHERE email = ?")
            .bind(email)
            .fetch_optional(&self.pool)
            .await
    }

    /// Sessions and notes go with the user: the schema cascades.
    pub(crate) async fn remove_user(&self, id: i64) -> sqlx::Result<()> {
        sqlx::query("DELETE FROM users WHERE id = ?").bind(id).execute(&self.pool).await.map(drop)
    }

    /// Keeps a session, and forgets those that are over.
    pub(crate) async fn add_session(
        &self,
        digest: &[u8],
        user: i64,
        now: Timestamp,
        until: Timestamp,
    ) -> sqlx::Result<()> {
        sqlx::query("DELETE FROM sessions WHERE expires_at <= ?")
            .bind(now.as_second())
            .execute(&self.pool)
            .await?;
        let sql = "INSERT INTO sessions (token_digest, user_id, expires_at) VALUES (?, ?, ?)";
        sqlx::query(sql).bind(digest).bind(user).bind(until.as_second()).execute(&self.pool).await.map(drop)
    }

    /// Whose session this is, while it lasts.
    pub(crate) async fn session_user(&self, digest: &[u8]) -> sqlx::Result<Option<i64>> {
        let sql = "SELECT user_id FROM sessions WHERE token_digest = ? AND expires_at > ?";
        sqlx::query_scalar(sql)
            .bind(digest)
            .bind(Timestamp::now().as_second())
            .fetch_optional(&self.pool)
            .await
    }
}
