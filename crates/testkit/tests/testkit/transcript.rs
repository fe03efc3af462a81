//! Running a command and reading what it left.

use std::time::Duration;

use crate::caught;
use testkit::{Cmd, Run, Signal, bin};

fn sh(script: &str) -> Cmd {
    bin("/bin/sh").args(["-c", script])
}

#[test]
fn a_transcript_is_stable_and_complete() {
    let run = sh("echo data; echo progress in $PWD >&2; exit 4").run().exits(4);
    insta::assert_snapshot!(run.redacting(&[("progress", "PROGRESS")]).transcript(), @r"
    $ sh -c 'echo data; echo PROGRESS in $PWD >&2; exit 4'
    status: 4
    ── stdout
    data
    ── stderr
    PROGRESS in [DIR]
    ");
}

const STEP: &str = r#"
printf 'digest<<x_0123456789abcdef\none\ntwo\nx_0123456789abcdef\n' >> "$GITHUB_OUTPUT"
echo '# Done' >> "$GITHUB_STEP_SUMMARY"
echo '::warning file=a.env,line=3::odd%0Avalue'
"#;

#[test]
fn on_a_runner_the_transcript_shows_what_the_runner_understood() {
    let run = bin("/bin/sh").stdin(STEP).on_runner().run().succeeds();
    assert_eq!(run.observed().outputs["digest"], "one\ntwo");
    insta::assert_snapshot!(run.transcript(), @r"
    $ sh
    status: 0
    ── stdout
    ::warning file=a.env,line=3::odd%0Avalue
    ── outputs
    digest: one
      two
    ── summary
    # Done
    ── annotations
    warning file=a.env line=3: odd
    value
    ");
}

#[test]
fn the_environment_holds_nothing_of_the_test() {
    let names = |run: &Run| {
        let mut names: Vec<String> =
            run.stdout.lines().map(|line| line.split('=').next().unwrap_or_default().to_owned()).collect();
        names.retain(|name| !["PWD", "OLDPWD", "_", "SHLVL", "LLVM_PROFILE_FILE"].contains(&name.as_str()));
        names.sort();
        names
    };
    let run = bin("/usr/bin/env").env("MINE", "1").env_bytes("BYTES", b"\xff").without_env("LANG").run();
    assert_eq!(names(&run), ["BYTES", "HOME", "MINE", "PATH"]);
    let run =
        bin("/usr/bin/env").on_runner().without_env("GITHUB_SHA").env("GITHUB_REF", "refs/tags/v1").run();
    assert!(run.stdout.contains("GITHUB_ACTIONS=true\n") && run.stdout.contains("GITHUB_REF=refs/tags/v1\n"));
    assert!(!run.stdout.contains("GITHUB_SHA="));
}

#[test]
fn a_broken_rule_fails_the_run_with_its_transcript() {
    caught("not-heredoc at GITHUB_OUTPUT:1", || sh("echo a=b >> \"$GITHUB_OUTPUT\"").on_runner().run());
    caught("truncated at output", || sh(": > \"$GITHUB_OUTPUT\"").on_runner().run());
    caught("truncated at summary", || sh("echo x > \"$GITHUB_STEP_SUMMARY\"").on_runner().run());
    caught("leak at stderr", || bin("/bin/sh").stdin("echo hunter2 >&2").secret("hunter2").run());
    caught("leak at stdout", || {
        bin("/bin/sh").stdin("echo aHVudGVyMg==").secret("hunter2").on_runner().run()
    });
    assert_eq!(sh("echo a=b >> \"$GITHUB_OUTPUT\"").on_runner().run_unchecked().violations().len(), 1);
}

#[test]
fn an_unexpected_status_shows_the_transcript() {
    caught("status 3 instead of 0\n$ sh -c 'exit 3'", || sh("exit 3").run().succeeds());
    caught("left a process behind", || sh("sleep 60 & exit 0").run());
    caught("still running after", || sh("sleep 60").timeout(Duration::from_millis(50)).run());
    caught("could not be started", || bin("/no/such/binary").run());
    caught("could not be started", || sh("").dir("/no/such/directory").run());
}

#[test]
fn a_signal_is_sent_when_the_text_appears() {
    let patient = "trap 'echo interrupted; ' INT; trap 'echo terminated; exit 5' TERM; echo ready; while :; do sleep 0.01; done";
    let run = sh(patient)
        .signal_after_output("ready", Signal::Interrupt)
        .signal_after_output("interrupted", Signal::Terminate)
        .run()
        .exits(5);
    assert_eq!(run.stdout, "ready\ninterrupted\nterminated\n");
    sh("echo ready; sleep 60 >/dev/null 2>&1").signal_after_output("ready", Signal::Kill).run().exits(137);
    caught("it ended before", || sh("exit 0").signal_after_output("ready", Signal::Interrupt).run());
}

#[test]
fn a_failure_is_read_back_and_each_part_is_required() {
    let whole = "reading…\nerror[missing-file]: a.toml is missing\n  why: no such file\n       at all\n  fix: write it\n  see: docs/failures.md#missing-file\n";
    let report = |text: &str| sh("cat >&2; exit 2").stdin(text).run();
    let failure = report(whole).fails(2, "missing-file").failure();
    assert_eq!((failure.what.as_str(), failure.fix.as_str()), ("a.toml is missing", "write it"));
    assert_eq!(failure.why, ["no such file", "at all"]);
    let cases = [
        ("no line begins with `error[`", whole.replace("error[", "Error[")),
        ("not kebab-case", whole.replace("missing-file", "MissingFile")),
        ("not `error[code]: what`", whole.replace("]: ", "] ")),
        ("no line begins with `  fix: `", whole.replace("  fix: write it\n", "")),
        ("docs/failures.md#<code>", whole.replace("md#missing-file", "md#other")),
        ("begins with none of", whole.replace("why: ", "because ")),
        ("does not say what", whole.replace("a.toml is missing", "")),
    ];
    for (lacks, text) in cases {
        caught(lacks, || report(&text).fails(2, "missing-file"));
    }
    caught("failure missing-file instead of other", || report(whole).fails(2, "other"));
}

#[test]
fn json_on_stdout_is_one_document() {
    assert_eq!(sh("echo '{\"a\": [1]}'").run().json()["a"][0], 1);
    caught("no JSON on stdout", || {
        let run = sh("echo '{}{}'").run();
        run.json();
        run
    });
}
