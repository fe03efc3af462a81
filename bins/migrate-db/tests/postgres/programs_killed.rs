//! Alembic and Django killed, or migrate-db around them, at whatever either writes: the next run ends where an undisturbed one ends.

use std::{cell::RefCell, collections::BTreeMap, path::PathBuf};

use testkit::{Scratch, crash::Crash};

use crate::{
    cluster::SHARED,
    programs::{ours, over_tcp, project},
};

/// Nobody is connected to this database: what a killed run has started has ended, too.
const QUIET: &str = "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// Python starts some times in each run, and takes seconds under strace.
const POINTS_MAX: usize = 5;

/// Which databases belong to which directories.
type Databases = RefCell<BTreeMap<PathBuf, String>>;

/// Kills a command in a project, or its tool, everywhere; `before` is done undisturbed, `whole` looks at each wreck, `state` is what must
/// come out the same.
fn killed(
    (tool, scheme): (&str, &str),
    (before, command): (&[&[&str]], &[&str]),
    whole: impl Fn(&str),
    state: impl Fn(&str) -> String,
) {
    let databases = Databases::default();
    let of = |scratch: &Scratch| databases.borrow()[scratch.path()].clone();
    let make = || {
        let scratch = project(tool);
        let database = SHARED.database();
        let url = over_tcp(&SHARED, &database, scheme);
        for undisturbed in before {
            ours(&scratch, tool, &url, undisturbed).run().succeeds();
        }
        let command = ours(&scratch, tool, &url, &[command, &["--lock-timeout", "30s"]].concat());
        databases.borrow_mut().insert(scratch.path().to_owned(), database);
        (scratch, command)
    };
    let wreck = |scratch: &Scratch| {
        SHARED.wait_for(&of(scratch), QUIET);
        whole(&of(scratch));
    };
    let same = |goal: &Scratch, reached: &Scratch| assert_eq!(state(&of(goal)), state(&of(reached)));
    let report = Crash::of(make).wreck(wreck).same(same).except(&[".seaworthy"]).at_most(POINTS_MAX).run();
    assert!(report.killed >= POINTS_MAX - 1, "{report}");
}

fn is(database: &str, question: &str) -> bool {
    SHARED.sql(database, &format!("SELECT {question}")) == "t"
}

const ALEMBIC: (&str, &str) = ("alembic", "postgresql+psycopg");

/// What the tables say is what Alembic's history says.
fn one_revision(database: &str) {
    let has_history = is(database, "to_regclass('alembic_version') IS NOT NULL");
    let version = if has_history {
        SHARED.sql(database, "SELECT coalesce(max(version_num), '') FROM alembic_version")
    } else {
        String::new()
    };
    assert_eq!(is(database, "to_regclass('members') IS NOT NULL"), !version.is_empty(), "{version}");
    let is_last = version == "d90a57be1f08";
    let full_name = "EXISTS (SELECT FROM pg_attribute WHERE attname = 'full_name' AND NOT attisdropped)";
    assert!(version.is_empty() || is(database, full_name) != is_last, "{version}");
}

#[test]
fn alembic_killed_anywhere_converges() {
    killed(ALEMBIC, (&[], &["up"]), one_revision, |database| SHARED.dump(database));
}

/// The revision is not in Alembic's history, which would build the index again and fail: once for a run that was killed, and for ever for whoever
/// made it by hand.
#[test]
fn an_index_is_built_again_if_a_killed_run_of_alembic_built_it_and_kept_if_somebody_else_did() {
    let scratch = project("alembic");
    let database = SHARED.database();
    let url = over_tcp(&SHARED, &database, ALEMBIC.1);
    let up = || ours(&scratch, "alembic", &url, &["up"]).run();
    ours(&scratch, "alembic", &url, &["up", "--to", "b07f3312c9de"]).run().succeeds();
    let number = "SELECT 'posts_member'::regclass::oid";
    SHARED.sql(&database, "CREATE INDEX posts_member ON posts (member_id)");
    let by_hand = SHARED.sql(&database, number);
    for _ in 0..2 {
        let run = up().fails(1, "tool-failed");
        assert!(run.stderr.contains(r#"relation "posts_member" already exists"#), "{}", run.stderr);
        assert_eq!(SHARED.sql(&database, number), by_hand);
    }
    let killed = "CREATE TABLE migrate_db_progress (layout VARCHAR(30), version VARCHAR(255), checksum VARCHAR(100), done INTEGER, \
                  done_checksum VARCHAR(100), begun INTEGER, trace VARCHAR(100), way VARCHAR(10)); \
                  INSERT INTO migrate_db_progress VALUES ('alembic', 'VERSION', '', 0, '', 0, NULL, 'up')";
    SHARED.sql(&database, &killed.replace("VERSION", "b07f3312c9de"));
    up().fails(1, "tool-failed");
    assert_eq!(SHARED.sql(&database, number), by_hand, "the killed run did not lead there");
    SHARED.sql(&database, "UPDATE migrate_db_progress SET version = 'd90a57be1f08'");
    let is_marked = "SELECT to_regclass('migrate_db_progress') IS NOT NULL";
    up().succeeds();
    assert_ne!(SHARED.sql(&database, number), by_hand);
    assert_eq!(SHARED.sql(&database, is_marked), "f");
    // Killed behind its last step.
    SHARED.sql(&database, &killed.replace("VERSION", "d90a57be1f08"));
    let run = up().succeeds();
    assert!(run.stdout.contains("nothing to change"), "{}", run.stdout);
    assert_eq!(SHARED.sql(&database, is_marked), "f");
}

#[test]
fn alembic_killed_anywhere_on_the_way_back_converges() {
    let back = ["down", "--to", "0"];
    killed(ALEMBIC, (&[&["up"]], &back), one_revision, |database| SHARED.dump(database));
}

#[test]
fn django_killed_anywhere_converges() {
    let whole = |database: &str| {
        let has_history = is(database, "to_regclass('django_migrations') IS NOT NULL");
        let applied = has_history
            && is(
                database,
                "EXISTS (SELECT FROM django_migrations WHERE app = 'shop' AND name = '0001_initial')",
            );
        assert_eq!(is(database, "to_regclass('shop_order') IS NOT NULL"), applied);
    };
    // When and in which order something was applied, nobody compares.
    let rows = "SELECT string_agg(app || '.' || name, ',' ORDER BY app, name) FROM django_migrations";
    let state = |database: &str| format!("{}{}", SHARED.dump_of_schema(database), SHARED.sql(database, rows));
    killed(("django", "postgres"), (&[], &["up"]), whole, state);
}
