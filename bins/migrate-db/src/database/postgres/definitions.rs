//! What PostgreSQL itself says of everything that was defined, for a comparison of two databases of one server; never who owns it or who may
//! use it, which an environment decides.

use std::collections::BTreeSet;

use super::{
    Postgres,
    restored::{DEFINITIONS, OURS, lines},
};
use crate::database::DatabaseError;

/// Namespaces, and what lies in them without what an extension brought.
const WITH: &str = "WITH ours AS (SELECT oid, nspname FROM pg_namespace WHERE oid OURS), \
    brought AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'), \
    relation AS (SELECT * FROM pg_class WHERE relnamespace OURS AND (1259::oid, oid) NOT IN (SELECT classid, objid FROM brought)), \
    routine AS (SELECT * FROM pg_proc WHERE pronamespace OURS AND prokind <> 'a' AND (1255::oid, oid) NOT IN (SELECT classid, objid FROM brought))";

/// The texts and settings of each, one line each; names are qualified because `search_path` holds only the catalog.
const TEXTS: [&str; 23] = [
    "SELECT format('schema %s', nspname) FROM ours WHERE nspname <> 'public'",
    "SELECT format('extension %s in %s', extname, nspname) FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace",
    "SELECT format('relation %s kind=%s persistence=%s row-security=%s,%s replica-identity=%s options={%s}', oid::regclass, relkind, relpersistence, \
     relrowsecurity, relforcerowsecurity, relreplident, array_to_string(reloptions, ',')) FROM relation WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')",
    "SELECT format('partition %s %s %s', oid::regclass, pg_get_partkeydef(oid), pg_get_expr(relpartbound, oid)) FROM relation \
     WHERE relkind = 'p' OR relpartbound IS NOT NULL",
    "SELECT format('child %s of %s', inhrelid::regclass, inhparent::regclass) FROM pg_inherits JOIN relation ON relation.oid = inhrelid",
    "SELECT format('default %s.%s %s %s', adrelid::regclass, attname, CASE attgenerated WHEN '' THEN 'is' ELSE 'generated' END, \
     pg_get_expr(adbin, adrelid)) FROM pg_attrdef JOIN relation ON relation.oid = adrelid JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum",
    "SELECT format('identity %s.%s %s', attrelid::regclass, attname, attidentity) FROM pg_attribute JOIN relation ON relation.oid = attrelid \
     WHERE attidentity <> '' AND NOT attisdropped",
    "SELECT format('collation %s.%s %s', attrelid::regclass, attname, collname) FROM pg_attribute JOIN relation ON relation.oid = attrelid \
     JOIN pg_type ON pg_type.oid = atttypid JOIN pg_collation ON pg_collation.oid = attcollation \
     WHERE attcollation <> typcollation AND NOT attisdropped AND relkind IN ('r', 'p', 'v', 'm', 'f')",
    "SELECT format('view %s as %s', oid::regclass, pg_get_viewdef(oid)) FROM relation WHERE relkind IN ('v', 'm')",
    "SELECT format('condition %s %s %s', CASE conrelid WHEN 0 THEN contypid::regtype::text ELSE conrelid::regclass::text END, conname, \
     pg_get_constraintdef(pg_constraint.oid)) FROM pg_constraint JOIN ours ON ours.oid = connamespace WHERE contype NOT IN ('p', 'u', 'f')",
    "SELECT format('index %s is %s clustered=%s replica-identity=%s', indexrelid::regclass, pg_get_indexdef(indexrelid), indisclustered, indisreplident) \
     FROM pg_index JOIN relation ON relation.oid = indexrelid WHERE indisvalid",
    "SELECT format('trigger %s enabled=%s %s', tgrelid::regclass, tgenabled, pg_get_triggerdef(pg_trigger.oid)) FROM pg_trigger \
     JOIN relation ON relation.oid = tgrelid WHERE NOT tgisinternal",
    "SELECT format('triggers of constraint %s on %s enabled=%s', conname, tgrelid::regclass, tgenabled) FROM pg_trigger \
     JOIN relation ON relation.oid = tgrelid JOIN pg_constraint ON pg_constraint.oid = tgconstraint WHERE tgisinternal AND tgenabled <> 'O'",
    "SELECT format('event trigger %s on %s %s enabled=%s tags={%s}', evtname, evtevent, evtfoid::regproc, evtenabled, array_to_string(evttags, ',')) \
     FROM pg_event_trigger",
    "SELECT format('rule %s enabled=%s %s', ev_class::regclass, ev_enabled, pg_get_ruledef(pg_rewrite.oid)) FROM pg_rewrite \
     JOIN relation ON relation.oid = ev_class WHERE rulename <> '_RETURN'",
    "SELECT format('routine %s %s, all of it %s', oid::regprocedure, split_part(pg_get_functiondef(oid), E'\\nAS ', 1), md5(pg_get_functiondef(oid))) \
     FROM routine",
    "SELECT format('sequence %s %s start=%s increment=%s min=%s max=%s cache=%s cycle=%s', seqrelid::regclass, seqtypid::regtype, seqstart, \
     seqincrement, seqmin, seqmax, seqcache, seqcycle) FROM pg_sequence JOIN relation ON relation.oid = seqrelid",
    "SELECT format('policy %s on %s for %s permissive=%s to {%s} using %s check %s', polname, polrelid::regclass, polcmd, polpermissive, \
     (SELECT string_agg(CASE one WHEN 0 THEN 'public' ELSE pg_get_userbyid(one) END, ',' ORDER BY one) FROM unnest(polroles) AS one), \
     pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) FROM pg_policy JOIN relation ON relation.oid = polrelid",
    "SELECT format('domain %s of %s not-null=%s default=%s', pg_type.oid::regtype, format_type(typbasetype, typtypmod), typnotnull, typdefault) \
     FROM pg_type JOIN ours ON ours.oid = typnamespace WHERE typtype = 'd'",
    "SELECT format('values of %s in order: %s', enumtypid::regtype, string_agg(enumlabel, ', ' ORDER BY enumsortorder)) FROM pg_enum \
     JOIN pg_type ON pg_type.oid = enumtypid JOIN ours ON ours.oid = typnamespace GROUP BY enumtypid",
    "SELECT format('range %s of %s', rngtypid::regtype, rngsubtype::regtype) FROM pg_range JOIN pg_type ON pg_type.oid = rngtypid \
     JOIN ours ON ours.oid = typnamespace",
    "SELECT format('statistics %s', pg_get_statisticsobjdef(pg_statistic_ext.oid)) FROM pg_statistic_ext JOIN ours ON ours.oid = stxnamespace",
    // 16384: what the server itself brings has smaller numbers. An extension's comment is its version's.
    "SELECT format('comment on %s: %s', pg_describe_object(classoid, objoid, objsubid), description) FROM pg_description \
     WHERE objoid >= 16384 AND classoid NOT IN ('pg_extension'::regclass, 'pg_largeobject'::regclass) \
     AND (classoid, objoid) NOT IN (SELECT classid, objid FROM brought)",
];

/// Everything that has a definition, in a transaction of its own.
pub(super) fn definitions(database: &mut Postgres) -> Result<BTreeSet<String>, DatabaseError> {
    let known = DEFINITIONS.iter().map(|one| format!("{one} {OURS}"));
    let all: Vec<String> = known.chain(TEXTS.iter().map(|one| (*one).to_owned())).collect();
    let with = WITH.replace("OURS", OURS);
    let all = all.join(" UNION ALL ");
    let sql = format!("BEGIN READ ONLY; SET LOCAL search_path = pg_catalog; {with} {all}; COMMIT");
    Ok(lines(database, &sql)?.iter().map(|line| settled(line)).collect())
}

/// One line of a text. A list of texts (`a IN ('x', 'y')`) is worded otherwise once it has been restored from a dump: the casts and the
/// parentheses around them move.
fn settled(line: &str) -> String {
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    if !line.contains("ARRAY[") {
        return line;
    }
    let casts =
        ["::character varying[]", "::text[]", "::bpchar[]", "::character varying", "::text", "::bpchar"];
    casts.iter().fold(line, |line, cast| line.replace(cast, "")).replace(['(', ')'], "")
}

#[cfg(test)]
mod tests {
    use super::settled;

    #[test]
    fn a_list_of_texts_that_was_restored_is_the_same() {
        let made = "condition a CHECK (((kind)::text = ANY ((ARRAY['x'::character varying, 'y'::character varying])::text[])))";
        let restored = "condition a CHECK (((kind)::text = ANY (ARRAY[('x'::character varying)::text, ('y'::character varying)::text])))";
        assert_eq!(settled(made), settled(restored));
        assert_eq!(settled("view v as\n SELECT (1)"), "view v as SELECT (1)");
    }
}
