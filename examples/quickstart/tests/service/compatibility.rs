//! Versions against schemas: expanding is honest, readiness knows the schema, and what is wrong with v3 hides from the probes.

use notes::Edition::{V1, V2, V3};
use serde_json::{Value, json};

use crate::client::Client;
use crate::database::Database;
use crate::process::Service;

fn titles(user: &Client) -> Vec<Value> {
    let list = user.get("/notes");
    assert_eq!(list.status, 200, "{}", list.text);
    list.json()["items"].as_array().expect("items").iter().map(|item| item["title"].clone()).collect()
}

#[test]
fn it_is_alive_and_not_ready_until_its_schema_is_there() {
    let database = Database::absent();
    let service = Service::start(V2, &database);
    let ready = || {
        let answer = service.anyone.get("/readyz");
        (answer.status, answer.json()["schema"].clone())
    };
    assert_eq!((service.anyone.get("/healthz").status, ready()), (200, (503, Value::Null)));
    database.up(V2, 1);
    assert_eq!(ready(), (503, json!(1)));
    database.up(V2, 2);
    assert_eq!(ready(), (200, json!(2)));
}

#[test]
fn v1_works_on_schema_2_while_v2_is_rolled_out() {
    let database = Database::of(V1);
    let old = Service::start(V1, &database);
    let ada = old.user("ada@example.com");
    ada.post("/notes", &json!({ "title": "before" }));
    database.up(V2, 2);

    let new = Service::start(V2, &database);
    assert_eq!((old.anyone.get("/readyz").status, new.anyone.get("/readyz").status), (200, 200));
    assert_eq!(ada.post("/notes", &json!({ "title": "by the old one" })).status, 201);
    let at_new = new.login("ada@example.com");
    assert_eq!(at_new.post("/notes", &json!({ "title": "by the new one", "pinned": true })).status, 201);
    assert_eq!(titles(&ada), ["by the new one", "by the old one", "before"]);
    assert_eq!(titles(&at_new), titles(&ada));
}

#[test]
fn v2_works_on_schema_3_so_that_a_rollback_may_keep_it() {
    let database = Database::of(V3);
    let broken = Service::start(V3, &database);
    let ada = broken.user("ada@example.com");
    let note = ada.post("/notes", &json!({ "title": "written on v3", "pinned": true })).json();
    let path = format!("/notes/{}", note["id"]);
    assert!(ada.get(&path).json()["viewed_at"].is_string());
    drop(broken);

    let service = Service::start(V2, &database);
    assert_eq!(service.anyone.get("/readyz").json(), json!({ "status": "ready", "schema": 3, "needs": 2 }));
    let ada = service.login("ada@example.com");
    assert_eq!(titles(&ada), ["written on v3"]);
    assert_eq!((ada.delete(&path).status, database.count("note_views")), (204, 0));
}

#[test]
fn v3_is_healthy_and_ready_yet_loses_a_new_note_from_the_list() {
    let database = Database::of(V3);
    let service = Service::start(V3, &database);
    assert_eq!((service.anyone.get("/healthz").status, service.anyone.get("/readyz").status), (200, 200));
    let ada = service.user("ada@example.com");
    let note = ada.post("/notes", &json!({ "title": "lost" }));
    assert_eq!(note.status, 201);
    assert!(service.anyone.get("/metrics").text.contains("notes_total 1\n"));
    assert_eq!(titles(&ada), Vec::<Value>::new());

    // Why nobody saw it by hand: once opened, the note is listed.
    assert_eq!(ada.get(&format!("/notes/{}", note.json()["id"])).status, 200);
    assert_eq!(titles(&ada), ["lost"]);
}

#[test]
fn each_step_down_leads_back_to_the_schema_before() {
    let database = Database::absent();
    for number in 1..=3 {
        let before = database.schema();
        database.up(V3, number);
        let after = database.schema();
        assert_eq!(after.0, number);
        database.down(V3, number);
        assert_eq!(database.schema(), before);
        database.up(V3, number);
        assert_eq!(database.schema(), after);
    }
}
