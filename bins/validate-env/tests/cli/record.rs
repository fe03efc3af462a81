//! release.json: written when an environment passed, never otherwise, and whole whenever the run is killed.

use testkit::{Cmd, Scratch, crash};

use crate::{SECRET, service, validate_env};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn check() -> (Scratch, Cmd) {
    let scratch = service(&format!("APP_ENV=staging\nSESSION_SECRET={SECRET}\n"));
    let command = validate_env(&scratch, &["check", "--environment", "staging", "--env-file", "staging.env"])
        .env("GITHUB_SHA", COMMIT)
        .env("SEAWORTHY_CLOCK", "1767225600");
    (scratch, command)
}

#[test]
fn a_passed_check_is_recorded_and_what_others_wrote_stays() {
    let (scratch, command) = check();
    scratch.file(
        "release.json",
        format!(r#"{{"schemaVersion": 1, "commit": "{COMMIT}", "x": 1, "environments": {{"staging": {{"y": 2}}}}}}"#),
    );
    command.run().succeeds();
    insta::assert_snapshot!(scratch.read("release.json"), @r#"
    {
      "schemaVersion": 1,
      "commit": "0123456789abcdef0123456789abcdef01234567",
      "components": {},
      "environments": {
        "staging": {
          "configuration": {
            "schema": "sha256:4c096367a73728cdf3aed4178e5a6e557c5450f99015ba11bb3ec282f94fa2db",
            "variables": 3,
            "checkedOn": "2026-01-01T00:00:00Z"
          },
          "y": 2
        }
      },
      "x": 1
    }
    "#);
    let before = scratch.bytes("release.json");
    command.run().succeeds();
    assert_eq!(scratch.bytes("release.json"), before);
}

#[test]
fn nothing_is_recorded_without_an_environment_in_a_dry_run_or_of_a_refusal() {
    let (scratch, command) = check();
    command.clone().arg("--dry-run").run().succeeds();
    validate_env(&scratch, &["--env-file", "staging.env"]).run().succeeds();
    command.clone().env("PORT", "x").arg("--with-process-env").run().fails(1, "environment-invalid");
    assert!(!scratch.has("release.json"));
}

#[test]
fn a_record_of_another_commit_is_refused_and_left_alone() {
    let (scratch, command) = check();
    let other = format!(r#"{{"schemaVersion": 1, "commit": "{}"}}"#, COMMIT.replace('0', "f"));
    scratch.file("release.json", &other);
    command.run().fails(2, "release-file-other-commit");
    assert_eq!(scratch.read("release.json"), other);
}

#[test]
fn killed_at_any_write_it_converges() {
    let report = crash::at_every_write(check, |wreck| {
        if wreck.has("release.json") {
            assert!(wreck.read("release.json").ends_with("}\n"));
        }
    });
    assert!(report.killed > 0, "{report}");
}
