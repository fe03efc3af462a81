//! Expectations against one answer, one line each: what holds, and what does not.

use std::time::Duration;

use http::{HeaderMap, StatusCode, Url, Version};
use jiff::Timestamp;

use super::*;

const BODY: &str = r#"{"id": 5, "half": 0.5, "one": 1.0, "name": "café", "empty": "", "none": null, "yes": true,
    "items": [{"n": 1}, {"n": 2}], "zero": [], "tags": ["a", 2], "deep": {"a.b": [[1, 2], 3]}}"#;

fn answer(body: &str) -> Response {
    let mut headers = HeaderMap::new();
    for (name, value) in [("content-type", "application/json"), ("set-cookie", "a=1"), ("set-cookie", "b=2")]
    {
        headers.append(name, value.parse().unwrap());
    }
    Response {
        status: StatusCode::CREATED,
        version: Version::HTTP_11,
        headers,
        body: body.into(),
        url: Url::parse("http://host/").unwrap(),
        attempts: 1,
        first_byte: Duration::from_millis(10),
        elapsed: Duration::from_millis(1500),
    }
}

fn judged(expect: &str, body: &str) -> Vec<Check> {
    let expect: Expect = serde_saphyr::from_str(expect).unwrap_or_else(|error| panic!("{expect}: {error}"));
    let mut variables = Variables::new([0; 16], Timestamp::UNIX_EPOCH);
    variables.set("five", 5.into());
    judge(&expect, &answer(body), &variables).unwrap()
}

fn holds(expect: &str) -> bool {
    let checks = judged(expect, BODY);
    assert!(!checks.is_empty(), "{expect}");
    checks.iter().all(|check| check.passed)
}

#[test]
fn what_holds() {
    for expect in [
        "status: 201",
        "status: [200, 201]",
        "status: 2xx",
        "status: [404, \"2xx\"]",
        "max-time: 1500ms",
        "headers: { Content-Type: application/json }",
        "headers: { content-type: { contains: json, not-contains: xml, matches: ^app } }",
        "headers: { set-cookie: b=2 }",
        "headers: { x-powered-by: { exists: false } }",
        "body: { contains: [café, items], not-contains: stack trace }",
        "body: { matches: '\"id\": \\d' }",
    ] {
        assert!(holds(expect), "{expect}");
    }
}

#[test]
fn what_does_not_hold() {
    for expect in [
        "status: 200",
        "status: [200, 4xx]",
        "max-time: 1499ms",
        "headers: { content-type: json }",
        "headers: { set-cookie: { not-contains: b } }",
        "headers: { content-type: { exists: false } }",
        // Nothing there is never a pass, not even for what is ruled out.
        "headers: { x-none: { not-contains: a } }",
        "headers: { x-none: { not-equals: a } }",
        "headers: { x-none: { matches: '' } }",
        "headers: { x-none: { exists: true } }",
        "body: { contains: [café, missing] }",
        "body: { equals: café }",
    ] {
        assert!(!holds(expect), "{expect}");
    }
}

fn json(check: &str) -> bool {
    holds(&format!("json: [{{ {check} }}]"))
}

#[test]
fn what_holds_of_json() {
    for check in [
        "path: $.id, equals: 5",
        "path: $.id, equals: 5.0",
        "path: $.id, equals: \"${five}\"",
        "path: $.id, not-equals: 6, type: integer, at-least: 5, at-most: 5",
        "path: $.half, type: number",
        "path: $.one, type: integer",
        "path: $.one, equals: 1",
        "path: $.name, equals: café, matches: \"^c.{3}$\", contains: af, type: string",
        "path: $.empty, equals: \"\"",
        "path: $.none, equals: null, type: null, exists: true",
        "path: $.yes, equals: true",
        "path: $.items, count: 2",
        "path: \"$.items[*]\", count: 2",
        "path: $.zero, count: 0",
        "path: \"$.zero[*]\", count: 0, exists: false",
        "path: \"$.items[?@.n > 1].n\", equals: 2, count: 1",
        "path: \"$.items[-1].n\", equals: 2",
        "path: $..n, count: 2",
        "path: $.tags, contains: 2",
        "path: $.items, contains: { n: 1.0 }",
        "path: $.missing, exists: false",
        "path: \"$.deep['a.b'][0]\", equals: [1, 2], count: 2, type: array",
    ] {
        assert!(json(check), "{check}");
    }
}

#[test]
fn what_does_not_hold_of_json() {
    for check in [
        "path: $.id, equals: \"5\"",
        "path: $.id, type: string",
        "path: $.half, type: integer",
        "path: $.name, at-least: 0",
        "path: $.id, matches: 5",
        "path: $.missing, exists: true",
        "path: $.missing, not-equals: 1",
        "path: $.missing, count: 0",
        "path: $.id, count: 1",
        "path: $.items, count: 1",
        "path: \"$.items[*].n\", equals: 1",
        "path: \"$.items[*].n\", at-least: 0",
        "path: $.none, equals: false",
        "path: \"$.zero[*]\", not-equals: 1",
        "path: $.tags, contains: b",
        "path: $.id, contains: 5",
    ] {
        assert!(!json(check), "{check}");
    }
}

#[test]
fn an_answer_that_is_no_json_fails_whatever_is_expected_of_it() {
    for body in
        ["", "<html>", "{\"id\": 5", "{\"id\": 5} trailing", "\u{feff}{\"id\": 5}", &"[".repeat(10_000)]
    {
        for check in ["exists: false", "equals: 5", "count: 0"] {
            let checks = judged(&format!("json: [{{ path: $.id, {check} }}]"), body);
            assert!(matches!(checks.as_slice(), [Check { passed: false, .. }]), "{body}: {checks:?}");
        }
    }
}

#[test]
fn a_path_of_names_and_indices_is_singular() {
    for (path, singular) in [
        ("$", true),
        ("$.a.b[0]['*..,?:']", true),
        ("$['\\'*']", true),
        ("$[\"a\\\"..\"].b", true),
        ("$.*", false),
        ("$..a", false),
        ("$[0,1]", false),
        ("$[0:1]", false),
        ("$[?@.a]", false),
        ("$['a'].b[*]", false),
    ] {
        let path: crate::suite::JsonPath = path.parse().unwrap();
        assert_eq!(path.is_singular(), singular, "{path}");
    }
}

fn taken(capture: &str, body: &str) -> Result<Value, String> {
    let capture: Capture = serde_saphyr::from_str(capture).unwrap();
    take(&capture, &answer(body))
}

#[test]
fn what_is_captured_is_there_and_keeps_its_type() {
    assert_eq!(taken("json: $.id", BODY), Ok(5.into()));
    assert_eq!(taken("json: $.name", BODY), Ok("café".into()));
    assert_eq!(taken("header: Set-Cookie", BODY), Ok("a=1".into()));
    assert_eq!(taken("body: '\"half\": ([0-9.]+)'", BODY), Ok("0.5".into()));
    assert_eq!(taken("body: caf.", BODY), Ok("café".into()));
    for nothing in ["json: $.none", "json: $.empty", "json: $.missing", "header: x-none", "body: nowhere"] {
        assert!(taken(nothing, BODY).is_err(), "{nothing}");
    }
    assert!(taken("json: $.id", "<html>").is_err());
}

#[test]
fn a_large_answer_once_was_kept_for_each_expectation_of_it() {
    let checks = judged("body: { contains: [a, b] }", &"x".repeat(70_000));
    let kept: Vec<&str> = checks.iter().map(|check| check.actual.as_str()).collect();
    assert_eq!(kept, ["a text of 70000 bytes"; 2]);
    assert_eq!(judged("body: b", "a")[0].actual, "a");
}
