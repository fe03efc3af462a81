//! The chain end to end, as a newcomer meets it: `script/demo`, the table at its end, and what it leaves behind.
#![allow(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads small files of its own making"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lie in the repository").to_owned()
}

/// The rows of the last table: release, where, binary, what it said.
fn rows(shown: &str) -> Vec<Vec<&str>> {
    let table = shown.split("== What happened\n").nth(1).expect("the demo ends with a table");
    let rows = table.lines().skip(1).take_while(|line| !line.is_empty());
    rows.map(|line| line.splitn(5, char::is_whitespace).flat_map(str::split_whitespace).collect()).collect()
}

#[test]
fn a_release_goes_from_source_to_production_and_back() {
    let demo = Command::new(root().join("script/demo")).arg("--quiet").output().expect("script/demo starts");
    let shown = String::from_utf8_lossy(&demo.stdout);
    assert!(demo.status.success(), "{shown}{}", String::from_utf8_lossy(&demo.stderr));

    let rows = rows(&shown);
    let said = |binary: &str, words: &str| {
        let matching = |row: &&Vec<&str>| row.contains(&binary) && row.join(" ").contains(words);
        rows.iter().filter(matching).count()
    };
    assert_eq!(said("validate-env", "variables are as .env.schema wants them"), 6, "{shown}");
    assert_eq!(said("tag-image", "is oci:registry/notes:1."), 3, "{shown}");
    assert_eq!(said("tag-image", "is oci:registry/notes:release-1."), 3, "{shown}");
    assert_eq!(said("migrate-db", "version 2 → 3"), 2, "{shown}");
    assert_eq!(said("sbom-sign", "signed 2 images"), 3, "the image and the release manifest: {shown}");
    assert_eq!(said("promote", "1.1.0 may not enter production: signature says fail"), 1, "{shown}");
    assert_eq!(said("promote", "1.2.0 may not enter production: smoke-test@staging says fail"), 1, "{shown}");
    assert_eq!(said("promote", "runs in production"), 3, "{shown}");
    assert_eq!(said("smoke-test", "PASSED"), 5, "{shown}");
    assert_eq!(said("smoke-test", "first `the list shows the note`"), 2, "{shown}");
    assert_eq!(said("rollback", "production is rolled back to 1.1.0"), 1, "{shown}");

    let place = root().join("target/demo");
    let incident = only_file(&place.join(".seaworthy/incidents"));
    assert!(incident.contains("keep: everything in between only added"), "{incident}");
    assert!(incident.contains("Postmortem due"), "{incident}");
    for environment in ["staging", "production"] {
        let pid = fs::read_to_string(place.join(format!("run/{environment}/pid"))).expect("a service ran");
        assert!(is_gone(pid.trim()), "the service of {environment} still runs as {pid}");
    }
}

fn only_file(directory: &Path) -> String {
    let mut files = fs::read_dir(directory).expect("the directory is there");
    let file = files.next().expect("a file is in it").expect("it can be listed");
    assert!(files.next().is_none(), "one incident, one file");
    fs::read_to_string(file.path()).expect("it can be read")
}

/// Gone, or dead and not yet waited for.
fn is_gone(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/status")).map_or(true, |status| status.contains("State:\tZ"))
}
