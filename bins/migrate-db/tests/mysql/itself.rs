//! MySQL itself, in the slow tier: every test of this program once more, with MySQL in MariaDB's place, and what only MySQL has.

use std::{process::Command, sync::LazyLock};

use testkit::{Cmd, Scratch};

use crate::{
    kind::{CHOICE, Finds as _, Kind},
    project,
    server::{PASSWORD, Server},
    servers,
};

static MYSQL: LazyLock<Server> = LazyLock::new(|| Server::of(Kind::Mysql));

fn migrate(scratch: &Scratch, url: &str, args: &[&str]) -> Cmd {
    servers::migrate(scratch, url, args).finding(Kind::Mysql)
}

/// Starts this very program again, on the other server.
#[test]
#[ignore = "needs MySQL from Debian's unstable suite"]
fn peers_every_test_on_mysql_itself() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--include-ignored", "--skip", "peers_every_test", "--skip", "peers_mysql"])
        .env(CHOICE, "mysql")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complains = servers::said(&output);
    assert!(output.status.success() && !said.contains("ok. 0 passed"), "{said}{complains}");
    println!("{said}");
}

#[test]
#[ignore = "needs MySQL from Debian's unstable suite"]
fn peers_mysql_takes_a_password_over_tls_and_the_socket_and_says_why_not_otherwise() {
    let server = &*MYSQL;
    let scratch = project(&[("1_t.sql", "CREATE TABLE t (a int PRIMARY KEY);")]);
    let escaped = PASSWORD.replace(' ', "%20").replace('\'', "%27").replace('@', "%40");
    let database = server.database();
    // The server remembers whoever has come in once; these have not.
    for (user, place, rest) in [
        ("plain", format!("127.0.0.1:{}", server.port()), "ssl-mode=DISABLED".to_owned()),
        ("tls", format!("127.0.0.1:{}", server.port()), "ssl-mode=REQUIRED".into()),
        ("preferred", format!("127.0.0.1:{}", server.port()), "ssl-mode=PREFERRED".into()),
        ("socket", "localhost".into(), format!("socket={}", server.socket().display())),
    ] {
        let made = format!("CREATE USER {user}@'%' IDENTIFIED BY '{}'", PASSWORD.replace('\'', "''"));
        server.sql("mysql", &format!("{made}; GRANT ALL ON *.* TO {user}@'%'"));
        let kind = format!("SELECT plugin FROM mysql.user WHERE user = '{user}'");
        assert_eq!(server.sql("mysql", &kind), "caching_sha2_password");
        let url = format!("mysql://{user}:{escaped}@{place}/{database}?{rest}");
        let run = migrate(&scratch, &url, &["up"]).secret(PASSWORD).run();
        if user == "plain" {
            let run = run.fails(3, "database-failed");
            assert!(run.stderr.contains("over TLS or a socket only"), "{}", run.stderr);
        } else {
            run.succeeds();
            migrate(&scratch, &url, &["backup"]).secret(PASSWORD).run().succeeds();
        }
    }
}

/// What `lint` says of these, and whether the server does them while others write, which its own words tell (`LOCK=NONE`).
#[test]
#[ignore = "needs MySQL from Debian's unstable suite"]
fn peers_mysql_locks_where_lint_says_so() {
    let server = &*MYSQL;
    let table = "CREATE TABLE u (a int PRIMARY KEY);\nCREATE TABLE t (id int PRIMARY KEY, a int, b varchar(20), c int NOT NULL DEFAULT 0, \
                 p point NOT NULL SRID 0, KEY k (c));\n";
    for (action, rule) in [
        ("ADD d int NOT NULL DEFAULT 1", None),
        ("ADD INDEX (a)", None),
        ("ADD UNIQUE (a)", None),
        ("ALTER c SET DEFAULT 3", None),
        ("RENAME INDEX k TO k2", None),
        ("ADD d int AS (a + 1) VIRTUAL", None),
        ("ADD INDEX ((a + 1))", Some("functional-index")),
        ("ADD FULLTEXT INDEX (b)", Some("fulltext-index")),
        ("ADD SPATIAL INDEX (p)", Some("fulltext-index")),
        ("ADD CHECK (a > 0)", Some("check-copies")),
        ("ADD d int CHECK (d > 0)", Some("check-copies")),
        ("ADD FOREIGN KEY (a) REFERENCES u (a)", Some("foreign-key-copies")),
        ("ADD d int REFERENCES u (a)", Some("foreign-key-copies")),
        ("ADD d int AS (a + 1) STORED", Some("table-copy")),
        ("ADD d int AUTO_INCREMENT UNIQUE", Some("table-copy")),
        ("DROP PRIMARY KEY", Some("table-copy")),
        ("CONVERT TO CHARACTER SET latin1", Some("table-copy")),
    ] {
        let statement = format!("ALTER TABLE t {action}");
        let scratch = project(&[("1_tables.sql", table), ("2_t.sql", &format!("{statement};\n"))]);
        let database = server.database();
        let lint =
            migrate(&scratch, &server.url(&database), &["lint", "--since", "1", "--format", "json"]).run();
        let found =
            lint.stdout.contains("\"locking\"").then(|| rule.is_some_and(|rule| lint.stdout.contains(rule)));
        assert_eq!(found, rule.map(|_| true), "{action}: {}", lint.stdout);
        server.sql(&database, table);
        let while_others_write = server.says(&database, &format!("{statement}, LOCK=NONE"));
        assert_eq!(while_others_write.is_err(), rule.is_some(), "{action}: {while_others_write:?}");
    }
}

#[test]
#[ignore = "needs MySQL from Debian's unstable suite"]
fn peers_mysql_plans_that_read_a_row_while_planning_name_their_index() {
    let server = &*MYSQL;
    let scratch =
        project(&[("1_t.sql", "CREATE TABLE t (a int PRIMARY KEY, b int);\nINSERT INTO t VALUES (1, 1);")]);
    scratch.file(
        "plans.toml",
        "[[query]]\nname = \"x\"\nsql = \"SELECT b FROM t WHERE a = 1\"\nuses-index = \"PRIMARY\"\n",
    );
    let url = server.url(&server.database());
    migrate(&scratch, &url, &["up", "--verify", "plans.toml"]).run().succeeds();
}
