//! Every way to call it wrongly.

use std::{cell::RefCell, ffi::OsString};

use testkit::bad_input;

use crate::{NOTES, migrate, project};

const BIN: &str = env!("CARGO_BIN_EXE_migrate-db");

#[test]
fn a_wrong_command_line_is_refused() {
    let scratch = project(&[("1_notes.sql", NOTES)]);
    let directory = scratch.join("migrations").display().to_string();
    bad_input::check_cli(BIN, &["plan", "--database-url", "sqlite:app.db", "--dir", &directory]);
}

#[test]
fn a_bad_migration_is_refused() {
    for bad in ["1_notes.sql", "1_notes.down.sql"] {
        let projects = RefCell::new(Vec::new());
        bad_input::files(BIN, |path| {
            let scratch = project(&[("1_notes.sql", NOTES)]);
            let migration = scratch.join("migrations").join(bad);
            _ = std::fs::remove_file(&migration);
            std::os::unix::fs::symlink(path, &migration).unwrap();
            let args = words(&["up", "--database-url", "sqlite:app.db", "--dir"], scratch.join("migrations"));
            projects.borrow_mut().push(scratch);
            args
        });
    }
}

#[test]
fn a_bad_directory_is_refused() {
    bad_input::files(BIN, |path| words(&["up", "--database-url", "sqlite:app.db", "--dir"], path));
}

#[test]
fn a_bad_list_of_queries_is_refused() {
    let scratch = project(&[("1_notes.sql", NOTES)]);
    let directory = scratch.join("migrations").display().to_string();
    bad_input::files(BIN, |path| {
        words(&["up", "--database-url", "sqlite:app.db", "--dir", &directory, "--verify"], path)
    });
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let scratch = project(&[("1_notes.sql", NOTES)]);
    let text = "no database, and longer than the header of one ".repeat(9);
    scratch.file("app.db", &text);
    migrate(&scratch, &["up"]).run().fails(3, "database-failed");
    assert_eq!(scratch.read("app.db"), text);
}

#[test]
fn a_url_with_a_password_is_refused_without_showing_it() {
    let scratch = project(&[("1_notes.sql", NOTES)]);
    let run = testkit::bin(BIN)
        .args(["up"])
        .env("DATABASE_URL", "oracle://app:hunter2hunter2@db/app")
        .dir(scratch.path());
    run.secret("hunter2hunter2").run().fails(2, "database-url-invalid");
}

#[test]
fn a_configuration_that_was_named_and_is_not_there_is_missed_before_a_contract_step_needs_it() {
    let scratch = project(&[("1_notes.sql", NOTES)]);
    for command in ["plan", "up", "lint"] {
        let named = ["--environment", "production", "--config", "nowhere.toml"];
        migrate(&scratch, &[command]).args(named).run().fails(2, "file-missing");
    }
    assert!(!scratch.has("app.db"));
}

#[test]
fn a_name_is_mended_as_its_own_tool_wants_it() {
    let scratch = project(&[("V1__notes.sql", NOTES), ("V2_more.sql", NOTES)]);
    let run = migrate(&scratch, &["up"]).run().fails(2, "migration-name");
    let wanted = "V<version>__<description>.sql";
    assert!(run.stderr.contains(wanted) && !run.stderr.contains("NNN"), "{}", run.stderr);
}

fn words(first: &[&str], last: impl Into<OsString>) -> Vec<OsString> {
    first.iter().map(OsString::from).chain([last.into()]).collect()
}
