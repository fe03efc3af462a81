//! What a run concludes from the answers, and the evidence it leaves.

use testkit::{
    Run, Scratch,
    http::{Reply, Server},
};

use crate::deployment::{LOGIN, document, service, smoke, suite};

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
    let run_url = &predicate["configuration"][1]["annotations"]["runUrl"];
    assert!(run_url.is_string() && predicate["url"] == *run_url, "{predicate}");
    assert_eq!(predicate["configuration"][0]["digest"]["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(
        document(&scratch, "release.json")["environments"]["staging"]["smokeTest"]["result"],
        "PASSED"
    );
    let sent: serde_json::Value = serde_json::from_slice(&server.requests()[1].body).unwrap();
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
    step result time what
    good passed N ms 200
    bad failed N ms status: expected 200, got 404
    later passed N ms 200
    ");
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

/// Standard output without what differs from run to run: the address, the times, and the columns that they widen.
fn without_times(run: &Run, server: &Server) -> String {
    let text = run.stdout.replace(&server.url(""), "[SERVER]");
    let line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_time = |at: usize| words.get(at + 1) == Some(&"ms") && words[at].parse::<u64>().is_ok();
        let kept = words.iter().enumerate().map(|(at, word)| if is_time(at) { "N" } else { word });
        kept.collect::<Vec<_>>().join(" ")
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}
