//! What must be refused, shown, or survived.

use testkit::{
    Cmd, Scratch,
    crash::Crash,
    http::{Reply, Server},
};

const SUITE: &str = "name: s\nwait: { path: /ready }\nvariables: { page: 1, key: }\nsteps:\n- name: a\n  request: { path: \"/${page}\" }\n  expect: { status: 200 }\n- name: b\n  only-in: [dev]\n  request: { path: / }\n  expect: { status: 200 }\ncleanup:\n- name: c\n  request: { method: DELETE, path: / }\n  expect: { status: 2xx }\n";

fn bin() -> Cmd {
    testkit::bin(env!("CARGO_BIN_EXE_smoke-test"))
}

#[test]
fn bad_input_is_refused_and_writes_nothing() {
    let program = env!("CARGO_BIN_EXE_smoke-test");
    testkit::bad_input::check_cli(program, &["check", "suite.yaml"]);
    testkit::bad_input::files(program, |path| vec!["check".into(), path.into()]);
    let run =
        |path: &std::path::Path| vec!["run".into(), path.into(), "--base-url=http://127.0.0.1:1".into()];
    testkit::bad_input::files(program, run);
}

#[test]
fn each_wrong_input_has_its_code() {
    let scratch = Scratch::new();
    scratch.file("s.yaml", SUITE);
    let run = |args: &[&str]| bin().dir(scratch.path()).args(["run", "s.yaml"]).args(args).run();
    let base = "--base-url=http://127.0.0.1:1";
    run(&[]).fails(2, "input-missing");
    run(&["--base-url=127.0.0.1:1"]).fails(2, "base-url-invalid");
    run(&[base, "--environment=Prod"]).fails(2, "input-invalid");
    run(&[base, "--timeout=5"]).fails(2, "input-invalid");
    run(&[base]).fails(2, "variable-missing");
    run(&[base, "--var=key"]).fails(2, "variable-invalid");
    run(&[base, "--var=key=1", "--var=kay=1"]).fails(2, "variable-unknown");
    run(&[base, "--var=key=1", "--predicate=p", "s.yaml"]).fails(2, "predicate-of-many");
    assert_eq!(scratch.tree(&[]).0.len(), 1);
}

#[test]
fn a_record_of_another_commit_is_refused_before_anything_is_sent() {
    let (scratch, server) = (Scratch::new(), Server::answer(|_| Reply::status(200)));
    scratch.file("s.yaml", SUITE);
    scratch.file("release.json", format!("{{\"schemaVersion\": 1, \"commit\": \"{}\"}}", "0".repeat(40)));
    let run = bin().dir(scratch.path()).args(["run", "s.yaml", "--base-url", &server.url(""), "--var=key=1"]);
    let run = run.args(["-e=dev", "--junit=j.xml"]).on_runner().run();
    run.fails(2, "release-file-other-commit");
    assert!(server.requests().is_empty() && !scratch.has("j.xml"));
}

#[test]
fn a_report_that_can_not_be_written_does_not_hide_the_result() {
    let (scratch, server) = (Scratch::new(), Server::answer(|_| Reply::status(200)));
    scratch.file("s.yaml", SUITE);
    scratch.directory("j.xml");
    let run = bin().dir(scratch.path()).args(["run", "s.yaml", "--base-url", &server.url(""), "--var=key=1"]);
    scratch.file("p.json", "an earlier run's");
    let run = run.args(["-e=dev", "--junit=j.xml", "--predicate=p.json"]);
    let run = run.on_runner().run().fails(3, "file-unwritable");
    assert_eq!(run.observed().outputs["result"], "PASSED");
    assert!(!run.observed().outputs.contains_key("predicate"), "it would be signed as this run's");
}

#[test]
fn a_dry_run_sends_and_writes_nothing() {
    let (scratch, server) = (Scratch::new(), Server::answer(|_| Reply::status(200)));
    scratch.file("s.yaml", SUITE);
    let run =
        bin().dir(scratch.path()).args(["s.yaml", "--base-url", &server.url(""), "--var=key=1", "--dry-run"]);
    let run = run.args(["--junit=j.xml", "-e", "staging"]).run().succeeds();
    insta::assert_snapshot!(run.stdout, @r"
    suite s
      wait until GET /ready answers 200, at most 1m
      a: GET /${page}
      b: skipped, only in dev
      cleanup: c: DELETE /
    ");
    assert!(server.requests().is_empty() && scratch.tree(&[]).0.len() == 1);
}

#[test]
fn inputs_of_an_action_become_flags() {
    let (scratch, server) = (Scratch::new(), Server::answer(|_| Reply::status(200)));
    scratch.file("s.yaml", SUITE);
    let run =
        bin().dir(scratch.path()).env("INPUT_SUITES", "s.yaml\n").env("INPUT_BASE_URL", server.url("/api/"));
    let run = run.env("INPUT_VAR", "key=1\npage=2\n").env("INPUT_ENVIRONMENT", "").env("INPUT_JUNIT", "");
    let run = run.on_runner().run().succeeds();
    assert_eq!(run.observed().outputs["result"], "WARNED");
    let asked: Vec<String> = server.requests().into_iter().map(|request| request.target).collect();
    assert_eq!(asked, ["/api/ready", "/api/2", "/api/"]);
}

#[test]
fn several_suites_are_told_apart() {
    let (scratch, server) = (Scratch::new(), Server::answer(|_| Reply::status(200)));
    scratch.file("s.yaml", SUITE);
    scratch.file("t.yaml", "name: t\nsteps: [{ name: a, request: { path: / }, expect: { status: 404 } }]");
    let run = bin().dir(scratch.path()).args([
        "run",
        "s.yaml",
        "t.yaml",
        "--base-url",
        &server.url(""),
        "--var=key=1",
    ]);
    let run = run.args(["--format=json", "-e", "dev"]).run().exits(1);
    let told = run.json();
    assert_eq!(told["outputs"]["result"], "FAILED");
    assert_eq!(told["result"]["suites"][0]["result"], "PASSED");
    assert_eq!(told["result"]["suites"][1]["result"], "FAILED");
    assert_eq!(told["failure"]["code"], "smoke-failed");
}

#[test]
fn a_killed_run_leaves_no_half_file_and_a_second_one_converges() {
    let server = Server::answer(|_| Reply::status(200));
    let make = || {
        let scratch = Scratch::new();
        scratch.file("s.yaml", SUITE);
        let command =
            bin().dir(scratch.path()).args(["run", "s.yaml", "--base-url", &server.url(""), "--var=key=1"]);
        let command = command.args(["-e=dev", "--junit=j.xml", "--report=r.json", "--predicate=p.json"]);
        (scratch, command)
    };
    // What differs from run to run is how long it took.
    let digits = |_: &str, bytes: Vec<u8>| bytes.into_iter().filter(|byte| !byte.is_ascii_digit()).collect();
    let wreck = |scratch: &Scratch| {
        for name in ["r.json", "p.json", "release.json"] {
            let whole = |bytes: Vec<u8>| serde_json::from_slice::<serde_json::Value>(&bytes).is_ok();
            assert!(scratch.bytes(name).is_none_or(whole), "{name} is half written");
        }
    };
    Crash::of(make).wreck(wreck).normalising(digits).at_most(24).run();
}
