//! The one HTTP client: limits, retries, redaction.
