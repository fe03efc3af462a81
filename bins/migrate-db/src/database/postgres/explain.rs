//! `EXPLAIN (FORMAT JSON)` (documentation, section 14.1 and the command's page): which indexes a plan uses; never with `ANALYZE`, which would
//! run the query.

use serde_json::Value;

use super::{Postgres, answer::literal};
use crate::database::{Cell, Database, DatabaseError, Planned, Regard, planned::text};

/// A table smaller than this, in bytes, is read as a whole whatever indexes it has.
const SMALL_TABLE_BYTES_MAX: u64 = 1 << 20;

impl Postgres {
    /// The plan as it is; for a table of a few rows, as staging has them, the one that it would have with more.
    pub(super) fn explained(&mut self, sql: &str, index: &str) -> Result<Planned, DatabaseError> {
        let name = index.rsplit_once('.').map_or(index, |(_, name)| name);
        let rows = self.texts(&format!(
            "SELECT c.relname, pg_table_size(i.indrelid) FROM pg_class AS r, \
             LATERAL (SELECT r.oid AS part UNION SELECT relid FROM pg_partition_tree(r.oid)) AS t \
             JOIN pg_class AS c ON c.oid = part JOIN pg_index AS i ON i.indexrelid = part \
             WHERE r.relkind IN ('i', 'I') AND r.relname = {}",
            literal(name)
        ))?;
        if rows.is_empty() {
            let why = format!("there is no index {index}");
            return Err(DatabaseError::Statement { why, position: None });
        }
        let size = |row: &Vec<Option<String>>| row.get(1).cloned().flatten()?.parse::<u64>().ok();
        let bytes: u64 = rows.iter().filter_map(size).sum();
        let parts: Vec<String> =
            rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect();
        let mut planned = self.explain(sql)?;
        if !parts.iter().any(|part| planned.indexes.contains(part)) && bytes < SMALL_TABLE_BYTES_MAX {
            self.run("SET LOCAL enable_seqscan = off")?;
            let other = self.explain(sql);
            self.run("SET LOCAL enable_seqscan TO DEFAULT")?;
            planned = Planned { regard: Regard::Small, ..other? };
        }
        if parts.iter().any(|part| planned.indexes.contains(part)) {
            // The index of one partition is that of all.
            planned.indexes.insert(index.to_owned());
        }
        Ok(planned)
    }

    fn explain(&mut self, sql: &str) -> Result<Planned, DatabaseError> {
        let rows = self.rows(&format!("EXPLAIN (FORMAT JSON) {sql}"))?;
        match rows.into_iter().flatten().next() {
            Some(Cell::Text(json)) => read(&json).map_err(|error| DatabaseError::World(error.to_string())),
            _ => Err(DatabaseError::World("EXPLAIN answers with no plan".into())),
        }
    }
}

fn read(json: &str) -> Result<Planned, serde_json::Error> {
    Planned::of_json(json, &|node: &Value, planned: &mut Planned| {
        planned.indexes.extend(text(node, "Index Name"));
        if node.get("Node Type").is_some_and(|kind| kind == "Seq Scan") {
            planned.whole.extend(text(node, "Relation Name"));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_node_of_a_plan_is_looked_at() {
        let plan = r#"[{"Plan": {"Node Type": "Limit", "Plans": [{"Node Type": "Index Scan", "Index Name": "a"},
            {"Node Type": "Bitmap Heap Scan", "Relation Name": "t", "Plans": [{"Node Type": "Bitmap Index Scan", "Index Name": "b"}]},
            {"Node Type": "Seq Scan", "Relation Name": "u"}]}}]"#;
        assert_eq!(read(plan).unwrap().words(), "indexes a, b, all of u");
        assert_eq!(read("[]").unwrap().words(), "no index");
        assert!(read("x").is_err());
    }
}
