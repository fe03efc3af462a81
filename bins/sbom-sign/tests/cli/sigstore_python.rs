//! sigstore-python, the client of another language: what either of us signs, the other verifies.

use serde_json::{Value, json};
use testkit::sigstore::{CertificateLog, Rekor, Sigstore};

use crate::{job::Job, peers::peer};

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

fn python(job: &Job, line: &str) -> (bool, String) {
    peer(&job.desk, "sigstore", &format!("--trust-config trust.json {line}"))
}

fn verified(job: &Job, bundle: &str, file: &str) -> (bool, String) {
    let (issuer, identity) = (job.bed.issuer(), Sigstore::identity());
    let who = format!("--cert-identity {identity} --cert-oidc-issuer {issuer}");
    python(job, &format!("verify identity --offline --bundle {bundle} {who} {file}"))
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
        let (good, said) =
            python(&job, &format!("sign --identity-token {token} --bundle p.json artifact.tar"));
        assert!(good, "{kind:?}: {said}");
        job.verifies("--blob artifact.tar --bundle p.json").succeeds();
        job.verifies("--blob passed.json --bundle p.json").fails(1, "evidence-invalid");
    }
}
