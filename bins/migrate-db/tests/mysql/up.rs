//! What holds for MySQL and MariaDB alone: statements that commit by themselves, the client's delimiter, named locks, time-outs, the password.

use std::thread;

use crate::{migrate, place, server::PASSWORD};

const USERS: (&str, &str) = (
    "1_users.sql",
    "CREATE TABLE users (id int PRIMARY KEY, name varchar(50));\nINSERT INTO users VALUES (1, 'it\\'s; \"a\" # not -- a comment');\n",
);

#[test]
fn what_commits_by_itself_is_planned_as_that_and_applied_one_by_one() {
    let (scratch, server, database, url) = place(&[USERS]);
    let plan = migrate(&scratch, &url, &["plan"]).run().succeeds().stdout;
    assert!(plan.contains("2 statements one by one") && plan.contains("commits each statement"), "{plan}");
    assert!(!server.has(&database, "migrate_db_history"));
    let run = migrate(&scratch, &url, &["up"]).run().succeeds();
    assert!(run.stdout.contains("no backup: the database is empty"), "{}", run.stdout);
    assert_eq!(server.sql(&database, "SELECT count(*) FROM users"), "1");
    assert_eq!(server.sql(&database, "SELECT version FROM migrate_db_history"), "1");
    assert!(!server.has(&database, "migrate_db_progress"));
    let again = migrate(&scratch, &url, &["up"]).run().succeeds().stdout;
    assert!(again.contains("nothing to change"), "{again}");
    migrate(&scratch, &url, &["status", "--require-current"]).run().succeeds();
}

#[test]
fn only_a_database_in_which_something_is_is_backed_up() {
    for made in [
        "CREATE TABLE t (id int)",
        "CREATE VIEW v AS SELECT 1",
        "CREATE PROCEDURE p() SELECT 1",
        "CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN 1",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1",
    ] {
        let (scratch, server, database, url) = place(&[USERS]);
        server.sql(&database, made);
        let run = migrate(&scratch, &url, &["up"]).run().succeeds();
        assert!(run.stdout.contains("restored and compared"), "{made}: {}", run.stdout);
    }
}

#[test]
fn a_file_of_rows_is_one_transaction_with_its_row() {
    let (scratch, server, database, url) = place(&[
        USERS,
        (
            "2_rows.sql",
            "INSERT INTO users VALUES (2, 'b');\nINSERT INTO users\nVALUES (3, 'c'), (1, 'again');",
        ),
    ]);
    let run = migrate(&scratch, &url, &["up"]).run().fails(1, "migration-failed");
    assert!(
        run.stderr.contains("2_rows.sql:2") && run.stderr.contains("error 1062, SQLSTATE 23000"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("nothing of that file was kept"), "{}", run.stderr);
    assert_eq!(server.sql(&database, "SELECT count(*) FROM users"), "1");
    assert_eq!(server.sql(&database, "SELECT version FROM migrate_db_history"), "1");
}

#[test]
fn a_file_that_failed_in_its_middle_is_corrected_and_goes_on_there() {
    let broken = "CREATE TABLE a (x int);\nINSERT INTO a VALUES (1);\n\nALTER TABLE a\n  ADD y int NUL;\nCREATE TABLE b (x int);\n";
    let (scratch, server, database, url) = place(&[USERS, ("2_more.sql", broken)]);
    let run = migrate(&scratch, &url, &["up"]).run().fails(1, "migration-failed");
    assert!(
        run.stderr.contains("2_more.sql:5")
            && run.stderr.contains("what stands before it in that file was kept"),
        "{}",
        run.stderr
    );
    // Another text of what is done is another file.
    scratch.file(
        "migrations/2_more.sql",
        broken.replace("int NUL", "int").replace("(x int);\nI", "(x bigint);\nI"),
    );
    migrate(&scratch, &url, &["up"]).run().fails(1, "migration-half-done");
    scratch.file("migrations/2_more.sql", broken.replace("int NUL", "int"));
    let plan = migrate(&scratch, &url, &["plan"]).run().succeeds().stdout;
    assert!(plan.contains("4 statements one by one, of which 2 done before"), "{plan}");
    let status = migrate(&scratch, &url, &["status"]).run().succeeds().stdout;
    assert!(status.contains("pending, 2 statements done"), "{status}");
    migrate(&scratch, &url, &["up"]).run().succeeds();
    assert_eq!(server.sql(&database, "SELECT x, y FROM a"), "1\tNULL");
    assert!(server.has(&database, "b") && !server.has(&database, "migrate_db_progress"));
    assert_eq!(server.sql(&database, "SELECT group_concat(version) FROM migrate_db_history"), "1,2");
}

#[test]
fn routines_triggers_and_versioned_comments_are_what_the_client_makes_of_them() {
    let text = "/*!40101 SET @old = @@sql_mode, sql_mode = 'NO_AUTO_VALUE_ON_ZERO' */;\n\
                DELIMITER //\n\
                CREATE PROCEDURE fill(n int)\nBEGIN\n  -- it's; a comment\n  IF n > 0 THEN\n    INSERT INTO users VALUES (n, 'x');\n    CALL fill(n - 1);\n  END IF;\nEND//\n\
                DELIMITER $$\nCREATE TRIGGER upper_case BEFORE INSERT ON users FOR EACH ROW BEGIN SET NEW.name = upper(NEW.name); END$$\nDELIMITER ;\n\
                SET max_sp_recursion_depth = 5;\nCALL fill(2);\n";
    let users = ("1_users.sql", "CREATE TABLE users (id int PRIMARY KEY, name varchar(50));");
    let (scratch, server, database, url) = place(&[users, ("2_fill.sql", text)]);
    migrate(&scratch, &url, &["up"]).run().succeeds();
    assert_eq!(server.sql(&database, "SELECT group_concat(id, name ORDER BY id) FROM users"), "1X,2X");
    // What the copy must have beside tables.
    let run = migrate(&scratch, &url, &["backup", "--format", "json"]).run().succeeds().json();
    assert_eq!(run["result"]["proof"], "restored and compared");
    scratch.file("migrations/3_x.sql", "DELIMITER //\nCREATE TABLE a (x int); CREATE TABLE b (x int) //\n");
    migrate(&scratch, &url, &["up"]).run().fails(1, "migration-forbidden");
}

#[test]
fn what_a_file_sets_for_its_session_ends_with_it() {
    let (scratch, server, database, url) = place(&[
        (
            "1_set.sql",
            "SET foreign_key_checks = 0, sql_mode = '';\nCREATE TABLE a (x int, FOREIGN KEY (x) REFERENCES b (y));\nCREATE TABLE b (y int PRIMARY KEY);",
        ),
        (
            "2_t.sql",
            "CREATE TABLE modes (checks int, mode text);\nINSERT INTO modes SELECT @@foreign_key_checks, @@sql_mode;",
        ),
    ]);
    migrate(&scratch, &url, &["up"]).run().succeeds();
    assert_eq!(server.sql(&database, "SELECT checks, mode = @@global.sql_mode FROM modes"), "1\t1");
}

#[test]
fn a_row_without_its_parent_is_refused_in_every_file() {
    let tables =
        "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a int, FOREIGN KEY (a) REFERENCES a (id));";
    let (scratch, server, database, url) =
        place(&[("1_tables.sql", tables), ("2_orphan.sql", "INSERT INTO b VALUES (1);")]);
    let run = migrate(&scratch, &url, &["up"]).run().fails(1, "migration-failed");
    assert!(run.stderr.contains("error 1452"), "{}", run.stderr);
    assert_eq!(server.sql(&database, "SELECT count(*) FROM b"), "0");
}

#[test]
fn up_and_down_and_what_is_kept() {
    let (scratch, server, database, url) = place(&[
        USERS,
        ("2_flag.sql", "ALTER TABLE users ADD flag bool;\nUPDATE users SET flag = 1 WHERE id = 1;"),
        ("2_flag.down.sql", "ALTER TABLE users DROP flag; -- it's \\ back\n"),
    ]);
    migrate(&scratch, &url, &["up", "--to", "1"]).run().succeeds();
    let before = server.dump(&database);
    migrate(&scratch, &url, &["up"]).run().succeeds();
    std::fs::remove_file(scratch.join("migrations/2_flag.down.sql")).unwrap();
    migrate(&scratch, &url, &["down", "--to", "1"]).run().succeeds();
    assert_eq!(before, server.dump(&database));
}

#[test]
fn the_budget_ends_a_statement_on_the_server_and_the_next_run_goes_on() {
    let (scratch, server, database, url) =
        // To end a sleep is no failure in MySQL, and a second one it does not begin.
        place(&[USERS, ("2_slow.sql", "CREATE TABLE slow (a int);\nINSERT INTO slow SELECT sleep(60) FROM information_schema.tables;")]);
    let run = migrate(&scratch, &url, &["up", "--budget", "2s"]).run().fails(1, "budget-exceeded");
    assert!(run.stderr.contains("version 2; what stands before it in that file was kept"), "{}", run.stderr);
    let left = "SELECT count(*) = 0 FROM information_schema.processlist WHERE db = database() AND id <> connection_id()";
    server.wait_for(&database, left);
    assert_eq!(server.sql(&database, "SELECT count(*) FROM slow"), "0");
    scratch.file("migrations/2_slow.sql", "CREATE TABLE slow (a int);\nINSERT INTO slow VALUES (1);");
    migrate(&scratch, &url, &["up"]).run().succeeds();
    assert_eq!(server.sql(&database, "SELECT count(*) FROM slow"), "1");
}

#[test]
fn whoever_holds_the_lock_is_shown() {
    let (scratch, server, database, url) =
        place(&[USERS, ("2_slow.sql", "INSERT INTO users SELECT 2, sleep(3);")]);
    migrate(&scratch, &url, &["up", "--to", "1"]).run().succeeds();
    thread::scope(|scope| {
        let first = scope.spawn(|| migrate(&scratch, &url, &["up"]).run().succeeds());
        server.wait_for(&database, "SELECT count(*) > 0 FROM information_schema.processlist WHERE state = 'User sleep' AND db = database()");
        let run =
            migrate(&scratch, &url, &["up", "--lock-timeout", "200ms"]).run().fails(3, "database-locked");
        assert!(run.stderr.contains("of user root from localhost, query for"), "{}", run.stderr);
        first.join().unwrap();
    });
}

#[test]
fn a_table_that_somebody_uses_is_waited_for_in_attempts_and_no_longer_than_said() {
    let (scratch, server, database, url) =
        place(&[USERS, ("2_flag.sql", "ALTER TABLE users ADD flag bool;")]);
    migrate(&scratch, &url, &["up", "--to", "1"]).run().succeeds();
    let using = "SELECT count(*) > 0 FROM information_schema.processlist WHERE state = 'User sleep' AND db = database()";
    let mut session = server.session(&database, "BEGIN; SELECT * FROM users; DO sleep(5)");
    server.wait_for(&database, using);
    migrate(&scratch, &url, &["up", "--lock-timeout", "500ms"]).run().fails(3, "database-locked");
    migrate(&scratch, &url, &["up", "--lock-timeout", "30s"]).run().succeeds();
    session.wait().unwrap();
}

#[test]
fn a_password_is_used_and_never_shown() {
    let (scratch, server, database, _) = place(&[USERS]);
    let escaped = PASSWORD.replace(' ', "%20").replace('@', "%40");
    let url = format!("mysql+pymysql://app:{escaped}@127.0.0.1:{}/{database}?charset=utf8mb4", server.port());
    let run = migrate(&scratch, &url, &["up"]).secret(PASSWORD).on_runner().run().succeeds();
    assert!(run.stdout.contains("127.0.0.1") && !run.stdout.contains(&escaped), "{}", run.stdout);
    migrate(&scratch, &url, &["backup"]).secret(PASSWORD).run().succeeds();
    let run =
        migrate(&scratch, &url.replace("sea-worthy", "wrong"), &["status"]).run().fails(3, "database-failed");
    assert!(run.stderr.contains("1045") && !run.stderr.contains("wrong"), "{}", run.stderr);
    let bare = format!("mariadb://app@127.0.0.1/{database}");
    let port = server.port().to_string();
    let variables =
        migrate(&scratch, &bare, &["status"]).env("MYSQL_TCP_PORT", port).env("MYSQL_PWD", PASSWORD);
    variables.secret(PASSWORD).run().succeeds();
    migrate(&scratch, &format!("{url}&x=y"), &["status"]).run().fails(2, "database-url-invalid");
}

#[test]
fn the_server_must_be_who_its_certificate_says_where_that_is_asked() {
    let (scratch, server, database, _) = place(&[USERS]);
    let url = |host: &str, rest: &str| format!("mysql://app@{host}:{}/{database}?{rest}", server.port());
    let run =
        |url: String, command: &str| migrate(&scratch, &url, &[command]).env("MYSQL_PWD", PASSWORD).run();
    run(url("127.0.0.1", "ssl-mode=REQUIRED"), "up").succeeds();
    let root = format!("ssl-mode=VERIFY_IDENTITY&ssl-ca={}", server.certificate().display());
    run(url("localhost", &root), "backup").succeeds();
    let unknown = run(url("localhost", "ssl-mode=VERIFY_IDENTITY"), "status").fails(3, "database-failed");
    assert!(unknown.stderr.contains("certificate"), "{}", unknown.stderr);
}

#[test]
fn queries_and_looks_change_nothing_because_the_server_refuses() {
    let (scratch, server, database, url) = place(&[USERS]);
    migrate(&scratch, &url, &["up"]).run().succeeds();
    server.sql(
        &database,
        "DELIMITER //\nCREATE FUNCTION sneaky() RETURNS int DETERMINISTIC MODIFIES SQL DATA BEGIN DELETE FROM users; RETURN 1; END//\n",
    );
    let query = |sql: &str, rest: &str| format!("[[query]]\nname = \"q\"\nsql = \"{sql}\"\n{rest}\n");
    scratch.file(
        "verify.toml",
        query("SELECT sneaky()", "equals = 1")
            + &query("SELECT count(*) FROM users", "equals = 1")
            + &query("SELECT 1.5, NULL, 'a', 1e0, x'00ff', true", "not-empty = true"),
    );
    let run = migrate(&scratch, &url, &["verify", "--verify", "verify.toml"]).run().fails(1, "verify-failed");
    assert!(
        run.stdout.contains("READ ONLY transaction")
            && run.stdout.contains("real 1.5, null, text 'a', real 1, blob of 2 bytes, integer 1"),
        "{}",
        run.stdout
    );
    assert_eq!(server.sql(&database, "SELECT count(*) FROM users"), "1");
}

#[test]
fn a_user_who_may_create_no_database_gets_a_backup_that_was_read_to_its_end() {
    let (scratch, server, database, _) = place(&[USERS]);
    let user = format!("owner_of_{database}");
    server.sql(
        &database,
        &format!("CREATE USER {user}@localhost; GRANT ALL ON {database}.* TO {user}@localhost"),
    );
    let url = server.url_of(&user, &database);
    migrate(&scratch, &url, &["up"]).run().succeeds();
    let run = migrate(&scratch, &url, &["backup", "--format", "json"]).run().succeeds().json();
    assert!(run["result"]["proof"].as_str().unwrap().starts_with("read to its end, not restored"), "{run:#}");
}

#[test]
fn a_rehearsal_restores_beside_the_database_and_leaves_nothing() {
    let (scratch, server, database, url) =
        place(&[USERS, ("2_flag.sql", "ALTER TABLE users ADD flag bool;")]);
    migrate(&scratch, &url, &["up", "--to", "1"]).run().succeeds();
    let backup =
        migrate(&scratch, &url, &["backup", "--keep", "1", "--format", "json"]).run().succeeds().json();
    migrate(&scratch, &url, &["status", "--max-backup-age", "1h"]).run().succeeds();
    let run = migrate(&scratch, &url, &["rehearse", "--format", "json"]).run().succeeds().json();
    assert_eq!(run["result"]["steps"][0]["version"], "2");
    assert_eq!(server.sql(&database, "SELECT version FROM migrate_db_history"), "1");
    let left = "SELECT count(*) FROM information_schema.schemata WHERE schema_name LIKE 'migrate\\_db\\_%'";
    let left_by_us = format!(
        "{left} AND schema_name NOT IN (SELECT db FROM information_schema.processlist WHERE db IS NOT NULL)"
    );
    server.wait_for("mysql", &format!("SELECT ({left_by_us}) = 0"));
    scratch.file("migrations/2_flag.sql", "ALTER TABLE nobody ADD flag bool;");
    migrate(&scratch, &url, &["rehearse"]).run().fails(1, "migration-failed");
    // A dump that breaks off is none.
    let file = backup["outputs"]["backup"].as_str().unwrap();
    let length = std::fs::metadata(file).unwrap().len();
    std::fs::OpenOptions::new().write(true).open(file).unwrap().set_len(length - 40).unwrap();
    migrate(&scratch, &url, &["rehearse"]).run().fails(3, "backup-not-restored");
}

#[test]
fn what_somebody_made_by_hand_is_found_beside_what_the_files_give() {
    let (scratch, server, database, url) = place(&[
        USERS,
        ("2_view.sql", "CREATE VIEW v AS SELECT id FROM users; CREATE INDEX names ON users (name);"),
        ("3_later.sql", "SELECT 1;"),
    ]);
    migrate(&scratch, &url, &["up", "--to", "2"]).run().succeeds();
    migrate(&scratch, &url, &["verify", "--drift"]).run().succeeds();
    server.sql(&database, "ALTER TABLE users ADD by_hand int");
    let run = migrate(&scratch, &url, &["verify", "--drift"]).run().fails(1, "schema-drifted");
    assert!(run.stdout.contains("column users.by_hand int"), "{}", run.stdout);
}

#[test]
fn lint_knows_what_blocks_here() {
    let (scratch, _, _, url) =
        place(&[("1_x.sql", "ALTER TABLE t MODIFY a bigint;\nCREATE TABLE n (a int);\n")]);
    let run = migrate(&scratch, &url, &["lint"]).run().fails(1, "lint-refused");
    for rule in ["changes-type", "table-copy", "no-primary-key"] {
        assert!(run.stdout.contains(rule), "{}", run.stdout);
    }
}

#[test]
fn a_plan_uses_its_index_or_not() {
    let table = "CREATE TABLE notes (id int PRIMARY KEY, user_id int NOT NULL, text varchar(9), KEY notes_user (user_id));";
    let (scratch, _, _, url) = place(&[("1_notes.sql", table)]);
    let plan = |column: &str, index: &str| {
        format!(
            "[[query]]\nname = \"x\"\nsql = \"SELECT text FROM notes WHERE {column} = '1'\"\nuses-index = \"{index}\"\n"
        )
    };
    scratch.file("plans.toml", plan("user_id", "notes_user"));
    migrate(&scratch, &url, &["up", "--verify", "plans.toml"]).run().succeeds();
    for (column, index, found) in
        [("text", "notes_user", "all of notes"), ("user_id", "absent", "there is no index absent")]
    {
        scratch.file("plans.toml", plan(column, index));
        let run =
            migrate(&scratch, &url, &["verify", "--verify", "plans.toml"]).run().fails(1, "verify-failed");
        assert!(run.stderr.contains(found), "{}", run.stderr);
    }
}
