//! What must hold of cutting MySQL's SQL; most cases are those that other tools got wrong.

use crate::{
    effect::forbidden,
    statement::{Dialect, Kind, pieces, statements, tokens},
};

fn cut(text: &str) -> Vec<String> {
    let statements = statements(text, Dialect::Mysql).unwrap();
    statements.into_iter().map(|one| format!("{}: {}", one.line, one.text.replace('\n', " "))).collect()
}

fn why(text: &str) -> String {
    statements(text, Dialect::Mysql).unwrap_err().to_string()
}

#[test]
fn a_semicolon_in_quotes_names_and_comments_ends_nothing() {
    for (text, expected) in [
        (
            "SELECT ';', \";\", `a;``b`, 'it''s;' /* ; */ FROM t; SELECT 2",
            vec!["1: SELECT ';', \";\", `a;``b`, 'it''s;' /* ; */ FROM t", "1: SELECT 2"],
        ),
        ("SELECT 'a\\';b', \"\\\";\";\nSELECT 2;", vec!["1: SELECT 'a\\';b', \"\\\";\"", "2: SELECT 2"]),
        ("# a; b\n-- c; d\n--\nSELECT 1", vec!["4: SELECT 1"]),
        ("SELECT 5--1; SELECT 2", vec!["1: SELECT 5--1", "1: SELECT 2"]),
        ("SELECT `a\\`; SELECT 2", vec!["1: SELECT `a\\`", "1: SELECT 2"]),
        ("SELECT 2*/* a */3;", vec!["1: SELECT 2*/* a */3"]),
        (";; # nothing\n ; /* at all */", vec![]),
    ] {
        assert_eq!(cut(text), expected, "{text}");
    }
}

#[test]
fn a_versioned_comment_is_what_it_holds() {
    for text in [
        "/*!40101 SET NAMES utf8mb4 */;",
        "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER t BEFORE INSERT ON u FOR EACH ROW SET @a = 1 */;",
        "/*M!100100 ALTER TABLE t ADD a int */",
        "/*! DROP TABLE `t` */",
    ] {
        let found = statements(text, Dialect::Mysql).unwrap();
        let [one] = found.as_slice() else { panic!("{text}: {found:?}") };
        assert!(one.text.starts_with("/*") && one.text.ends_with("*/"), "{text}");
        let first = one.tokens()[0];
        assert!(
            first.kind == Kind::Word && ["SET", "CREATE", "ALTER", "DROP"].contains(&first.text),
            "{text}"
        );
    }
    assert_eq!(cut("SELECT /*+ NO_INDEX(t) */ 1").len(), 1);
    assert!(
        why("SELECT 1;\n/*!40101 SET a = 1; SELECT 2 */").contains("versioned comment that begins in line 2")
    );
}

#[test]
fn a_delimiter_is_what_the_client_was_told() {
    let body = "CREATE TRIGGER t BEFORE INSERT ON u FOR EACH ROW BEGIN\n  SET @a = 1;\n  SET @b = 2;\nEND";
    for delimiter in ["//", "$$", "|", ";;", "GO!"] {
        let text = format!(
            "SELECT 1;\n  delimiter {delimiter}  \n{body}{delimiter}\nSELECT 2 {delimiter}\nDELIMITER ;\nSELECT 3;"
        );
        let body = format!("3: {}", body.replace('\n', " "));
        assert_eq!(cut(&text), ["1: SELECT 1", body.as_str(), "7: SELECT 2", "9: SELECT 3"], "{delimiter}");
    }
    // A text, a name or a column that is called so is none.
    for text in ["SELECT 1 AS a,\n'\nDELIMITER //\n'", "SELECT delimiter FROM t", "SELECT\n delimiters"] {
        assert_eq!(cut(text).len(), 1, "{text}");
    }
    assert_eq!(
        why("SELECT 1\nDELIMITER //\n"),
        "a statement in front of DELIMITER that begins in line 1 does not end"
    );
    for text in [
        "DELIMITER",
        "DELIMITER ;\nDELIMITER\nx",
        "DELIMITER \\",
        "DELIMITER '",
        "DELIMITER 0123456789012345",
        "DELIMITER /*",
    ] {
        assert!(why(text).contains("DELIMITER that is none"), "{text}");
    }
}

#[test]
fn a_body_without_a_delimiter_is_one_statement_as_the_server_reads_it() {
    for text in [
        "CREATE PROCEDURE p() BEGIN IF a THEN SELECT CASE WHEN 1 THEN 2 END; END IF; WHILE b DO SET c = 1; END WHILE; END; SELECT 2;",
        "CREATE DEFINER = a@b TRIGGER t BEFORE INSERT ON u FOR EACH ROW BEGIN CASE a WHEN 1 THEN BEGIN SELECT 1; END; END CASE; END; SELECT 2",
        "/*!50003 CREATE */ /*!50003 FUNCTION f() RETURNS int BEGIN RETURN 1; END */; SELECT 2",
        "-- +goose StatementBegin\nCREATE EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN DELETE FROM t; END;\n-- +goose StatementEnd\nSELECT 2",
    ] {
        let found = cut(text);
        assert!(found.len() == 2 && found[1].ends_with("SELECT 2"), "{text}: {found:#?}");
    }
    // What has no body ends at its `;`, whatever its columns are called.
    for text in [
        "CREATE TABLE t (begin int, `end` int); SELECT 2",
        "SELECT begin FROM t; SELECT 2",
        "BEGIN; SELECT 2",
    ] {
        assert_eq!(cut(text).len(), 2, "{text}");
    }
}

#[test]
fn a_command_of_the_client_behind_a_semicolon_was_once_read_as_no_statement_and_let_pass() {
    let found = statements("DELIMITER //\n;DELIMITER ", Dialect::Mysql).unwrap();
    assert!(found.iter().all(|one| forbidden(one).is_some()) && !found.is_empty(), "{found:?}");
}

#[test]
fn what_does_not_end_is_named_with_its_line() {
    assert_eq!(why("SELECT 1;\nSELECT 'x\\';\n"), "a text in quotes that begins in line 2 does not end");
    assert_eq!(why("\n`x"), "a name in quotes that begins in line 2 does not end");
    assert_eq!(why("/* x"), "a comment that begins in line 1 does not end");
    assert!(why("SELECT 1\0").contains("NUL"));
}

#[test]
fn the_end_of_the_line_was_looked_for_behind_each_word_that_begins_as_delimiter() {
    let text = "SELECT DELIMITER , DELIMITER".repeat(100_000);
    assert_eq!(statements(&text, Dialect::Mysql).unwrap().len(), 1);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(256))]

    #[test]
    fn all_pieces_together_are_the_text_and_each_statement_is_read_alone_as_it_was(
        text in "(DELIMITER |delimiter //\n|//|;|'|\"|`|\\\\|#|-- |--|/\\*|\\*/|/\\*!|/\\*!40101 |BEGIN|END|é|a|\n| ){0,14}",
    ) {
        let Ok(tokens) = tokens(&text, Dialect::Mysql) else { return Ok(()) };
        let all: String = tokens.iter().map(|token| token.text).collect();
        proptest::prop_assert_eq!(&all, &text);
        let Ok(cut) = pieces(&tokens, Dialect::Mysql) else { return Ok(()) };
        let all: String = cut.into_iter().flatten().map(|token| token.text).collect();
        proptest::prop_assert_eq!(&all, &text);
        for one in statements(&text, Dialect::Mysql).unwrap() {
            // `--` in front of a delimiter is a comment without it, and `;DELIMITER` is the client's command.
            proptest::prop_assert!(!one.tokens().is_empty() || forbidden(&one).is_some(), "{:?}", one);
        }
    }
}
