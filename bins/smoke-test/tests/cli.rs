//! The real binary against a scripted deployment: verdicts, evidence, secrets, interruption.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::{
    Cmd, Run, Scratch, Signal,
    http::{Reply, Request, Server},
};

const TOKEN: &str = "tök\"en/+ <s3cret>&value";

/// A service with one user and one note.
fn service() -> Server {
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

fn smoke(scratch: &Scratch, suite: &str, server: &Server) -> Cmd {
    scratch.file("suite.yaml", suite);
    testkit::bin(env!("CARGO_BIN_EXE_smoke-test"))
        .dir(scratch.path())
        .args(["run", "suite.yaml", "--base-url", &server.url("")])
        .args(["--junit", "junit.xml", "--report", "report.json", "--predicate", "predicate.json"])
}

fn document(scratch: &Scratch, name: &str) -> Value {
    serde_json::from_str(&scratch.read(name)).unwrap()
}

/// A suite called `s` with these steps, each `name: method path expectation`.
fn suite(steps: &[(&str, &str, &str, &str)], rest: &str) -> String {
    let steps = steps.iter().map(|(name, method, path, expect)| {
        format!("- name: {name}\n  request: {{ method: {method}, path: {path} }}\n  expect: {{ {expect} }}\n")
    });
    format!("name: s\n{rest}\nsteps:\n{}", steps.collect::<String>())
}

const LOGIN: &str = "
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

#[test]
fn a_suite_that_holds_leaves_evidence() {
    let (scratch, server) = (Scratch::new(), service());
    let run = smoke(&scratch, LOGIN, &server).args(["--environment", "staging"]).on_runner().run().succeeds();
    let outputs = &run.observed().outputs;
    assert_eq!((outputs["result"].as_str(), outputs["passed"].as_str()), ("PASSED", "2"));
    let predicate = document(&scratch, "predicate.json");
    assert_eq!(predicate["result"], "PASSED");
    assert_eq!(predicate["passedTests"], serde_json::json!(["log in", "read the note"]));
    assert_eq!(predicate["configuration"][1]["name"], "staging");
    assert!(
        predicate["url"]
            .as_str()
            .unwrap()
            .ends_with(predicate["configuration"][1]["annotations"]["runUrl"].as_str().unwrap())
    );
    assert_eq!(predicate["configuration"][0]["digest"]["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(
        document(&scratch, "release.json")["environments"]["staging"]["smokeTest"]["result"],
        "PASSED"
    );
    let sent: Value = serde_json::from_slice(&server.requests()[1].body).unwrap();
    assert!(sent["user"].as_str().unwrap().starts_with("smoke-"), "{sent}");
}

#[test]
fn a_suite_that_does_not_hold_refuses_and_leaves_evidence_too() {
    let (scratch, server) = (Scratch::new(), service());
    let steps = [
        ("good", "GET", "/notes/7", "status: 200"),
        ("bad", "GET", "/notes/8", "status: 200, max-time: 5s"),
        ("later", "GET", "/notes/7", "status: 200"),
    ];
    let run = smoke(&scratch, &suite(&steps, ""), &server).args(["-e", "staging"]).on_runner().run();
    let run = run.fails(1, "smoke-failed");
    let annotation = &run.observed().annotations[0];
    assert_eq!((annotation.property("file"), annotation.property("line")), (Some("suite.yaml"), Some("7")));
    let predicate = document(&scratch, "predicate.json");
    assert_eq!(predicate["result"], "FAILED");
    assert_eq!(predicate["failedTests"], serde_json::json!(["bad"]));
    assert_eq!(predicate["warnedTests"], serde_json::json!(["later"]));
    assert_eq!(document(&scratch, "release.json")["environments"]["staging"]["smokeTest"]["failed"], 1);
    assert_eq!(server.requests().len(), 2);
    let run = smoke(&scratch, &suite(&steps, "keep-going: true"), &server).run().fails(1, "smoke-failed");
    insta::assert_snapshot!(without_times(&run, &server), @r"
    Smoke test s: FAILED at [SERVER]/
      step   result  time  what
      good   passed  N ms  200
      bad    failed  N ms  status: expected 200, got 404
      later  passed  N ms  200
    ");
}

fn without_times(run: &Run, server: &Server) -> String {
    let text = run.stdout.replace(&server.url(""), "[SERVER]");
    let line = |line: &str| match line.split_once(" ms") {
        Some((before, after)) => {
            let kept = before.trim_end_matches(|one: char| one.is_ascii_digit());
            format!("{kept}N ms{after}").replace("ms    ", "ms  ").replace("ms   ", "ms  ")
        }
        None => line.to_owned(),
    };
    let text: Vec<String> = text.lines().map(line).collect();
    text.join("\n").replace("time   ", "time  ").replace("time    ", "time  ")
}

#[test]
fn a_captured_secret_is_nowhere() {
    let (scratch, server) = (Scratch::new(), service());
    let text = LOGIN.to_owned()
        + "
- name: tell
  request: { path: /echo, query: { t: \"${token}\" } }
  expect: { status: 200, body: { contains: \"<${token}>\" } }
cleanup:
- name: leave
  request: { method: DELETE, path: \"/me/${token}\" }
  expect: { status: 204 }
";
    for form in ["human", "json"] {
        let run = smoke(&scratch, &text, &server).args(["--format", form]).secret(TOKEN).on_runner().run();
        assert_eq!(run.status, 1, "{}", run.transcript());
        assert!(run.observed().masks.iter().any(|mask| mask == TOKEN));
        for file in ["junit.xml", "report.json", "predicate.json"] {
            assert_eq!(
                testkit::leak::find(TOKEN, &scratch.read(file)),
                None,
                "{file}: {}",
                scratch.read(file)
            );
        }
    }
    // It was used all the same.
    assert!(
        server
            .requests()
            .iter()
            .any(|request| request.target == "/me/t%C3%B6k%22en%2F%2B%20%3Cs3cret%3E%26value")
    );
}

#[test]
fn a_secret_is_hidden_even_in_the_step_that_fails_before_capturing_it() {
    let (scratch, server) = (Scratch::new(), service());
    let text = "
name: s
steps:
- name: log in
  request: { method: POST, path: /login }
  expect: { status: 201, body: { contains: nothing }, json: [{ path: $.token, equals: other }] }
  capture: { token: { json: $.token, secret: true } }
";
    let run = smoke(&scratch, text, &server).secret(TOKEN).on_runner().run().fails(1, "smoke-failed");
    assert!(run.observed().summary.contains("$.token"), "{}", run.transcript());
    for file in ["junit.xml", "report.json"] {
        assert_eq!(testkit::leak::find(TOKEN, &scratch.read(file)), None, "{file}");
    }
}

#[test]
fn a_secret_of_the_environment_is_asked_for_and_hidden() {
    let (scratch, server) = (Scratch::new(), service());
    let text = "
name: s
from-env: { key: API_TOKEN }
steps:
- name: echo
  request: { path: /echo, headers: { authorization: \"Bearer ${key}\" } }
  expect: { status: 200, body: { contains: x } }
";
    let command = smoke(&scratch, text, &server);
    command.env("API_TOKEN", "").run().fails(2, "variable-missing");
    assert!(server.requests().is_empty());
    let command = smoke(&scratch, text, &server);
    command.env("API_TOKEN", "from-the-vault").secret("from-the-vault").run().fails(1, "smoke-failed");
    assert_eq!(server.requests()[0].header("authorization"), Some("Bearer from-the-vault"));
    assert_eq!(testkit::leak::find("from-the-vault", &scratch.read("report.json")), None);
}

#[test]
fn what_a_run_made_is_cleaned_up_after_a_failure() {
    let (scratch, server) = (Scratch::new(), service());
    let text = "
name: s
steps:
- name: log in
  request: { method: POST, path: /login }
  expect: { status: 200 }
  capture: { id: { json: $.id } }
- name: bad
  request: { path: /nowhere }
  expect: { status: 200 }
  capture: { never: { json: $.id } }
cleanup:
- name: needs what was never captured
  request: { method: DELETE, path: \"/${never}\" }
  expect: { status: 204 }
- name: fails
  request: { method: DELETE, path: \"/${id}\" }
  expect: { status: 204 }
- name: leave
  request: { method: DELETE, path: /me }
  expect: { status: 204 }
";
    smoke(&scratch, text, &server).run().fails(1, "smoke-failed");
    let asked: Vec<String> =
        server.requests().iter().map(|one| format!("{} {}", one.method, one.target)).collect();
    assert_eq!(asked, ["POST /login", "GET /nowhere", "DELETE /7", "DELETE /me"]);
    let predicate = document(&scratch, "predicate.json");
    assert_eq!(predicate["failedTests"], serde_json::json!(["bad"]));
    assert_eq!(
        predicate["warnedTests"],
        serde_json::json!(["cleanup: fails", "cleanup: needs what was never captured"])
    );
}

#[test]
fn a_cleanup_that_must_hold_fails_the_suite() {
    let (scratch, server) = (Scratch::new(), service());
    let cleanup = |rest: &str| {
        suite(&[("good", "GET", "/notes/7", "status: 200")], "")
            + &format!(
                "cleanup:\n- name: leave\n  request: {{ path: /nowhere }}\n  expect: {{ status: 204 }}\n{rest}"
            )
    };
    let run = smoke(&scratch, &cleanup(""), &server).run().succeeds();
    assert!(run.stdout.contains("WARNED"), "{}", run.transcript());
    smoke(&scratch, &cleanup("  must: true\n"), &server).run().fails(1, "smoke-failed");
}

#[test]
fn a_step_of_another_environment_is_skipped_and_never_a_pass() {
    let (scratch, server) = (Scratch::new(), service());
    let text = "
name: s
steps:
- name: register
  only-in: [dev, staging]
  request: { method: POST, path: /login }
  expect: { status: 200 }
  capture: { id: { json: $.id } }
- name: use it
  request: { path: \"/notes/${id}\" }
  expect: { status: 200 }
";
    for more in [&["-e", "production"][..], &[]] {
        smoke(&scratch, text, &server).args(more).run().fails(1, "nothing-tested");
        assert_eq!(document(&scratch, "predicate.json")["result"], "FAILED");
    }
    assert!(server.requests().is_empty());
    smoke(&scratch, text, &server).args(["-e", "staging"]).run().succeeds();
    let with_one =
        text.to_owned() + "- name: public\n  request: { path: /ready }\n  expect: { status: 200 }\n";
    let run = smoke(&scratch, &with_one, &server).args(["-e", "production"]).run().succeeds();
    assert!(run.stdout.contains("only in dev, staging"), "{}", run.transcript());
    let predicate = document(&scratch, "predicate.json");
    assert_eq!(predicate["result"], "WARNED");
    assert_eq!(predicate["passedTests"], serde_json::json!(["public"]));
    assert_eq!(predicate["warnedTests"], serde_json::json!(["register", "use it"]));
}

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
fn an_interrupted_run_cleans_up_and_keeps_what_it_knows() {
    let (scratch, server) = (Scratch::new(), service());
    let text = suite(
        &[
            ("good", "GET", "/ready", "status: 200"),
            ("stuck", "GET", "/hang", "status: 200"),
            ("x", "GET", "/x", "status: 200"),
        ],
        "",
    ) + "cleanup:\n- name: leave\n  request: { method: DELETE, path: /me }\n  expect: { status: 204 }\n";
    let run = smoke(&scratch, &text, &server).signal_after_output("s: stuck", Signal::Interrupt).run();
    run.fails(3, "interrupted");
    let predicate = document(&scratch, "predicate.json");
    assert_eq!(predicate["result"], "FAILED");
    assert_eq!(predicate["passedTests"], serde_json::json!(["good", "cleanup: leave"]));
    assert_eq!(predicate["warnedTests"], serde_json::json!(["stuck", "x"]));
}

#[test]
fn redirects_are_judged_unless_they_are_followed() {
    let scratch = Scratch::new();
    let server = Server::answer(|request| {
        if request.target == "/old" { Reply::redirect("/new") } else { Reply::status(200).body("new") }
    });
    let steps = [("moved", "GET", "/old", "status: 302, headers: { location: /new }")];
    smoke(&scratch, &suite(&steps, ""), &server).run().succeeds();
    let steps = [("follow", "GET", "/old, follow-redirects: 1", "status: 200, body: new")];
    smoke(&scratch, &suite(&steps, ""), &server).run().succeeds();
}

#[test]
fn control_characters_break_no_report() {
    let (scratch, server) = (Scratch::new(), service());
    let text = suite(&[("c", "GET", "/control", "body: { equals: \"\\u0001<]]>\" }")], "");
    smoke(&scratch, &text, &server).on_runner().run().fails(1, "smoke-failed");
    let junit = scratch.read("junit.xml");
    assert!(!junit.chars().any(|one| one.is_control() && one != '\n'), "{junit:?}");
    assert!(junit.contains("&lt;&amp;&quot;]]&gt;"), "{junit}");
}

#[test]
fn a_body_that_is_too_large_is_a_failure_and_not_cut() {
    let scratch = Scratch::new();
    let server = Server::answer(|_| Reply::status(200).body(vec![b'x'; (16 << 20) + 1]));
    let steps = [("large", "GET", "/", "status: 200")];
    let run = smoke(&scratch, &suite(&steps, ""), &server).run().fails(1, "smoke-failed");
    assert!(run.stdout.contains("is larger than 16777216 bytes"), "{}", run.transcript());
}
