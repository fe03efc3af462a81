//! The workflows that a team copies from the quickstart, word for word: two releases into production, and one of them taken back.

use testkit::leak;

use crate::act::Log;
use crate::chain::gives;
use crate::stage::{PASSWORD, Stage};

#[test]
fn the_workflows_of_the_quickstart_release_twice_and_take_back_once() {
    let stage = Stage::of_a_team();
    release(&stage, 1, "1.0.0", &[("schema-version", "1"), ("ledger-sequence", "2")]);
    let previous = [("previous-version", "1.0.0"), ("backup", "/…")];
    release(
        &stage,
        2,
        "1.1.0",
        &[&[("schema-version", "2"), ("ledger-sequence", "4")], &previous[..]].concat(),
    );

    let dispatch =
        ["workflow_dispatch", "--input", "environment=production", "--input", "reason=a \"drill\" $(id)"];
    let log = Log::of(&stage, "rollback.yml", &dispatch);
    gives(
        &log,
        "rollback",
        &[
            ("restored-version", "1.0.0"),
            ("restored-digests", "notes=sha256:…"),
            ("restored-images", "oci:registry/production/notes@sha256:…"),
            ("database-decision", "keep"),
            ("incident", ".seaworthy/incidents/…"),
            ("postmortem", "2…"),
            ("ledger-sequence", "6"),
            ("ledger-head", "sha256:…"),
        ],
    );
    gives(&log, "test", &[("result", "PASSED"), ("passed", "9"), ("failed", "0"), ("predicate", "/…")]);
    let incident = stage.team.read(log.outputs("rollback")["incident"]);
    assert!(incident.contains(r#"a "drill" $(id)"#), "{incident}");
}

/// Commits a version, pushes its tag, and looks at what both environments say.
fn release(stage: &Stage, number: u8, version: &str, more: &[(&str, &str)]) {
    stage.commit(number, version);
    let event = stage.outside.file("event.json", format!(r#"{{"ref":"refs/tags/v{version}"}}"#));
    let log = Log::of(stage, "release.yml", &["push", "--eventpath", &event.display().to_string()]);
    let everywhere = [
        ("problems", "0"),
        ("verdict", "passed"),
        ("version", version),
        ("result", "PASSED"),
        ("rolled-back", "false"),
        ("ledger-head", "sha256:…"),
    ];
    for environment in ["staging", "production"] {
        gives(&log, environment, &[&everywhere[..], more].concat());
    }
    assert_eq!(leak::find(PASSWORD, log.text()), None, "a secret is in the log");
}
