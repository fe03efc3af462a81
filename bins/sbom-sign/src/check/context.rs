//! What the inputs of `check` mean; nothing is opened yet.

use std::{path::PathBuf, time::Duration};

use contract::Span;
use http::Url;

use super::{args::Check, error::CheckError, severity::Level};

/// What is to be checked, and how strictly.
pub(crate) struct Context {
    /// The SBOM.
    pub(crate) bill: PathBuf,
    /// Where records come from.
    pub(crate) database: Database,
    /// The policy.
    pub(crate) policy: Option<PathBuf>,
    /// The lowest level that fails.
    pub(crate) fail_on: Level,
    /// What becomes of what nobody has rated.
    pub(crate) unrated: Unrated,
    /// How old the newest record of an ecosystem may be.
    pub(crate) max_age: Span,
    /// Where the result is stated.
    pub(crate) predicate: Option<PathBuf>,
}

/// Where records come from.
pub(crate) enum Database {
    /// A directory.
    Directory(PathBuf),
    /// A service.
    Api(Url),
}

/// What becomes of what nobody has rated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unrated {
    /// It fails: that nobody has looked at it makes it no better.
    Fails,
    /// It passes.
    Passes,
}

impl Context {
    /// Nothing but an SBOM is told: everything fails that is not known to be harmless.
    pub(super) fn strict(bill: PathBuf) -> Self {
        Self {
            bill,
            database: Database::Directory(PathBuf::new()),
            policy: None,
            fail_on: Level::Low,
            unrated: Unrated::Fails,
            max_age: Span::of(Duration::from_hours(7 * 24)),
            predicate: None,
        }
    }
}

/// Reads what was typed.
pub(crate) fn read(args: Check) -> Result<Context, CheckError> {
    let Check {
        bom,
        database,
        osv_api,
        policy,
        fail_on,
        allow_unknown_severity,
        max_database_age,
        predicate,
    } = args;
    let database = match (database, osv_api) {
        (Some(directory), _) => Database::Directory(directory),
        (None, Some(url)) => Database::Api(address(&url)?),
        // clap would name only one of the two as missing.
        (None, None) => return Err(CheckError::NoDatabase),
    };
    Ok(Context {
        bill: bom,
        database,
        policy,
        fail_on: fail_on.level(),
        unrated: if allow_unknown_severity { Unrated::Passes } else { Unrated::Fails },
        max_age: max_database_age,
        predicate,
    })
}

/// Without TLS only to this machine: whoever can change the answers decides what is released.
fn address(text: &str) -> Result<Url, CheckError> {
    // The values of a query are shown to nobody; a password is masked wherever it was typed.
    let shown = text.split(['?', '#']).next().unwrap_or_default();
    let wrong = || CheckError::ApiAddress(shown.to_owned());
    let url: Url = text.parse().map_err(|_| wrong())?;
    let safe = url.scheme() == "https" || (url.scheme() == "http" && http::is_loopback(&url));
    let plain = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if safe && plain { Ok(url) } else { Err(wrong()) }
}
