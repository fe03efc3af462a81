//! What a run made goes away with it.

use testkit::{Scratch, Signal};

use crate::deployment::{document, service, smoke, suite};

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
