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
    // An index that was built or dropped outside of a transaction, and not recorded, only people can tell from one of theirs.
    let has_index = is(database, "to_regclass('posts_member') IS NOT NULL");
    let told = match (version.as_str(), has_index) {
        ("b07f3312c9de", true) => "DROP INDEX posts_member",
        ("c4419ed8f6a2", false) => "CREATE INDEX posts_member ON posts (member_id)",
        _ => return,
    };
    SHARED.sql(database, told);
}

#[test]
fn alembic_killed_anywhere_converges() {
    killed(ALEMBIC, (&[], &["up"]), one_revision, |database| SHARED.dump(database));
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
