//! What was changed by hand is found, whatever it is.

use crate::{migrate, place};

const MADE: &str = "CREATE TABLE a (i int PRIMARY KEY, d int DEFAULT 4, e int, kind varchar(9) CHECK (kind IN ('x', 'y')), CHECK (d > 0));
CREATE VIEW v AS SELECT i, d FROM a WHERE kind IN ('x', 'y');
CREATE INDEX ix ON a (d);
CREATE INDEX part ON a (d) WHERE d > 1;
CREATE SEQUENCE s;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN new; END$$;
CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f();
ALTER TABLE a ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON a USING (i > 0);
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE b (i int PRIMARY KEY);
COMMENT ON TABLE b IS 'one';
";

#[test]
fn a_definition_that_was_changed_by_hand_is_drift_not_only_a_column() {
    let (scratch, cluster, database, url) = place(&[("1_a.sql", MADE)]);
    migrate(&scratch, &url, &["up"]).run().succeeds();
    // Who may use it is a matter of the environment.
    cluster.sql(&database, "GRANT SELECT ON a TO PUBLIC; ALTER TABLE b OWNER TO pg_monitor");
    migrate(&scratch, &url, &["verify", "--drift"]).run().succeeds();
    let changes: [(&str, &[&str]); 15] = [
        ("ALTER TABLE a ALTER d SET DEFAULT 5", &["default public.a.d is 5"]),
        ("CREATE OR REPLACE VIEW v AS SELECT i, d FROM a WHERE i > 1", &["view public.v as SELECT", "i > 1"]),
        (
            "ALTER TABLE a DROP CONSTRAINT a_d_check, ADD CONSTRAINT a_d_check CHECK (d > 1)",
            &["condition public.a a_d_check", "(d > 1)"],
        ),
        ("DROP INDEX ix; CREATE INDEX ix ON a (e)", &["index public.ix is", "(e)"]),
        ("DROP INDEX part; CREATE INDEX part ON a (d) WHERE d > 2", &["index public.part is", "(d > 2)"]),
        ("ALTER TABLE a DISABLE TRIGGER t", &["trigger public.a enabled=D"]),
        ("ALTER SEQUENCE s INCREMENT 2", &["sequence public.s", "increment=2"]),
        ("ALTER FUNCTION f() SECURITY DEFINER", &["routine public.f()", "SECURITY DEFINER"]),
        ("ALTER TABLE a DISABLE ROW LEVEL SECURITY", &["relation public.a", "row-security=f"]),
        ("ALTER POLICY p ON a USING (i > 9)", &["policy p on public.a", "(i > 9)"]),
        ("ALTER TABLE a SET (fillfactor = 70)", &["relation public.a", "{fillfactor=70}"]),
        ("ALTER TABLE a REPLICA IDENTITY FULL", &["relation public.a", "replica-identity=f"]),
        ("ALTER TABLE b SET UNLOGGED", &["relation public.b", "persistence=u"]),
        ("COMMENT ON TABLE b IS 'two'", &["comment on table public.b: two"]),
        ("CREATE SCHEMA extra", &["schema extra"]),
    ];
    for (change, _) in changes {
        cluster.sql(&database, change);
    }
    let run = migrate(&scratch, &url, &["verify", "--drift"]).run().fails(1, "schema-drifted");
    for (change, words) in changes {
        let is_found = run.stdout.lines().any(|line| words.iter().all(|word| line.contains(word)));
        assert!(is_found, "{change}: {}", run.stdout);
    }
    let same = ["condition public.a a_kind_check", "values of public.mood", "default public.a.e"];
    assert!(!same.iter().any(|line| run.stdout.contains(line)), "{}", run.stdout);
}

#[test]
fn a_database_that_was_restored_has_not_drifted() {
    let (scratch, cluster, database, url) = place(&[("1_a.sql", MADE)]);
    migrate(&scratch, &url, &["up"]).run().succeeds();
    let dump = scratch.join("dump");
    let made = cluster.program("pg_dump", &database).args(["-Fc", "-f"]).arg(&dump).status().unwrap();
    let restored = cluster.database();
    let read = cluster.program("pg_restore", &restored).arg(&dump).status().unwrap();
    assert!(made.success() && read.success());
    migrate(&scratch, &cluster.url(&restored), &["verify", "--drift"]).run().succeeds();
}
