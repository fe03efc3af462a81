//! Limits, waiting and trying again.

use std::time::{Duration, Instant};

use testkit::{
    Scratch,
    http::{Reply, Server},
};

use crate::deployment::{document, service, smoke, suite};

#[test]
fn waiting_ends_when_the_deployment_is_ready() {
    let scratch = Scratch::new();
    let server = Server::script([Reply::status(503), Reply::raw(""), Reply::status(404), Reply::status(200)]);
    let text =
        suite(&[("a", "GET", "/", "status: 200")], "wait: { path: /ready, timeout: 9s, interval: 1ms }");
    smoke(&scratch, &text, &server).run().succeeds();
    assert_eq!(server.requests().len(), 5);
    assert_eq!(document(&scratch, "report.json")["suites"][0]["steps"][0]["attempts"], 4);
}

#[test]
fn the_limit_of_waiting_counts_everything() {
    let scratch = Scratch::new();
    let text =
        suite(&[("a", "GET", "/", "status: 200")], "wait: { path: /r, timeout: 300ms, interval: 50ms }");
    for server in [Server::answer(|_| Reply::hang()), Server::answer(|_| Reply::status(503))] {
        let begun = Instant::now();
        let run = smoke(&scratch, &text, &server).run().fails(1, "never-ready");
        assert!(begun.elapsed() < Duration::from_secs(2), "{}", run.transcript());
        assert_eq!(document(&scratch, "predicate.json")["failedTests"], serde_json::json!(["wait for /r"]));
        assert!(server.requests().iter().all(|request| request.target == "/r"));
    }
    let port_of_nobody = {
        let server = service();
        server.url("")
    };
    scratch.file("suite.yaml", &text);
    let nobody = testkit::bin(env!("CARGO_BIN_EXE_smoke-test")).dir(scratch.path());
    let run = nobody.args(["run", "suite.yaml", "--base-url", &port_of_nobody]).run().fails(1, "never-ready");
    assert!(run.stderr.contains("refused"), "{}", run.transcript());
}

#[test]
fn an_answer_that_no_waiting_mends_ends_it_at_once() {
    let (scratch, server) = (Scratch::new(), Server::answer(|_| Reply::status(401)));
    let text = suite(&[("a", "GET", "/", "status: 200")], "wait: { path: /ready, timeout: 1h }");
    smoke(&scratch, &text, &server).run().fails(1, "never-ready");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn the_limit_of_the_run_stops_a_server_that_never_answers() {
    let (scratch, server) = (Scratch::new(), service());
    let text = suite(
        &[("h", "GET", "/hang", "status: 200"), ("i", "GET", "/ready", "status: 200")],
        "keep-going: true",
    );
    let begun = Instant::now();
    let run = smoke(&scratch, &text, &server).args(["--timeout", "300ms"]).run().fails(1, "smoke-failed");
    assert!(begun.elapsed() < Duration::from_secs(3), "{}", run.transcript());
    assert_eq!(document(&scratch, "predicate.json")["failedTests"], serde_json::json!(["h", "i"]));
}

#[test]
fn only_what_may_be_repeated_is_tried_again() {
    let scratch = Scratch::new();
    let retry = |method: &str, more: &str| {
        format!(
            "name: s\nsteps:\n- name: a\n  request: {{ method: {method}, path: / }}\n  expect: {{ status: 200 }}\n  retry: {{ attempts: 3, interval: 1ms{more} }}\n"
        )
    };
    let server = Server::script([Reply::status(500), Reply::raw(""), Reply::status(200)]);
    let run = smoke(&scratch, &retry("GET", ""), &server).run().succeeds();
    assert!(run.stdout.contains("attempt 3"), "{}", run.transcript());
    smoke(&scratch, &retry("POST", ""), &server).run().fails(2, "suite-invalid");
    assert_eq!(server.requests().len(), 3);
    smoke(&scratch, &retry("POST", ", idempotent: true"), &server).run().succeeds();
}

#[test]
fn a_limit_of_a_million_years_is_no_crash() {
    let (scratch, server) = (Scratch::new(), service());
    let long = "100000000000d";
    let text = format!(
        "name: s\nwait: {{ path: /ready, timeout: {long}, interval: {long} }}\nsteps:\n- name: a\n  \
         request: {{ path: /ready, timeout: {long} }}\n  expect: {{ status: 200, max-time: {long} }}\n  \
         retry: {{ attempts: 2, interval: {long} }}\n"
    );
    smoke(&scratch, &text, &server).args(["--timeout", long]).run().succeeds();
}
