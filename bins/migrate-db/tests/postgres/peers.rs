//! The tools themselves on PostgreSQL and SQLite: one half with them, one half with us, and back.

use crate::{
    cluster::{Cluster, PASSWORD, SHARED},
    halves::{PEERS, SLOW_PEERS, begun_by_us, flyway_and_we_give_one_value, half_and_half, said},
    migrate, place,
    tools::Wish,
};

/// The address as these tools read it.
fn over_tcp(cluster: &Cluster, database: &str) -> String {
    let password = PASSWORD.replace(' ', "%20").replace('\'', "%27").replace('@', "%40");
    format!("postgres://postgres:{password}@127.0.0.1:{}/{database}?sslmode=disable", cluster.port())
}

#[test]
fn half_with_the_tool_and_half_with_us_on_postgresql() {
    for peer in &PEERS {
        let (scratch, cluster, database, url) = place(&[]);
        half_and_half(peer, &scratch, &url, &over_tcp(cluster, &database));
    }
}

#[test]
fn half_with_the_tool_and_half_with_us_on_sqlite() {
    for peer in &PEERS {
        let (scratch, ..) = place(&[]);
        let theirs = if peer.layout == "golang-migrate" { "sqlite://app.db" } else { "sqlite:app.db" };
        half_and_half(peer, &scratch, "sqlite:app.db", theirs);
    }
}

#[test]
fn what_we_begin_the_tool_goes_on_with() {
    for peer in &PEERS {
        let (scratch, cluster, database, url) = place(&[]);
        let theirs = over_tcp(cluster, &database);
        begun_by_us(peer, &scratch, &url, &theirs);
    }
}

#[test]
fn golang_migrate_waits_for_us() {
    let peer = &PEERS[0];
    let (scratch, cluster, database, url) = place(&[]);
    peer.tool().add(
        &scratch,
        1,
        "CREATE TABLE t1 (a int); SELECT pg_sleep(4);",
        "DROP TABLE t1;",
        Wish::Transaction,
    );
    std::thread::scope(|scope| {
        let ours = scope.spawn(|| migrate(&scratch, &url, &["up", "--layout", peer.layout]).run().succeeds());
        SHARED.wait_for(&database, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep%')");
        // Without our lock it would not wait, and would fail on the table that is there by then.
        let output = peer.run(&scratch, (peer.up)(&over_tcp(cluster, &database), "migrations"));
        assert!(output.status.success() && said(&output).contains("no change"), "{}", said(&output));
        ours.join().unwrap();
    });
}

#[test]
fn what_golang_migrate_is_just_doing_is_waited_for_and_not_called_half_done() {
    let peer = &PEERS[0];
    let (scratch, cluster, database, url) = place(&[]);
    let slow = "CREATE TABLE t1 (a int); SELECT pg_sleep(5);";
    peer.tool().add(&scratch, 1, slow, "DROP TABLE t1;", Wish::Transaction);
    std::thread::scope(|scope| {
        let theirs =
            scope.spawn(|| peer.run(&scratch, (peer.up)(&over_tcp(cluster, &database), "migrations")));
        SHARED.wait_for(&database, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep(5)%' AND pid <> pg_backend_pid())");
        let up = |patience: &str| {
            migrate(&scratch, &url, &["up", "--layout", peer.layout, "--lock-timeout", patience]).run()
        };
        let run = up("300ms").fails(3, "database-locked");
        assert!(run.stderr.contains("of role postgres"), "{}", run.stderr);
        let run = up("60s").succeeds();
        assert!(run.stdout.contains("nothing to change"), "{}", run.stdout);
        let output = theirs.join().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    });
    // What nobody is doing any more is.
    cluster.sql(&database, "UPDATE schema_migrations SET dirty = true");
    migrate(&scratch, &url, &["up", "--layout", peer.layout]).run().fails(1, "migration-half-done");
}

#[test]
#[ignore = "needs Flyway from Maven"]
fn peers_half_with_flyway_and_half_with_us() {
    let (scratch, cluster, database, url) = place(&[]);
    let theirs = over_tcp(cluster, &database);
    half_and_half(&SLOW_PEERS[0], &scratch, &url, &theirs);
    flyway_and_we_give_one_value(&scratch, &url, &theirs);
}

#[test]
#[ignore = "needs sqlx-cli"]
fn peers_half_with_sqlx_and_half_with_us() {
    let (scratch, cluster, database, url) = place(&[]);
    half_and_half(&SLOW_PEERS[1], &scratch, &url, &over_tcp(cluster, &database));
    let (scratch, ..) = place(&[]);
    scratch.file("app.db", "");
    half_and_half(&SLOW_PEERS[1], &scratch, "sqlite:app.db", "sqlite:app.db");
}
