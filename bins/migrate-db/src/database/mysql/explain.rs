//! `EXPLAIN FORMAT=JSON` (MariaDB's page of that name, MySQL's section 10.8.2): which indexes a plan uses; never runs the query.

use serde_json::Value;

use super::{Mysql, place::Version};
use crate::database::{Cell, Database, DatabaseError, Planned, planned::text};

impl Mysql {
    pub(super) fn explained(&mut self, sql: &str, index: &str) -> Result<Planned, DatabaseError> {
        let name = index.replace('\\', "\\\\").replace('\'', "''");
        let found = self.rows(&format!(
            "SELECT index_name FROM information_schema.statistics WHERE table_schema = DATABASE() AND index_name = '{name}' LIMIT 1"
        ))?;
        if found.is_empty() {
            let why = format!("there is no index {index}");
            return Err(DatabaseError::Statement { why, position: None });
        }
        // The newer form says nothing of a table that was read while planning, such as by its primary key.
        if matches!(self.version, Version::Mysql(major, minor) if (major, minor) >= (8, 3)) {
            self.run("SET SESSION explain_json_format_version = 1")?;
        }
        let rows = self.rows(&format!("EXPLAIN FORMAT=JSON {sql}"))?;
        let json = match rows.into_iter().flatten().next() {
            Some(Cell::Text(json)) => json,
            Some(Cell::Blob(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
            _ => return Err(DatabaseError::World("EXPLAIN answers with no plan".into())),
        };
        read(&json).map_err(|error| DatabaseError::World(error.to_string()))
    }
}

fn read(json: &str) -> Result<Planned, serde_json::Error> {
    Planned::of_json(json, &|node: &Value, planned: &mut Planned| {
        let Some(table) = text(node, "table_name") else { return };
        planned.indexes.extend(text(node, "key"));
        if node.get("access_type").is_some_and(|kind| kind == "ALL") {
            planned.whole.insert(table);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_of_a_plan_is_looked_at() {
        let plan = r#"{"query_block": {"nested_loop": [{"table": {"table_name": "t", "access_type": "ref", "key": "i"}},
            {"table": {"table_name": "u", "access_type": "ALL", "possible_keys": ["j"]}}]}}"#;
        assert_eq!(read(plan).unwrap().words(), "index i, all of u");
    }
}
