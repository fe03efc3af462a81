//! Evidence beside images, as the binary makes it, judges it and carries it along.

use crate::desk::{self, desk, image, put_image, referrers, result, sbom_sign};
use std::collections::BTreeSet;

use testkit::{Scratch, relay::relay, served::Served};

fn attest(desk: &Scratch, file: &str) {
    let line = format!("attest oci:registry:app --type test-result --predicate {file} --key k.key");
    sbom_sign(desk, &line).run().succeeds();
}

#[test]
fn sign_attest_verify_reads_like_this() {
    let desk = desk();
    let told = [
        "sbom tree --output bom.json",
        "sign oci:registry:app --key k.key",
        "attest oci:registry:app --type cyclonedx --predicate bom.json --key k.key",
        "sign oci:registry:app --key k.key",
        "verify oci:registry:app --type signature --key k.pub",
    ]
    .map(|line| sbom_sign(&desk, line).run().succeeds().transcript());
    insta::assert_snapshot!(told.join("\n"), @r"
    $ sbom-sign sbom tree --output bom.json
    status: 0
    ── stdout
    SBOM bom.json (new), components: 1

    $ sbom-sign sign oci:registry:app --key k.key
    status: 0
    ── stdout
    signed oci:registry:app (new)
      image             digest        bundle        state
      oci:registry:app  f20c43161d73  f9400c78eb97  new

    $ sbom-sign attest oci:registry:app --type cyclonedx --predicate bom.json --key k.key
    status: 0
    ── stdout
    attested cyclonedx of oci:registry:app (new)
      image             digest        bundle        state
      oci:registry:app  f20c43161d73  6a4232708c3b  new

    $ sbom-sign sign oci:registry:app --key k.key
    status: 0
    ── stdout
    signed oci:registry:app (unchanged)
      image             digest        bundle        state
      oci:registry:app  f20c43161d73  f9400c78eb97  unchanged

    $ sbom-sign verify oci:registry:app --type signature --key k.pub
    status: 0
    ── stdout
    signature of oci:registry:app: verified
    sha256:f20c43161d73848408ef247f0ec7111b19fe58ffebc0cbcaa0d2c8bda4967268
      evidence      verdict         why
      a03aa9cbb187  counts          signed with 1R1dsR/oEZUr…
      96af57265ead  does not count  a statement of type cyclonedx
    ");
}

#[test]
fn what_was_signed_once_is_not_signed_again() {
    let desk = desk();
    let sign = || sbom_sign(&desk, "sign oci:registry:app --key k.key").on_runner().run().succeeds();
    assert_eq!(sign().observed().outputs["state"], "new");
    let before = desk.tree(&[]);
    // A later time, a second run: the claim is there.
    let again = sbom_sign(&desk, "sign oci:registry:app --key k.key").env("SEAWORTHY_CLOCK", "1900000000");
    assert_eq!(again.on_runner().run().succeeds().observed().outputs["state"], "unchanged");
    assert_eq!(sign().observed().outputs["state"], "unchanged");
    assert_eq!(before.difference(&desk.tree(&[])), "");
    sbom_sign(&desk, "sign oci:registry:app --key other.key").run().succeeds();
    assert_eq!(referrers(&desk), 2);
}

#[test]
fn a_dry_run_signs_nothing() {
    let desk = desk();
    let before = desk.tree(&[]);
    let run = sbom_sign(&desk, "sign oci:registry:app --key k.key --dry-run").run().succeeds();
    assert!(run.stdout.starts_with("sign signature of oci:registry:app (sha256:"), "{}", run.stdout);
    sbom_sign(&desk, "sbom tree --output bom.json --dry-run").run().succeeds();
    sbom_sign(&desk, "copy oci:registry:app oci:elsewhere:app --dry-run").run().succeeds();
    sbom_sign(&desk, "keygen --output-prefix new --dry-run").env("COSIGN_PASSWORD", "").run().succeeds();
    assert_eq!(before.difference(&desk.tree(&[])), "");
}

#[test]
fn without_an_image_every_component_of_the_release_is_meant() {
    let desk = desk();
    sbom_sign(&desk, "sign --key k.key").run().fails(2, "image-unnamed");
    let worker = put_image(&desk, "worker", b"{\"os\":\"linux\"}");
    desk.file("release.json", format!(r#"{{"schemaVersion": 1, "commit": "{}"}}"#, "0".repeat(40)));
    sbom_sign(&desk, "sign --key k.key").on_runner().run().fails(2, "release-file-other-commit");
    let component = |digest| format!(r#"{{"image": "oci:registry", "digest": "{digest}"}}"#);
    desk.file(
        "release.json",
        format!(
            r#"{{"schemaVersion": 1, "components": {{"app": {}, "worker": {}}}}}"#,
            component(image()),
            component(worker)
        ),
    );
    let signed = sbom_sign(&desk, "sign --key k.key").on_runner().run().succeeds();
    assert_eq!(signed.observed().outputs["digest"], format!("{}\n{worker}", image()));
    let verified = sbom_sign(&desk, "verify --type signature --key k.pub").on_runner().run().succeeds();
    assert_eq!(verified.observed().outputs["verified"], "2");
}

#[test]
fn after_a_rollback_a_test_of_what_runs_was_once_attested_to_the_release_that_was_taken_back() {
    let desk = desk();
    let record = format!(
        r#"{{"schemaVersion": 1,
            "components": {{"app": {{"image": "oci:registry", "digest": "{}"}}}},
            "environments": {{"staging": {{"rolledBack": {{
                "sequence": 4, "toSequence": 2, "incident": "i.md", "finishedOn": "2027-01-15T08:00:00Z"}}}}}}}}"#,
        image()
    );
    desk.file("release.json", record);
    desk.file("production.json", result("PASSED", "production", "08:01:00"));
    let attest =
        |line: &str| sbom_sign(&desk, &format!("attest {line} --type test-result --key k.key")).run();
    attest("--predicate passed.json").fails(2, "test-of-another-release");
    assert_eq!(referrers(&desk), 0);
    attest("--predicate production.json").succeeds();
    attest("oci:registry:app --predicate passed.json").succeeds();
}

#[test]
fn evidence_of_another_kind_key_or_image_is_not_enough() {
    let desk = desk();
    let missing = |line: &str| sbom_sign(&desk, line).run().fails(1, "evidence-missing");
    missing("verify oci:registry:app --type signature --key k.pub");
    attest(&desk, "passed.json");
    missing("verify oci:registry:app --type signature --key k.pub");
    missing("verify oci:registry:app --type test-result --key other.pub");
    missing("verify oci:registry:app --type test-result --key k.pub --environment production");
    missing("verify oci:registry:app --type test-result --key k.pub --suite load.yaml");
    let line = "verify oci:registry:app --type signature --key k.pub --suite load.yaml";
    sbom_sign(&desk, line).run().fails(2, "flag-of-tests");
    put_image(&desk, "changed", b"{\"os\":\"plan9\"}");
    missing("verify oci:registry:changed --type test-result --key k.pub");
    let line = "verify oci:registry:app --type test-result --key other.pub --key k.pub -e staging --max-age 1h --suite smoke.yaml";
    sbom_sign(&desk, line).run().succeeds();
}

#[test]
fn a_failed_or_old_test_refuses_and_a_later_pass_mends_it() {
    let desk = desk();
    let verify = |more: &str| {
        sbom_sign(&desk, &format!("verify oci:registry:app --type test-result --key k.pub -e staging {more}"))
            .run()
    };
    attest(&desk, "passed.json");
    verify("--max-age 30s").fails(1, "evidence-stale");
    attest(&desk, "failed.json");
    let refused = verify("").fails(1, "evidence-negative");
    insta::assert_snapshot!(refused.transcript(), @r"
    $ sbom-sign verify oci:registry:app --type test-result --key k.pub -e staging
    status: 1
    ── stdout
    test-result of oci:registry:app: refused
    sha256:f20c43161d73848408ef247f0ec7111b19fe58ffebc0cbcaa0d2c8bda4967268
      evidence      verdict         why
      7414118bf9ef  does not count  a later one of the same counts
      d1d06f4050da  does not count  says FAILED
    the latest one speaks against it
    ── stderr
    error[evidence-negative]: oci:registry@sha256:f20c43161d73848408ef247f0ec7111b19fe58ffebc0cbcaa0d2c8bda4967268 lacks good evidence of type test-result
      why: the latest one speaks against it
      fix: mend what failed, build anew and let it pass
      see: docs/failures.md#evidence-negative
    ");
    desk.file("passed.json", result("PASSED", "staging", "07:59:59"));
    attest(&desk, "passed.json");
    verify("--max-age 30s").succeeds();
}

#[test]
fn a_bundle_that_was_changed_is_told_from_one_that_is_missing() {
    let desk = desk();
    attest(&desk, "passed.json");
    let line = "verify oci:registry:app --type test-result --key k.pub";
    for entry in std::fs::read_dir(desk.join("registry/blobs/sha256")).unwrap() {
        let path = entry.unwrap().path();
        let text = ci::files::read_text(&path).unwrap();
        if text.contains("dsseEnvelope") {
            ci::files::write(&path, text.replace("payload\":\"e", "payload\":\"f").as_bytes()).unwrap();
        }
    }
    sbom_sign(&desk, line).run().fails(1, "evidence-invalid");
}

#[test]
fn an_image_that_was_changed_in_place_is_refused_whatever_is_signed() {
    let desk = desk();
    sbom_sign(&desk, "sign oci:registry:app --key k.key").run().succeeds();
    let manifest = desk.join("registry/blobs/sha256").join(image().hex());
    let text = ci::files::read_text(&manifest).unwrap();
    ci::files::write(&manifest, text.replace("\"size\":2", "\"size\":3").as_bytes()).unwrap();
    for line in [
        "verify oci:registry:app --type signature --key k.pub",
        "sign oci:registry:app --key other.key",
        "copy oci:registry:app oci:production:app",
    ] {
        sbom_sign(&desk, line).run().fails(1, "digest-mismatch");
    }
    assert!(!desk.has("production"));
}

#[test]
fn a_predicate_that_is_not_of_its_type_is_not_signed() {
    let desk = desk();
    desk.file("nothing.json", result("PASSED", "staging", "07:59:00").replace("[\"healthz\"]", "[]"));
    desk.file("cut.json", "{\n  \"result\":\n");
    let before = desk.tree(&[]);
    let refused = |kind: &str, file: &str, code: &str| {
        let line = format!("attest oci:registry:app --type {kind} --predicate {file} --key k.key");
        sbom_sign(&desk, &line).run().fails(2, code)
    };
    refused("cyclonedx", "passed.json", "predicate-malformed");
    refused("migration", "passed.json", "predicate-malformed");
    let run = refused("test-result", "nothing.json", "predicate-malformed");
    assert_eq!(run.failure().why, ["it does not say FAILED, and names no test that passed"]);
    refused("test-result", "cut.json", "predicate-not-json");
    refused("nonsense", "passed.json", "input-invalid");
    assert_eq!(before.difference(&desk.tree(&[])), "");
    let line = "attest oci:registry:app --type https://example.com/v1 --predicate passed.json --key k.key";
    sbom_sign(&desk, line).run().succeeds();
}

#[test]
fn a_copy_takes_the_evidence_along() {
    let desk = desk();
    sbom_sign(&desk, "sign oci:registry:app --key k.key").run().succeeds();
    attest(&desk, "passed.json");
    let copy = || sbom_sign(&desk, "copy oci:registry:app oci:production:app-1").on_runner().run().succeeds();
    let first = copy();
    assert_eq!(first.observed().outputs["state"], "new");
    assert_eq!(first.observed().outputs["companions"], "2");
    assert_eq!(copy().observed().outputs["state"], "unchanged");
    for kind in ["signature", "test-result"] {
        let line = format!("verify oci:production:app-1 --type {kind} --key k.pub");
        sbom_sign(&desk, &line).run().succeeds();
    }
    // What came later comes along later.
    attest(&desk, "failed.json");
    assert_eq!(copy().observed().outputs["state"], "new");
    let other = put_image(&desk, "other", b"{\"os\":\"linux\"}");
    let line = format!("copy oci:registry:app oci:production@{other}");
    sbom_sign(&desk, &line).run().fails(2, "copy-other-digest");
    sbom_sign(&desk, "copy oci:registry:other oci:production:app-1").run().fails(1, "tag-would-move");
    sbom_sign(&desk, "copy oci:registry oci:production:app-1").run().fails(2, "image-incomplete");
}

#[test]
fn a_copy_asks_its_destination_nothing_twice_before_it_writes() {
    for registry in [Served::crane(), Served::cuelabs(), Served::docker("")] {
        let desk = desk();
        sbom_sign(&desk, "sign oci:registry:app --key k.key").run().succeeds();
        let counted = relay(&registry.authority(), |_| None);
        let authority = counted.url("").trim_start_matches("http://").trim_end_matches('/').to_owned();
        let mut seen = 0;
        for state in ["new", "unchanged"] {
            let copy = format!("copy oci:registry:app {authority}/acme/app:1");
            let run = sbom_sign(&desk, &copy).on_runner().run().succeeds();
            assert_eq!(run.observed().outputs["state"], state);
            let all = counted.requests();
            let asked = all[seen..].iter().take_while(|one| matches!(&*one.method, "HEAD" | "GET"));
            let asked: Vec<String> = asked.map(|one| format!("{} {}", one.method, one.target)).collect();
            // Each blob is looked for once more right before it is sent: another run may have been quicker.
            let asked: Vec<&String> = asked.iter().filter(|one| !one.contains("/blobs/")).collect();
            let once: BTreeSet<&&String> = asked.iter().collect();
            assert_eq!(once.len(), asked.len(), "{state}: {asked:#?}");
            assert!(state == "new" || all.len() - seen <= 6, "{asked:#?}");
            seen = all.len();
        }
    }
}

#[test]
fn on_a_runner_it_follows_the_runners_rules() {
    let desk = desk();
    desk.file("cosign.key", desk::COSIGN_KEY);
    let run = sbom_sign(&desk, "sign --key cosign.key")
        .env("INPUT_IMAGES", "oci:registry:app")
        .env("COSIGN_PASSWORD", desk::PASSWORD)
        .secret(desk::PASSWORD)
        .on_runner()
        .run()
        .succeeds();
    let observed = run.observed();
    assert_eq!(observed.outputs["state"], "new");
    assert_eq!(observed.outputs["digest"], image().to_string());
    assert!(observed.outputs["bundle-digest"].starts_with("sha256:"));
    assert!(
        observed.summary.starts_with("### signed oci:registry:app (new)\n\n| image"),
        "{}",
        observed.summary
    );
}
