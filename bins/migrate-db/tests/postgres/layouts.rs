//! Each tool's files and history: detected, applied, taken back, and never run a second time.

use crate::{
    cluster::SHARED,
    migrate, place,
    tools::{TOOLS, Wish},
};

#[test]
fn each_layout_goes_up_and_down_and_its_history_says_so() {
    for tool in &TOOLS {
        let (scratch, cluster, database, url) = place(&[]);
        let say = ["--layout", tool.layout];
        tool.add(&scratch, 1, "CREATE TABLE t1 (a int);", "DROP TABLE t1;", Wish::Transaction);
        tool.add(&scratch, 2, "BEGIN; CREATE TABLE t2 (a int); COMMIT;", "DROP TABLE t2;", Wish::Transaction);
        migrate(&scratch, &url, &["up"]).args(say).run().succeeds();
        assert_eq!(cluster.sql(&database, tool.count), "2", "{}", tool.layout);
        // From here on the history says whose the files are, where they themselves leave it open.
        let status =
            migrate(&scratch, &url, &["status", "--require-current", "--format", "json"]).run().succeeds();
        assert_eq!(status.json()["result"]["layout"], tool.layout);
        tool.add(
            &scratch,
            3,
            "CREATE INDEX CONCURRENTLY i3 ON t1 (a);",
            "DROP INDEX CONCURRENTLY i3;",
            Wish::None,
        );
        migrate(&scratch, &url, &["up"]).run().succeeds();
        assert_eq!(cluster.sql(&database, tool.count), "3", "{}", tool.layout);
        assert_eq!(cluster.sql(&database, "SELECT to_regclass('migrate_db_progress') IS NULL"), "t");
        let again = migrate(&scratch, &url, &["up"]).run().succeeds();
        assert!(again.stdout.contains("nothing to change"), "{}", again.stdout);
        let first = status.json()["result"]["migrations"][0]["version"].as_str().unwrap().to_owned();
        migrate(&scratch, &url, &["down", "--to", &first]).run().succeeds();
        assert_eq!(cluster.sql(&database, tool.count), "1", "{}", tool.layout);
        assert_eq!(
            cluster.sql(&database, "SELECT to_regclass('i3') IS NULL AND to_regclass('t2') IS NULL"),
            "t"
        );
        migrate(&scratch, &url, &["up"]).run().succeeds();
        assert_eq!(cluster.sql(&database, tool.count), "3", "{}", tool.layout);
    }
}

#[test]
fn a_changed_file_is_refused_where_the_history_keeps_a_checksum_and_line_ends_are_no_change() {
    for tool in TOOLS.iter().filter(|tool| ["numbered", "flyway", "prisma", "sqlx"].contains(&tool.layout)) {
        let (scratch, _, _, url) = place(&[]);
        let say = ["--layout", tool.layout];
        let text = "CREATE TABLE t1 (a int);\nCREATE TABLE t2 (a int);\n";
        tool.add(&scratch, 1, text, "DROP TABLE t1;", Wish::Transaction);
        migrate(&scratch, &url, &["up"]).args(say).run().succeeds();
        tool.add(&scratch, 1, &text.replace('\n', "\r\n"), "DROP TABLE t1;", Wish::Transaction);
        migrate(&scratch, &url, &["status"]).args(say).run().succeeds();
        tool.add(&scratch, 1, &text.replace("t2", "t3"), "DROP TABLE t1;", Wish::Transaction);
        migrate(&scratch, &url, &["status"]).args(say).run().fails(1, "checksum-mismatch");
        let said = migrate(&scratch, &url, &["repair"]).args(say).run().succeeds().stdout;
        assert!(said.contains("checksum ") && said.contains(" → "), "{said}");
        migrate(&scratch, &url, &["status"]).args(say).run().succeeds();
        let again = migrate(&scratch, &url, &["repair"]).args(say).run().succeeds().stdout;
        assert!(again.contains("nothing to rewrite"), "{again}");
    }
}

#[test]
fn what_its_tool_says_was_begun_stops_everything() {
    for (layout, table) in [
        ("golang-migrate", "UPDATE schema_migrations SET dirty = true"),
        ("sqlx", "UPDATE _sqlx_migrations SET success = false"),
        ("flyway", "UPDATE flyway_schema_history SET success = false"),
        ("prisma", "UPDATE _prisma_migrations SET finished_at = NULL"),
    ] {
        let tool = TOOLS.iter().find(|tool| tool.layout == layout).unwrap();
        let (scratch, cluster, database, url) = place(&[]);
        let say = ["--layout", layout];
        tool.add(&scratch, 1, "CREATE TABLE t1 (a int);", "DROP TABLE t1;", Wish::Transaction);
        migrate(&scratch, &url, &["up"]).args(say).run().succeeds();
        cluster.sql(&database, table);
        for command in [&["up"][..], &["plan"], &["status"], &["down", "--to", "0"]] {
            migrate(&scratch, &url, command).args(say).run().fails(1, "migration-half-done");
        }
        let version = if layout == "prisma" { "20240101" } else { "1" };
        let repair = |flag: &str, more: &[&str]| {
            migrate(&scratch, &url, &["repair", flag, version]).args(more).args(say).run().succeeds().stdout
        };
        let state = cluster.sql(&database, tool.count);
        assert!(repair("--not-applied", &["--dry-run"]).contains("take out of the history"));
        assert_eq!(cluster.sql(&database, tool.count), state);
        assert!(repair("--applied", &[]).contains("enter as applied"));
        migrate(&scratch, &url, &["status", "--require-current"]).args(say).run().succeeds();
        cluster.sql(&database, table);
        repair("--not-applied", &[]);
        cluster.sql(&database, "DROP TABLE t1");
        migrate(&scratch, &url, &["up"]).args(say).run().succeeds();
        assert_eq!(cluster.sql(&database, tool.count), "1", "{layout}");
        migrate(&scratch, &url, &["repair", "--not-applied", version])
            .args(say)
            .run()
            .fails(2, "migration-not-begun");
    }
}

#[test]
fn the_history_of_another_tool_stops_everything_unless_the_files_fit_it() {
    let (scratch, cluster, database, url) = place(&[("1_t.sql", "CREATE TABLE t1 (a int);")]);
    migrate(&scratch, &url, &["up", "--layout", "sqlx"]).run().succeeds();
    // The same files could be ours: the history tells.
    let status = migrate(&scratch, &url, &["status", "--format", "json"]).run().succeeds().json();
    assert_eq!(status["result"]["layout"], "sqlx");
    migrate(&scratch, &url, &["up", "--layout", "numbered"]).run().fails(1, "history-of-another-tool");
    assert_eq!(cluster.sql(&database, "SELECT to_regclass('migrate_db_history') IS NULL"), "t");
    // Whoever changes the tool says what is there.
    for (version, left) in [("1", "nothing to change"), ("0", "begin a history")] {
        cluster.sql(&database, "DROP TABLE IF EXISTS migrate_db_history");
        let said = migrate(&scratch, &url, &["repair", "--applied", version, "--layout", "numbered"])
            .run()
            .succeeds();
        let said =
            said.stdout + &migrate(&scratch, &url, &["plan", "--layout", "numbered"]).run().succeeds().stdout;
        assert!(said.contains(left), "{said}");
    }
    // Nothing tells whose these are.
    let (scratch, _, _, url) = place(&[("1_t.up.sql", "CREATE TABLE t1 (a int);")]);
    migrate(&scratch, &url, &["up"]).run().fails(2, "layout-ambiguous");
}

#[test]
fn flyway_s_repeated_files_baselines_and_placeholders() {
    let (scratch, cluster, database, url) = place(&[
        ("V1__t.sql", "CREATE TABLE ${flyway:defaultSchema}.t1 (a int);"),
        (
            "R__view.sql",
            "CREATE OR REPLACE VIEW v AS SELECT ${column} FROM t1; GRANT SELECT ON v TO ${flyway:user};",
        ),
    ]);
    migrate(&scratch, &url, &["up"]).run().fails(2, "migration-unsupported");
    scratch.file("flyway.toml", "[flyway]\ncleanDisabled = true\n[flyway.placeholders]\ncolumn = 'a'\n");
    migrate(&scratch, &url, &["up"]).run().succeeds();
    let rows =
        "SELECT installed_rank, version, description, script, success FROM flyway_schema_history ORDER BY 1";
    assert_eq!(cluster.sql(&database, rows), "1|1|t|V1__t.sql|t\n2||view|R__view.sql|t");
    migrate(&scratch, &url, &["status", "--require-current"]).run().succeeds();
    scratch.file("migrations/R__view.sql", "CREATE OR REPLACE VIEW v AS SELECT ${column}, 2 AS b FROM t1;");
    migrate(&scratch, &url, &["up"]).run().succeeds();
    assert_eq!(cluster.sql(&database, "SELECT count(*) FROM flyway_schema_history"), "3");
    // A baseline stands for all below it on an empty database, and for nothing on one that has a history.
    scratch.file("migrations/V2__u.sql", "CREATE TABLE u (a int);");
    scratch.file("migrations/B2__all.sql", "CREATE TABLE t1 (a int); CREATE TABLE u (a int);");
    migrate(&scratch, &url, &["up"]).run().succeeds();
    assert_eq!(
        cluster.sql(
            &database,
            "SELECT string_agg(version, ',' ORDER BY installed_rank) FROM flyway_schema_history"
        ),
        "1,2"
    );
    let other = SHARED.database();
    migrate(&scratch, &SHARED.url(&other), &["up"]).run().succeeds();
    assert_eq!(cluster.sql(&other, "SELECT string_agg(concat(version, ' ', type), ',' ORDER BY installed_rank) FROM flyway_schema_history"), "2 SQL_BASELINE, SQL");
    migrate(&scratch, &SHARED.url(&other), &["status", "--require-current"]).run().succeeds();
}

#[test]
fn each_layout_goes_up_and_down_in_sqlite_too() {
    for tool in &TOOLS {
        let scratch = crate::project(&[]);
        let run =
            |args: &[&str]| migrate(&scratch, "sqlite:app.db", args).args(["--layout", tool.layout]).run();
        for number in 1..=3 {
            let (up, down) = (format!("CREATE TABLE t{number} (a int);"), format!("DROP TABLE t{number};"));
            tool.add(&scratch, number, &up, &down, if number == 3 { Wish::None } else { Wish::Transaction });
        }
        run(&["up"]).succeeds();
        let count = || {
            let sqlite3 =
                testkit::bin("/usr/bin/sqlite3").args(["-bail", "app.db", tool.count]).dir(scratch.path());
            sqlite3.run().succeeds().stdout.trim().to_owned()
        };
        assert_eq!(count(), "3", "{}", tool.layout);
        let status = run(&["status", "--require-current", "--format", "json"]).succeeds().json();
        let migrations = &status["result"]["migrations"];
        if !["golang-migrate", "dbmate"].contains(&tool.layout) {
            assert!(migrations[2]["appliedOn"].is_string(), "{}: {status}", tool.layout);
        }
        run(&["down", "--to", migrations[0]["version"].as_str().unwrap()]).succeeds();
        assert_eq!(count(), "1", "{}", tool.layout);
        run(&["up"]).succeeds();
        run(&["verify", "--drift"]).succeeds();
    }
}
