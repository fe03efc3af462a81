//! Work on a server's connection that must end by a moment; never whose server it is.

use std::{
    pin::pin,
    time::{Duration, Instant},
};

use tokio::time::{timeout, timeout_at};

/// How long a statement that was ended on the server has before its connection is given up.
pub(super) const END_TIME_MAX: Duration = Duration::from_secs(10);

/// Why there is no result.
pub(super) enum Stopped {
    /// The statement was ended on the server.
    AtDeadline,
    /// It did not end even then: nothing more can be asked.
    Lost,
    /// It failed.
    Failed(sqlx::Error),
}

/// Does some work, and no longer than until then: what still runs is ended on the server, over a connection of its own.
pub(super) async fn bounded<T>(
    until: Option<Instant>,
    work: impl Future<Output = Result<T, sqlx::Error>>,
    end: impl Future<Output = Result<(), sqlx::Error>>,
    is_ended: fn(&sqlx::Error) -> bool,
) -> Result<T, Stopped> {
    let mut work = pin!(work);
    let Some(until) = until else { return work.await.map_err(Stopped::Failed) };
    if let Ok(done) = timeout_at(until.into(), work.as_mut()).await {
        return done.map_err(Stopped::Failed);
    }
    _ = timeout(END_TIME_MAX, end).await;
    match timeout(END_TIME_MAX, work).await {
        Ok(Err(error)) if is_ended(&error) => Err(Stopped::AtDeadline),
        Ok(done) => done.map_err(Stopped::Failed),
        Err(_) => Err(Stopped::Lost),
    }
}
