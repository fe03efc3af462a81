//! A scripted deployment, and the command that tests it.

use serde_json::Value;
use testkit::{
    Cmd, Scratch,
    http::{Reply, Request, Server},
};

pub(crate) const TOKEN: &str = "tök\"en/+ <s3cret>&value";

/// A service with one user and one note.
pub(crate) fn service() -> Server {
    Server::answer(|request: &Request| match (request.method.as_str(), request.target.as_str()) {
        ("GET", "/ready" | "/slow-ready") => Reply::status(200),
        ("POST", "/login") => Reply::json(&serde_json::json!({"token": TOKEN, "id": 7}).to_string()),
        ("GET", "/notes/7") => Reply::json(r#"{"title": "first light"}"#).header("ETag", "\"1\""),
        // Tells the token to everybody: what a broken service does.
        ("GET", "/echo") => Reply::status(500).body(format!("{TOKEN} {:?}", request.header("authorization"))),
        ("DELETE", "/me") => Reply::status(204),
        ("GET", "/control") => Reply::status(200).body("a\u{1}b\u{1b}[31m<&\"]]>\u{0}"),
        ("GET", "/hang") => Reply::hang(),
        _ => Reply::status(404),
    })
}

pub(crate) fn smoke(scratch: &Scratch, suite: &str, server: &Server) -> Cmd {
    scratch.file("suite.yaml", suite);
    testkit::bin(env!("CARGO_BIN_EXE_smoke-test"))
        .dir(scratch.path())
        .args(["run", "suite.yaml", "--base-url", &server.url("")])
        .args(["--junit", "junit.xml", "--report", "report.json", "--predicate", "predicate.json"])
}

pub(crate) fn document(scratch: &Scratch, name: &str) -> Value {
    serde_json::from_str(&scratch.read(name)).unwrap()
}

/// A suite called `s` with these steps, each `name: method path expectation`.
pub(crate) fn suite(steps: &[(&str, &str, &str, &str)], rest: &str) -> String {
    let steps = steps.iter().map(|(name, method, path, expect)| {
        format!("- name: {name}\n  request: {{ method: {method}, path: {path} }}\n  expect: {{ {expect} }}\n")
    });
    format!("name: s\n{rest}\nsteps:\n{}", steps.collect::<String>())
}

pub(crate) const LOGIN: &str = "
name: notes
wait: { path: /ready, timeout: 5s, interval: 10ms }
variables: { who: \"smoke-${uuid}\" }
steps:
- name: log in
  request: { method: POST, path: /login, json: { user: \"${who}\" } }
  expect: { status: 200 }
  capture: { token: { json: $.token, secret: true }, id: { json: $.id } }
- name: read the note
  request: { path: \"/notes/${id}\", headers: { authorization: \"Bearer x\" } }
  expect: { status: 200, json: [{ path: $.title, equals: first light }] }
";
