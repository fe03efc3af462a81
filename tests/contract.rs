//! What every binary promises its runner and its user, seen from outside on a binary that does nothing else.

use std::path::PathBuf;

use testkit::{Cmd, Scratch, Signal, bad_input};

fn program() -> PathBuf {
    env!("CARGO_BIN_EXE_probe").into()
}

fn probe(args: &[&str]) -> Cmd {
    testkit::bin(program()).args(args)
}

const HOSTILE: &str = "main\n::error::injected\n##[set-output name=x]y\nghadelimiter_0\n| `a` <b>\u{1b}[31m";

#[test]
fn hostile_text_comes_out_of_the_outputs_as_it_went_in_and_commands_nothing() {
    let run = probe(&["tell"]).env("INPUT_TEXT", HOSTILE).on_runner().run().succeeds();
    assert_eq!(run.observed().outputs["text"], HOSTILE);
    assert_eq!(run.observed().annotations.len(), 1);
    assert!(!run.observed().summary.contains("<b>"), "{}", run.observed().summary);
}

#[test]
fn off_a_runner_the_same_content_goes_to_the_terminal() {
    let run = probe(&["tell", "--text", "hello"]).run().succeeds();
    insta::assert_snapshot!(run.transcript(), @r"
    $ probe tell --text hello
    status: 0
    ── stdout
    hello
      name  value
      text  hello
    ");
}

#[test]
fn json_is_one_document_and_nothing_else() {
    let run = probe(&["tell", "--format", "json", "--text", "a ##[b]"]).on_runner().run().succeeds();
    assert_eq!(run.json()["outputs"]["text"], "a ##[b]");
    assert_eq!(run.json()["status"], "done");
    let run = probe(&["refuse", "--format=json"]).run().exits(1);
    assert_eq!(run.json()["failure"]["code"], "probe-refused");
    assert_eq!(run.json()["result"], serde_json::json!([1, 2]));
}

#[test]
fn a_refusal_says_what_and_how_to_mend_it_and_keeps_its_outputs() {
    let run = probe(&["refuse"]).on_runner().run().exits(1);
    assert_eq!(run.observed().outputs["verdict"], "failed");
    assert_eq!(run.observed().annotations.len(), 1);
    insta::assert_snapshot!(probe(&["refuse"]).run().transcript(), @r"
    $ probe refuse
    status: 1
    ── stdout
    one gate of two
    ── stderr
    error[probe-refused]: the probe refuses ::error::injected
      at: probe.yaml:7
      fix: ask for something else
      see: docs/failures.md#probe-refused
    ");
}

#[test]
fn a_secret_is_masked_before_it_is_used_in_every_form() {
    let run = probe(&["secret"])
        .env("PROBE_SECRET", "hunter2 \"x\"/y\nline two")
        .secret("hunter2 \"x\"/y\nline two");
    let run = run.on_runner().run().succeeds();
    assert_eq!(run.observed().outputs["value"], "***");
    assert!(run.observed().masks.iter().any(|mask| mask.contains("hunter2")));
    assert!(run.observed().annotations.is_empty(), "relayed text must not annotate");
}

#[test]
fn a_secret_that_markdown_would_escape_once_came_out_in_the_summary() {
    for secret in ["my_secret_value", "50%,off:now", "a`b*c~d#e[f<g&h"] {
        let run = probe(&["secret"]).env("PROBE_SECRET", secret).secret(secret).on_runner();
        assert_eq!(run.run().succeeds().observed().outputs["value"], "***");
        let run = probe(&["secret", "--format", "json"]).env("PROBE_SECRET", secret).secret(secret);
        assert_eq!(run.run().succeeds().json()["result"], "***");
    }
}

#[test]
fn more_than_ten_annotations_are_counted() {
    let run = probe(&["annotate", "25"]).on_runner().run().succeeds();
    assert_eq!(run.observed().annotations.len(), 10);
    assert!(run.observed().annotations[9].message.starts_with("16 more"));
}

#[test]
fn the_summary_stays_under_a_mebibyte_and_says_that_it_was_cut() {
    let run = probe(&["flood"]).on_runner().run().succeeds();
    assert!(run.observed().summary.ends_with("limited to 1 MiB)\n"));
}

#[test]
fn a_call_without_a_command_once_passed_with_a_help_text() {
    probe(&[]).run().fails(2, "unknown-command");
}

#[test]
fn a_panic_is_a_report_with_status_70() {
    let run = probe(&["panic"]).on_runner().run().fails(70, "defect");
    assert_eq!(run.observed().annotations[0].property("title"), Some("defect"));
}

#[test]
fn a_signal_ends_the_run_between_two_effects() {
    for signal in [Signal::Interrupt, Signal::Terminate] {
        probe(&["wait"]).signal_after_output("waiting", signal).run().fails(3, "interrupted");
    }
}

#[test]
fn a_second_signal_once_ended_the_run_and_left_the_program_it_had_started() {
    let scratch = Scratch::new();
    let stubborn = "echo $$ >pid; trap 'echo staying >/proc/$PPID/fd/2' TERM; echo up >/proc/$PPID/fd/2; while :; do sleep 0.05; done";
    let run = probe(&["run", stubborn]).dir(scratch.path()).signal_after_output("up", Signal::Interrupt);
    run.signal_after_output("staying", Signal::Terminate).run().fails(3, "interrupted");
    let left = PathBuf::from("/proc").join(scratch.read("pid").trim());
    assert!(!left.exists(), "{}", left.display());
}

#[test]
fn the_record_of_another_commit_is_refused_and_kept() {
    let scratch = Scratch::new();
    let record = format!(r#"{{"schemaVersion": 1, "commit": "{}"}}"#, "a".repeat(40));
    scratch.file("release.json", &record);
    let run = probe(&["record"]).dir(scratch.path()).env("GITHUB_SHA", "b".repeat(40)).run();
    insta::assert_snapshot!(run.transcript(), @r"
    $ probe record
    status: 2
    ── stderr
    error[release-file-other-commit]: release.json is about commit aaaaaaa, and this run is about bbbbbbb
      fix: remove it, or name the right one with --release-file: a record serves one commit
      see: docs/failures.md#release-file-other-commit
    ");
    assert_eq!(scratch.read("release.json"), record);
}

#[test]
fn a_dry_run_leaves_the_record_alone() {
    let scratch = Scratch::new();
    probe(&["record", "--dry-run"]).dir(scratch.path()).run().succeeds();
    assert!(!scratch.has("release.json"));
}

#[test]
fn killed_at_any_write_the_record_is_whole_and_the_next_run_finishes_it() {
    let make = || {
        let scratch = Scratch::new();
        scratch.file("release.json", r#"{"schemaVersion": 1, "kept": true}"#);
        let cmd = probe(&["record"]).dir(scratch.path());
        (scratch, cmd)
    };
    let report = testkit::crash::at_every_write(make, |wreck| {
        let record: serde_json::Value = serde_json::from_str(&wreck.read("release.json")).unwrap();
        assert_eq!(record["kept"], true);
    });
    assert!(report.killed >= 3, "write, sync and rename at least: {report:?}");
}

/// The commands of a help text.
fn commands(help: &str) -> impl Iterator<Item = &str> {
    let list =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    list.filter_map(|line| line.split_whitespace().next())
}

#[test]
fn the_help_of_every_command_of_every_binary_fits_a_screen() {
    let directory = program().with_file_name("");
    let mut seen = 0;
    for name in ["validate-env", "tag-image", "migrate-db", "smoke-test", "sbom-sign", "promote", "rollback"]
    {
        let help = |words: &[&str]| testkit::bin(directory.join(name)).args(words).run().succeeds().stdout;
        let all = help(&["--help"]);
        for command in commands(&all).filter(|command| *command != "help") {
            let text = help(&[command, "--help"]);
            assert!(text.lines().count() <= 40, "{name} {command}\n{text}");
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen} commands were found");
}

#[test]
fn bad_input_is_refused_alike_everywhere() {
    bad_input::check_cli(program(), &["tell", "--text", "x"]);
    // A run without a record begins one, so a missing file is none of the bad ones here.
    let fine = [bad_input::BadFile::Missing];
    bad_input::files_except(program(), &fine, |file| {
        vec!["record".into(), "--release-file".into(), file.into()]
    });
}
