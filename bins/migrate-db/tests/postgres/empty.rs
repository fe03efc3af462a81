//! A database in which nobody has made anything yet: there is nothing to lose.

use crate::{migrate, place};

const USERS: (&str, &str) = ("1_users.sql", "CREATE TABLE users (id int PRIMARY KEY, name text);");

#[test]
fn only_a_database_in_which_something_is_is_backed_up() {
    let backed_up = |made: &str| {
        let (scratch, cluster, database, url) = place(&[USERS]);
        cluster.sql(&database, made);
        let plan = migrate(&scratch, &url, &["plan"]).run().succeeds();
        let is_empty = plan.stdout.contains("no backup: the database is empty\n");
        assert_ne!(is_empty, plan.stdout.contains("back up into"), "{made}: {}", plan.stdout);
        let up = migrate(&scratch, &url, &["up"]).on_runner().run().succeeds();
        assert_eq!(up.observed().outputs["backup"].is_empty(), is_empty, "{made}: {}", up.stdout);
        assert_eq!(scratch.has(".seaworthy/backups"), !is_empty, "{made}");
        !is_empty
    };
    for made in [
        "SELECT 1",
        "DROP SCHEMA public CASCADE; CREATE SCHEMA public",
        "CREATE TEMPORARY TABLE t (id int)",
        "GRANT ALL ON SCHEMA public TO PUBLIC",
    ] {
        assert!(!backed_up(made), "{made}");
    }
    for made in [
        "CREATE TABLE t (id int)",
        "CREATE SEQUENCE s",
        "CREATE VIEW v AS SELECT 1",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TYPE colour AS ENUM ('red')",
        "CREATE SCHEMA app",
        "CREATE EXTENSION dblink",
        "SELECT lo_from_bytea(0, 'x')",
        "CREATE COLLATION c FROM \"C\"",
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
    ] {
        assert!(backed_up(made), "{made}");
    }
}

/// Whoever names a place for copies wants to see one there.
#[test]
fn an_empty_database_is_backed_up_where_a_copy_is_asked_for() {
    let (scratch, _, _, url) = place(&[USERS]);
    let up = migrate(&scratch, &url, &["up", "--upload", "oci:copies"]).on_runner().run().succeeds();
    assert!(
        !up.observed().outputs["backup"].is_empty() && up.stdout.contains("copy read back"),
        "{}",
        up.stdout
    );
    assert!(scratch.has("copies/index.json"));
}
