//! kifu's deployment document (K2, K3, K4): a backup before anything else, its three files in order, and the columns, tables and counts
//! that it queries afterwards.

use testkit::Scratch;

use crate::{cluster::Cluster, migrate, place};

/// What is there before: an application's tables, made by hand, with rows.
const BEFORE: &str = "
CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE TABLE users (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), email text NOT NULL UNIQUE, created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE trades (id bigserial PRIMARY KEY, user_id uuid NOT NULL REFERENCES users (id), symbol text NOT NULL, price numeric(20, 8) NOT NULL);
INSERT INTO users (email) SELECT 'user' || n || '@example.com' FROM generate_series(1, 50) AS n;
INSERT INTO trades (user_id, symbol, price) SELECT id, 'BTCUSDT', 42000.12345678 FROM users;
";

const GUIDED_REVIEW: &str = include_str!("kifu/020_guided_review.sql");
const ALLOWLIST: &str = include_str!("kifu/021_ai_allowlist.sql");
const RUNS: &str = include_str!("kifu/022_create_runs_and_summary_packs.sql");
const VERIFY: &str = include_str!("kifu/verify.toml");

const FILES: [(&str, &str); 3] = [
    ("020_guided_review.sql", GUIDED_REVIEW),
    ("021_ai_allowlist.sql", ALLOWLIST),
    ("022_create_runs_and_summary_packs.sql", RUNS),
];

fn kifu(files: &[(&str, &str)]) -> (Scratch, &'static Cluster, String, String) {
    let (scratch, cluster, database, url) = place(files);
    cluster.sql(&database, BEFORE);
    scratch.file("verify.toml", VERIFY);
    (scratch, cluster, database, url)
}

#[test]
fn the_document_is_carried_out_by_one_command() {
    let (scratch, cluster, database, url) = kifu(&FILES);
    let run = migrate(&scratch, &url, &["up", "--verify", "verify.toml", "--format", "json"])
        .run()
        .succeeds()
        .json();
    assert_eq!(run["result"]["applied"], serde_json::json!(["20", "21", "22"]));
    assert_eq!(run["result"]["backup"]["proof"], "restored and compared");
    assert!(
        run["result"]["queries"].as_array().unwrap().iter().all(|answer| answer["holds"] == true),
        "{run:#}"
    );
    assert_eq!(
        cluster
            .sql(&database, "SELECT string_agg(version::text, ',' ORDER BY version) FROM migrate_db_history"),
        "20,21,22"
    );
    let again = migrate(&scratch, &url, &["up", "--verify", "verify.toml"]).run().succeeds();
    assert!(again.stdout.contains("nothing to change"), "{}", again.stdout);
    migrate(&scratch, &url, &["status", "--require-current"]).run().succeeds();
}

#[test]
fn the_backup_holds_the_state_before_and_restores_with_pg_restore_alone() {
    let (scratch, cluster, database, url) = kifu(&FILES);
    let before = cluster.dump(&database);
    let run = migrate(&scratch, &url, &["up", "--format", "json"]).run().succeeds().json();
    let backup = run["outputs"]["backup"].as_str().unwrap();
    let restored = cluster.database();
    let status = cluster.program("pg_restore", &restored).args(["--exit-on-error", backup]).status().unwrap();
    assert!(status.success());
    assert_eq!(before, cluster.dump(&restored));
}

#[test]
fn the_first_failure_stops_says_where_and_why_and_a_second_run_goes_on() {
    let broken = ALLOWLIST.replace("ALTER TABLE users", "\nALTER TABLE userz");
    let (scratch, cluster, database, url) = kifu(&[FILES[0], ("021_ai_allowlist.sql", &broken), FILES[2]]);
    let run = migrate(&scratch, &url, &["up"]).run().fails(1, "migration-failed");
    for part in
        ["021_ai_allowlist.sql:4", "ALTER TABLE userz", "relation \"userz\" does not exist", "SQLSTATE 42P01"]
    {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }
    assert_eq!(cluster.sql(&database, "SELECT count(*) FROM migrate_db_history"), "1");
    assert_eq!(cluster.sql(&database, "SELECT to_regclass('runs') IS NULL"), "t");
    scratch.file("migrations/021_ai_allowlist.sql", ALLOWLIST);
    migrate(&scratch, &url, &["up", "--verify", "verify.toml"]).run().succeeds();
}

#[test]
fn a_query_that_does_not_hold_is_a_failure_that_names_it() {
    let (scratch, _, _, url) = kifu(&FILES);
    scratch.file("verify.toml", VERIFY.replace("equals = 50", "equals = 51"));
    let run = migrate(&scratch, &url, &["up", "--verify", "verify.toml"]).run().fails(1, "verify-failed");
    assert!(run.stderr.contains("expected integer 51, found integer 50"), "{}", run.stderr);
}
