//! Queries with the answers they must have.

use crate::{migrate, sql, two_steps};

fn queries(text: &str) -> testkit::Scratch {
    let scratch = two_steps();
    migrate(&scratch, &["up"]).run().succeeds();
    sql(&scratch, "INSERT INTO notes VALUES (1, 'a', 0), (2, 'b', 1)");
    scratch.file("queries.toml", text);
    scratch
}

#[test]
fn every_kind_of_expectation_is_met_and_missed() {
    let scratch = queries(
        r#"
        [[query]]
        name = "how many"
        sql = "SELECT count(*) FROM notes;"
        equals = 2
        [[query]]
        name = "types count"
        sql = "SELECT '2'"
        equals = 2
        [[query]]
        name = "in range"
        sql = "SELECT count(*) FROM notes"
        at-least = 1
        at-most = 1
        [[query]]
        name = "rows"
        sql = "SELECT id, title FROM notes ORDER BY id"
        rows = [[1, "a"], [2, "b"]]
        [[query]]
        name = "none"
        sql = "SELECT id FROM notes WHERE pinned > 1"
        not-empty = true
        [[query]]
        name = "wrong"
        sql = "SELECT absent FROM notes"
        rows = []
        "#,
    );
    let run = migrate(&scratch, &["verify", "--verify", "queries.toml"]).run();
    insta::assert_snapshot!(run.transcript(), @r#"
    $ migrate-db verify --verify queries.toml --database-url sqlite:app.db
    status: 1
    ── stdout
    Queries
      query        result         expected                                             found
      how many     holds          integer 2                                            integer 2
      types count  does not hold  integer 2                                            text '2'
      in range     does not hold  an integer from 1 to 1                               integer 2
      rows         holds          2 rows [integer 1, text 'a'], [integer 2, text 'b']  2 rows [integer 1, text 'a'], [integer 2, text 'b']
      none         does not hold  at least one row                                     0 rows
      wrong        does not hold  0 rows                                               an error: no such column: absent
    ── stderr
    error[verify-failed]: 4 of 6 queries did not find what they expect
      why: types count: expected integer 2, found text '2'
      fix: the schema stays as it is: mend it with a new migration, or go back with `migrate-db down --to VERSION`
      see: docs/failures.md#verify-failed
    "#);
}

#[test]
fn what_would_verify_nothing_is_refused() {
    for (text, code) in [
        ("", "verify-empty"),
        ("query = []", "verify-empty"),
        ("[[query]]\nname = 'n'\nsql = 'SELECT 1'", "verify-invalid"),
        ("[[query]]\nname = 'n'\nsql = 'SELECT 1'\nequals = 1\nnot-empty = true", "verify-invalid"),
        ("[[query]]\nname = 'n'\nsql = 'SELECT 1; SELECT 1'\nequals = 1", "verify-invalid"),
        ("[[query]]\nname = 'n'\nsql = 'PRAGMA query_only = OFF'\nequals = 1", "verify-invalid"),
        ("[[query]]\nname = 'n'\nsql = 'DELETE FROM notes'\nequals = 1", "verify-invalid"),
        ("[[query]]\nname = 'n'\nsql = 'SELECT 1'\nequal = 1", "verify-invalid"),
        ("[[query]]\nname = 'n'\nsql = 'SELECT 1'\nequals = true", "verify-invalid"),
    ] {
        let scratch = queries(text);
        let run = migrate(&scratch, &["verify", "--verify", "queries.toml"]).run().fails(2, code);
        assert!(run.stdout.is_empty(), "{}", run.transcript());
    }
}

#[test]
fn a_query_that_writes_changes_nothing() {
    let scratch = queries(
        "[[query]]\nname = 'n'\nsql = 'WITH x AS (SELECT 1) DELETE FROM notes RETURNING id'\nnot-empty = true",
    );
    migrate(&scratch, &["verify", "--verify", "queries.toml"]).run().fails(1, "verify-failed");
    scratch.file("migrations/3_more.sql", "CREATE TABLE more (a);");
    let run =
        migrate(&scratch, &["up", "--verify", "queries.toml"]).on_runner().run().fails(1, "verify-failed");
    assert_eq!(run.observed().outputs["after"], "3");
    assert_eq!(sql(&scratch, "SELECT count(*) FROM notes"), "2");
}

#[test]
fn an_answer_without_end_is_cut_off() {
    let scratch = queries(
        "[[query]]\nname = 'n'\nsql = 'WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c'\nnot-empty = true",
    );
    let run = migrate(&scratch, &["verify", "--verify", "queries.toml"]).run().fails(1, "verify-failed");
    assert!(run.stderr.contains("more than 1000 rows"), "{}", run.stderr);
}

#[test]
fn an_answer_that_never_comes_is_not_waited_for() {
    let scratch = queries(
        "[[query]]\nname = 'n'\nsql = 'WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c'\nat-least = 1",
    );
    let run = migrate(&scratch, &["verify", "--verify", "queries.toml", "--budget", "200ms"]).run();
    assert!(run.fails(1, "verify-failed").stderr.contains("found no answer within 200ms"));
}

#[test]
fn a_plan_uses_its_index_or_not() {
    let scratch = queries(
        "[[query]]\nname = \"by title\"\nsql = \"SELECT id FROM notes WHERE title = 'a'\"\nuses-index = \"by_title\"\n\
         [[query]]\nname = \"by flag\"\nsql = \"SELECT id FROM notes WHERE pinned = 1\"\nuses-index = \"by_title\"\n\
         [[query]]\nname = \"absent\"\nsql = \"SELECT id FROM notes\"\nuses-index = \"no_such\"\n",
    );
    sql(&scratch, "CREATE INDEX by_title ON notes (title)");
    let run = migrate(&scratch, &["verify", "--verify", "queries.toml"]).run().fails(1, "verify-failed");
    insta::assert_snapshot!(run.stdout, @r"
    Queries
      query     result         expected        found
      by title  holds          index by_title  index by_title
      by flag   does not hold  index by_title  no index, all of notes
      absent    does not hold  index no_such   an error: there is no index no_such
    ");
    scratch.file("queries.toml", "[[query]]\nname = \"x\"\nsql = \"EXPLAIN SELECT 1\"\nuses-index = \"i\"\n");
    migrate(&scratch, &["verify", "--verify", "queries.toml"]).run().fails(2, "verify-invalid");
}
