//! What of PostgreSQL's statements a release does not survive that still runs with the schema before; judged from the words alone.

use super::{body, upper};
use crate::{
    effect::{
        after_if_exists,
        created::{Created, Sort},
        filled::listed,
        has_where, top_level, verb,
    },
    statement::Token,
};

const DELETES: &str = "deletes all rows of a table";
const UPDATES: &str = "updates all rows of a table";

/// What breaks, in a few words; remembers what the file makes.
pub(in crate::effect) fn breaks(tokens: &[Token<'_>], created: &mut Created) -> Option<&'static str> {
    within(tokens, created, body::DEPTH_MAX)
}

/// The same, where texts within texts are read no deeper than this.
pub(super) fn within(tokens: &[Token<'_>], created: &mut Created, depth: usize) -> Option<&'static str> {
    let defines = ["CREATE", "ALTER"].contains(&upper(tokens, 0).as_str());
    if !defines && tokens.iter().any(|token| token.bare().eq_ignore_ascii_case("search_path")) {
        created.moves_on();
    }
    let verb = verb(tokens)?;
    let rest = &tokens[verb + 1..];
    if let Some(what) = part(tokens, created, depth) {
        return Some(what);
    }
    match upper(tokens, verb).as_str() {
        "CREATE" => {
            creates(rest, created);
            None
        }
        "DROP" => drops(rest, created),
        "ALTER" => alters(rest, created),
        "TRUNCATE" => {
            let names = &rest[usize::from(upper(rest, 0) == "TABLE")..];
            (!created.has_tables(names)).then_some(DELETES)
        }
        "DELETE" if !has_where(rest) => (!created.has_table(rest.get(1..)?)).then_some(DELETES),
        "UPDATE" if !has_where(rest) => (!created.has_table(rest)).then_some(UPDATES),
        "MERGE" => merges(rest, created),
        "DO" => body::breaks(rest, created, depth),
        "EXPLAIN" if !tokens.iter().any(|token| token.is("ANALYZE")) => None,
        "EXPLAIN" | "PREPARE" => {
            let verbs = ["WITH", "INSERT", "UPDATE", "DELETE", "MERGE"];
            let at = top_level(rest).find(|at| verbs.iter().any(|verb| rest[*at].is(verb)))?;
            within(&rest[at..], created, depth.checked_sub(1)?)
        }
        _ => None,
    }
}

/// What changes rows in front of the statement: `WITH x AS (DELETE …)`.
fn part(tokens: &[Token<'_>], created: &mut Created, depth: usize) -> Option<&'static str> {
    if upper(tokens, 0) == "CREATE" {
        return None;
    }
    let changes = |token: &Token<'_>| ["DELETE", "UPDATE", "MERGE"].iter().any(|verb| token.is(verb));
    tokens.windows(3).enumerate().find_map(|(at, three)| {
        let begins = (three[0].is("AS") || three[0].is("MATERIALIZED")) && three[1].text == "(";
        if !begins || !changes(&three[2]) {
            return None;
        }
        let inner = &tokens[at + 2..];
        let mut depths = 0_usize;
        let end = inner.iter().position(|token| {
            depths += usize::from(token.text == "(");
            let ends = token.text == ")" && depths == 0;
            depths = depths.saturating_sub(usize::from(token.text == ")"));
            ends
        });
        let Some(depth) = depth.checked_sub(1) else { return Some(body::UNSEEN) };
        within(&inner[..end.unwrap_or(inner.len())], created, depth)
    })
}

fn drops(rest: &[Token<'_>], created: &mut Created) -> Option<&'static str> {
    let (what, sort, names) = match (upper(rest, 0).as_str(), upper(rest, 1).as_str()) {
        ("TABLE", _) => ("drops a table", Sort::Relation, &rest[1..]),
        ("FOREIGN", "TABLE") => ("drops a table", Sort::Relation, &rest[2..]),
        ("VIEW", _) => ("drops a view", Sort::Relation, &rest[1..]),
        ("MATERIALIZED", _) => ("drops a view", Sort::Relation, rest.get(2..)?),
        ("SEQUENCE", _) => ("drops a sequence", Sort::Relation, &rest[1..]),
        ("SCHEMA", _) => ("drops a schema", Sort::Schema, &rest[1..]),
        ("TYPE" | "DOMAIN", _) => ("drops a type", Sort::Type, &rest[1..]),
        ("FUNCTION" | "PROCEDURE" | "ROUTINE" | "AGGREGATE", _) => {
            ("drops a function", Sort::Routine, &rest[1..])
        }
        ("EXTENSION", _) => ("drops an extension", Sort::Extension, &rest[1..]),
        ("OWNED", _) => return Some("drops all that a role owns"),
        _ => return None,
    };
    (!created.drops(sort, after_if_exists(names))).then_some(what)
}

/// `MERGE` whose condition is none, or that deletes what its source does not have.
fn merges(rest: &[Token<'_>], created: &Created) -> Option<&'static str> {
    let target = &rest[usize::from(upper(rest, 0) == "INTO")..];
    if created.has_table(target) {
        return None;
    }
    let on = top_level(rest).find(|at| rest[*at].is("ON"))?;
    let when = on + rest[on..].iter().position(|token| token.is("WHEN"))?;
    let says = |token: &Token<'_>| {
        !token.is("TRUE")
            && token.text.starts_with(|first: char| !first.is_ascii_digit() && !"()=".contains(first))
    };
    let all = !rest[on + 1..when].iter().any(says);
    rest[when..].windows(3).find_map(|three| {
        let hits = three[0].is("SOURCE") || three[0].is("MATCHED") && all;
        match (hits && three[1].is("THEN"), &three[2]) {
            (true, verb) if verb.is("DELETE") => Some(DELETES),
            (true, verb) if verb.is("UPDATE") => Some(UPDATES),
            _ => None,
        }
    })
}

fn creates(rest: &[Token<'_>], created: &mut Created) {
    let modifiers =
        ["GLOBAL", "LOCAL", "TEMP", "TEMPORARY", "UNLOGGED", "MATERIALIZED", "FOREIGN", "RECURSIVE"];
    let at = rest.iter().take_while(|token| modifiers.iter().any(|word| token.is(word))).count();
    // CREATE OR REPLACE replaces somebody's; IF NOT EXISTS may find somebody's.
    let sort = match upper(rest, at).as_str() {
        "TABLE" | "VIEW" | "SEQUENCE" => Sort::Relation,
        "SCHEMA" => Sort::Schema,
        "TYPE" | "DOMAIN" => Sort::Type,
        "FUNCTION" | "PROCEDURE" | "AGGREGATE" => Sort::Routine,
        "EXTENSION" => Sort::Extension,
        _ => return,
    };
    let name = &rest[at + 1..];
    if !name.first().is_some_and(|first| first.is("IF")) {
        created.add(sort, name);
    }
}

/// `ALTER TABLE … <action>`, and what else is renamed. An index, a constraint, a default: nobody's query names them.
fn alters(rest: &[Token<'_>], created: &mut Created) -> Option<&'static str> {
    let sort = match upper(rest, 0).as_str() {
        "TABLE" | "VIEW" | "MATERIALIZED" | "SEQUENCE" => Sort::Relation,
        "SCHEMA" => Sort::Schema,
        "TYPE" | "DOMAIN" => Sort::Type,
        "FUNCTION" | "PROCEDURE" => Sort::Routine,
        _ => return None,
    };
    let name = after_if_exists(&rest[1 + usize::from(upper(rest, 1) == "VIEW")..]);
    let name = &name[usize::from(upper(name, 0) == "ONLY")..];
    if created.has(sort, name) {
        let action = name.get(behind_name(name)..)?;
        match (upper(action, 0).as_str(), upper(action, 1).as_str()) {
            ("RENAME", "TO") => created.renames(name, &action[2..]),
            ("SET", "SCHEMA") => _ = created.drops(sort, name),
            _ => {}
        }
        return None;
    }
    let behind = behind_name(name);
    listed(name.get(behind..)?).into_iter().find_map(|action| {
        match (upper(action, 0).as_str(), upper(action, 1).as_str()) {
            ("DROP" | "RENAME", "CONSTRAINT") => None,
            ("DROP", _) if upper(rest, 0) == "TABLE" => Some("drops a column"),
            ("RENAME", _) => Some("renames"),
            ("SET", "SCHEMA") => Some("moves to another schema"),
            ("ADD", _) if upper(rest, 0) == "TABLE" => {
                requires(action).then_some("adds a column that must be filled")
            }
            ("ALTER", _) => {
                let action = &action[1 + usize::from(upper(action, 1) == "COLUMN")..];
                let changes =
                    upper(action, 1) == "TYPE" || upper(action, 1) == "SET" && upper(action, 2) == "DATA";
                changes.then_some("changes the type of a column")
            }
            _ if action.first().is_some_and(|first| first.text == body::PLACEHOLDER) => Some(body::UNSEEN),
            _ => None,
        }
    })
}

/// Whether an `ADD` makes a column that a release which does not know it leaves empty, and may not.
fn requires(action: &[Token<'_>]) -> bool {
    let others = ["CONSTRAINT", "UNIQUE", "PRIMARY", "FOREIGN", "CHECK", "EXCLUDE"];
    let fills = ["DEFAULT", "GENERATED", "SERIAL", "BIGSERIAL", "SMALLSERIAL"];
    let has = |words: &[&str]| action.iter().any(|token| words.iter().any(|word| token.is(word)));
    let not_null = action.windows(2).any(|pair| pair[0].is("NOT") && pair[1].is("NULL"));
    !others.contains(&upper(action, 1).as_str()) && not_null && !has(&fills)
}

/// How many tokens `[schema .] name [*]` takes.
fn behind_name(tokens: &[Token<'_>]) -> usize {
    let name = if tokens.get(1).is_some_and(|token| token.text == ".") { 3 } else { 1 };
    name + usize::from(tokens.get(name).is_some_and(|token| token.text == "*"))
}

#[cfg(test)]
mod tests {
    use crate::{
        effect::Breakage,
        statement::{Dialect, statements},
    };

    fn broken(text: &str) -> Vec<&'static str> {
        let mut breakage = Breakage::default();
        statements(text, Dialect::Postgres).unwrap().iter().filter_map(|one| breakage.of(one)).collect()
    }

    #[test]
    fn another_schema_s_table_of_the_same_name_is_not_the_file_s_own() {
        for (text, what) in [
            (
                "CREATE SCHEMA archive; CREATE TABLE archive.notes (id int); DROP TABLE public.notes",
                "drops a table",
            ),
            ("CREATE TABLE archive.notes (id int); DELETE FROM notes", "deletes all rows of a table"),
            ("CREATE TEMP TABLE notes (i int); DROP TABLE notes; DROP TABLE notes", "drops a table"),
            ("CREATE TABLE \"Notes\" (i int); DROP TABLE notes", "drops a table"),
            ("CREATE SCHEMA notes; DROP TABLE notes", "drops a table"),
            ("CREATE TABLE n (i int); ALTER TABLE n RENAME TO m; TRUNCATE n", "deletes all rows of a table"),
            (
                "SET search_path = a; CREATE TABLE n (i int); SET search_path = b; DROP TABLE n",
                "drops a table",
            ),
            ("CREATE FUNCTION f(a int) RETURNS int RETURN a; DROP FUNCTION f(text)", "drops a function"),
        ] {
            assert_eq!(broken(text), [what], "{text}");
        }
        for text in [
            "CREATE TABLE archive.notes (id int); CREATE TABLE b (i int); DROP TABLE archive.notes, B",
            "CREATE TABLE s.n (i int); ALTER TABLE s.n RENAME TO m; DROP TABLE s.m",
            "CREATE FUNCTION f(a int DEFAULT 1, text) RETURNS int RETURN a; DROP FUNCTION f(int, text)",
            "CREATE FUNCTION f() RETURNS int RETURN 1; DROP FUNCTION f",
        ] {
            assert!(broken(text).is_empty(), "{text}: {:?}", broken(text));
        }
    }

    #[test]
    fn what_deletes_in_front_of_a_statement_or_by_another_word_deletes() {
        let (deletes, updates) = (super::DELETES, super::UPDATES);
        for (text, what) in [
            ("WITH x AS (DELETE FROM notes RETURNING *) SELECT count(*) FROM x", deletes),
            ("WITH x AS MATERIALIZED (UPDATE notes SET a = (1)) SELECT 1 WHERE true", updates),
            ("INSERT INTO a WITH x AS (DELETE FROM notes RETURNING *) SELECT * FROM x WHERE true", deletes),
            ("EXPLAIN (ANALYZE) DELETE FROM notes", deletes),
            ("PREPARE p AS DELETE FROM notes", deletes),
            ("MERGE INTO notes n USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE", deletes),
            ("MERGE INTO notes n USING s ON (1 = 1) WHEN MATCHED THEN UPDATE SET a = 1", updates),
            ("MERGE INTO notes n USING s ON n.id = s.id WHEN NOT MATCHED BY SOURCE THEN DELETE", deletes),
            ("DROP EXTENSION citext CASCADE", "drops an extension"),
            ("DROP FUNCTION IF EXISTS f(int)", "drops a function"),
            ("DROP SEQUENCE s", "drops a sequence"),
            ("DROP OWNED BY somebody", "drops all that a role owns"),
            ("DROP FOREIGN TABLE t", "drops a table"),
        ] {
            assert_eq!(broken(text), [what], "{text}");
        }
        for text in [
            "WITH x AS (DELETE FROM notes WHERE id = 1 RETURNING *) SELECT * FROM x",
            "MERGE INTO notes n USING s ON n.id = s.id WHEN MATCHED THEN UPDATE SET a = s.a WHEN NOT MATCHED THEN INSERT VALUES (1)",
            "MERGE INTO notes n USING s ON true WHEN MATCHED AND n.id = s.id THEN DELETE",
            "EXPLAIN DELETE FROM notes",
            "PREPARE p AS DELETE FROM notes WHERE id = $1",
            "CREATE SEQUENCE s; DROP SEQUENCE s",
            "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$BEGIN DELETE FROM notes; END$$",
        ] {
            assert!(broken(text).is_empty(), "{text}: {:?}", broken(text));
        }
    }

    #[test]
    fn the_body_of_a_do_is_read() {
        for (body, what) in [
            ("BEGIN DROP TABLE notes; END", "drops a table"),
            ("<<outer>> BEGIN IF x THEN NULL; ELSE TRUNCATE notes; END IF; END", super::DELETES),
            ("BEGIN FOR r IN DELETE FROM notes RETURNING id LOOP NULL; END LOOP; END", super::DELETES),
            ("BEGIN EXECUTE 'DROP TABLE ' || quote_ident(x) || ' CASCADE'; END", "drops a table"),
            ("BEGIN EXECUTE format('ALTER TABLE %1$I DROP COLUMN %I', a, b); END", "drops a column"),
            ("BEGIN EXECUTE $q$DO 'BEGIN DROP VIEW v; END'$q$; END", "drops a view"),
            ("BEGIN EXECUTE command; END", super::body::UNSEEN),
            ("BEGIN EXECUTE 'DROP ' || kind || ' x'; END", super::body::UNSEEN),
            ("BEGIN EXECUTE format('%s', command); END", super::body::UNSEEN),
            ("BEGIN EXECUTE format('ALTER TABLE %I %s', t, command); END", super::body::UNSEEN),
        ] {
            assert_eq!(broken(&format!("DO $$ {body} $$;")), [what], "{body}");
        }
        assert_eq!(broken("DO LANGUAGE plpython3u $$ pass $$"), [super::body::UNSEEN]);
        assert_eq!(broken("DO 'BEGIN DROP TABLE \"it''s\"; END' LANGUAGE 'plpgsql'"), ["drops a table"]);
        for body in [
            "DECLARE n int; BEGIN SELECT count(*) INTO n FROM notes FOR UPDATE; n := CASE WHEN n > 1 THEN 1 ELSE 2 END; END",
            "BEGIN CREATE TYPE mood AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN NULL; END",
            "BEGIN EXECUTE format('ALTER TABLE %I ADD COLUMN a int', t); EXECUTE 'ANALYZE ' || t; END",
            "BEGIN INSERT INTO a VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 1; UPDATE a SET b = 1 WHERE c; END",
            "BEGIN MERGE INTO a USING b ON a.i = b.i WHEN MATCHED THEN UPDATE SET c = 1; END",
            "BEGIN CREATE TEMP TABLE n (i int); DELETE FROM n; DROP TABLE n; END",
        ] {
            let text = format!("DO $x$ {body} $x$");
            assert!(broken(&text).is_empty(), "{text}: {:?}", broken(&text));
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(128))]

        #[test]
        fn no_statement_makes_it_panic(
            text in "(WITH x AS |\\(DELETE FROM |MERGE INTO |USING s |ON true |WHEN MATCHED |THEN |DROP FUNCTION |CREATE FUNCTION |DO |EXECUTE |format\\(|LANGUAGE |\\$\\$|'%[1$]?[IsL]?'|RENAME TO |ALTER TABLE |ONLY |[.,();|a%]| ){0,14}",
        ) {
            for one in statements(&text, Dialect::Postgres).unwrap_or_default() {
                _ = Breakage::default().of(&one);
            }
            for one in statements(&format!("DO $y$ BEGIN {text} $y$"), Dialect::Postgres).unwrap_or_default() {
                _ = Breakage::default().of(&one);
            }
        }
    }
}
