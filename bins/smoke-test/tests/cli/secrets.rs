//! What nobody may read, wherever it is written.

use testkit::{
    Scratch,
    http::{Reply, Server},
};

use crate::deployment::{LOGIN, TOKEN, service, smoke};

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
fn a_service_whose_token_is_failed_once_hid_that_it_had_failed() {
    let (scratch, server) = (Scratch::new(), Server::answer(|_| Reply::json(r#"{"token": "FAILED"}"#)));
    let text = "
name: s
steps:
- name: log in
  request: { path: / }
  expect: { status: 200 }
  capture: { token: { json: $.token, secret: true } }
- name: leave
  request: { path: / }
  expect: { status: 204 }
";
    let run = smoke(&scratch, text, &server).on_runner().run_unchecked().fails(1, "smoke-failed");
    assert_eq!(run.observed().outputs["result"], "FAILED");
    let shown: Vec<String> = run.violations().iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        ["leak at GITHUB_OUTPUT result: masked value 1 is there, plain"],
        "everywhere else it is hidden"
    );
}

#[test]
fn a_secret_of_any_length_once_was_masked_line_by_line_past_every_limit_of_time() {
    let token: String = (0..9000).map(|line| format!("{line:04}\\n")).collect();
    let answer = Reply::json(&format!("{{\"token\": \"{token}\"}}"));
    let (scratch, server) = (Scratch::new(), Server::answer(move |_| answer.clone()));
    let text = "
name: s
steps:
- name: log in
  request: { path: / }
  expect: { status: 200 }
  capture: { token: { json: $.token, secret: true } }
";
    let run = smoke(&scratch, text, &server).on_runner().run().fails(1, "smoke-failed");
    assert!(run.observed().summary.contains("is longer than a secret, 45000 bytes"), "{}", run.transcript());
    assert!(run.observed().masks.is_empty());
}
