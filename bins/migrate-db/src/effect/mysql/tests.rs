//! What MySQL's statements do, by their words.

use super::{Memory, Object, Seen};
use crate::{
    effect::{self, Breakage},
    statement::{Dialect, Statement, statements},
};

fn cut(text: &str) -> Vec<Statement> {
    statements(text, Dialect::Mysql).unwrap()
}

fn broken(text: &str) -> Vec<&'static str> {
    let mut breakage = Breakage::default();
    cut(text).iter().filter_map(|one| breakage.of(one)).collect()
}

#[test]
fn each_breaking_statement_is_found() {
    for (text, what) in [
        ("DROP TABLE IF EXISTS a, b", "drops a table"),
        ("/*!40000 DROP TABLE `a` */", "drops a table"),
        ("CREATE OR REPLACE TABLE a (x int)", "drops a table"),
        ("CREATE TABLE a (x int); DROP TABLE a, b", "drops a table"),
        ("DROP VIEW v", "drops a view"),
        ("ALTER TABLE s.t ADD a int, DROP COLUMN b", "drops a column"),
        ("ALTER TABLE t DROP `index`", "drops a column"),
        ("ALTER TABLE t DROP PARTITION p0", "drops a partition and its rows"),
        ("ALTER TABLE t RENAME COLUMN a TO b", "renames"),
        ("ALTER TABLE t RENAME u", "renames"),
        ("RENAME TABLE a TO b", "renames"),
        ("ALTER TABLE t CHANGE a b int", "renames"),
        ("ALTER TABLE t CHANGE COLUMN a a bigint", "changes the type of a column"),
        ("ALTER IGNORE TABLE t MODIFY a bigint", "changes the type of a column"),
        ("ALTER TABLE t ADD a int NOT NULL", "adds a column that must be filled"),
        ("ALTER TABLE t ADD COLUMN (a int, b int NOT NULL)", "adds a column that must be filled"),
        ("TRUNCATE t", "deletes all rows of a table"),
        ("DELETE QUICK FROM t", "deletes all rows of a table"),
        ("DELETE a FROM a JOIN b ON a.x = b.x", "deletes all rows of a table"),
        ("UPDATE IGNORE t SET a = (SELECT 1 WHERE true)", "updates all rows of a table"),
    ] {
        assert_eq!(broken(text), [what], "{text}");
    }
}

#[test]
fn what_nobody_s_query_names_may_go() {
    for text in [
        "ALTER TABLE t DROP INDEX i, DROP FOREIGN KEY f, DROP CONSTRAINT c, RENAME INDEX i TO j",
        "ALTER TABLE t ADD a int NOT NULL DEFAULT 1, ADD b int, ADD KEY k (a)",
        "ALTER TABLE t ADD id int NOT NULL AUTO_INCREMENT PRIMARY KEY",
        "CREATE TABLE a (x int); UPDATE a SET x = 1; ALTER TABLE a RENAME b; TRUNCATE TABLE b",
        "DROP INDEX i ON t",
        "DROP TEMPORARY TABLE t",
        "CREATE TRIGGER t BEFORE INSERT ON u FOR EACH ROW DELETE FROM table_log",
        "DELETE FROM t WHERE a = 1",
    ] {
        assert!(broken(text).is_empty(), "{text}: {:?}", broken(text));
    }
}

#[test]
fn another_database_s_table_of_the_same_name_is_not_the_file_s_own() {
    for (text, what) in [
        ("CREATE TABLE ar2.notes (id int); DELETE FROM notes", "deletes all rows of a table"),
        ("CREATE TEMPORARY TABLE notes (i int); DROP TABLE notes; DROP TABLE notes", "drops a table"),
        (
            "CREATE TEMPORARY TABLE notes (i int); DROP TEMPORARY TABLE notes; DROP TABLE notes",
            "drops a table",
        ),
        ("CREATE TABLE Notes (i int); DROP TABLE notes", "drops a table"),
        ("CREATE TABLE a (i int); RENAME TABLE a TO b, notes TO c", "renames"),
        ("CREATE TABLE a (i int); ALTER TABLE a RENAME TO b; DROP TABLE a", "drops a table"),
    ] {
        assert_eq!(broken(text), [what], "{text}");
    }
    for text in [
        "CREATE TABLE ar2.notes (id int); DROP TABLE ar2.`notes`",
        "CREATE TABLE a (i int); RENAME TABLE a TO b; DROP TABLE b",
    ] {
        assert!(broken(text).is_empty(), "{text}: {:?}", broken(text));
    }
}

#[test]
fn what_would_reach_beyond_is_forbidden() {
    let forbidden = |text: &str| cut(text).iter().find_map(effect::forbidden);
    for text in [
        "BEGIN",
        "COMMIT",
        "SET autocommit = 0",
        "SET @@session.autocommit = 0",
        "SET GLOBAL max_connections = 1",
        "SET @@global.x = 1",
        "SET sql_mode = 'ANSI_QUOTES'",
        "/*!40101 SET SQL_MODE='NO_BACKSLASH_ESCAPES' */",
        "SET NAMES latin1",
        "SET PASSWORD = 'x'",
        "USE other",
        "CREATE DATABASE x",
        "ALTER DATABASE x CHARACTER SET utf8mb4",
        "CREATE USER a",
        "LOCK TABLES t WRITE",
        "LOAD DATA INFILE 'x' INTO TABLE t",
        "SELECT 1 INTO OUTFILE 'x'",
        "source other.sql",
        "SET STATEMENT max_statement_time = 1 FOR DROP TABLE t",
        "INSERT INTO t SELECT row_count()",
        "SELECT 1 \\G",
        "UPDATE migrate_db_history SET a = 1",
        "DELIMITER //\nCREATE TABLE a (x int); CREATE TABLE b (x int) //",
        "DELIMITER //\nCREATE PROCEDURE p() BEGIN SELECT 1; END; DROP TABLE t //",
        "DELIMITER //\nCREATE PROCEDURE p() SELECT 1; DROP TABLE t //",
    ] {
        assert!(forbidden(text).is_some(), "{text}");
    }
    for text in [
        "SET @a = 1, foreign_key_checks = 0",
        "SET NAMES utf8mb4 COLLATE utf8mb4_bin",
        "/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */",
        "SET CHARACTER_SET_CLIENT = @old",
        "ALTER DATABASE CHARACTER SET utf8mb4",
        "GRANT SELECT ON t TO a",
        "SELECT 'BEGIN \\\\'",
        "DELIMITER //\nCREATE PROCEDURE p() BEGIN IF a THEN SELECT CASE WHEN 1 THEN 2 END; END IF; CASE a WHEN 1 THEN BEGIN SELECT 1; END; END CASE; END; //",
    ] {
        assert_eq!(forbidden(text), None, "{text}");
    }
}

#[test]
fn what_commits_by_itself_is_known_and_everything_unknown_counts_as_that() {
    let alone = |text: &str| effect::stands_alone(&cut(text)[0]);
    for text in [
        "CREATE TABLE t (a int)",
        "ALTER TABLE t ADD a int",
        "TRUNCATE t",
        "CALL p()",
        "EXECUTE s",
        "GRANT ALL ON t TO a",
        "FROBNICATE",
    ] {
        assert!(alone(text), "{text}");
    }
    for text in [
        "INSERT INTO t VALUES (1)",
        "SET @a = 1",
        "(SELECT 1)",
        "CREATE TEMPORARY TABLE t (a int)",
        "PREPARE s FROM @a",
        "/*!40101 SET NAMES utf8 */",
    ] {
        assert!(!alone(text), "{text}");
    }
}

#[test]
fn what_shows_whether_it_was_done_is_the_definition_that_it_changes() {
    let seen = |text: &str| effect::seen(&cut(text)[0]);
    for (text, kind, name) in [
        ("CREATE TABLE `a b` (x int)", "TABLE", "`a b`"),
        ("ALTER TABLE s.t ADD a int", "TABLE", "s.t"),
        ("CREATE UNIQUE INDEX i ON t (a)", "TABLE", "t"),
        ("DROP INDEX i ON t", "TABLE", "t"),
        ("DROP TABLE t", "TABLE", "t"),
        ("RENAME TABLE a TO b", "TABLE", "a"),
        ("CREATE DEFINER=`a`@`b` SQL SECURITY INVOKER VIEW v AS SELECT 1", "VIEW", "v"),
        ("CREATE PROCEDURE p() SELECT 1", "PROCEDURE", "p"),
        ("CREATE TRIGGER t BEFORE INSERT ON u FOR EACH ROW SET @a = IF(NOT true, 1, 2)", "TRIGGER", "t"),
    ] {
        assert_eq!(seen(text), Seen::Definition(Object { kind: kind.into(), name: name.into() }), "{text}");
    }
    for text in [
        "CREATE OR REPLACE VIEW v AS SELECT 1",
        "DROP TABLE IF EXISTS a, b",
        "CREATE TABLE IF NOT EXISTS t (a int)",
        "TRUNCATE t",
    ] {
        assert_eq!(seen(text), Seen::Repeats, "{text}");
    }
    for text in [
        "ANALYZE UPDATE t SET a = 1",
        "DROP TABLE a, b",
        "RENAME TABLE a TO x, b TO a, x TO b",
        "CALL p()",
        "EXECUTE s",
    ] {
        assert_eq!(seen(text), Seen::Nothing, "{text}");
    }
}

#[test]
fn what_only_a_session_knows_is_known() {
    let memory = |text: &str| effect::memory(&cut(text)[0]);
    assert_eq!(memory("SET @a = 1"), Memory::Said);
    assert_eq!(memory("SELECT count(*) INTO @a FROM t"), Memory::Said);
    assert_eq!(memory("CREATE TEMPORARY TABLE t (a int)"), Memory::Lost);
    assert_eq!(memory("UPDATE t SET a = (@n := @n + 1)"), Memory::Lost);
    assert_eq!(memory("INSERT INTO t VALUES (1)"), Memory::Kept);
    assert!(effect::leans(&cut("INSERT INTO t VALUES (LAST_INSERT_ID())")[0]));
    assert!(effect::inserts(&cut("REPLACE INTO t VALUES (1)")[0]));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(128))]

    #[test]
    fn no_statement_makes_it_panic(
        text in "(ALTER |DROP |TABLE |WITH |DELETE |UPDATE |CREATE |INDEX |RENAME |SET |NAMES |ON |IF |EXISTS |VIEW |TRUNCATE |CHANGE |ADD |COLUMN |`a`|ALGORITHM|LOCK|ENGINE|[=.,();@a*]| ){0,12}",
    ) {
        for one in statements(&text, Dialect::Mysql).unwrap_or_default() {
            let _ = (effect::forbidden(&one), effect::stands_alone(&one), effect::seen(&one), effect::Survey::default().of(&one));
        }
    }
}
