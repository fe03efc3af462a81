//! Indexes that are built or dropped while others write: which are there, which an earlier attempt left half built.

use super::{Postgres, answer::literal};
use crate::{
    database::{Database, DatabaseError, Leftover},
    effect::{self, Index},
    layout::history::Texts,
    statement::Statement,
};

/// Indexes, by their names and those of their tables.
const INDEX: &str = "FROM pg_index JOIN pg_class AS i ON i.oid = indexrelid JOIN pg_class AS t ON t.oid = indrelid WHERE true";

impl Postgres {
    /// Drops what an earlier attempt at this index left, which `IF NOT EXISTS` would take for the index.
    pub(super) fn drop_left(&mut self, name: &str, table: &str, left: Leftover) -> Result<(), DatabaseError> {
        let which = match left {
            Leftover::Half => "NOT indisvalid",
            Leftover::Whole => "true",
        };
        let sql = format!(
            "SELECT indexrelid::regclass {INDEX} AND {which} AND lower(i.relname) = {} AND lower(t.relname) = {}",
            literal(name),
            literal(table)
        );
        for found in self.texts(&sql)?.into_iter().flatten().flatten() {
            self.run_until(self.deadline, &format!("DROP INDEX CONCURRENTLY {found}"))?;
        }
        Ok(())
    }

    pub(super) fn invalid_indexes(&mut self) -> Result<Vec<Texts>, DatabaseError> {
        self.texts("SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid ORDER BY 1")
    }

    /// Whether the index that a statement builds is there, or the one that it drops is not.
    pub(super) fn index_is_moved(&mut self, statement: &Statement) -> Result<bool, DatabaseError> {
        match effect::moves_index(statement) {
            None => Ok(false),
            Some(Index { name, table: Some(table) }) => self.is_true(&format!(
                "SELECT EXISTS (SELECT {INDEX} AND indisvalid AND lower(i.relname) = {} AND lower(t.relname) = {})",
                literal(&name),
                literal(&table)
            )),
            Some(Index { name, table: None }) => self
                .is_true(&format!("SELECT NOT EXISTS (SELECT {INDEX} AND lower(i.relname) = {})", literal(&name))),
        }
    }
}
