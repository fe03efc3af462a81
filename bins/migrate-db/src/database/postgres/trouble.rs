//! What the server says went wrong, and whose turn that makes it (SQLSTATE: documentation, appendix A).

use sqlx::postgres::{PgDatabaseError, PgErrorPosition};

use crate::database::DatabaseError;

const QUERY_CANCELED: &str = "57014";

fn said(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    error.as_database_error()?.try_downcast_ref()
}

/// Whether a statement was ended from outside.
pub(super) fn is_cancelled(error: &sqlx::Error) -> bool {
    said(error).is_some_and(|said| said.code() == QUERY_CANCELED)
}

/// Whether a database can't be made because another session is just making or leaving it: duplicate_database, object_in_use, and the row of
/// the one that is not there yet.
pub(super) fn is_being_made(error: &DatabaseError) -> bool {
    let why = error.to_string();
    ["(SQLSTATE 42P04)", "(SQLSTATE 55006)"].iter().any(|code| why.contains(code))
        || why.contains("pg_database_datname_index")
}

/// At connecting, everything is about the way there.
pub(super) fn at_connecting(error: &sqlx::Error) -> DatabaseError {
    DatabaseError::World(said(error).map_or_else(|| error.to_string(), shown))
}

/// An error as ours. Its text never holds a password: the server does not know one, and sqlx does not repeat its options.
pub(super) fn told(error: &sqlx::Error) -> DatabaseError {
    let Some(said) = said(error) else { return DatabaseError::World(error.to_string()) };
    let why = shown(said);
    match said.code() {
        "25006" => DatabaseError::ReadOnly(why),
        // lock_not_available, deadlock_detected
        "55P03" | "40P01" => DatabaseError::Locked(why),
        QUERY_CANCELED => DatabaseError::World(why),
        code => match code.get(..2) {
            // Connection, no resources, an operator's intervention, the system, a damaged file.
            Some("08" | "53" | "57" | "58" | "XX") => DatabaseError::World(why),
            _ => DatabaseError::Statement { why, position: position(said) },
        },
    }
}

/// A question of our own is right as it stands: that the role may not ask it is a matter of the world, not of a file or the history.
pub(super) fn ours(error: DatabaseError) -> DatabaseError {
    match error {
        DatabaseError::Statement { why, .. } if why.contains("(SQLSTATE 42501)") => DatabaseError::World(why),
        other => other,
    }
}

/// Which character of the statement it is about, counted from 1.
fn position(said: &PgDatabaseError) -> Option<usize> {
    match said.position() {
        Some(PgErrorPosition::Original(position)) => Some(position),
        _ => None,
    }
}

/// The message with all that helps.
fn shown(said: &PgDatabaseError) -> String {
    let part =
        |name: &str, text: Option<&str>| text.map(|text| format!("; {name}: {text}")).unwrap_or_default();
    format!(
        "{} (SQLSTATE {}){}{}{}",
        said.message(),
        said.code(),
        part("detail", said.detail()),
        part("hint", said.hint()),
        part("where", said.r#where()),
    )
}
