//! sigstore-python, the client of another language: what either of us signs, the other verifies.

use std::process::Command;

use serde_json::{Value, json};
use testkit::sigstore::{CertificateLog, Rekor, Sigstore};

use crate::job::Job;

/// A job whose servers and root sigstore-python is told in one file.
fn job(version: Rekor, certificates: CertificateLog) -> Job {
    let job = Job::with(version, certificates, "");
    let read = |path: String| -> Value {
        serde_json::from_str(&ci::files::read_text(path.as_ref()).unwrap()).unwrap()
    };
    let config = json!({
        "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
        "trustedRoot": read(job.root()),
        "signingConfig": read(job.bed.file("signing-config.json")),
    });
    job.desk.file("trust.json", config.to_string());
    job
}

/// Whether it did what was asked, and what it said.
fn python(job: &Job, words: &[&str]) -> (bool, String) {
    let mut command = Command::new("sigstore");
    command.args(["--trust-config", "trust.json"]).args(words).current_dir(job.desk.path());
    let output = command.env("HOME", job.desk.path()).output();
    let output =
        output.unwrap_or_else(|error| panic!("sigstore is not there, see script/setup --peers: {error}"));
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

fn verified(job: &Job, bundle: &str, file: &str) -> (bool, String) {
    let (issuer, identity) = (job.bed.issuer(), Sigstore::identity());
    let who = ["--cert-identity", identity, "--cert-oidc-issuer", &issuer];
    python(job, &[&["verify", "identity", "--offline", "--bundle", bundle][..], &who, &[file]].concat())
}

#[test]
#[ignore = "peers: needs a private Sigstore and sigstore-python, see script/setup --peers"]
fn peers_sigstore_python_and_we_read_each_other() {
    // It demands a promise of a log of certificates.
    for (version, kind) in [(Rekor::V1, CertificateLog::Ctfe), (Rekor::V2, CertificateLog::TesseraCt)] {
        let job = job(version, kind);
        job.signs("sign --blob artifact.tar --bundle b.json").succeeds();
        job.signs("attest --blob artifact.tar --bundle a.json --type test-result --predicate passed.json")
            .succeeds();
        for bundle in ["b.json", "a.json"] {
            let (good, said) = verified(&job, bundle, "artifact.tar");
            assert!(good, "{kind:?}, {bundle}: {said}");
            let (good, said) = verified(&job, bundle, "passed.json");
            assert!(!good, "{kind:?}, {bundle}: {said}");
        }
        let token = job.bed.token();
        let sign = ["sign", "--identity-token", &token, "--bundle", "p.json", "artifact.tar"];
        let (good, said) = python(&job, &sign);
        assert!(good, "{kind:?}: {said}");
        job.verifies("--blob artifact.tar --bundle p.json").succeeds();
        job.verifies("--blob passed.json --bundle p.json").fails(1, "evidence-invalid");
    }
}
