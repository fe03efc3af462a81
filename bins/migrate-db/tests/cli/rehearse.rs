//! The change before it is made: on what the newest backup gives back, and never on the database.

use testkit::crash::Crash;

use crate::{dump, migrate, project, sql, two_steps};

#[test]
fn a_rehearsal_restores_changes_asks_and_leaves_nothing() {
    let scratch = two_steps();
    migrate(&scratch, &["up", "--to", "1"]).run().succeeds();
    migrate(&scratch, &["rehearse"]).run().fails(1, "backup-missing");
    migrate(&scratch, &["backup"]).run().succeeds();
    scratch
        .file("q.toml", "[[query]]\nname = 'pinned'\nsql = 'SELECT count(pinned) FROM notes'\nequals = 0\n");
    let before = scratch.tree(&[]);
    let later = |command: testkit::Cmd| command.env("SEAWORTHY_CLOCK", "1700003600");
    let run =
        later(migrate(&scratch, &["rehearse", "--verify", "q.toml", "--format", "json"])).run().succeeds();
    assert!(before.difference(&scratch.tree(&[])).is_empty());
    let result = &run.json()["result"];
    assert_eq!(
        (&result["before"], &result["after"], &result["rpoSeconds"]),
        (&"1".into(), &"2".into(), &3600.into())
    );
    assert_eq!(result["queries"][0]["holds"], true);
    scratch.file("migrations/2_pinned.sql", "INSERT INTO nothing VALUES (1);");
    later(migrate(&scratch, &["rehearse"])).run().fails(1, "migration-failed");
    assert_eq!(sql(&scratch, "SELECT count(*) FROM migrate_db_history"), "1");
    assert_eq!(scratch.tree(&[]).to_string().matches("rehearsal").count(), 0);
}

#[test]
fn a_backup_that_is_older_than_it_may_be_is_said() {
    let scratch = two_steps();
    migrate(&scratch, &["up"]).run().succeeds();
    migrate(&scratch, &["status", "--max-backup-age", "24h"]).run().fails(1, "backup-missing");
    migrate(&scratch, &["backup"]).run().succeeds();
    migrate(&scratch, &["status", "--max-backup-age", "24h"]).run().succeeds();
    let later =
        migrate(&scratch, &["status", "--max-backup-age", "24h"]).env("SEAWORTHY_CLOCK", "1700090000");
    later.run().fails(1, "backup-too-old");
}

#[test]
fn what_only_has_a_backup_s_name_does_not_count_as_one() {
    let scratch = two_steps();
    migrate(&scratch, &["up"]).run().succeeds();
    migrate(&scratch, &["backup"]).run().succeeds();
    let name = |time: &str| format!(".seaworthy/backups/app.db-2-{time}.sqlite");
    let whole = scratch.bytes(&name("20231114T221320Z")).unwrap();
    scratch.file(&name("20231114T221321Z"), "");
    scratch.file(&name("20231114T221322Z"), &whole[..whole.len() / 2]);
    scratch.file(&name("20991114T221320Z"), &whole[..]);
    let status =
        || migrate(&scratch, &["status", "--max-backup-age", "1h"]).env("SEAWORTHY_CLOCK", "1700000060");
    let run = status().run().succeeds();
    let said = |what: &str, time: &str, why: &str| {
        let line = run.stdout.lines().find(|line| line.starts_with(what) && line.contains(time));
        assert!(line.is_some_and(|line| line.contains(why)), "{time}: {}", run.stdout);
    };
    said("newest backup: ", "20231114T221320Z", "1m old, read to its end");
    said("no backup: ", "20231114T221321Z", "the file is empty");
    said("no backup: ", "20231114T221322Z", "malformed");
    said("no backup: ", "20991114T221320Z", "a time to come");
    std::fs::remove_file(scratch.join(&name("20231114T221320Z"))).unwrap();
    status().run().fails(1, "backup-missing");
}

#[test]
fn only_as_many_backups_stay_as_were_asked_for() {
    let scratch = two_steps();
    migrate(&scratch, &["up", "--to", "1"]).run().succeeds();
    let at = |second: &str| {
        migrate(&scratch, &["backup", "--keep", "2"]).env("SEAWORTHY_CLOCK", second).run().succeeds()
    };
    scratch.file(".seaworthy/backups/other.db-1-20200101T000000Z.sqlite", "a stranger's");
    for second in ["1700000000", "1700000001", "1700000002"] {
        at(second);
    }
    assert!(at("1700000003").stdout.contains("1 older removed"));
    let left = scratch.tree(&["app.db*", "migrations"]).to_string();
    assert_eq!((left.matches("app.db-1-").count(), left.matches("other.db").count()), (2, 1), "{left}");
    migrate(&scratch, &["backup", "--keep", "0"]).run().exits(2);
}

#[test]
fn a_rehearsal_killed_at_any_write_leaves_the_database_and_the_next_one_nothing() {
    let make = || {
        let scratch = project(&[("1_notes.sql", crate::NOTES), ("2_pinned.sql", crate::PINNED)]);
        migrate(&scratch, &["up", "--to", "1"]).run().succeeds();
        migrate(&scratch, &["backup"]).run().succeeds();
        let command = migrate(&scratch, &["rehearse"]);
        (scratch, command)
    };
    let whole = |scratch: &testkit::Scratch| {
        assert_eq!(sql(scratch, "SELECT count(*) FROM migrate_db_history"), "1");
    };
    // How long a step took stands in the backup, so two of them differ in their bytes.
    let same = |goal: &testkit::Scratch, reached: &testkit::Scratch| {
        assert_eq!(dump(goal, "app.db"), dump(reached, "app.db"));
        assert_eq!(reached.tree(&[]).to_string().matches("rehearsal").count(), 0);
    };
    Crash::of(make).wreck(whole).same(same).except(&["app.db*", ".seaworthy"]).at_most(12).run();
}
