//! What must hold of cutting SQL; the hard cases are those that other tools got wrong.

use super::*;

fn cut(text: &str) -> Vec<String> {
    cut_by(text, Dialect::Sqlite)
}

fn cut_by(text: &str, dialect: Dialect) -> Vec<String> {
    statements(text, dialect)
        .unwrap()
        .into_iter()
        .map(|one| format!("{}: {}", one.line, one.text.replace('\n', " ")))
        .collect()
}

#[test]
fn a_semicolon_in_quotes_names_and_comments_ends_nothing() {
    let text = "-- a; b\nSELECT ';', \"a;\"\"b\", [c;d], `e;f`, 'it''s;' /* g; */ FROM t; -- h;\n/* i;\n */ SELECT 2";
    insta::assert_snapshot!(cut(text).join("\n"), @r#"
    2: SELECT ';', "a;""b", [c;d], `e;f`, 'it''s;' /* g; */ FROM t;
    4: SELECT 2
    "#);
}

#[test]
fn a_trigger_is_one_statement_whatever_its_body_holds() {
    let text = "CREATE TEMP TRIGGER IF NOT EXISTS x AFTER UPDATE OF \"end\" ON t WHEN CASE new.a WHEN 1 THEN 2 END BEGIN\n\
                UPDATE t SET end = CASE WHEN begin THEN 1 ELSE 2 END; -- END;\n\
                DELETE FROM u;\nEND;\nSELECT 1;";
    let both = cut(text);
    assert_eq!(both.len(), 2, "{both:#?}");
    assert!(both[0].ends_with("END;") && both[1] == "5: SELECT 1;", "{both:#?}");
    assert_eq!(cut("CREATE TRIGGER x INSERT ON t BEGIN SELECT 1; END").len(), 1);
}

#[test]
fn a_create_table_that_speaks_of_triggers_is_none() {
    assert_eq!(cut("CREATE TABLE trigger (a); CREATE TEMPORARY TABLE b (c);").len(), 2);
}

#[test]
fn empty_statements_and_comments_alone_are_nothing() {
    assert!(cut(" ;; -- nothing\n ; /* at all */").is_empty());
}

#[test]
fn what_does_not_end_is_named_with_its_line() {
    let why = |text: &str| statements(text, Dialect::Sqlite).unwrap_err().to_string();
    assert_eq!(why("SELECT 1;\nSELECT 'x;\n"), "a text in quotes that begins in line 2 does not end");
    assert_eq!(why("/* x"), "a comment that begins in line 1 does not end");
    assert_eq!(
        why("SELECT 1;\n\n-- x\nCREATE TRIGGER t INSERT ON a BEGIN SELECT 1;"),
        "a trigger that begins in line 4 does not end"
    );
    assert!(why("SELECT [a").starts_with("a name in brackets"));
    assert!(why("SELECT 1;\0DROP TABLE t;").contains("NUL"));
}

#[test]
fn a_long_statement_is_shown_short_and_on_one_line() {
    let statement = Statement {
        text: format!("SELECT\n  '{}'", "ä".repeat(200)),
        line: 1,
        dialect: Dialect::Sqlite,
        data: None,
    };
    assert!(statement.shown().starts_with("SELECT 'ää") && statement.shown().chars().count() == 121);
}

#[test]
fn neither_a_byte_order_mark_nor_a_carriage_return_changes_a_text() {
    assert_eq!(canonical("\u{feff}a\r\nb\n"), "a\nb\n");
}

fn postgres(text: &str) -> Vec<String> {
    cut_by(text, Dialect::Postgres)
}

#[test]
fn a_semicolon_in_any_of_postgresql_s_quotes_ends_nothing() {
    let text = "SELECT ';', E'\\';', \";\"\";\", $$;$$, $a$ ; $$ ; $a$ /* ; /* ; */ ; */, U&'\\;' -- ;\n, E'a'\n  'b\\'; c';\n\
                SELECT 'C:\\'; SELECT $1, a$b, 1$$;$$;";
    insta::assert_snapshot!(postgres(text).join("\n"), @r#"
    1: SELECT ';', E'\';', ";"";", $$;$$, $a$ ; $$ ; $a$ /* ; /* ; */ ; */, U&'\;' -- ; , E'a'   'b\'; c';
    4: SELECT 'C:\';
    4: SELECT $1, a$b, 1$$;$$;
    "#);
}

#[test]
fn a_routine_with_an_sql_body_and_a_rule_are_one_statement_each() {
    let text = "CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql\n\
                BEGIN ATOMIC SELECT CASE WHEN a = 1 THEN 2 END; SELECT 3; END;\n\
                CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);\n\
                CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;\nSELECT 4";
    let lines: Vec<_> = postgres(text).iter().map(|one| one[..1].to_owned()).collect();
    assert_eq!(lines, ["1", "3", "4", "5"]);
}

#[test]
fn the_data_of_a_copy_belong_to_it() {
    let text = "COPY t (a) FROM STDIN WITH (FORMAT text);\nit's; \\N\n\"x\n\\.\n\nSELECT 1;COPY u FROM stdin;\n\\.\n";
    let cut = statements(text, Dialect::Postgres).unwrap();
    let data: Vec<_> = cut.iter().map(|one| (one.line, one.data.as_deref())).collect();
    assert_eq!(data, [(1, Some("it's; \\N\n\"x\n")), (6, None), (6, Some(""))]);
    assert_eq!(cut[0].text, "COPY t (a) FROM STDIN WITH (FORMAT text);");
    let why = statements("\nCOPY t FROM STDIN;\n1\n", Dialect::Postgres).unwrap_err().to_string();
    assert!(why.contains("COPY") && why.contains("line 2"), "{why}");
}

#[test]
fn what_does_not_end_is_named_in_postgresql_too() {
    for (text, what) in [
        ("$a$ $$", "dollar"),
        ("/* /* */", "comment"),
        ("/*/", "comment"),
        ("E'\\'", "text"),
        ("\"a", "name"),
        ("\0", "NUL"),
    ] {
        let why = statements(text, Dialect::Postgres).unwrap_err().to_string();
        assert!(why.contains(what), "{text}: {why}");
    }
}

/// How many repetitions take minutes where each goes through all others, and no time where it does not.
const MANY: usize = 100_000;

#[test]
fn a_comment_in_a_comment_was_looked_for_in_the_rest_of_the_text_for_each_end() {
    let nested = format!("{}{}SELECT 1;", "/*".repeat(MANY), "*/".repeat(MANY));
    assert_eq!(cut_by(&nested, Dialect::Postgres), ["1: SELECT 1;"]);
    let open = "/*".repeat(MANY);
    assert_eq!(statements(&open, Dialect::Postgres).unwrap_err().what, "a comment");
}

#[test]
fn the_first_words_of_a_trigger_were_read_again_for_each_statement_in_it() {
    let body = "SELECT 1;".repeat(MANY);
    let text = format!("CREATE {}TRIGGER x INSERT ON t BEGIN {body} END;", "TEMP ".repeat(MANY));
    assert_eq!(cut(&text).len(), 1);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn the_pieces_together_are_the_text(text in "([a-z ;'\"`\\[\\]\\n/*-]|CREATE TRIGGER |BEGIN |END;|CASE |\\$a\\$|E'|COPY t FROM STDIN;|\n\\\\.\n){0,40}") {
        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            let Ok(tokens) = tokens(&text, dialect) else { continue };
            let whole: String = tokens.iter().map(|token| token.text).collect();
            proptest::prop_assert_eq!(&whole, &text);
            if let Ok(pieces) = pieces(&tokens, dialect) {
                let whole: String = pieces.iter().copied().flatten().map(|token| token.text).collect();
                proptest::prop_assert_eq!(&whole, &text);
            }
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in ".*") {
        let _ = (statements(&text, Dialect::Sqlite), statements(&text, Dialect::Postgres));
    }
}
