//! The adopting team's files agree with each other and with the service.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use notes::{Config, Edition, VARIABLES};

use crate::database::migrations;

fn file(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn carried(edition: Edition) -> BTreeMap<String, String> {
    let entries =
        fs::read_dir(migrations(edition)).expect("migrations").map(|entry| entry.expect("an entry"));
    let read = |path| fs::read_to_string(path).expect("text");
    entries.map(|entry| (entry.file_name().to_string_lossy().into_owned(), read(entry.path()))).collect()
}

/// `NAME=value` lines of a dotenv file without quotes.
fn assignments(text: &str) -> Vec<(&str, &str)> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('=')).collect()
}

#[test]
fn a_later_version_adds_migrations_and_changes_none() {
    for (older, newer) in [(Edition::V1, Edition::V2), (Edition::V2, Edition::V3)] {
        let (older, newer) = (carried(older), carried(newer));
        assert_eq!(newer.len(), older.len() + 2, "one migration and its way back");
        assert!(older.iter().all(|(name, sql)| newer.get(name) == Some(sql)));
    }
}

#[test]
fn every_migration_expands_and_has_a_way_back() {
    let all = carried(Edition::V3);
    for (name, sql) in all.iter().filter(|(name, _)| !name.ends_with(".down.sql")) {
        assert!(sql.starts_with("-- migrate-db: phase=expand\n"), "{name}");
        assert!(all.contains_key(&name.replace(".sql", ".down.sql")), "{name}");
    }
}

#[test]
fn the_schema_of_the_environment_names_what_the_service_reads() {
    let schema = file(".env.schema");
    let names: Vec<_> = assignments(&schema).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, VARIABLES);
}

#[test]
fn the_example_needs_only_its_secret() {
    let example = file("env/staging.env.example");
    let values: BTreeMap<_, _> = assignments(&example).into_iter().collect();
    assert_eq!(values.get("SESSION_SECRET"), Some(&""));
    let filled = Config::parse(|name| match name {
        "SESSION_SECRET" => Some(crate::process::SECRET.to_owned()),
        _ => values.get(name).map(|&value| value.to_owned()),
    });
    assert_eq!(filled.err(), None);
}
