//! The tools themselves on MariaDB: one half with them, one half with us, and back.

use crate::{
    halves::{PEERS, Peer, SLOW_PEERS, begun_by_us, flyway_and_we_give_one_value, half_and_half, said},
    migrate, place,
    server::{PASSWORD, Server},
    tools::Wish,
};

/// The address as these tools read it.
fn over_tcp(peer: &Peer, server: &Server, database: &str) -> String {
    let escaped = PASSWORD.replace(' ', "%20").replace('\'', "%27").replace('@', "%40");
    let port = server.port();
    match peer.layout {
        "goose" => format!("app:{PASSWORD}@tcp(127.0.0.1:{port})/{database}?parseTime=true"),
        "golang-migrate" => format!("mysql://app:{escaped}@tcp(127.0.0.1:{port})/{database}"),
        _ => format!("mysql://app:{escaped}@127.0.0.1:{port}/{database}"),
    }
}

#[test]
fn half_with_the_tool_and_half_with_us_on_mariadb() {
    for peer in &PEERS {
        let (scratch, server, database, url) = place(&[]);
        half_and_half(peer, &scratch, &url, &over_tcp(peer, server, &database));
    }
}

#[test]
fn what_we_begin_the_tool_goes_on_with() {
    for peer in &PEERS {
        let (scratch, server, database, url) = place(&[]);
        let theirs = over_tcp(peer, server, &database);
        begun_by_us(peer, &scratch, &url, &theirs);
    }
}

#[test]
fn golang_migrate_waits_for_us() {
    let peer = &PEERS[0];
    let (scratch, server, database, url) = place(&[]);
    peer.tool().add(
        &scratch,
        1,
        "CREATE TABLE t1 (a int); INSERT INTO t1 SELECT sleep(4);",
        "DROP TABLE t1;",
        Wish::Transaction,
    );
    std::thread::scope(|scope| {
        let ours = scope.spawn(|| migrate(&scratch, &url, &["up", "--layout", peer.layout]).run().succeeds());
        server.wait_for(
            &database,
            "SELECT count(*) > 0 FROM information_schema.processlist WHERE state = 'User sleep' AND db = database()",
        );
        // Without our lock it would not wait, and would say that the version is dirty.
        let output = peer.run(&scratch, (peer.up)(&over_tcp(peer, server, &database), "migrations"));
        assert!(output.status.success() && said(&output).contains("no change"), "{}", said(&output));
        ours.join().unwrap();
    });
}

#[test]
fn a_tool_that_is_at_work_holds_its_lock_and_we_wait() {
    let peer = &PEERS[0];
    let (scratch, server, database, url) = place(&[]);
    peer.tool().add(
        &scratch,
        1,
        "CREATE TABLE t1 AS SELECT sleep(3) AS a;",
        "DROP TABLE t1;",
        Wish::Transaction,
    );
    std::thread::scope(|scope| {
        let theirs = scope.spawn(|| peer.up(&scratch, &over_tcp(peer, server, &database)));
        server.wait_for(
            &database,
            "SELECT count(*) > 0 FROM information_schema.processlist WHERE state = 'User sleep' AND db = database()",
        );
        let run = migrate(
            &scratch,
            &url,
            &["repair", "--not-applied", "1", "--layout", peer.layout, "--lock-timeout", "200ms"],
        )
        .run()
        .fails(3, "database-locked");
        assert!(run.stderr.contains("of user app"), "{}", run.stderr);
        theirs.join().unwrap();
    });
    migrate(&scratch, &url, &["status", "--require-current"]).run().succeeds();
}

#[test]
#[ignore = "needs Flyway from Maven"]
fn peers_half_with_flyway_and_half_with_us() {
    let (scratch, server, database, url) = place(&[]);
    let theirs = over_tcp(&SLOW_PEERS[0], server, &database);
    half_and_half(&SLOW_PEERS[0], &scratch, &url, &theirs);
    flyway_and_we_give_one_value(&scratch, &theirs, &theirs);
}

#[test]
#[ignore = "needs sqlx-cli"]
fn peers_half_with_sqlx_and_half_with_us() {
    let (scratch, server, database, url) = place(&[]);
    half_and_half(&SLOW_PEERS[1], &scratch, &url, &over_tcp(&SLOW_PEERS[1], server, &database));
}
