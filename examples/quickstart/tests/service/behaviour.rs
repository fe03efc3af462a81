//! What every version promises to its users and to whoever operates it.

use notes::Edition::{V1, V2};
use serde_json::json;

use crate::database::Database;
use crate::process::{SECRET, Service, command};

#[test]
fn a_user_keeps_reads_and_deletes_notes_newest_first() {
    let database = Database::of(V1);
    let service = Service::start(V1, &database);
    let ada = service.user("ada@example.com");
    let first = ada.post("/notes", &json!({ "title": "first", "body": "one" }));
    assert_eq!((first.status, first.json()["title"].as_str()), (201, Some("first")));
    assert_eq!(ada.post("/notes", &json!({ "title": "second" })).status, 201);
    let items = ada.get("/notes").json()["items"].clone();
    assert_eq!((&items[0]["title"], &items[1]["title"]), (&json!("second"), &json!("first")));

    let path = format!("/notes/{}", first.json()["id"]);
    assert_eq!(ada.get(&path).json(), first.json());
    assert_eq!(ada.delete(&path).status, 204);
    assert_eq!((ada.get(&path).status, ada.delete(&path).status), (404, 404));
}

#[test]
fn pinned_notes_come_first_since_v2() {
    let database = Database::of(V2);
    let service = Service::start(V2, &database);
    let ada = service.user("ada@example.com");
    assert_eq!(ada.post("/notes", &json!({ "title": "pinned", "pinned": true })).json()["pinned"], true);
    assert_eq!(ada.post("/notes", &json!({ "title": "newer" })).json()["pinned"], false);
    let items = ada.get("/notes").json()["items"].clone();
    assert_eq!((&items[0]["title"], &items[1]["title"]), (&json!("pinned"), &json!("newer")));
}

#[test]
fn another_users_note_does_not_exist() {
    let database = Database::of(V1);
    let service = Service::start(V1, &database);
    let (ada, eve) = (service.user("ada@example.com"), service.user("eve@example.com"));
    let path = format!("/notes/{}", ada.post("/notes", &json!({ "title": "mine" })).json()["id"]);
    assert_eq!((eve.get(&path).status, eve.delete(&path).status), (404, 404));
    assert_eq!(eve.get("/notes").json(), json!({ "items": [] }));
    assert_eq!(ada.get(&path).status, 200);
}

#[test]
fn without_a_token_there_are_no_notes() {
    let database = Database::of(V1);
    let service = Service::start(V1, &database);
    for (method, path) in [
        ("GET", "/notes"),
        ("POST", "/notes"),
        ("GET", "/notes/1"),
        ("DELETE", "/notes/1"),
        ("DELETE", "/me"),
    ] {
        let refused = service.anyone.send(method, path, &[], "");
        assert_eq!(refused.status, 401, "{method} {path}");
        assert!(refused.head.contains("www-authenticate: bearer"), "{}", refused.head);
        let refused = service.anyone.send(method, path, &["authorization: Bearer 0123"], "");
        assert_eq!(refused.status, 401, "{method} {path}");
    }
}

#[test]
fn an_email_registers_once_and_its_password_must_match() {
    let database = Database::of(V1);
    let service = Service::start(V1, &database);
    service.user("ada@example.com");
    let again = json!({ "email": " Ada@Example.com", "password": "another horse" });
    assert_eq!(service.anyone.post("/register", &again).status, 409);
    assert_eq!(service.anyone.post("/login", &again).status, 401);
    let unknown = json!({ "email": "eve@example.com", "password": "another horse" });
    assert_eq!(service.anyone.post("/login", &unknown).status, 401);
}

#[test]
fn who_leaves_takes_everything_along() {
    let database = Database::of(V1);
    let service = Service::start(V1, &database);
    let ada = service.user("ada@example.com");
    ada.post("/notes", &json!({ "title": "mine" }));
    assert_eq!(ada.delete("/me").status, 204);
    assert_eq!(ada.get("/notes").status, 401);
    assert_eq!(["users", "sessions", "notes"].map(|table| database.count(table)), [0, 0, 0]);
}

#[test]
fn what_is_malformed_or_too_large_is_refused_with_problem_details() {
    let database = Database::of(V1);
    let service = Service::start(V1, &database);
    let ada = service.user("ada@example.com");
    for (body, status) in [
        (json!({ "title": "" }), 422),
        (json!({ "title": "x".repeat(201) }), 422),
        (json!({ "title": "large", "body": "x".repeat(65 * 1024) }), 413),
        (json!([]), 422),
    ] {
        let refused = ada.post("/notes", &body);
        assert_eq!((refused.status, refused.json()["status"].as_u64()), (status, Some(status.into())));
        assert!(refused.head.contains("content-type: application/problem+json"), "{}", refused.head);
    }
    let weak = json!({ "email": "eve@example.com", "password": "short" });
    assert_eq!(service.anyone.post("/register", &weak).status, 422);
    assert_eq!(service.anyone.get("/nothing").status, 404);
    assert_eq!(service.anyone.send("PUT", "/notes", &[], "").status, 405);
    assert_eq!(ada.get("/notes/first").status, 404);
}

#[test]
fn only_declared_origins_may_call_from_a_browser() {
    let database = Database::of(V1);
    let service = Service::start(V1, &database);
    let from =
        |origin: &str| service.anyone.send("GET", "/healthz", &[&format!("origin: {origin}")], "").head;
    assert!(
        from("https://notes.example.com").contains("access-control-allow-origin: https://notes.example.com")
    );
    assert!(!from("https://evil.example.com").contains("access-control-allow-origin"));
}

#[test]
fn probes_and_metrics_tell_version_release_and_counts() {
    let database = Database::of(V2);
    let service = Service::start(V2, &database);
    let health = service.anyone.get("/healthz").json();
    assert_eq!(health, json!({ "status": "ok", "version": "1.1.0", "release": "release-7" }));
    service.user("ada@example.com").post("/notes", &json!({ "title": "counted" }));
    let metrics = service.anyone.get("/metrics").text;
    for line in [
        r#"build_info{version="1.1.0",release="release-7"} 1"#,
        r#"http_requests_total{route="/healthz",status="200"} 1"#,
        r#"http_requests_total{route="/notes",status="201"} 1"#,
        "notes_total 1",
    ] {
        assert!(metrics.lines().any(|have| have == line), "{line} is not in\n{metrics}");
    }
}

#[test]
fn sigterm_stops_it_and_the_log_has_every_request_and_no_secret() {
    let database = Database::of(V1);
    let service = Service::start(V1, &database);
    let ada = service.user("ada@example.com");
    let answer = ada.send("GET", "/notes", &["x-request-id: trace-1"], "");
    assert!(answer.head.contains("x-request-id: trace-1"), "{}", answer.head);
    service.terminate();
    let (status, log) = service.ended();
    assert!(status.success(), "{status}");
    let events: Vec<_> = log.iter().map(|line| line["event"].as_str().unwrap_or_default()).collect();
    assert_eq!(events, ["request", "request", "request", "draining", "stopped"]);
    assert_eq!(
        (&log[2]["request_id"], &log[2]["route"], &log[2]["status"]),
        (&json!("trace-1"), &json!("/notes"), &json!(200))
    );
    assert!(log.iter().all(|line| line["release"] == "release-7" && line["version"] == "1.0.0"));
    let (token, log) = (ada.token.unwrap_or_default(), format!("{log:?}"));
    assert!(
        !token.is_empty()
            && ![token.as_str(), SECRET, "correct horse"].iter().any(|secret| log.contains(secret))
    );
}

#[test]
fn a_missing_variable_ends_the_start_with_its_name() {
    let output = command(V1).output().expect("the binary starts");
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON line");
    assert_eq!((output.status.code(), line["error"].as_str()), (Some(1), Some("DATABASE_URL is not set")));
}
