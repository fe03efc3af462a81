//! What must hold of cutting SQL; the hard cases are those that other tools got wrong.

use super::*;

fn cut(text: &str) -> Vec<String> {
    statements(text)
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
    let cut = cut(text);
    assert_eq!(cut.len(), 2, "{cut:#?}");
    assert!(cut[0].ends_with("END;") && cut[1] == "5: SELECT 1;", "{cut:#?}");
    assert_eq!(statements("CREATE TRIGGER x INSERT ON t BEGIN SELECT 1; END").unwrap().len(), 1);
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
    let why = |text: &str| statements(text).unwrap_err().to_string();
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
    let statement = Statement { text: format!("SELECT\n  '{}'", "ä".repeat(200)), line: 1 };
    assert!(statement.shown().starts_with("SELECT 'ää") && statement.shown().chars().count() == 121);
}

#[test]
fn neither_a_byte_order_mark_nor_a_carriage_return_changes_a_text() {
    assert_eq!(canonical("\u{feff}a\r\nb\n"), "a\nb\n");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn the_pieces_together_are_the_text(text in "([a-z ;'\"`\\[\\]\\n/*-]|CREATE TRIGGER |BEGIN |END;|CASE ){0,40}") {
        if let Ok(tokens) = tokens(&text) {
            let whole: String = tokens.iter().map(|token| token.text).collect();
            proptest::prop_assert_eq!(&whole, &text);
            if let Ok(pieces) = pieces(&tokens) {
                let whole: String = pieces.iter().copied().flatten().map(|token| token.text).collect();
                proptest::prop_assert_eq!(&whole, &text);
            }
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in ".*") {
        let _ = statements(&text);
    }
}
