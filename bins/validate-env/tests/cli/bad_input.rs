//! Wrong input: a code, a line, status 2, nothing written.

use std::{ffi::OsString, path::Path};

use testkit::{
    Scratch,
    bad_input::{self, BadFile},
};

use crate::{BIN, SCHEMA, service, validate_env};

fn args(schema: &Path, env_file: &Path) -> Vec<OsString> {
    vec!["check".into(), "--schema".into(), schema.into(), "--env-file".into(), env_file.into()]
}

#[test]
fn every_wrong_call_is_refused() {
    let scratch = service("");
    let schema = scratch.join(".env.schema").display().to_string();
    bad_input::check_cli(BIN, &["check", "--schema", &schema]);
}

#[test]
fn every_bad_schema_is_refused() {
    let scratch = service("");
    bad_input::files(BIN, |bad| args(bad, &scratch.join("staging.env")));
}

#[test]
fn every_bad_env_file_is_refused() {
    let scratch = service("");
    // An env file without a line is one: what it lacks is a matter of the schema.
    bad_input::files_except(BIN, &[BadFile::Empty], |bad| args(&scratch.join(".env.schema"), bad));
}

#[test]
fn a_flaw_of_the_schema_is_told_with_its_line() {
    let scratch = Scratch::new();
    scratch.file(".env.schema", SCHEMA.replace("minLength", "minLenght"));
    insta::assert_snapshot!(validate_env(&scratch, &["check"]).run().fails(2, "schema-invalid").transcript(), @r"
    $ validate-env check
    status: 2
    ── stderr
    error[schema-invalid]: .env.schema is no schema, at line 9
      why: the option `minLenght` is not known
      fix: did you mean `minLength`?
      see: docs/failures.md#schema-invalid
    ");
}

#[test]
fn a_schema_without_a_variable_is_no_pass() {
    let scratch = Scratch::new();
    scratch.file(".env.schema", "# @defaultRequired=true\n# ---\n# SECRET=\n");
    validate_env(&scratch, &["check"]).run().fails(2, "schema-empty");
}

#[test]
fn an_environment_that_nobody_names_is_asked_for() {
    let scratch = Scratch::new();
    scratch.file(".env.schema", "# @required=forEnv(production)\nA=\n");
    let run = validate_env(&scratch, &["check"]).run().fails(2, "environment-unnamed");
    assert!(run.failure().fix.contains("--environment"), "{}", run.transcript());
    validate_env(&scratch, &["check", "--environment", "Production!"]).run().fails(2, "input-invalid");
}

#[test]
fn a_variable_of_the_schema_that_is_not_utf8_is_refused_and_another_is_not() {
    let scratch = service("");
    scratch.file(".env.schema", "# @public @optional\nA=\n");
    validate_env(&scratch, &["check"]).env_bytes("A", b"\xff").run().fails(2, "variable-not-utf8");
    validate_env(&scratch, &["check"]).env_bytes("B", b"\xff").run().succeeds();
}
