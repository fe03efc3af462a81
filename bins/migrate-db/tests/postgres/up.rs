//! What holds for PostgreSQL alone: its statements, its lock, its time-outs, its password.

use std::thread;

use crate::{
    cluster::{PASSWORD, SHARED},
    migrate, place,
    turns::beside,
};

const USERS: (&str, &str) = (
    "1_users.sql",
    "CREATE TABLE users (id int PRIMARY KEY, name text);\nINSERT INTO users VALUES (1, 'a');\n",
);

#[test]
fn a_file_is_one_transaction_with_its_row() {
    let (scratch, cluster, database, url) =
        place(&[USERS, ("2_more.sql", "CREATE TABLE more (a int);\nINSERT INTO more\nVALUES (1), ('x');")]);
    let run = migrate(&scratch, &url, &["up"]).run().fails(1, "migration-failed");
    assert!(run.stderr.contains("2_more.sql:3") && run.stderr.contains("SQLSTATE 22P02"), "{}", run.stderr);
    assert_eq!(cluster.sql(&database, "SELECT to_regclass('more') IS NULL"), "t");
    assert_eq!(cluster.sql(&database, "SELECT version FROM migrate_db_history"), "1");
}

#[test]
fn up_and_down_and_what_is_kept() {
    let (scratch, cluster, database, url) = place(&[
        USERS,
        ("2_flag.sql", "ALTER TABLE users ADD flag bool;"),
        ("2_flag.down.sql", "ALTER TABLE users DROP flag; -- it's \\ back\n"),
    ]);
    migrate(&scratch, &url, &["up", "--to", "1"]).run().succeeds();
    let before = cluster.dump(&database);
    migrate(&scratch, &url, &["up"]).run().succeeds();
    std::fs::remove_file(scratch.join("migrations/2_flag.down.sql")).unwrap();
    migrate(&scratch, &url, &["down", "--to", "1"]).run().succeeds();
    assert_eq!(before, cluster.dump(&database));
    let plan = migrate(&scratch, &url, &["plan"]).run().succeeds().stdout;
    assert!(plan.contains("apply 2 flag") && plan.contains("version 1 → 2"), "{plan}");
}

#[test]
fn what_a_file_sets_for_its_session_ends_with_it() {
    let (scratch, cluster, database, url) = place(&[
        ("1_set.sql", "CREATE SCHEMA other; SET search_path = other; SET statement_timeout = 1;"),
        ("2_t.sql", "CREATE TABLE t (a int); SELECT pg_sleep(0.01);"),
    ]);
    migrate(&scratch, &url, &["up"]).run().succeeds();
    assert_eq!(cluster.sql(&database, "SELECT to_regclass('public.t') IS NOT NULL"), "t");
}

#[test]
fn the_data_of_a_copy_go_through_the_copy_protocol() {
    let copy = "CREATE TABLE t (a int, b text);\nCOPY t (a, b) FROM STDIN;\n1\tit's; x\n2\t\\N\n\\.\n\nINSERT INTO t VALUES (3, 'c');\n";
    let (scratch, cluster, database, url) = place(&[("1_copy.sql", copy)]);
    migrate(&scratch, &url, &["up"]).run().succeeds();
    assert_eq!(cluster.sql(&database, "SELECT * FROM t ORDER BY a"), "1|it's; x\n2|\n3|c");
    let (scratch, _, _, url) = place(&[("1_copy.sql", &copy.replace("\\N", "b\textra"))]);
    let run = migrate(&scratch, &url, &["up"]).run().fails(1, "migration-failed");
    assert!(run.stderr.contains("1_copy.sql:2") && run.stderr.contains("COPY t, line 2"), "{}", run.stderr);
}

#[test]
fn an_index_is_built_concurrently_and_a_half_built_one_again() {
    let index = ("2_index.sql", "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"Names\" ON users (name);");
    let (scratch, cluster, database, url) = place(&[USERS, index]);
    migrate(&scratch, &url, &["up", "--to", "1"]).run().succeeds();
    cluster.sql(&database, "INSERT INTO users VALUES (2, 'a')");
    let run = migrate(&scratch, &url, &["up"]).run().fails(1, "migration-failed");
    assert!(run.stderr.contains("SQLSTATE 23505"), "{}", run.stderr);
    let valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = '\"Names\"'::regclass";
    assert_eq!(cluster.sql(&database, valid), "f");
    cluster.sql(&database, "DELETE FROM users WHERE id = 2");
    migrate(&scratch, &url, &["up"]).run().succeeds();
    assert_eq!(cluster.sql(&database, valid), "t");
}

#[test]
fn what_runs_only_alone_stands_in_a_file_of_its_own() {
    for (text, code) in [
        ("SELECT 1; VACUUM users;", "migration-mixed"),
        ("ALTER TABLE users DETACH PARTITION p CONCURRENTLY;", "migration-forbidden"),
        ("SELECT 1; COMMIT; SELECT 2;", "migration-forbidden"),
        ("\\i other.sql\n", "migration-forbidden"),
        ("DROP TABLE users", "migration-breaks"),
    ] {
        let (scratch, _, _, url) = place(&[("1_x.sql", text)]);
        let status = if code == "migration-empty" { 2 } else { 1 };
        migrate(&scratch, &url, &["plan"]).run().fails(status, code);
    }
    let (scratch, _, _, url) =
        place(&[USERS, ("2_vacuum.sql", "VACUUM users; REINDEX TABLE CONCURRENTLY users;")]);
    migrate(&scratch, &url, &["up"]).run().succeeds();
}

#[test]
fn the_budget_ends_a_statement_on_the_server_and_the_next_run_goes_on() {
    let (scratch, cluster, database, url) =
        place(&[USERS, ("2_slow.sql", "CREATE TABLE slow (a int);\nSELECT pg_sleep(60);")]);
    let run = migrate(&scratch, &url, &["up", "--budget", "1s"]).run().fails(1, "budget-exceeded");
    assert!(run.stderr.contains("version 2"), "{}", run.stderr);
    let left = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}' AND application_name = 'migrate-db'"
    );
    cluster.wait_for(&database, &format!("SELECT ({left}) = 0"));
    assert_eq!(cluster.sql(&database, "SELECT to_regclass('slow') IS NULL"), "t");
    scratch.file("migrations/2_slow.sql", "CREATE TABLE slow (a int);");
    migrate(&scratch, &url, &["up"]).run().succeeds();
}

#[test]
fn whoever_holds_the_lock_is_shown() {
    let (scratch, cluster, database, url) = place(&[USERS, ("2_slow.sql", "SELECT pg_sleep(3);")]);
    thread::scope(|scope| {
        let first = scope.spawn(|| migrate(&scratch, &url, &["up"]).run().succeeds());
        cluster.wait_for(&database, "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_database d ON d.oid = database WHERE locktype = 'advisory' AND datname = current_database() AND to_regclass('users') IS NOT NULL)");
        let run =
            migrate(&scratch, &url, &["up", "--lock-timeout", "200ms"]).run().fails(3, "database-locked");
        assert!(run.stderr.contains("of role postgres (migrate-db, local)"), "{}", run.stderr);
        first.join().unwrap();
    });
}

#[test]
fn a_table_that_somebody_uses_is_waited_for_no_longer_than_said() {
    let (scratch, cluster, database, url) =
        place(&[USERS, ("2_flag.sql", "ALTER TABLE users ADD flag bool;")]);
    migrate(&scratch, &url, &["up", "--to", "1"]).run().succeeds();
    let mut session = cluster.session(&database, "BEGIN; SELECT * FROM users; SELECT pg_sleep(60)");
    cluster.wait_for(&database, "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'users'::regclass)");
    migrate(&scratch, &url, &["up", "--lock-timeout", "300ms"]).run().fails(3, "database-locked");
    session.kill().unwrap();
    session.wait().unwrap();
    cluster.sql(&database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
    migrate(&scratch, &url, &["up"]).run().succeeds();
}

#[test]
fn a_table_that_becomes_free_in_time_is_taken_in_another_attempt() {
    let (scratch, cluster, database, url) =
        place(&[USERS, ("2_flag.sql", "ALTER TABLE users ADD flag bool;")]);
    migrate(&scratch, &url, &["up", "--to", "1"]).run().succeeds();
    let mut session = cluster.session(&database, "BEGIN; SELECT * FROM users; SELECT pg_sleep(3)");
    cluster.wait_for(&database, "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'users'::regclass)");
    migrate(&scratch, &url, &["up", "--lock-timeout", "20s"]).run().succeeds();
    session.wait().unwrap();
}

#[test]
fn a_password_is_used_and_never_shown() {
    let (scratch, cluster, database, _) = place(&[USERS]);
    let escaped = PASSWORD.replace(' ', "%20").replace('@', "%40");
    let url = format!(
        "postgresql+psycopg://postgres:{escaped}@127.0.0.1:{}/{database}?sslmode=prefer",
        cluster.port()
    );
    let run = migrate(&scratch, &url, &["up"]).secret(PASSWORD).on_runner().run().succeeds();
    assert!(run.stdout.contains("127.0.0.1") && !run.stdout.contains(&escaped), "{}", run.stdout);
    let run =
        migrate(&scratch, &url.replace("sea-worthy", "wrong"), &["status"]).run().fails(3, "database-failed");
    assert!(run.stderr.contains("28P01") && !run.stderr.contains("wrong"), "{}", run.stderr);
    let bare = format!("postgres://127.0.0.1/{database}");
    let port = cluster.port().to_string();
    let variables = migrate(&scratch, &bare, &["status"])
        .env("PGPORT", port)
        .env("PGUSER", "postgres")
        .env("PGPASSWORD", PASSWORD);
    variables.secret(PASSWORD).run().succeeds();
    migrate(&scratch, &format!("{url}x"), &["status"]).run().fails(2, "database-url-invalid");
}

#[test]
fn the_server_must_be_who_its_certificate_says_where_that_is_asked() {
    let (scratch, cluster, database, _) = place(&[USERS]);
    let root = cluster.certificate().display().to_string();
    let url =
        |host: &str, rest: &str| format!("postgres://postgres@{host}:{}/{database}?{rest}", cluster.port());
    let run = |url: String| migrate(&scratch, &url, &["up"]).env("PGPASSWORD", PASSWORD).run();
    run(url("127.0.0.1", "sslmode=require")).succeeds();
    run(url("localhost", &format!("sslmode=verify-full&sslrootcert={root}"))).succeeds();
    let unknown = run(url("localhost", "sslmode=verify-full")).fails(3, "database-failed");
    assert!(unknown.stderr.contains("certificate"), "{}", unknown.stderr);
    let encrypted = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'migrate-db' AND client_addr IS NOT NULL";
    assert_ne!(cluster.sql(&database, encrypted), "f");
}

/// What holds for every file, whatever one before it has set, and whoever passes on how a session begins.
#[test]
fn every_file_has_the_same_settings_behind_a_pooler_of_whole_sessions_too() {
    let looks = |number: u32| {
        let settings =
            ["idle_in_transaction_session_timeout", "client_connection_check_interval", "lock_timeout"];
        let asked = settings.map(|name| format!("current_setting('{name}')")).join(" || ' ' || ");
        (format!("{number}_looks.sql"), format!("CREATE TABLE seen_{number} AS SELECT {asked} AS settings;"))
    };
    let changes = "SET idle_in_transaction_session_timeout = 0; SET client_connection_check_interval = 0; SET lock_timeout = 0;";
    let (first, second, third) = (looks(1), looks(3), looks(5));
    let files = [
        (first.0.as_str(), first.1.as_str()),
        ("2_changes.sql", changes),
        (&second.0, &second.1),
        (
            "4_defaults.sql",
            "RESET ALL; SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE;",
        ),
        (&third.0, &third.1),
    ];
    let (scratch, cluster, database, url) = place(&files);
    let pooler = cluster.pooler("session");
    let behind = format!("postgres://postgres@127.0.0.1:{}/{database}", pooler.1);
    for address in [url, behind] {
        migrate(&scratch, &address, &["up"]).run().succeeds();
        let all = "SELECT DISTINCT settings FROM (SELECT * FROM seen_1 UNION ALL SELECT * FROM seen_3 UNION ALL SELECT * FROM seen_5) AS seen";
        assert_eq!(cluster.sql(&database, all), "1min 1s 2s", "{address}");
        cluster.sql(&database, "DROP TABLE seen_1, seen_3, seen_5, migrate_db_history");
    }
}

#[test]
fn a_pooler_that_lends_out_transactions_is_refused_and_keeps_nothing() {
    let (scratch, cluster, database, url) = place(&[USERS]);
    let pooler = cluster.pooler("transaction");
    let address = format!("postgres://postgres@127.0.0.1:{}/{database}", pooler.1);
    migrate(&scratch, &address, &["up"]).run().fails(2, "database-pooled");
    assert_eq!(
        cluster.sql(
            &database,
            "SELECT to_regclass('users') IS NULL AND to_regclass('migrate_db_history') IS NULL"
        ),
        "t"
    );
    // Looking changes nothing that the next client of the pooler could see.
    migrate(&scratch, &address, &["status"]).run().succeeds();
    assert_eq!(cluster.sql(&database, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"), "0");
    migrate(&scratch, &url, &["up"]).run().succeeds();
}

#[test]
fn queries_and_looks_change_nothing_because_the_server_refuses() {
    let (scratch, cluster, database, url) = place(&[USERS]);
    migrate(&scratch, &url, &["up"]).run().succeeds();
    cluster.sql(
        &database,
        "CREATE FUNCTION sneaky() RETURNS int LANGUAGE sql AS $$DELETE FROM users; SELECT 1$$",
    );
    let query = |sql: &str, rest: &str| format!("[[query]]\nname = \"q\"\nsql = \"{sql}\"\n{rest}\n");
    scratch.file(
        "verify.toml",
        query("SELECT sneaky()", "equals = 1")
            + &query("SELECT count(*) FROM users", "equals = 1")
            + &query("SELECT 1.5::numeric, true, NULL::int, 'a'::varchar", "not-empty = true"),
    );
    let run = migrate(&scratch, &url, &["verify", "--verify", "verify.toml"]).run().fails(1, "verify-failed");
    assert!(
        run.stdout.contains("read-only transaction")
            && run.stdout.contains("real 1.5, boolean true, null, text 'a'"),
        "{}",
        run.stdout
    );
    assert_eq!(cluster.sql(&database, "SELECT count(*) FROM users"), "1");
}

#[test]
fn a_role_that_may_create_no_database_gets_a_backup_that_was_read_to_its_end() {
    let (scratch, cluster, database, _) = place(&[USERS]);
    let role = format!("owner_of_{database}");
    cluster.sql(&database, &format!("CREATE ROLE {role} LOGIN; GRANT ALL ON SCHEMA public TO {role}; GRANT ALL ON DATABASE {database} TO {role}"));
    let url = cluster.url_of(&role, &database);
    migrate(&scratch, &url, &["up"]).run().succeeds();
    let run = migrate(&scratch, &url, &["backup", "--format", "json"]).run().succeeds().json();
    assert!(run["result"]["proof"].as_str().unwrap().starts_with("read to its end, not restored"), "{run:#}");
    // What the reading is for: a dump that was cut short is none.
    let backup = run["outputs"]["backup"].as_str().unwrap();
    let length = std::fs::metadata(backup).unwrap().len();
    std::fs::OpenOptions::new().write(true).open(backup).unwrap().set_len(length - 40).unwrap();
    let read = cluster.read_to_its_end(backup);
    assert!(!read, "a dump that was cut short is read without an error");
}

#[test]
fn a_database_that_is_not_there_is_not_made() {
    let (scratch, _, _, _) = place(&[USERS]);
    let run = migrate(&scratch, &SHARED.url("nowhere"), &["up"]).run().fails(3, "database-failed");
    assert!(run.stderr.contains("3D000"), "{}", run.stderr);
}

#[test]
fn a_rehearsal_restores_beside_the_database_and_leaves_nothing() {
    let (scratch, cluster, database, url) =
        place(&[USERS, ("2_flag.sql", "ALTER TABLE users ADD flag bool;")]);
    migrate(&scratch, &url, &["up", "--to", "1"]).run().succeeds();
    migrate(&scratch, &url, &["backup"]).run().succeeds();
    let run = migrate(&scratch, &url, &["rehearse", "--format", "json"]).run().succeeds().json();
    assert_eq!(run["result"]["steps"][0]["version"], "2");
    assert_eq!(cluster.sql(&database, "SELECT version FROM migrate_db_history"), "1");
    let left = format!(
        "SELECT count(*) FROM pg_database WHERE datname = '{}'",
        beside(cluster, &database, "rehearsal")
    );
    assert_eq!(cluster.sql(&database, &left), "0");
    scratch.file("migrations/2_flag.sql", "ALTER TABLE nobody ADD flag bool;");
    migrate(&scratch, &url, &["rehearse"]).run().fails(1, "migration-failed");
    assert_eq!(cluster.sql(&database, &left), "0");
}

#[test]
fn what_somebody_made_by_hand_is_found_beside_what_the_files_give() {
    let (scratch, cluster, database, url) = place(&[
        USERS,
        ("2_index.sql", "CREATE INDEX CONCURRENTLY names ON users (name);"),
        ("3_later.sql", "SELECT 1;"),
    ]);
    migrate(&scratch, &url, &["up", "--to", "2"]).run().succeeds();
    migrate(&scratch, &url, &["verify", "--drift"]).run().succeeds();
    cluster.sql(&database, "ALTER TABLE users ADD by_hand int");
    let run = migrate(&scratch, &url, &["verify", "--drift"]).run().fails(1, "schema-drifted");
    assert!(run.stdout.contains("column public.users.by_hand integer"), "{}", run.stdout);
}

const NOTES: &str = "CREATE TABLE notes (id bigint PRIMARY KEY, user_id int NOT NULL, at timestamptz NOT NULL, text text); \
                     CREATE INDEX notes_user_at ON notes (user_id, at DESC); CREATE INDEX notes_text ON notes (text);";

/// The plans that a readiness list asks for: per user, newest first.
const PLANS: &str = r#"
[[query]]
name = "a user's newest notes"
sql = "SELECT id FROM notes WHERE user_id = 7 ORDER BY at DESC LIMIT 20;"
uses-index = "notes_user_at"
"#;

#[test]
fn a_plan_uses_its_index_or_the_answer_says_what_it_uses() {
    let (scratch, cluster, database, url) = place(&[("1_notes.sql", NOTES)]);
    scratch.file("plans.toml", PLANS);
    // Of no rows at all any plan reads the whole; what counts is what the index can do.
    let run = migrate(&scratch, &url, &["up", "--verify", "plans.toml"]).run().succeeds();
    assert!(run.stdout.contains("index notes_user_at"), "{}", run.stdout);
    let rows = "INSERT INTO notes SELECT n, n % 5000, now() - make_interval(mins => n), repeat('x', 80) FROM generate_series(1, 40000) AS n; ANALYZE notes";
    cluster.sql(&database, rows);
    let run = migrate(&scratch, &url, &["verify", "--verify", "plans.toml"]).run().succeeds();
    assert!(!run.stdout.contains("the table is small"), "{}", run.stdout);
    for (sql, index, found) in [
        ("SELECT id FROM notes WHERE id > 5", "notes_user_at", "found no index, all of notes"),
        ("SELECT id FROM notes WHERE user_id = 7", "notes_text", "found index notes_user_at"),
        ("SELECT id FROM notes WHERE user_id = 7", "notes_absent", "there is no index notes_absent"),
        ("SELECT absent FROM notes", "notes_text", "column \"absent\" does not exist"),
    ] {
        scratch.file(
            "plans.toml",
            format!("[[query]]\nname = \"x\"\nsql = \"{sql}\"\nuses-index = \"{index}\"\n"),
        );
        let run =
            migrate(&scratch, &url, &["verify", "--verify", "plans.toml"]).run().fails(1, "verify-failed");
        assert!(run.stderr.contains(found), "{found}: {}", run.stderr);
    }
    cluster.sql(&database, "DROP INDEX notes_user_at");
    scratch.file("plans.toml", PLANS);
    migrate(&scratch, &url, &["verify", "--verify", "plans.toml"]).run().fails(1, "verify-failed");
}

#[test]
fn the_index_of_a_partition_is_that_of_the_whole() {
    let table = "CREATE TABLE logs (user_id int, at date NOT NULL) PARTITION BY RANGE (at); \
                 CREATE TABLE logs_2026 PARTITION OF logs FOR VALUES FROM ('2026-01-01') TO ('2027-01-01'); CREATE INDEX logs_user ON logs (user_id);";
    let (scratch, _, _, url) = place(&[("1_logs.sql", table)]);
    scratch.file("plans.toml", "[[query]]\nname = \"x\"\nsql = \"SELECT * FROM logs WHERE user_id = 1\"\nuses-index = \"public.logs_user\"\n");
    migrate(&scratch, &url, &["up", "--verify", "plans.toml"]).run().succeeds();
}
