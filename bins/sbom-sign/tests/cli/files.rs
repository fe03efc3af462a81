//! Keys, SBOMs and signatures of files; bad input of every kind; kills at every write.

use std::os::unix::fs::PermissionsExt as _;

use crate::desk::{self, COSIGN_KEY, KEY, OTHER_PUBLIC, PASSWORD, PUBLIC, desk, sbom_sign};
use testkit::{
    Scratch,
    bad_input::{self, BadFile},
    crash,
};

const BINARY: &str = env!("CARGO_BIN_EXE_sbom-sign");

fn words(line: &str) -> Vec<std::ffi::OsString> {
    line.split_whitespace().map(Into::into).collect()
}

#[test]
fn a_key_pair_is_made_once_and_private() {
    let desk = desk();
    let keygen = |line: &str| sbom_sign(&desk, line).env("COSIGN_PASSWORD", PASSWORD).secret(PASSWORD).run();
    keygen("keygen --output-prefix keys/new").succeeds();
    let mode = std::fs::metadata(desk.join("keys/new.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(desk.read("keys/new.key").starts_with("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----"));
    let before = desk.tree(&[]);
    keygen("keygen --output-prefix keys/new").fails(2, "key-exists");
    assert_eq!(before.difference(&desk.tree(&[])), "");
    // Cut off between the two files: the public key is made from the private one, which stays.
    std::fs::remove_file(desk.join("keys/new.pub")).unwrap();
    keygen("keygen --output-prefix keys/new").succeeds();
    assert_eq!(before.difference(&desk.tree(&[])), "");
    std::fs::remove_file(desk.join("keys/new.key")).unwrap();
    keygen("keygen --output-prefix keys/new").fails(2, "key-exists");
    sbom_sign(&desk, "keygen --output-prefix keys/more").run().fails(2, "key-password-missing");
}

#[test]
fn nobody_signs_and_nobody_is_asked_for_without_a_name() {
    let desk = desk();
    for line in [
        "sign oci:registry:app",
        "attest oci:registry:app --type test-result --predicate passed.json",
        "sign --blob artifact.tar --bundle b.json",
    ] {
        sbom_sign(&desk, line).run().fails(2, "identity-token-missing");
    }
    for line in ["verify oci:registry:app --type signature", "verify --blob artifact.tar --bundle b.json"] {
        sbom_sign(&desk, line).run().fails(2, "signer-unnamed");
    }
    assert!(!desk.has("b.json"));
}

#[test]
fn a_key_may_come_from_a_variable() {
    let desk = desk();
    let sign = |key: &str| sbom_sign(&desk, &format!("sign --blob artifact.tar --bundle b.json --key {key}"));
    sign("env://SIGNING_KEY").run().fails(2, "key-malformed");
    sign("env://SIGNING_KEY").env("SIGNING_KEY", KEY).secret(KEY).run().succeeds();
    let verify = "verify --blob artifact.tar --bundle b.json --key env://PUBLIC_KEY";
    sbom_sign(&desk, verify).env("PUBLIC_KEY", PUBLIC).run().succeeds();
    sbom_sign(&desk, verify).env("PUBLIC_KEY", OTHER_PUBLIC).run().fails(1, "evidence-missing");
}

#[test]
fn a_key_with_a_password_needs_it() {
    let desk = desk();
    desk.file("cosign.key", COSIGN_KEY);
    let line = "sign oci:registry:app --key cosign.key";
    sbom_sign(&desk, line).run().fails(2, "key-password-missing");
    sbom_sign(&desk, line).env("COSIGN_PASSWORD", "").run().fails(2, "key-password-wrong");
    sbom_sign(&desk, line).env_bytes("COSIGN_PASSWORD", b"\xff").run().fails(2, "variable-not-utf8");
}

#[test]
fn a_signed_file_verifies_and_a_changed_one_does_not() {
    let desk = desk();
    let sign = || sbom_sign(&desk, "sign --blob artifact.tar --bundle b.json --key k.key").on_runner().run();
    let verify = |key: &str| {
        sbom_sign(&desk, &format!("verify --blob artifact.tar --bundle b.json --key {key}")).on_runner().run()
    };
    assert_eq!(sign().succeeds().observed().outputs["state"], "new");
    assert_eq!(sign().succeeds().observed().outputs["state"], "unchanged");
    assert_eq!(verify("k.pub").succeeds().observed().outputs["verified"], "1");
    verify("other.pub").fails(1, "evidence-missing");
    desk.file("artifact.tar", "another artifact\n");
    verify("k.pub").fails(1, "evidence-invalid");
    assert_eq!(sign().succeeds().observed().outputs["state"], "new");
    verify("k.pub").succeeds();
    desk.file("b.json", "{}");
    verify("k.pub").fails(1, "evidence-invalid");
}

#[test]
fn a_statement_about_a_file_is_asked_for_by_its_type_and_by_what_it_says() {
    let desk = desk();
    let run = |line: &str| sbom_sign(&desk, line).on_runner().run();
    let attest = |predicate: &str| {
        run(&format!(
            "attest --blob artifact.tar --bundle b.json --type test-result --predicate {predicate} --key k.key"
        ))
    };
    let verify = |more: &str| run(&format!("verify --blob artifact.tar --bundle b.json {more}"));
    assert_eq!(attest("passed.json").succeeds().observed().outputs["state"], "new");
    assert_eq!(attest("passed.json").succeeds().observed().outputs["state"], "unchanged");
    let good = "--type test-result --key k.pub";
    assert_eq!(
        verify(&format!("{good} -e staging --max-age 1h")).succeeds().observed().outputs["verified"],
        "1"
    );
    verify("--type test-result --key other.pub").fails(1, "evidence-missing");
    verify("--type cyclonedx --key k.pub").fails(1, "evidence-missing");
    verify(&format!("{good} -e production")).fails(1, "evidence-missing");
    verify(&format!("{good} --max-age 10s")).fails(1, "evidence-stale");
    // A statement about a file is no signature of it, and the other way round.
    verify("--key k.pub").fails(1, "evidence-invalid");
    verify("--type signature --key k.pub").fails(1, "evidence-invalid");
    run("sign --blob artifact.tar --bundle s.json --key k.key").succeeds();
    run("verify --blob artifact.tar --bundle s.json --type test-result --key k.pub")
        .fails(1, "evidence-invalid");
    assert_eq!(attest("failed.json").succeeds().observed().outputs["state"], "new");
    verify(good).fails(1, "evidence-negative");
    attest("passed.json").succeeds();
    desk.file("artifact.tar", "another artifact\n");
    verify(good).fails(1, "evidence-invalid");
    desk.file("b.json", "{}");
    verify(good).fails(1, "evidence-invalid");
}

#[test]
fn a_statement_about_a_file_is_planned_first_and_judged_before_the_key_is_opened() {
    let desk = desk();
    let line = "attest --blob artifact.tar --bundle b.json --type test-result --predicate";
    let planned = sbom_sign(&desk, &format!("{line} passed.json --key k.key --dry-run")).run().succeeds();
    assert_eq!(planned.stdout.trim(), "sign test-result to b.json");
    desk.file("half.json", r#"{"result": "PASSED"}"#);
    sbom_sign(&desk, &format!("{line} half.json --key none.key")).run().fails(2, "predicate-malformed");
    for more in ["oci:registry:app", "--recursive"] {
        sbom_sign(&desk, &format!("{line} passed.json --key k.key {more}")).run().fails(2, "input-invalid");
    }
    sbom_sign(&desk, "verify --blob artifact.tar --bundle b.json --key k.pub --max-age 1d")
        .run()
        .fails(2, "input-missing");
    assert!(!desk.has("b.json"));
}

#[test]
fn a_malformed_source_date_was_taken_for_none_and_the_time_of_now_written() {
    let desk = desk();
    for text in ["abc", "1.5", " 1", "99999999999999"] {
        let run = sbom_sign(&desk, "sbom tree --output bom.json").env("SOURCE_DATE_EPOCH", text).run();
        run.fails(2, "source-date-epoch-invalid");
        assert!(!desk.has("bom.json"));
    }
    sbom_sign(&desk, "sbom tree --output bom.json").env("SOURCE_DATE_EPOCH", "").run().succeeds();
}

#[test]
fn an_input_or_a_file_of_somebody_else_was_written_over() {
    let desk = desk();
    desk.file("empty", "");
    desk.file("tree/requirements.txt", "a==1\n");
    let before = desk.tree(&[]);
    let refused = |line: &str, code: &str| {
        for mode in ["", " --dry-run"] {
            sbom_sign(&desk, &format!("{line}{mode}")).run().fails(2, code);
        }
    };
    for bundle in ["artifact.tar", "registry/../artifact.tar", "k.key"] {
        refused(&format!("sign --blob artifact.tar --key k.key --bundle {bundle}"), "output-is-input");
    }
    refused("sign --blob empty --key k.key --bundle empty", "output-is-input");
    let attest = "attest --blob artifact.tar --type test-result --predicate passed.json --key k.key --bundle";
    refused(&format!("{attest} passed.json"), "output-is-input");
    refused(&format!("{attest} tree/Cargo.lock"), "output-taken");
    for output in ["tree/requirements.txt", "tree/Cargo.lock", "passed.json"] {
        refused(&format!("sbom tree --output {output}"), "output-taken");
    }
    assert_eq!(before.difference(&desk.tree(&[])), "");
    // What `mktemp` has made is nobody's yet.
    desk.file("empty.json", "");
    sbom_sign(&desk, "sign --blob artifact.tar --key k.key --bundle empty.json").run().succeeds();
    desk.file("empty.json", "");
    sbom_sign(&desk, "sbom tree --output empty.json").run().succeeds();
    refused(&format!("{attest} empty.json"), "output-taken");
}

#[test]
fn an_sbom_that_says_the_same_keeps_its_time() {
    let desk = desk();
    let sbom = || {
        let run = sbom_sign(&desk, "sbom tree --output bom.json").without_env("SOURCE_DATE_EPOCH");
        run.on_runner().run().succeeds().observed().outputs.clone()
    };
    sbom_sign(&desk, "sbom tree --output bom.json").run().succeeds();
    let before = desk.read("bom.json");
    let outputs = sbom();
    assert_eq!((outputs["state"].as_str(), outputs["components"].as_str()), ("unchanged", "1"));
    assert_eq!(desk.read("bom.json"), before);
    desk.file("tree/Cargo.lock", desk::LOCK.replace("1.0.1", "1.0.2"));
    assert_eq!(sbom()["state"], "new");
    sbom_sign(&desk, "sbom registry --output bom.json").run().fails(2, "lock-file-missing");
    desk.file("tree/Cargo.lock", "version = 4\n[[package]]\nname = 1\n");
    let run =
        sbom_sign(&desk, "sbom tree --output bom.json").on_runner().run().fails(2, "lock-file-malformed");
    assert_eq!(run.observed().annotations[0].property("line"), Some("3"));
}

#[test]
fn the_line_was_told_on_a_runner_and_not_on_a_terminal() {
    let desk = desk();
    for (file, text, line) in [
        ("requirements.txt", "a==1\n\n=1\n", 3),
        ("Cargo.lock", "version = 4\n[[package]]\nname = 1\n", 3),
        ("package-lock.json", "{\n\"lockfileVersion\": 3,\n\"packages\": []}", 3),
    ] {
        desk.file(&format!("one/{file}"), text);
        let run = sbom_sign(&desk, &format!("sbom one/{file} --output bom.json")).run();
        let run = run.fails(2, "lock-file-malformed");
        assert!(run.stderr.contains(&format!("\n  at: one/{file}:{line}\n")), "{}", run.stderr);
    }
    desk.file("policy.toml", "[licenses]\nallow = 1\n");
    sbom_sign(&desk, "sbom tree --output bom.json").run().succeeds();
    std::fs::create_dir(desk.join("osv")).unwrap();
    let run = sbom_sign(&desk, "check bom.json --database osv --policy policy.toml").run();
    assert!(run.stderr.contains("\n  at: policy.toml:"), "{}", run.stderr);
}

#[test]
fn an_sbom_of_several_ecosystems_has_one_root_and_no_path_of_the_machine() {
    let desk = desk();
    desk.file("tree/web/package-lock.json", r#"{"lockfileVersion": 3, "packages": {"": {"name": "web"}, "node_modules/a": {"version": "1.0.0"}}}"#);
    desk.file(
        "tree/.github/workflows/ci.yml",
        "jobs:\n  a:\n    steps:\n      - uses: actions/checkout@v4\n",
    );
    let sbom = |place: &str, version: &str| {
        let line = format!("sbom {place} --output bom.json --spec-version {version}");
        sbom_sign(&desk, &line).on_runner().run().succeeds();
        desk.read("bom.json")
    };
    let text = sbom("tree", "1.6");
    for part in [
        "\"specVersion\": \"1.6\"",
        "pkg:cargo/serde@1.0.1",
        "pkg:npm/a@1.0.0",
        "pkg:github/actions/checkout@v4",
        "web/package-lock.json",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains(&desk.path().display().to_string()), "{text}");
    assert_eq!(sbom(&desk.join("tree").display().to_string(), "1.6"), text, "wherever the tree lies");
    assert_ne!(sbom("tree", "1.7"), text);
    desk.file("tree/empty/bun.lockb", "\u{0}");
    let refused = sbom_sign(&desk, "sbom tree --output bom.json").run().fails(2, "lock-file-malformed");
    assert!(refused.stderr.contains("bun install --save-text-lockfile"), "{}", refused.stderr);
    sbom_sign(&desk, "sbom artifact.tar --output bom.json").run().fails(2, "lock-file-unknown");
    desk.file("none/requirements.txt", "");
    sbom_sign(&desk, "sbom none --output bom.json").run().fails(2, "lock-file-empty");
    std::os::unix::fs::symlink("../tree/Cargo.lock", desk.join("none/Cargo.lock")).unwrap();
    sbom_sign(&desk, "sbom none --output bom.json").run().fails(2, "lock-file-outside");
    desk.file(&format!("deep/{}go.mod", "d/".repeat(70)), "module a\n");
    sbom_sign(&desk, "sbom deep --output bom.json").run().fails(2, "tree-too-large");
}

#[test]
fn every_wrong_call_is_refused() {
    bad_input::check_cli(BINARY, &["sbom", ".", "--output", "bom.json"]);
}

#[test]
fn every_bad_file_is_refused() {
    let desk = desk();
    let place = desk.path().display().to_string();
    let with = |line: &str, file: &std::path::Path| {
        let mut words = words(&line.replace('~', &place));
        words.push(file.into());
        words
    };
    // By its name it is told what a file should be.
    bad_input::files(BINARY, |file| {
        let lock = file.with_file_name("Cargo.lock");
        if file.symlink_metadata().is_ok() {
            std::fs::rename(file, &lock).unwrap();
        }
        with("sbom --output bom.json", &lock)
    });
    bad_input::files(BINARY, |file| {
        with("attest oci:~/registry:app --type test-result --key ~/k.key --predicate", file)
    });
    bad_input::files(BINARY, |file| with("sign oci:~/registry:app --key", file));
    bad_input::files(BINARY, |file| with("verify oci:~/registry:app --type signature --key", file));
    let content = [BadFile::NotUtf8, BadFile::Huge, BadFile::Empty];
    bad_input::files_except(BINARY, &content, |file| with("sign --key ~/k.key --bundle b.json --blob", file));
    bad_input::files_except(BINARY, &[BadFile::NotUtf8, BadFile::Empty], |file| {
        with("verify --key ~/k.pub --blob ~/artifact.tar --bundle", file)
    });
    assert_eq!(desk::referrers(&desk), 0);
}

/// A run to kill, in a new desk each time.
fn killed(line: &'static str) -> impl Fn() -> (Scratch, testkit::Cmd) {
    move || {
        let desk = desk();
        let command = sbom_sign(&desk, line);
        (desk, command)
    }
}

#[test]
fn killed_at_any_write_a_second_run_arrives() {
    let whole = |desk: &Scratch| {
        for file in ["bom.json", "b.json"] {
            assert!(!desk.has(file) || serde_json::from_str::<serde_json::Value>(&desk.read(file)).is_ok());
        }
    };
    let partial = |line| crash::Crash::of(killed(line)).wreck(whole).except(&["**.partial"]).run();
    partial("sbom tree --output bom.json");
    partial("sign --blob artifact.tar --bundle b.json --key k.key");
    partial("sign oci:registry:app --key k.key");
    partial("attest oci:registry:app --type test-result --predicate passed.json --key k.key");
    partial("copy oci:registry:app oci:production:app-1");
}
