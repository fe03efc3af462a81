//! `notes`: registered people keep notes, over HTTP, in SQLite. It serves; it never changes the schema (migrate-db does).
//!
//! # Layout
//! `config` (what the environment says) → `server` (listen, drain, stop) → `routes` (one file a resource) → `store` (SQL).
//! `session` and `password` guard the way in; `observe`, `log` and `metrics` tell what happened; `edition` is what differs between versions.

mod config;
mod edition;
mod log;
mod metrics;
mod observe;
mod password;
mod problem;
mod random;
mod routes;
mod server;
mod session;
mod store;

use std::process::ExitCode;

use serde_json::json;

pub use config::{Config, ConfigError, VARIABLES};
pub use edition::Edition;
use log::{Level, Log};

/// Serves one edition until SIGTERM or SIGINT, configured by the process environment.
/// Failure is one JSON line on stdout and a non-zero status.
pub fn run(edition: Edition) -> ExitCode {
    let config = match Config::from_env() {
        Ok(config) => config,
        Err(error) => {
            Log::new(edition, "unknown").line(
                Level::Error,
                "misconfigured",
                json!({ "error": error.to_string() }),
            );
            return ExitCode::FAILURE;
        }
    };
    let log = Log::new(edition, &config.release);
    match server::serve(edition, config, log.clone()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log.line(Level::Error, "failed", json!({ "error": error.to_string() }));
            ExitCode::FAILURE
        }
    }
}
