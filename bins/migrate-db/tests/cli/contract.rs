//! Contract steps, judged by a real ledger.

use ::contract::Digest;
use ledger::{Directory, Draft, Event, Holder, Pinned, ReleaseId};
use testkit::Scratch;

use crate::{migrate, sql, two_steps};

/// The least that a configuration says.
const RELEASE: &str = r#"
[components.app]
image = "registry.example.com/app"

[environments.production]
target = { kind = "exec", command = ["true"], observe = ["true"] }
"#;

/// An environment with a database in use, a pending contract step, and these releases.
fn environment(directive: &str, releases: &[&str]) -> Scratch {
    let scratch = two_steps();
    migrate(&scratch, &["up"]).run().succeeds();
    scratch.file(
        "migrations/3_gone.sql",
        format!("-- migrate-db: phase=contract {directive}\nALTER TABLE notes DROP COLUMN pinned;\n"),
    );
    scratch.file("release.toml", RELEASE);
    for version in releases {
        runs(&scratch, version);
    }
    scratch
}

/// From now on this release runs.
fn runs(scratch: &Scratch, version: &str) {
    let production = "production".parse().unwrap();
    let holder = Holder {
        pid: std::process::id(),
        actor: "ada".into(),
        run_url: None,
        since: jiff::Timestamp::UNIX_EPOCH,
    };
    let held = Directory::new(scratch.join(".seaworthy")).lock_as(&production, &holder).unwrap();
    let image = "registry.example.com/app".parse().unwrap();
    let pinned = Pinned { image, digest: Digest::of(version.as_bytes()), tags: Vec::new() };
    let draft = Draft {
        time: jiff::Timestamp::UNIX_EPOCH,
        actor: "ada".into(),
        run_url: None,
        event: Event::Deployed,
        release: ReleaseId { version: version.parse().ok(), commit: None },
        components: [("app".parse().unwrap(), pinned)].into(),
        schema: None,
        gates: Vec::new(),
        overrides: Vec::new(),
        reason: None,
    };
    held.append(draft).unwrap();
}

const UP: [&str; 3] = ["up", "--environment", "production"];

#[test]
fn a_contract_step_waits_until_no_release_that_can_run_uses_what_goes() {
    let scratch = environment("unused-since=1.5.0", &["1.4.0"]);
    let early = migrate(&scratch, &UP).run().fails(1, "contract-too-early");
    assert!(early.stderr.contains("1.4.0 in production, which can still run"), "{}", early.stderr);
    runs(&scratch, "1.5.0");
    for command in ["plan", "up", "lint"] {
        migrate(&scratch, &[command, "--environment", "production"]).run().fails(1, "contract-too-early");
    }
    assert_eq!(sql(&scratch, "SELECT max(version) FROM migrate_db_history"), "2");
    runs(&scratch, "1.6.0");
    migrate(&scratch, &["lint", "--environment", "production"]).run().succeeds();
    migrate(&scratch, &UP).run().succeeds();
    assert_eq!(sql(&scratch, "SELECT max(version) FROM migrate_db_history"), "3");
}

#[test]
fn an_approval_lets_it_in_and_nothing_said_does_not() {
    let approved = environment("unused-since=1.5.0 approve=OPS-9", &["1.4.0"]);
    migrate(&approved, &[&UP[..], &["--predicate", "p.json"]].concat()).run().succeeds();
    assert!(approved.read("p.json").contains("OPS-9"));
    let silent = environment("", &["9.0.0"]);
    migrate(&silent, &UP).run().fails(1, "contract-unsaid");
    // Without an environment nobody can look, and the file's word counts as before.
    migrate(&silent, &["up"]).run().succeeds();
}

#[test]
fn a_ledger_that_knows_nothing_or_was_changed_lets_nothing_in() {
    let scratch = environment("unused-since=1.5.0", &[]);
    let run = migrate(&scratch, &UP).run().fails(1, "contract-too-early");
    assert!(run.stderr.contains("no release that the ledger knows"), "{}", run.stderr);
    migrate(&scratch, &["up"]).run().fails(2, "contract-unjudged");
    migrate(&scratch, &[&UP[..], &["--config", "absent.toml"]].concat()).run().fails(2, "file-missing");
    runs(&scratch, "1.6.0");
    let file = ".seaworthy/ledger/production.jsonl";
    scratch.file(file, scratch.read(file).replace("1.6.0", "1.7.0"));
    migrate(&scratch, &UP).run().fails(1, "ledger-broken");
    migrate(&scratch, &UP).on_runner().run().fails(2, "ledger-not-persistent");
}

#[test]
fn a_rehearsal_refuses_what_up_would_or_says_that_nobody_was_asked() {
    let scratch = environment("unused-since=1.5.0", &["1.4.0"]);
    migrate(&scratch, &["backup"]).run().succeeds();
    let rehearse = ["rehearse", "--environment", "production"];
    migrate(&scratch, &rehearse).run().fails(1, "contract-too-early");
    let unasked = migrate(&scratch, &["rehearse"]).run().succeeds();
    assert!(
        unasked.stdout.contains("the ledger was not asked whether the contract steps may run yet: 3;"),
        "{}",
        unasked.stdout
    );
    let unasked = migrate(&scratch, &["rehearse", "--format", "json"]).run().succeeds().json();
    assert_eq!(unasked["result"]["contractsNotJudged"], serde_json::json!(["3"]));
    runs(&scratch, "1.5.0");
    runs(&scratch, "1.6.0");
    let asked = migrate(&scratch, &rehearse).run().succeeds();
    assert!(!asked.stdout.contains("ledger"), "{}", asked.stdout);
    assert_eq!(sql(&scratch, "SELECT max(version) FROM migrate_db_history"), "2");
}
