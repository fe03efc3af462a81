//! Listens, serves, drains and stops; holds what all routes share. What an answer says is not decided here.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Semaphore, oneshot};

use crate::log::{Level, Log};
use crate::metrics::Metrics;
use crate::session::Sessions;
use crate::store::Store;
use crate::{Config, Edition, routes};

/// How long requests in flight may take after a signal.
const DRAIN: Duration = Duration::from_secs(10);
/// Each password hash takes 16 MiB and a processor.
const HASHES_AT_ONCE_MAX: usize = 2;

/// What every route can reach.
pub(crate) struct App {
    pub(crate) edition: Edition,
    pub(crate) release: String,
    pub(crate) store: Store,
    pub(crate) sessions: Sessions,
    pub(crate) session_lifetime: SignedDuration,
    pub(crate) hashing: Semaphore,
    pub(crate) metrics: Metrics,
    pub(crate) log: Log,
}

/// Serves until a signal comes and the requests in flight are answered.
pub(crate) fn serve(edition: Edition, config: Config, log: Log) -> io::Result<()> {
    // One thread is plenty: SQLite and scrypt have their own.
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(listen(edition, config, log))
}

async fn listen(edition: Edition, config: Config, log: Log) -> io::Result<()> {
    let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let listener = TcpListener::bind(config.bind).await?;
    let app = Arc::new(App {
        edition,
        release: config.release,
        store: Store::open(edition, config.database),
        sessions: Sessions::new(&config.session_secret).map_err(io::Error::other)?,
        session_lifetime: config.session_lifetime,
        hashing: Semaphore::new(HASHES_AT_ONCE_MAX),
        metrics: Metrics::default(),
        log: log.clone(),
    });
    let address = listener.local_addr()?.to_string();
    log.line(Level::Info, "listening", json!({ "address": address, "environment": config.environment }));

    let (stopping, stopped) = oneshot::channel();
    let drain = async move {
        first(terminate, interrupt).await;
        // No receiver is left only when the server is gone already.
        _ = stopping.send(());
    };
    let server =
        axum::serve(listener, routes::router(app.clone(), config.cors_origins)).with_graceful_shutdown(drain);
    let server = tokio::spawn(server.into_future());
    _ = stopped.await;
    log.line(Level::Info, "draining", json!({ "seconds": DRAIN.as_secs() }));
    let drained = tokio::time::timeout(DRAIN, server).await.is_ok();
    app.store.close().await;
    log.line(Level::Info, "stopped", json!({ "drained": drained }));
    Ok(())
}

async fn first(mut terminate: Signal, mut interrupt: Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
