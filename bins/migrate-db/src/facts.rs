//! What the database says of itself before anything is decided; never a change to it.

use crate::{
    context::Target,
    database::{self, Access, Applied, Database},
    error::Error,
};

/// What is there.
pub struct Facts {
    /// Whether there is a database at all.
    pub exists: bool,
    /// What is applied, in ascending order.
    pub history: Vec<Applied>,
}

/// A database that may be missing: its facts, and the connection if there is one.
pub fn look(target: &Target, access: Access) -> Result<(Facts, Option<Box<dyn Database>>), Error> {
    if !target.url.exists() {
        return Ok((Facts { exists: false, history: Vec::new() }, None));
    }
    let mut database = connect(target, access)?;
    let history =
        database.history().map_err(|source| Error::Database { doing: "reading the history", source })?;
    Ok((Facts { exists: true, history }, Some(database)))
}

/// A database that must be there.
pub fn look_at_existing(target: &Target, access: Access) -> Result<(Facts, Box<dyn Database>), Error> {
    match look(target, access)? {
        (facts, Some(database)) => Ok((facts, database)),
        (_, None) => Err(Error::DatabaseMissing(target.url.to_string())),
    }
}

/// Connects.
pub fn connect(target: &Target, access: Access) -> Result<Box<dyn Database>, Error> {
    database::open(&target.url, access, target.lock_timeout)
        .map_err(|source| Error::Database { doing: "connecting", source })
}
