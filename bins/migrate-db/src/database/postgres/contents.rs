//! Whether anybody has made anything in a database; never what.

use super::{Postgres, restored::OURS};
use crate::database::DatabaseError;

/// Where the server notes what lies in a schema, and the column that says in which (documentation, chapter "System Catalogs").
const IN_SCHEMAS: [(&str, &str); 12] = [
    ("pg_class", "relnamespace"),
    ("pg_collation", "collnamespace"),
    ("pg_conversion", "connamespace"),
    ("pg_opclass", "opcnamespace"),
    ("pg_operator", "oprnamespace"),
    ("pg_opfamily", "opfnamespace"),
    ("pg_proc", "pronamespace"),
    ("pg_ts_config", "cfgnamespace"),
    ("pg_ts_dict", "dictnamespace"),
    ("pg_ts_parser", "prsnamespace"),
    ("pg_ts_template", "tmplnamespace"),
    ("pg_type", "typnamespace"),
];
/// Where it notes what lies in none, and which of that every database has.
const WITHOUT: [(&str, &str); 8] = [
    ("pg_default_acl", "true"),
    ("pg_event_trigger", "true"),
    ("pg_extension", "extname <> 'plpgsql'"),
    ("pg_foreign_data_wrapper", "true"),
    ("pg_foreign_server", "true"),
    ("pg_language", "lanname NOT IN ('internal', 'c', 'sql', 'plpgsql')"),
    ("pg_largeobject_metadata", "true"),
    ("pg_publication", "true"),
];
/// The first number that what a user makes can have (`FirstNormalObjectId` in the server's access/transam.h), where names say nothing. A server that
/// runs for its own set-up alone gives lower ones.
const FIRST_OF_USERS: u32 = 16_384;
const BY_NUMBER: [&str; 3] = ["pg_am", "pg_cast", "pg_transform"];

impl Postgres {
    /// Whether nothing of a user's is there. A schema `public` that was made anew is as empty as the old one; rights alone are nothing.
    pub(super) fn holds_nothing(&mut self) -> Result<bool, DatabaseError> {
        let schemas = format!("pg_namespace WHERE oid {OURS} AND nspname <> 'public'");
        let in_schemas = IN_SCHEMAS.map(|(catalog, schema)| format!("{catalog} WHERE {schema} {OURS}"));
        let without = WITHOUT.map(|(catalog, which)| format!("{catalog} WHERE {which}"));
        let by_number = BY_NUMBER.map(|catalog| format!("{catalog} WHERE oid >= {FIRST_OF_USERS}"));
        let none: Vec<String> = [schemas]
            .into_iter()
            .chain(in_schemas)
            .chain(without)
            .chain(by_number)
            .map(|those| format!("NOT EXISTS (SELECT FROM {those})"))
            .collect();
        self.is_true(&format!("SELECT {}", none.join(" AND ")))
    }
}
