//! What the process environment says, typed and checked; the only place that reads it.

use std::net::SocketAddr;
use std::str::FromStr;

use axum::http::HeaderValue;
use jiff::SignedDuration;
use sqlx::sqlite::SqliteConnectOptions;

/// Every variable the service reads; `.env.schema` documents exactly these.
pub const VARIABLES: [&str; 7] =
    ["APP_ENV", "RELEASE", "BIND_ADDRESS", "DATABASE_URL", "SESSION_SECRET", "SESSION_HOURS", "CORS_ORIGINS"];

const SESSION_SECRET_BYTES_MIN: usize = 32;
const SESSION_HOURS_MAX: i64 = 720;

/// The settings of one process. Not `Debug`: it holds the session secret.
pub struct Config {
    /// `dev`, `staging` or `production`.
    pub environment: String,
    /// What the deployment calls this release; appears in `/healthz` and on every log line.
    pub release: String,
    /// Where to listen; port 0 lets the system choose.
    pub bind: SocketAddr,
    /// The SQLite file. It must exist: creating it is migrate-db's work.
    pub database: SqliteConnectOptions,
    /// Keys the stored digests of session tokens; changing it ends every session.
    pub session_secret: String,
    /// How long a login lasts.
    pub session_lifetime: SignedDuration,
    /// The web origins that may call from a browser.
    pub cors_origins: Vec<HeaderValue>,
}

/// A variable that is missing or not what it should be. Values are never repeated: they may be secret.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ConfigError {
    /// A required variable is unset or empty.
    #[error("{0} is not set")]
    Missing(&'static str),
    /// A variable does not parse.
    #[error("{variable} must be {expected}")]
    Invalid {
        /// The variable's name.
        variable: &'static str,
        /// What would have been right.
        expected: &'static str,
    },
}

impl Config {
    /// Reads the process environment.
    ///
    /// # Errors
    /// The first variable that is missing or malformed.
    #[expect(clippy::disallowed_methods, reason = "this is the one room that reads the environment")]
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::parse(|name| std::env::var(name).ok())
    }

    /// Reads variables through `lookup`; an empty one counts as unset.
    ///
    /// # Errors
    /// The first variable that is missing or malformed.
    pub fn parse(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let optional = |name| lookup(name).filter(|value| !value.is_empty());
        let or = |name, default: &str| optional(name).unwrap_or_else(|| default.to_owned());
        let required = |name| optional(name).ok_or(ConfigError::Missing(name));
        Ok(Self {
            environment: one_of("APP_ENV", or("APP_ENV", "dev"))?,
            release: or("RELEASE", "unreleased"),
            bind: parsed(
                "BIND_ADDRESS",
                "an address with a port, such as 127.0.0.1:8080",
                &or("BIND_ADDRESS", "127.0.0.1:8080"),
            )?,
            database: database(&required("DATABASE_URL")?)?,
            session_secret: long_enough(required("SESSION_SECRET")?)?,
            session_lifetime: hours(&or("SESSION_HOURS", "12"))?,
            cors_origins: origins(&or("CORS_ORIGINS", ""))?,
        })
    }
}

fn parsed<T: FromStr>(variable: &'static str, expected: &'static str, value: &str) -> Result<T, ConfigError> {
    value.parse().map_err(|_| ConfigError::Invalid { variable, expected })
}

fn one_of(variable: &'static str, value: String) -> Result<String, ConfigError> {
    let known = ["dev", "staging", "production"].contains(&value.as_str());
    known.then_some(value).ok_or(ConfigError::Invalid { variable, expected: "dev, staging or production" })
}

fn database(url: &str) -> Result<SqliteConnectOptions, ConfigError> {
    let expected = "a SQLite URL, such as sqlite:notes.db";
    if !url.starts_with("sqlite:") {
        return Err(ConfigError::Invalid { variable: "DATABASE_URL", expected });
    }
    parsed("DATABASE_URL", expected, url)
}

fn long_enough(secret: String) -> Result<String, ConfigError> {
    let expected = "at least 32 bytes long";
    let long = secret.len() >= SESSION_SECRET_BYTES_MIN;
    long.then_some(secret).ok_or(ConfigError::Invalid { variable: "SESSION_SECRET", expected })
}

fn hours(value: &str) -> Result<SignedDuration, ConfigError> {
    let expected = "a number of hours from 1 to 720";
    match parsed("SESSION_HOURS", expected, value)? {
        hours @ 1..=SESSION_HOURS_MAX => Ok(SignedDuration::from_hours(hours)),
        _ => Err(ConfigError::Invalid { variable: "SESSION_HOURS", expected }),
    }
}

fn origins(list: &str) -> Result<Vec<HeaderValue>, ConfigError> {
    let expected = "a comma list of http or https origins, without a wildcard";
    let origin = |origin: &str| {
        let web = (origin.starts_with("https://") || origin.starts_with("http://")) && !origin.contains('*');
        if web {
            parsed("CORS_ORIGINS", expected, origin)
        } else {
            Err(ConfigError::Invalid { variable: "CORS_ORIGINS", expected })
        }
    };
    list.split(',').map(str::trim).filter(|item| !item.is_empty()).map(origin).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variable: &str, value: &str) -> Result<Config, ConfigError> {
        Config::parse(|name| match name {
            _ if name == variable => Some(value.to_owned()),
            "DATABASE_URL" => Some("sqlite:notes.db".to_owned()),
            "SESSION_SECRET" => Some("0123456789abcdef0123456789abcdef".to_owned()),
            _ => None,
        })
    }

    #[test]
    fn two_variables_are_enough_on_a_laptop() {
        let config = with("", "").unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((config.environment.as_str(), config.bind.port()), ("dev", 8080));
        assert!(config.cors_origins.is_empty());
    }

    #[test]
    fn a_wrong_value_is_named_without_being_repeated() {
        for (variable, value) in [
            ("APP_ENV", "prod"),
            ("BIND_ADDRESS", "localhost"),
            ("DATABASE_URL", "postgres://u:hunter22@h/d"),
            ("SESSION_SECRET", "hunter22"),
            ("SESSION_HOURS", "721"),
            ("SESSION_HOURS", "0"),
            ("CORS_ORIGINS", "*"),
            ("CORS_ORIGINS", "https://*.example.com"),
            ("CORS_ORIGINS", "example.com"),
        ] {
            let message = with(variable, value).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(message.starts_with(&format!("{variable} must be")), "{variable}={value}: {message}");
            assert!(!message.contains("hunter22"), "{message}");
        }
    }

    #[test]
    fn an_empty_secret_is_a_missing_secret() {
        assert_eq!(with("SESSION_SECRET", "").err(), Some(ConfigError::Missing("SESSION_SECRET")));
    }
}
