//! What the server says went wrong, and whose turn that makes it (error numbers: MySQL's and MariaDB's lists of server errors).

use sqlx::mysql::MySqlDatabaseError;

use crate::database::DatabaseError;

/// Ended by `KILL QUERY`, by MariaDB's `max_statement_time`, by MySQL's `max_execution_time`.
const KILLED: [u16; 3] = [1317, 1969, 3024];
/// A row's lock, a deadlock, `NOWAIT`.
const LOCKED: [u16; 3] = [1205, 1213, 3572];
/// In a transaction that only reads; a server that only reads.
const READ_ONLY: [u16; 3] = [1792, 1290, 1836];
/// Too many connections, no memory, no disk, a full table, a damaged file, a shutdown, a killed session, a limit of the account.
const WORLD: [u16; 21] = [
    1021, 1026, 1030, 1034, 1037, 1038, 1040, 1041, 1053, 1079, 1080, 1114, 1152, 1159, 1160, 1161, 1194,
    1203, 1226, 1927, 3169,
];

fn said(error: &sqlx::Error) -> Option<&MySqlDatabaseError> {
    error.as_database_error()?.try_downcast_ref()
}

/// Whether a statement was ended from outside.
pub(super) fn is_killed(error: &sqlx::Error) -> bool {
    said(error).is_some_and(|said| KILLED.contains(&said.number()))
}

/// No such table, routine, trigger, event or sequence; or the name is that of another kind of thing.
const ABSENT: [u16; 7] = [1146, 1305, 1360, 1539, 1347, 4091, 4089];

/// Whether what was asked for is not there.
pub(super) fn is_absent(error: &DatabaseError) -> bool {
    matches!(error, DatabaseError::Statement { why, .. } if ABSENT.iter().any(|number| why.contains(&format!("(error {number},"))))
}

/// Whether the user may not do this.
pub(super) fn is_denied(error: &DatabaseError) -> bool {
    matches!(error, DatabaseError::Statement { why, .. } if ["(error 1044,", "(error 1227,"].iter().any(|number| why.contains(number)))
}

/// A password that would have to go unencrypted.
const UNENCRYPTED: &str = "caching_sha2_password sends its password over TLS or a socket only: ask for TLS (`ssl-mode=REQUIRED`), \
                           and give the server a certificate if it has none";

/// A question of our own is right as it stands: that the user may not ask it of a table is a matter of the world, not of a file or the
/// history.
pub(super) fn ours(error: DatabaseError) -> DatabaseError {
    match error {
        DatabaseError::Statement { why, .. }
            if ["(error 1142,", "(error 1143,"].iter().any(|number| why.contains(number)) =>
        {
            DatabaseError::World(why)
        }
        other => other,
    }
}

/// At connecting, everything is about the way there.
pub(super) fn at_connecting(error: &sqlx::Error) -> DatabaseError {
    match error {
        // What sqlx says names a feature that it was built without.
        sqlx::Error::Configuration(why) if why.to_string().contains("RSA auth") => {
            DatabaseError::World(UNENCRYPTED.into())
        }
        error => DatabaseError::World(said(error).map_or_else(|| error.to_string(), shown)),
    }
}

/// An error as ours. Its text never holds a password: the server does not know one, and sqlx does not repeat its options.
pub(super) fn told(error: &sqlx::Error) -> DatabaseError {
    let Some(said) = said(error) else { return DatabaseError::World(error.to_string()) };
    let (why, number) = (shown(said), said.number());
    match number {
        _ if LOCKED.contains(&number) => DatabaseError::Locked(why),
        _ if READ_ONLY.contains(&number) => DatabaseError::ReadOnly(why),
        _ if WORLD.contains(&number) || KILLED.contains(&number) => DatabaseError::World(why),
        _ => DatabaseError::Statement { why, position: None },
    }
}

/// Where the server speaks of a line of the statement: `… near 'x' at line 3`.
pub(super) fn placed(error: DatabaseError, statement: &str) -> DatabaseError {
    let DatabaseError::Statement { why, position: None } = error else { return error };
    let line = why
        .rsplit_once(" at line ")
        .and_then(|(_, rest)| rest.split(|one: char| !one.is_ascii_digit()).next()?.parse::<usize>().ok());
    let before = |line: usize| statement.split_inclusive('\n').take(line - 1).flat_map(str::chars).count();
    let position = line.filter(|line| *line > 0).map(|line| before(line) + 1);
    DatabaseError::Statement { why, position }
}

fn shown(said: &MySqlDatabaseError) -> String {
    format!("{} (error {}, SQLSTATE {})", said.message(), said.number(), said.code().unwrap_or("unknown"))
}
