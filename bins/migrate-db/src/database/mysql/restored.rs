//! Whether two databases are the same: their definitions, and how many rows each table has.

use std::collections::{BTreeMap, BTreeSet};

use super::{Mysql, answer::quoted};
use crate::database::DatabaseError;

/// Everything that has a definition, one line each; a name that holds the database's own stands without it. A table's next number is none.
const DEFINITIONS: [&str; 9] = [
    "SELECT concat_ws(' ', 'table', table_name, table_type, engine, table_collation, table_comment) FROM information_schema.tables \
     WHERE table_schema = database()",
    "SELECT concat_ws(' ', 'column', concat(table_name, '.', column_name), column_type, is_nullable, coalesce(column_default, 'none'), \
     extra, collation_name, generation_expression, column_comment) FROM information_schema.columns WHERE table_schema = database()",
    "SELECT concat_ws(' ', 'index', index_name, table_name, non_unique, seq_in_index, column_name, sub_part, index_type) \
     FROM information_schema.statistics WHERE table_schema = database()",
    "SELECT concat_ws(' ', 'constraint', table_name, constraint_name, constraint_type) FROM information_schema.table_constraints \
     WHERE table_schema = database()",
    "SELECT concat_ws(' ', 'reference', table_name, constraint_name, referenced_table_name, update_rule, delete_rule) \
     FROM information_schema.referential_constraints WHERE constraint_schema = database()",
    "SELECT concat_ws(' ', 'check', constraint_name, check_clause) FROM information_schema.check_constraints \
     WHERE constraint_schema = database()",
    "SELECT concat_ws(' ', 'routine', routine_type, routine_name, sha2(routine_definition, 256)) FROM information_schema.routines \
     WHERE routine_schema = database()",
    "SELECT concat_ws(' ', 'trigger', trigger_name, action_timing, event_manipulation, event_object_table, sha2(action_statement, 256)) \
     FROM information_schema.triggers WHERE trigger_schema = database()",
    "SELECT concat_ws(' ', 'event', event_name, interval_value, interval_field, sha2(event_definition, 256)) FROM information_schema.events \
     WHERE event_schema = database()",
];
/// In a view's text each table stands with its database.
const VIEWS: &str = "SELECT concat_ws(' ', 'view', table_name, sha2(replace(view_definition, concat('`', database(), '`.'), ''), 256)) \
                     FROM information_schema.views WHERE table_schema = database()";

/// Everything that has a definition.
pub(super) fn definitions(database: &mut Mysql) -> Result<BTreeSet<String>, DatabaseError> {
    let all: Vec<&str> = DEFINITIONS.into_iter().chain([VIEWS]).collect();
    let rows = database.texts_until(None, &all.join(" UNION ALL "))?;
    Ok(rows.into_iter().flatten().flatten().collect())
}

/// How many rows each table has that keeps rows of its own.
pub(super) fn counts(database: &mut Mysql) -> Result<BTreeMap<String, u64>, DatabaseError> {
    let tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = database() AND table_type = 'BASE TABLE'";
    let mut counts = BTreeMap::new();
    for table in database.texts_until(None, tables)?.into_iter().flatten().flatten() {
        let rows = database.texts_until(None, &format!("SELECT count(*) FROM {}", quoted(&table)))?;
        let count = rows.into_iter().flatten().flatten().next().and_then(|text| text.parse().ok());
        counts.insert(table, count.unwrap_or_default());
    }
    Ok(counts)
}

/// What of a copy can't be the state between these two, if anything can't: nobody but the dump itself saw the very state it has.
pub(super) fn difference(
    before: &BTreeMap<String, u64>,
    after: &BTreeMap<String, u64>,
    copy: &BTreeMap<String, u64>,
) -> Option<String> {
    let names: BTreeSet<&String> = before.keys().chain(copy.keys()).collect();
    let differs = |name: &&&String| {
        let (Some(before), Some(after), Some(copy)) =
            (before.get(**name), after.get(**name), copy.get(**name))
        else {
            return true;
        };
        !(*before.min(after)..=*before.max(after)).contains(copy)
    };
    names.iter().find(differs).map(|name| format!("the number of rows of {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_question_needs_a_function_that_mysql_9_has_no_more() {
        for question in DEFINITIONS.into_iter().chain([VIEWS]) {
            assert!(!question.contains("md5(") && !question.contains("sha1("), "{question}");
        }
    }

    #[test]
    fn a_copy_lies_between_what_was_before_it_and_after_it() {
        let counts = |users: u64| BTreeMap::from([("users".to_owned(), users)]);
        for (before, after, copy, is_same) in [
            (3, 3, 3, true),
            (3, 5, 4, true),
            (5, 3, 4, true),
            (3, 3, 2, false),
            (3, 5, 2, false),
            (3, 5, 6, false),
        ] {
            let found = difference(&counts(before), &counts(after), &counts(copy));
            assert_eq!(found.is_none(), is_same, "{before} {after} {copy}");
        }
        assert!(difference(&counts(1), &counts(1), &BTreeMap::new()).is_some());
    }
}
