//! Whether two databases are the same: their definitions, and how many rows each table has.

use std::collections::BTreeSet;

use super::Postgres;
use crate::database::DatabaseError;

/// Namespaces that are neither the system's nor a session's.
pub(super) const OURS: &str = "IN (SELECT oid FROM pg_namespace WHERE nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') \
                    AND nspname !~ '^pg_(toast_)?temp_')";

/// Everything that has a definition, one line each; names are qualified because `search_path` holds only the catalog. An expression is
/// there or not: its text changes when it is restored (`a IN (…)` of a varchar grows a cast). An index that is not valid is in no dump.
pub(super) const DEFINITIONS: [&str; 9] = [
    "SELECT format('column %s.%s %s %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull, atthasdef) \
     FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE NOT attisdropped AND attnum > 0 \
     AND relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND relnamespace",
    "SELECT format('index %s %s %s %s %s %s', indexrelid::regclass, indrelid::regclass, indisunique, indnatts, indexprs IS NULL, \
     indpred IS NULL) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE indisvalid AND relnamespace",
    "SELECT format('constraint %s %s %s', conrelid::regclass, conname, convalidated) FROM pg_constraint WHERE connamespace",
    "SELECT format('reference %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint \
     WHERE contype IN ('p', 'u', 'f') AND connamespace",
    "SELECT format('routine %s %s', oid::regprocedure, md5(prosrc)) FROM pg_proc WHERE pronamespace",
    "SELECT format('trigger %s %s %s', tgrelid::regclass, tgname, tgfoid::regprocedure) FROM pg_trigger \
     JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal AND relnamespace",
    "SELECT format('rule %s %s', ev_class::regclass, rulename) FROM pg_rewrite JOIN pg_class ON pg_class.oid = ev_class WHERE relnamespace",
    "SELECT format('value %s %s', enumtypid::regtype, enumlabel) FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid WHERE typnamespace",
    "SELECT format('sequence %s', oid::regclass) FROM pg_class WHERE relkind = 'S' AND relnamespace",
];

/// What differs, if anything does. The first is asked within the snapshot that the dump was made from.
pub(super) fn compare(database: &mut Postgres, copy: &mut Postgres) -> Result<Option<String>, DatabaseError> {
    copy.run("SET search_path = pg_catalog")?;
    let definitions = DEFINITIONS.map(|one| format!("{one} {OURS}")).join(" UNION ALL ");
    let (wanted, found) = (lines(database, &definitions)?, lines(copy, &definitions)?);
    if let Some(line) = wanted.symmetric_difference(&found).next() {
        return Ok(Some(line.clone()));
    }
    let tables = format!("SELECT oid::regclass FROM pg_class WHERE relkind = 'r' AND relnamespace {OURS}");
    for table in lines(database, &tables)? {
        let count = format!("SELECT count(*) FROM ONLY {table}");
        if lines(database, &count)? != lines(copy, &count)? {
            return Ok(Some(format!("the number of rows of {table}")));
        }
    }
    Ok(None)
}

/// The one column of a question, which may take as long as there are rows.
pub(super) fn lines(database: &mut Postgres, sql: &str) -> Result<BTreeSet<String>, DatabaseError> {
    Ok(database.texts_until(None, sql)?.into_iter().flatten().flatten().collect())
}
