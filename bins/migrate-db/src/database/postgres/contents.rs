//! Whether anybody has made anything in a database; never what.

use super::Postgres;
use crate::database::DatabaseError;

/// Where the server notes what a user can make (documentation, chapter "System Catalogs"). What depends on one of these is not asked for.
const CATALOGS: [&str; 23] = [
    "pg_am",
    "pg_cast",
    "pg_class",
    "pg_collation",
    "pg_conversion",
    "pg_default_acl",
    "pg_event_trigger",
    "pg_extension",
    "pg_foreign_data_wrapper",
    "pg_foreign_server",
    "pg_language",
    "pg_largeobject_metadata",
    "pg_opclass",
    "pg_operator",
    "pg_opfamily",
    "pg_proc",
    "pg_publication",
    "pg_transform",
    "pg_ts_config",
    "pg_ts_dict",
    "pg_ts_parser",
    "pg_ts_template",
    "pg_type",
];

/// The first number that a user's object can have (`FirstNormalObjectId` in the server's access/transam.h).
const FIRST_OF_USERS: u32 = 16_384;

impl Postgres {
    /// Whether nothing of a user's is there. A schema `public` that was made anew is as empty as the old one, and those of temporary tables stay for
    /// the next; rights alone are nothing.
    pub(super) fn holds_nothing(&mut self) -> Result<bool, DatabaseError> {
        let none = |catalog| format!("NOT EXISTS (SELECT FROM {catalog} WHERE oid >= {FIRST_OF_USERS})");
        let nowhere: Vec<String> = CATALOGS.into_iter().map(none).collect();
        self.is_true(&format!(
            "SELECT {} AND NOT EXISTS (SELECT FROM pg_namespace WHERE oid >= {FIRST_OF_USERS} AND nspname <> 'public' AND nspname !~ '^pg_')",
            nowhere.join(" AND ")
        ))
    }
}
