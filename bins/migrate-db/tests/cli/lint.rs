//! What is said of files before anyone runs them.

use testkit::{Cmd, Run};

use crate::project;

/// No server is asked: the address says whose SQL it is.
fn lint(files: &[(&str, &str)], prepare: impl FnOnce(Cmd) -> Cmd) -> Run {
    let scratch = project(files);
    let command = testkit::bin(env!("CARGO_BIN_EXE_migrate-db"))
        .args(["lint", "--database-url", "postgres://nobody@127.0.0.1:1/nothing"])
        .dir(scratch.path());
    prepare(command).run()
}

const FILES: &[(&str, &str)] = &[
    (
        "1_users.sql",
        "CREATE TABLE users (id bigint PRIMARY KEY, seen timestamp);\nCREATE INDEX seen ON users (seen);",
    ),
    ("2_late.sql", "CREATE INDEX late ON users (id);\n\nALTER TABLE users DROP COLUMN seen;"),
];

#[test]
fn each_remark_names_its_class_its_line_and_what_to_write_instead() {
    let run = lint(FILES, |command| command.args(["--format", "json"])).fails(1, "lint-refused");
    let remarks = run.json()["result"]["remarks"].clone();
    let told: Vec<String> = remarks
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            format!("{} {} {}", one["class"].as_str().unwrap(), one["rule"].as_str().unwrap(), one["line"])
        })
        .collect();
    assert_eq!(
        told,
        ["style prefer-timestamptz 1", "locking index-not-concurrent 1", "breaking drops-column 3"]
    );
    let run = lint(FILES, Cmd::on_runner).fails(1, "lint-refused");
    assert!(run.stderr.contains("::warning") && run.stderr.contains("2_late.sql"), "{}", run.stderr);
}

#[test]
fn what_a_file_means_is_not_refused_and_style_never_is() {
    let late = "-- migrate-db: phase=contract allow=index-not-concurrent\nCREATE INDEX late ON users (id); ALTER TABLE users DROP seen;";
    lint(&[FILES[0], ("2_late.sql", late)], |command| command).succeeds();
    lint(FILES, |command| command.args(["--since", "2"])).succeeds();
    lint(FILES, |command| command.args(["--since", "9"])).fails(2, "version-unknown");
    lint(&[("1_a.sql", "-- migrate-db: allow=anything\nSELECT 1;")], |command| command)
        .fails(2, "migration-directive");
}
