//! One JSON object a line on stdout, each with the release; never a token, a password or what a note says.

use std::io::Write;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::Edition;

/// How much a line matters.
#[derive(Clone, Copy)]
pub(crate) enum Level {
    Info,
    Error,
}

/// Writes lines that carry version and release.
#[derive(Clone)]
pub(crate) struct Log {
    version: &'static str,
    release: Arc<str>,
}

impl Log {
    pub(crate) fn new(edition: Edition, release: &str) -> Self {
        Self { version: edition.version(), release: release.into() }
    }

    /// Writes one event; `fields` is an object.
    pub(crate) fn line(&self, level: Level, event: &str, fields: Value) {
        let level = match level {
            Level::Info => "info",
            Level::Error => "error",
        };
        let mut line = json!({
            "time": Timestamp::now(), "level": level, "release": self.release.as_ref(), "version": self.version, "event": event,
        });
        if let (Value::Object(line), Value::Object(fields)) = (&mut line, fields) {
            line.extend(fields);
        }
        // A closed stdout is no reason to stop serving, and there is nowhere left to say so.
        _ = writeln!(std::io::stdout().lock(), "{line}");
    }
}
