//! Transcripts: what a person and a runner are told.

use crate::{SCHEMA, SECRET, service, validate_env};
use testkit::Scratch;

/// Each line with a mistake of its own.
const WRONG: &str = "APP_ENV=stagin\nPORT=http\nSESSION_SECRET=too-short-a-secret\nSESION_SECRET=x\n";

#[test]
fn a_good_environment_is_one_sentence() {
    let scratch = service(&format!("APP_ENV=staging\nSESSION_SECRET={SECRET}\n"));
    let run = validate_env(&scratch, &["check", "--environment", "staging", "--env-file", "staging.env"])
        .on_runner()
        .secret(SECRET)
        .run();
    insta::assert_snapshot!(run.succeeds().transcript(), @r"
    $ validate-env check --environment staging --env-file staging.env
    status: 0
    ── stdout
    staging: 3 variables are as .env.schema wants them
    ── stderr
    ::add-mask::Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5LXN0YXBsZS0wMTIzNDU2Nzg5
    ::add-mask::b3JyZWN0LWhvcnNlLWJhdHRlcnktc3RhcGxlLTAxMjM0NTY3
    ::add-mask::cnJlY3QtaG9yc2UtYmF0dGVyeS1zdGFwbGUtMDEyMzQ1Njc4
    ::add-mask::correct%252Dhorse%252Dbattery%252Dstaple%252D0123456789
    ::add-mask::correct%252dhorse%252dbattery%252dstaple%252d0123456789
    ::add-mask::correct-horse-battery-staple-0123456789
    ── outputs
    problems: 0
    schema-digest: sha256:4c096367a73728cdf3aed4178e5a6e557c5450f99015ba11bb3ec282f94fa2db
    variables: 3
    ── summary
    staging: 3 variables are as .env.schema wants them
    ");
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let scratch = service(WRONG);
    let run = validate_env(&scratch, &["--env-file", "staging.env"]).run();
    insta::assert_snapshot!(run.fails(1, "environment-invalid").transcript(), @r"
    $ validate-env --env-file staging.env
    status: 1
    ── stdout
    stagin: 3 of 3 variables are not as .env.schema wants them
      variable        problem                                        where
      APP_ENV         is none of dev, staging, production: `stagin`  staging.env:1
      PORT            is no port number from 1 to 65535: `http`      staging.env:2
      SESSION_SECRET  is shorter than 32 characters                  staging.env:3
      variable       to look at                                      where
      SESION_SECRET  is not in the schema; is SESSION_SECRET meant?  staging.env:4
    ── stderr
    error[environment-invalid]: stagin: 3 of 3 variables are not as .env.schema wants them
      fix: set them as the list says, and run it again before anything is deployed
      see: docs/failures.md#environment-invalid
    ");
}

#[test]
fn a_runner_is_told_with_file_and_line() {
    let scratch = service(WRONG);
    let run =
        validate_env(&scratch, &["--env-file", "staging.env"]).on_runner().secret("too-short-a-secret").run();
    insta::assert_snapshot!(run.fails(1, "environment-invalid").transcript(), @r"
    $ validate-env --env-file staging.env
    status: 1
    ── stdout
    stagin: 3 of 3 variables are not as .env.schema wants them
      variable        problem                                        where
      APP_ENV         is none of dev, staging, production: `stagin`  staging.env:1
      PORT            is no port number from 1 to 65535: `http`      staging.env:2
      SESSION_SECRET  is shorter than 32 characters                  staging.env:3
      variable       to look at                                      where
      SESION_SECRET  is not in the schema; is SESSION_SECRET meant?  staging.env:4
    ── stderr
    ::add-mask::b28tc2hvcnQtYS1zZWNy
    ::add-mask::by1zaG9ydC1hLXNlY3Jl
    ::add-mask::dG9vLXNob3J0LWEtc2VjcmV0
    ::add-mask::too%252Dshort%252Da%252Dsecret
    ::add-mask::too%252dshort%252da%252dsecret
    ::add-mask::too-short-a-secret
    ::error file=staging.env,line=1,title=APP_ENV::APP_ENV is none of dev, staging, production: `stagin`
    ::error file=staging.env,line=2,title=PORT::PORT is no port number from 1 to 65535: `http`
    ::error file=staging.env,line=3,title=SESSION_SECRET::SESSION_SECRET is shorter than 32 characters
    ::error title=environment-invalid::stagin: 3 of 3 variables are not as .env.schema wants them%0Afix: set them as the list says, and run it again before anything is deployed
    ::warning file=staging.env,line=4,title=SESION_SECRET::SESION_SECRET is not in the schema; is SESSION_SECRET meant?
    error[environment-invalid]: stagin: 3 of 3 variables are not as .env.schema wants them
      fix: set them as the list says, and run it again before anything is deployed
      see: docs/failures.md#environment-invalid
    ── outputs
    problems: 3
    schema-digest: sha256:4c096367a73728cdf3aed4178e5a6e557c5450f99015ba11bb3ec282f94fa2db
    variables: 3
    ── summary
    stagin: 3 of 3 variables are not as .env.schema wants them

    | variable | problem | where |
    | --- | --- | --- |
    | APP\_ENV | is none of dev, staging, production: \`stagin\` | staging.env:1 |
    | PORT | is no port number from 1 to 65535: \`http\` | staging.env:2 |
    | SESSION\_SECRET | is shorter than 32 characters | staging.env:3 |

    | variable | to look at | where |
    | --- | --- | --- |
    | SESION\_SECRET | is not in the schema; is SESSION\_SECRET meant? | staging.env:4 |

    ── annotations
    error file=staging.env line=1 title=APP_ENV: APP_ENV is none of dev, staging, production: `stagin`
    error file=staging.env line=2 title=PORT: PORT is no port number from 1 to 65535: `http`
    error file=staging.env line=3 title=SESSION_SECRET: SESSION_SECRET is shorter than 32 characters
    error title=environment-invalid: stagin: 3 of 3 variables are not as .env.schema wants them
    fix: set them as the list says, and run it again before anything is deployed
    warning file=staging.env line=4 title=SESION_SECRET: SESION_SECRET is not in the schema; is SESSION_SECRET meant?
    ");
}

#[test]
fn the_process_environment_is_checked_where_no_file_is_named() {
    let scratch = service("");
    let process = validate_env(&scratch, &["check"]).env("APP_ENV", "production").env("UNRELATED", "x");
    insta::assert_snapshot!(process.clone().run().fails(1, "environment-invalid").transcript(), @r"
    $ validate-env check
    status: 1
    ── stdout
    production: 1 of 3 variables is not as .env.schema wants it
      variable        problem                  where
      SESSION_SECRET  is required and not set  .env.schema:10
    ── stderr
    error[environment-invalid]: production: 1 of 3 variables is not as .env.schema wants it
      fix: set them as the list says, and run it again before anything is deployed
      see: docs/failures.md#environment-invalid
    ");
    let run = process.env("SESSION_SECRET", SECRET).secret(SECRET).run().succeeds();
    assert_eq!(run.stdout, "production: 3 variables are as .env.schema wants them\n");
}

#[test]
fn a_file_alone_is_checked_alone() {
    let scratch = service("APP_ENV=staging\n");
    let check = validate_env(&scratch, &["--env-file", "staging.env"]).env("SESSION_SECRET", SECRET);
    check.clone().run().fails(1, "environment-invalid");
    check.arg("--with-process-env").secret(SECRET).run().succeeds();
}

#[test]
fn later_files_win() {
    let scratch = service(&format!("APP_ENV=staging\nPORT=x\nSESSION_SECRET={SECRET}\n"));
    scratch.file("local.env", "PORT=80\n");
    validate_env(&scratch, &["--env-file", "staging.env", "--env-file", "local.env"]).run().succeeds();
    validate_env(&scratch, &["--env-file", "local.env", "--env-file", "staging.env"])
        .run()
        .fails(1, "environment-invalid");
    let inputs = validate_env(&scratch, &[]).env("INPUT_ENV_FILE", "staging.env\nlocal.env\n");
    inputs.env("INPUT_ENVIRONMENT", "staging").on_runner().run().succeeds();
}

#[test]
fn programs_get_it_as_json() {
    let scratch = service("APP_ENV=staging\nPORT=0\n");
    let run = validate_env(&scratch, &["--env-file", "staging.env", "--format", "json"]).run();
    let json = run.exits(1).json();
    assert_eq!(
        (json["outputs"]["variables"].as_str(), json["outputs"]["problems"].as_str()),
        (Some("3"), Some("2"))
    );
    assert_eq!(json["result"]["environment"], "staging");
    assert_eq!(
        json["result"]["problems"][0],
        serde_json::json!({"variable": "PORT", "what": "is no port number from 1 to 65535: `0`", "file": "staging.env", "line": 2})
    );
}

#[test]
fn the_quickstart_is_understood() {
    let scratch = Scratch::new();
    scratch.file(".env.schema", include_str!("../../../../examples/quickstart/.env.schema"));
    let example = include_str!("../../../../examples/quickstart/env/staging.env.example");
    scratch
        .file("env/staging.env", example.replace("SESSION_SECRET=\n", &format!("SESSION_SECRET={SECRET}\n")));
    let check = ["check", "--environment", "staging", "--env-file", "env/staging.env", "--with-process-env"];
    let run = validate_env(&scratch, &check).env("RELEASE", "1.0.0").secret(SECRET).run().succeeds();
    assert_eq!(run.stdout, "staging: 7 variables are as .env.schema wants them\n");
    let run = validate_env(&scratch, &check).run().fails(1, "environment-invalid");
    assert!(run.stdout.contains("RELEASE"), "{}", run.transcript());
}

#[test]
fn a_schema_may_lie_anywhere() {
    let scratch = Scratch::new();
    scratch.file("config/api.schema", SCHEMA.replace("# @required @sensitive", "# @sensitive"));
    let run = validate_env(&scratch, &["--schema", "config/api.schema"]).run().succeeds();
    assert_eq!(run.stdout, "dev: 3 variables are as config/api.schema wants them\n");
}
