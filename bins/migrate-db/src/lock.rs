//! The advisory locks of a run: our own, and those of the tool whose history it is; never how one is taken.

use contract::Digest;

use crate::layout::{HistoryTable, Place};

/// What writers share. Each engine knows one kind: PostgreSQL numbers, MySQL names; in SQLite whoever writes holds the file.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Locks {
    /// PostgreSQL's, ours first.
    pub numbers: Vec<i64>,
    /// MySQL's, ours first.
    pub names: Vec<String>,
}

impl Locks {
    /// Those of a history.
    pub fn of(table: &dyn HistoryTable, at: &Place) -> Self {
        let mut locks = Self {
            numbers: vec![key("history", at.schema.as_deref().unwrap_or_default())],
            names: vec![name("history", &at.database)],
        };
        locks.numbers.extend(table.locks(at));
        locks.names.extend(table.named_locks(at));
        locks
    }
}

/// Our own lock of PostgreSQL's: the first eight bytes of SHA-256 over `migrate-db <purpose> <schema>.migrate_db_history`, big-endian.
pub fn key(purpose: &str, schema: &str) -> i64 {
    let digest = Digest::of(format!("migrate-db {purpose} {schema}.migrate_db_history").as_bytes()).hex();
    let bits = digest.get(..16).and_then(|hex| u64::from_str_radix(hex, 16).ok()).unwrap_or_default();
    bits.cast_signed()
}

/// Our own lock of MySQL's, whose names all databases of a server share and which may have 64 characters.
pub fn name(purpose: &str, database: &str) -> String {
    format!("migrate-db {purpose} {:016x}", key(purpose, database))
}
