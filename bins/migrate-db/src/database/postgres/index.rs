//! Indexes that are built or dropped while others write: which are there, which an earlier attempt left half built.

use super::{Postgres, answer::literal};
use crate::{
    database::{Database, DatabaseError},
    effect::{self, Index},
    layout::history::Texts,
    statement::Statement,
};

impl Postgres {
    /// Drops what an earlier attempt at building this index left, which `IF NOT EXISTS` would take for the index.
    pub(super) fn drop_invalid(&mut self, statement: &Statement) -> Result<(), DatabaseError> {
        let Some(index @ Index { table: Some(_), .. }) = effect::moves_index(statement) else {
            return Ok(());
        };
        let sql = format!("SELECT indexrelid::regclass {} AND NOT indisvalid", such(&index));
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
            Some(index @ Index { table: Some(_), .. }) => {
                self.is_true(&format!("SELECT EXISTS (SELECT {} AND indisvalid)", such(&index)))
            }
            Some(index) => self.is_true(&format!("SELECT NOT EXISTS (SELECT {})", such(&index))),
        }
    }
}

/// Indexes of this name, of this table if it is known, in the schema where the statement finds it: one of another schema is another's.
fn such(index: &Index) -> String {
    let Index { name, table, schema } = index;
    let schema = match schema {
        Some(schema) => format!("lower(nspname) = {}", literal(schema)),
        None => "nspname = ANY (current_schemas(false))".to_owned(),
    };
    let table = table.as_deref().map(|table| format!(" AND lower(t.relname) = {}", literal(table)));
    format!(
        "FROM pg_index JOIN pg_class AS i ON i.oid = indexrelid JOIN pg_class AS t ON t.oid = indrelid \
         JOIN pg_namespace AS n ON n.oid = i.relnamespace WHERE {schema} AND lower(i.relname) = {}{}",
        literal(name),
        table.unwrap_or_default()
    )
}
