//! Who a file is, and what whoever runs it may not do.

use crate::{migrate, place};

#[test]
fn a_role_that_a_file_takes_on_does_not_write_the_history() {
    let (scratch, cluster, database, url) = place(&[]);
    let role = format!("deputy_of_{database}");
    cluster.sql(&database, &format!("CREATE ROLE {role}; CREATE SCHEMA deputy AUTHORIZATION {role}"));
    for (number, take) in [
        format!("SET ROLE {role}"),
        format!("SET LOCAL ROLE {role}"),
        format!("SET SESSION AUTHORIZATION {role}"),
        format!("SELECT set_config('role', '{role}', false)"),
    ]
    .iter()
    .enumerate()
    {
        let number = number + 1;
        let text = format!("{take}; CREATE TABLE deputy.t{number} (a int);");
        scratch.file(&format!("migrations/{number}_t.sql"), text);
    }
    scratch.file("migrations/5_own.sql", "CREATE TABLE own (a int);");
    migrate(&scratch, &url, &["up"]).run().succeeds();
    let owners = "SELECT relname, pg_get_userbyid(relowner) FROM pg_class \
                  WHERE relkind = 'r' AND relnamespace IN ('deputy'::regnamespace, 'public'::regnamespace) ORDER BY 1";
    let expected =
        format!("migrate_db_history|postgres\nown|postgres\nt1|{role}\nt2|{role}\nt3|{role}\nt4|{role}");
    assert_eq!(cluster.sql(&database, owners), expected);
}

#[test]
fn a_role_that_a_file_takes_on_without_a_transaction_does_not_write_the_history() {
    let (scratch, cluster, database, url) = place(&[]);
    let role = format!("alone_in_{database}");
    cluster.sql(&database, &format!("CREATE ROLE {role}; CREATE TABLE t (a int)"));
    let file = format!(
        "-- +goose NO TRANSACTION\n-- +goose Up\nSET SESSION AUTHORIZATION {role};\nSET ROLE {role};\n"
    );
    scratch.file("migrations/00001_role.sql", file);
    migrate(&scratch, &url, &["up"]).run().succeeds();
    assert_eq!(cluster.sql(&database, "SELECT max(version_id) FROM goose_db_version"), "1");
}

#[test]
fn a_history_that_the_role_may_not_read_is_not_damaged() {
    let (scratch, cluster, database, url) = place(&[("1_t.sql", "CREATE TABLE t (a int);")]);
    migrate(&scratch, &url, &["up"]).run().succeeds();
    let role = format!("guest_of_{database}");
    cluster.sql(&database, &format!("CREATE ROLE {role} LOGIN"));
    let run = migrate(&scratch, &cluster.url_of(&role, &database), &["status"]).run();
    let run = run.fails(3, "database-failed");
    assert!(run.stderr.contains("permission denied for table migrate_db_history"), "{}", run.stderr);
}

#[test]
fn what_a_file_without_a_transaction_set_was_forgotten_before_its_next_statement() {
    let (scratch, cluster, database, url) = place(&[]);
    scratch.file(
        "migrations/00001_x.sql",
        "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE t (a int);\nCREATE SCHEMA x;\nCREATE TABLE x.t (a int);\n\
         SET search_path = x;\nCREATE INDEX CONCURRENTLY i ON t (a);\nINSERT INTO t VALUES (1);\n",
    );
    scratch.file("migrations/00002_y.sql", "-- +goose Up\nINSERT INTO t VALUES (2);\n");
    migrate(&scratch, &url, &["up"]).run().succeeds();
    let found =
        "SELECT to_regclass('x.i') IS NOT NULL, (SELECT min(a) FROM x.t), (SELECT min(a) FROM public.t)";
    assert_eq!(cluster.sql(&database, found), "t|1|2");
}
