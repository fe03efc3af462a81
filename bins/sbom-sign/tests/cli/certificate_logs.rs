//! Certificates with the promise of a log (RFC 6962): demanded where the root knows such logs, and checked.

use serde_json::{Value, json};
use testkit::sigstore::{CertificateLog, Rekor, promise_in};

use crate::job::Job;

const FILE: &str = "--blob artifact.tar --bundle b.json";

/// Where in a promise what stands.
const VERSION: usize = 0;
const LOG: usize = 1;
const TIME: usize = 33;
const EXTENSIONS: usize = 41;

#[track_caller]
fn cosign_takes(job: &Job, line: &str) {
    let (good, said) = job.cosign_verifies(line);
    assert!(good, "{said}");
}

/// Both kinds of log, beside both kinds of Rekor.
fn jobs() -> impl Iterator<Item = (CertificateLog, Job)> {
    let both = [(CertificateLog::Ctfe, Rekor::V1), (CertificateLog::TesseraCt, Rekor::V2)];
    // There can be one on a machine: the second starts when the first has ended.
    both.into_iter().map(|(kind, version)| (kind, Job::with(version, kind, "")))
}

#[test]
#[ignore = "peers: needs a private Sigstore, see script/setup --peers"]
fn peers_a_certificate_is_in_the_log_that_the_root_knows() {
    for (kind, job) in jobs() {
        job.signs(&format!("sign {FILE}")).succeeds();
        job.verifies(FILE).succeeds();
        cosign_takes(&job, "verify-blob --bundle b.json artifact.tar");
        let refused = job.verifies_by("-other-certificate-log", FILE).fails(1, "evidence-invalid");
        assert!(
            refused.transcript().contains("invalid signed certificate timestamp"),
            "{}",
            refused.transcript()
        );
        let theirs =
            job.cosign_verifies_by("-other-certificate-log", "verify-blob --bundle b.json artifact.tar");
        assert!(!theirs.0, "{kind:?}: {}", theirs.1);

        job.signs(&format!("attest {FILE} --type test-result --predicate passed.json")).succeeds();
        job.verifies(&format!("{FILE} --type test-result")).succeeds();
        job.verifies_by("-other-certificate-log", &format!("{FILE} --type test-result"))
            .fails(1, "evidence-invalid");

        job.cosign_signs("sign-blob --bundle c.json artifact.tar");
        job.verifies("--blob artifact.tar --bundle c.json").succeeds();
        job.verifies_by("-other-certificate-log", "--blob artifact.tar --bundle c.json")
            .fails(1, "evidence-invalid");

        nothing_is_stored_that_would_not_hold(&job);
    }
}

fn nothing_is_stored_that_would_not_hold(job: &Job) {
    let (config, root) =
        (job.bed.file("signing-config.json"), job.bed.file("trusted-root-other-certificate-log.json"));
    let sign = "sign --blob passed.json --bundle d.json";
    job.runs(&format!("{sign} --signing-config {config} --trusted-root {root}"))
        .fails(3, "signature-unproven");
    assert!(!job.desk.has("d.json"));
}

#[test]
#[ignore = "peers: needs a private Sigstore, see script/setup --peers"]
fn peers_a_certificate_without_a_promise_is_none_where_the_root_knows_logs() {
    let job = Job::new("");
    job.signs(&format!("sign {FILE}")).succeeds();
    job.verifies(FILE).succeeds();
    let refused = job.verifies_by("-other-certificate-log", FILE).fails(1, "evidence-invalid");
    assert!(refused.transcript().contains("missing SCT"), "{}", refused.transcript());
    nothing_is_stored_that_would_not_hold(&job);
}

/// The authority itself signs the changed certificate, and no log of signatures holds the good one: nothing but the promise is wrong.
#[test]
#[ignore = "peers: needs a private Sigstore, see script/setup --peers"]
fn peers_a_promise_that_was_changed_is_refused_whoever_signed_the_certificate() {
    for (kind, job) in jobs() {
        let job = Job { variant: "-no-log", ..job };
        job.signs("sign --blob artifact.tar --bundle good.json").succeeds();
        let good: Value = serde_json::from_str(&job.desk.read("good.json")).unwrap();
        let certificate = good["verificationMaterial"]["certificate"]["rawBytes"].as_str().unwrap();
        let reissue = |change: &dyn Fn(&mut [u8])| {
            let mut bundle = good.clone();
            bundle["verificationMaterial"]["certificate"]["rawBytes"] =
                json!(job.bed.reissued(certificate, |signed| change(signed)));
            job.desk.file("b.json", bundle.to_string());
            (
                job.verifies(FILE),
                job.cosign_verifies("verify-blob --bundle b.json --insecure-ignore-tlog artifact.tar"),
            )
        };
        let (ours, theirs) = reissue(&|_| ());
        ours.succeeds();
        assert!(theirs.0, "{}", theirs.1);
        for (what, offset) in [
            ("version", VERSION),
            ("name of the log", LOG),
            ("time", TIME),
            ("time, by a millisecond", TIME + 7),
            ("extensions", EXTENSIONS + if kind == CertificateLog::TesseraCt { 5 } else { 1 }),
            ("algorithm", EXTENSIONS + if kind == CertificateLog::TesseraCt { 10 } else { 2 }),
            ("signature", EXTENSIONS + 30),
        ] {
            let (ours, theirs) = reissue(&|signed| signed[promise_in(signed) + offset] ^= 1);
            assert_eq!(ours.status, 1, "{kind:?}, {what}: {}", ours.transcript());
            assert_eq!(ours.failure().code, "evidence-invalid", "{kind:?}, {what}: {}", ours.transcript());
            assert!(!theirs.0, "{kind:?}, {what}: {}", theirs.1);
        }
    }
}
