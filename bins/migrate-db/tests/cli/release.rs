//! What a run leaves for the next step: the predicate and the release record.

use serde_json::{Value, json};

use crate::{migrate, sql, two_steps};

fn read(scratch: &testkit::Scratch, name: &str) -> Value {
    serde_json::from_str(&scratch.read(name)).unwrap()
}

const ATTESTED: &[&str] = &["up", "--environment", "staging", "--predicate", "predicate.json"];

#[test]
fn the_predicate_tells_the_whole_way_and_this_runs_part_of_it() {
    let scratch = two_steps();
    migrate(&scratch, &["up", "--to", "1"]).run().succeeds();
    migrate(&scratch, ATTESTED).run().succeeds();
    let predicate = read(&scratch, "predicate.json");
    assert_eq!(predicate["environment"], "staging");
    assert_eq!((&predicate["before"], &predicate["after"]), (&json!("1"), &json!("2")));
    assert_eq!((&predicate["compatible"], &predicate["reversible"]), (&json!(true), &json!(true)));
    assert_eq!(predicate["applied"].as_array().unwrap().len(), 1);
    assert_eq!(predicate["applied"][0]["version"], "2");
    assert_eq!(predicate["steps"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&predicate["steps"][0]["reversible"], &predicate["steps"][1]["reversible"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(predicate["backup"]["verified"], true);
    assert_eq!(predicate["backup"]["sha256"].as_str().unwrap().len(), 64);
    assert!(predicate["finishedOn"].as_str().unwrap().starts_with("2023-11-14T22:13:2"));
}

#[test]
fn a_release_that_needs_no_migration_says_so_too() {
    let scratch = two_steps();
    migrate(&scratch, &["up"]).run().succeeds();
    migrate(&scratch, ATTESTED).run().succeeds();
    let predicate = read(&scratch, "predicate.json");
    assert_eq!((&predicate["before"], &predicate["after"]), (&json!("2"), &json!("2")));
    assert_eq!((&predicate["applied"], &predicate["backup"]), (&json!([]), &Value::Null));
    assert_eq!((&predicate["compatible"], &predicate["reversible"]), (&json!(true), &json!(true)));
}

#[test]
fn a_contract_step_or_a_missing_way_back_shows() {
    let scratch = two_steps();
    migrate(&scratch, &["up"]).run().succeeds();
    scratch.file("migrations/3_drop.sql", "-- migrate-db: phase=contract approve=OPS-9\nDROP TABLE notes;");
    migrate(&scratch, ATTESTED).run().succeeds();
    let predicate = read(&scratch, "predicate.json");
    assert_eq!((&predicate["compatible"], &predicate["reversible"]), (&json!(false), &json!(false)));
    assert_eq!(predicate["steps"][2]["approval"], "OPS-9");
}

#[test]
fn a_run_that_fails_attests_nothing() {
    let scratch = two_steps();
    scratch.file("migrations/3_wrong.sql", "INSERT INTO nowhere VALUES (1);");
    migrate(&scratch, ATTESTED).run().fails(1, "migration-failed");
    assert!(!scratch.has("predicate.json") && !scratch.has("release.json"));
    migrate(&scratch, &["up", "--predicate", "p.json"]).run().fails(2, "input-missing");
}

#[test]
fn the_release_record_learns_where_the_schema_is_and_keeps_the_rest() {
    let scratch = two_steps();
    scratch.file("release.json", r#"{"schemaVersion": 1, "mine": {"x": 1}}"#);
    migrate(&scratch, &["up", "--environment", "staging"]).run().succeeds();
    let record = read(&scratch, "release.json");
    assert_eq!(record["mine"]["x"], 1);
    assert_eq!(record["environments"]["staging"]["database"], json!({"after": "2", "applied": ["1", "2"]}));
    migrate(&scratch, &["down", "--to", "1", "--environment", "staging"]).run().succeeds();
    let database = &read(&scratch, "release.json")["environments"]["staging"]["database"];
    assert_eq!((&database["before"], &database["after"]), (&json!("2"), &json!("1")));
}

#[test]
fn a_record_of_another_commit_is_refused_before_anything_changes() {
    let scratch = two_steps();
    migrate(&scratch, &["up", "--to", "1"]).run().succeeds();
    scratch.file("release.json", format!(r#"{{"schemaVersion": 1, "commit": "{}"}}"#, "f".repeat(40)));
    migrate(&scratch, &["up", "--environment", "staging"])
        .on_runner()
        .run()
        .fails(2, "release-file-other-commit");
    assert_eq!(sql(&scratch, "SELECT count(*) FROM migrate_db_history"), "1");
}
