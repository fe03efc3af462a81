//! `check` with an OSV API: it says what a directory says, and half an answer is none.

use testkit::{
    Run, Scratch,
    http::{Reply, Server},
};

use super::{DEBIAN, GHSA, POLICY, check, desk};
use crate::desk::sbom_sign;

/// The OSV API as its documentation has it, about the desk's records: one page more for lodash.
fn api() -> Server {
    Server::answer(|request| {
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
        match (request.method.as_str(), request.target.as_str()) {
            ("POST", "/v1/querybatch") => {
                let answers: Vec<serde_json::Value> = body["queries"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|query| {
                        match (query["package"]["name"].as_str().unwrap(), query.get("page_token")) {
                            ("lodash", None) => serde_json::json!({"next_page_token": "2"}),
                            ("lodash", Some(_)) => {
                                serde_json::json!({"vulns": [{"id": "GHSA-35jh-r3h4-6jhm"}]})
                            }
                            ("openssl", _) if query["package"]["ecosystem"] == "Debian:12" => {
                                serde_json::json!({"vulns": [{"id": "DEBIAN-CVE-2023-5678"}]})
                            }
                            _ => serde_json::json!({}),
                        }
                    })
                    .collect();
                Reply::json(&serde_json::json!({ "results": answers }).to_string())
            }
            ("GET", "/v1/vulns/GHSA-35jh-r3h4-6jhm") => Reply::json(GHSA),
            ("GET", "/v1/vulns/DEBIAN-CVE-2023-5678") => Reply::json(DEBIAN),
            _ => Reply::status(404),
        }
    })
}

fn asks(desk: &Scratch, server: &Server, more: &str) -> Run {
    let url = server.url("");
    sbom_sign(desk, &format!("check bom.json --osv-api={} {more}", url.trim_end_matches('/'))).run()
}

#[test]
fn the_osv_api_is_asked_only_where_it_is_named_and_says_the_same() {
    let desk = desk();
    let server = api();
    let by_service = asks(&desk, &server, "--format json").fails(1, "vulnerability-found").json();
    let by_directory = check(&desk, "--format json").fails(1, "vulnerability-found").json();
    let findings = |json: &serde_json::Value| json["result"]["findings"].clone();
    assert_eq!(findings(&by_service), findings(&by_directory));
    assert!(findings(&by_service).as_array().unwrap().len() == 2);
    assert_eq!(server.requests().len(), 4);
    desk.file("policy.toml", POLICY);
    asks(&desk, &server, "--policy policy.toml").succeeds();
}

/// A service that is asked about a moving tag, or about a commit, knows no such version and says that nothing is in it.
#[test]
fn a_version_that_has_no_place_was_asked_for_and_found_clear() {
    let record = r#"{"id": "GHSA-1", "modified": "2027-01-10T00:00:00Z", "affected": [{"package": {"ecosystem": "GitHub Actions", "name": "a/b"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "4.0.0"}, {"fixed": "4.1.3"}]}]}]}"#;
    let server = Server::answer(move |request| {
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
        match request.method.as_str() {
            "POST" if body["queries"][0].get("version").is_some() => Reply::json(r#"{"results": [{}]}"#),
            "POST" => Reply::json(r#"{"results": [{"vulns": [{"id": "GHSA-1"}]}]}"#),
            _ => Reply::json(record),
        }
    });
    let desk = Scratch::new();
    for tag in ["v4", "860c1904a1ce19322e91ac35af1ab07466440c37"] {
        desk.file(
            "bom.json",
            format!(
                r#"{{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [
                {{"type": "library", "name": "a/b", "version": "{tag}", "purl": "pkg:github/a/b@{tag}"}}]}}"#
            ),
        );
        asks(&desk, &server, "").fails(4, "check-inconclusive");
    }
}

#[test]
fn an_api_that_does_not_answer_in_full_is_never_a_pass() {
    let desk = desk();
    desk.file("policy.toml", POLICY);
    let answers = |reply: fn(&testkit::http::Request) -> Reply, code: &str| {
        let server = Server::answer(reply);
        asks(&desk, &server, "--policy policy.toml --fail-on critical").fails(3, code);
    };
    answers(|_| Reply::status(400), "osv-api-answer");
    answers(|_| Reply::json("{}"), "osv-api-answer");
    answers(|_| Reply::json(r#"{"results": []}"#), "osv-api-answer");
    answers(|_| Reply::json(r#"{"results": [{}]}"#), "osv-api-answer");
    answers(|_| Reply::json("<html>"), "osv-api-answer");
    answers(|_| Reply::json(r#"{"results": [{"next_page_token": "x"}, {}]}"#), "osv-api-answer");
    answers(|_| Reply::json(r#"{"results": [{"vulns": [{"id": "../x"}]}, {}]}"#), "osv-api-answer");
    // Another record than the one that was asked for.
    answers(
        |request| match request.method.as_str() {
            "POST" => Reply::json(r#"{"results": [{"vulns": [{"id": "GHSA-1"}]}, {}]}"#),
            _ => Reply::json(GHSA),
        },
        "osv-api-answer",
    );
    sbom_sign(&desk, "check bom.json --osv-api=http://127.0.0.1:1").run().fails(3, "osv-api-unreachable");
    for address in ["http://osv.example.com", "ftp://127.0.0.1", "https://user:word@osv.example.com", "x"] {
        sbom_sign(&desk, &format!("check bom.json --osv-api={address}")).run().fails(2, "osv-api-address");
    }
}

#[test]
fn what_opens_the_door_to_a_service_was_once_shown_because_its_address_was_refused() {
    let desk = desk();
    for (line, code) in [
        ("check bom.json --osv-api=https://user:hunter2@osv.example.com/?key=hunter2", "osv-api-address"),
        ("verify user:hunter2@ghcr.io/acme/app:1 --type signature --key k.pub", "input-invalid"),
        ("sbom https://user:hunter2@ghcr.io/acme/app --output o.json", "file-missing"),
    ] {
        let refused = sbom_sign(&desk, line).run().fails(2, code);
        let said = refused.transcript();
        let (_, said) = said.split_once("status: ").unwrap();
        assert!(!said.contains("hunter2"), "{said}");
    }
}
