//! A real Rekor of version 1: its promise alone proves when something was signed, and nothing holds that was changed afterwards.

use oci::Repository as _;
use serde_json::{Value, json};
use testkit::{
    served::Served,
    sigstore::{CertificateLog, Rekor},
};

use crate::{
    desk::{COSIGN_KEY, COSIGN_PUBLIC, image, layout, sbom_sign},
    job::Job,
};

const FILE: &str = "--blob artifact.tar --bundle b.json";
const RESULT: &str = "https://in-toto.io/attestation/test-result/v0.1";

/// Nothing but the log says when: there is no timestamp authority.
fn job() -> Job {
    Job::with(Rekor::V1, CertificateLog::None, "-no-stamps")
}

/// Keeps the evidence of this kind beside the image as a file, and the manifest, whose digest is the subject.
fn take_out(job: &Job, kind: &str, name: &str) {
    let layout = layout(&job.desk);
    job.desk.file("manifest.json", layout.manifest(image()).unwrap().bytes());
    let found = layout.referrers(image()).unwrap().into_iter().find_map(|referrer| {
        let evidence = layout.described(&referrer).unwrap();
        let told = evidence.annotations()["dev.sigstore.bundle.predicateType"] == *kind;
        told.then(|| layout.blob_bytes(&evidence.image().unwrap().layers[0], 1 << 20).unwrap())
    });
    job.desk.file(name, found.unwrap());
}

fn bundle(job: &Job, name: &str) -> Value {
    serde_json::from_str(&job.desk.read(name)).unwrap()
}

fn entry(bundle: &mut Value) -> &mut Value {
    &mut bundle["verificationMaterial"]["tlogEntries"][0]
}

#[test]
#[ignore = "peers: needs a private Sigstore, see script/setup --peers"]
fn peers_a_log_of_version_1_alone_proves_who_signed_and_when() {
    let job = job();
    let plan = job.signs(&format!("sign {FILE} --dry-run")).succeeds();
    assert!(!job.desk.has("b.json"), "{}", plan.stdout);
    job.signs(&format!("sign {FILE}")).succeeds();
    assert!(job.signs(&format!("sign {FILE}")).succeeds().stdout.contains("unchanged"));
    let mut signed = bundle(&job, "b.json");
    assert_eq!(signed["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"], Value::Null);
    assert_eq!(entry(&mut signed)["kindVersion"], json!({"kind": "hashedrekord", "version": "0.0.1"}));
    let good = job.verifies(FILE).succeeds();
    assert!(good.stdout.contains("in the log"), "{}", good.stdout);
    job.verifies("--blob passed.json --bundle b.json").fails(1, "evidence-invalid");
    let (good, said) = job.cosign_verifies("verify-blob --bundle b.json artifact.tar");
    assert!(good, "{said}");
    // By the key of another log it would not hold, so it is not stored.
    let (config, root) =
        (job.bed.file("signing-config-no-stamps.json"), job.bed.file("trusted-root-other-log.json"));
    job.runs(&format!(
        "sign --blob passed.json --bundle other.json --signing-config {config} --trusted-root {root}"
    ))
    .fails(3, "signature-unproven");
    assert!(!job.desk.has("other.json"));

    job.signs("sign oci:registry:app").succeeds();
    job.signs("attest oci:registry:app --type test-result --predicate passed.json").succeeds();
    job.verifies("oci:registry:app --type signature").succeeds();
    job.verifies("oci:registry:app --type test-result -e staging").succeeds();
    for kind in ["https://sigstore.dev/cosign/sign/v1", RESULT] {
        take_out(&job, kind, "s.json");
        assert_eq!(
            entry(&mut bundle(&job, "s.json"))["kindVersion"],
            json!({"kind": "dsse", "version": "0.0.1"})
        );
        let verify = format!("verify-blob-attestation --bundle s.json --type {kind}");
        let (good, said) = job.cosign_verifies(&format!("{verify} manifest.json"));
        assert!(good, "{said}");
        assert!(!job.cosign_verifies(&format!("{verify} artifact.tar")).0);
    }
}

#[test]
#[ignore = "peers: needs a private Sigstore, see script/setup --peers"]
fn peers_what_cosign_enters_in_a_log_of_version_1_holds_here() {
    let job = job();
    job.cosign_signs("sign-blob --bundle b.json artifact.tar");
    let good = job.verifies(FILE).succeeds();
    assert!(good.stdout.contains("in the log"), "{}", good.stdout);
    job.verifies("--blob passed.json --bundle b.json").fails(1, "evidence-invalid");
    job.verifies_by("-other-log", FILE).fails(1, "evidence-invalid");
}

#[test]
#[ignore = "peers: needs a private Sigstore, see script/setup --peers"]
fn peers_we_and_cosign_read_each_others_evidence_in_a_registry_and_a_log_of_version_1() {
    let job = job();
    let registry = Served::crane();
    let [ours, theirs] = ["ours", "theirs"].map(|name| format!("{}/acme/{name}", registry.authority()));
    for image in [&ours, &theirs] {
        sbom_sign(&job.desk, &format!("copy oci:registry:app {image}:1")).run().succeeds();
    }
    job.signs(&format!("sign {ours}:1")).succeeds();
    job.signs(&format!("attest {ours}:1 --type test-result --predicate passed.json")).succeeds();
    let pinned = format!("{theirs}@{}", image());
    job.cosign_signs(&format!("sign --allow-http-registry {pinned}"));
    job.cosign_signs(&format!(
        "attest --allow-http-registry --type {RESULT} --predicate passed.json {pinned}"
    ));
    for image in [&ours, &theirs] {
        job.verifies(&format!("{image}:1 --type signature")).succeeds();
        job.verifies(&format!("{image}:1 --type test-result -e staging")).succeeds();
        job.verifies_by("-other-log", &format!("{image}:1 --type signature")).fails(1, "evidence-invalid");
        for line in [
            format!("verify --allow-http-registry {image}:1"),
            format!("verify-attestation --allow-http-registry --type {RESULT} {image}:1"),
        ] {
            let (good, said) = job.cosign_verifies(&line);
            assert!(good, "{said}");
            let (bad, said) = job.cosign_verifies_by("-other-log", &line);
            assert!(!bad, "{said}");
        }
    }
}

/// The log gets a statement of version 1 whole, and keeps its digest.
#[test]
#[ignore = "peers: needs a private Sigstore, see script/setup --peers"]
fn peers_a_large_statement_is_entered_and_a_larger_one_is_not_asked_for() {
    let job = job();
    let attest = |megabytes: usize| {
        job.desk.file("large.json", json!({ "text": "x".repeat(megabytes << 20) }).to_string());
        job.signs(&format!("attest {FILE} --type https://example.com/large/v1 --predicate large.json"))
    };
    attest(16).fails(2, "log-entry-too-large");
    assert!(!job.desk.has("b.json"));
    attest(15).succeeds();
    job.verifies(&format!("{FILE} --type https://example.com/large/v1")).succeeds();
    let line = "verify-blob-attestation --bundle b.json --type https://example.com/large/v1 artifact.tar";
    let (good, said) = job.cosign_verifies(line);
    assert!(good, "{said}");
}

/// The same text with another character of base64 at this place.
fn other(text: &Value, at: usize) -> Value {
    let mut text = text.as_str().unwrap().to_owned();
    let new = if text[at..].starts_with('A') { "B" } else { "A" };
    text.replace_range(at..=at, new);
    json!(text)
}

/// The number after this one.
fn next(number: &Value) -> Value {
    json!((number.as_str().unwrap().parse::<u64>().unwrap() + 1).to_string())
}

type Change = fn(entry: &mut Value, another: &Value);

const CHANGES: &[(&str, Change)] = &[
    ("promise", |entry, _| {
        let promise = &mut entry["inclusionPromise"]["signedEntryTimestamp"];
        *promise = other(promise, 40);
    }),
    ("the promise of another entry", |entry, another| {
        entry["inclusionPromise"] = another["inclusionPromise"].clone();
    }),
    ("no promise", |entry, _| {
        entry.as_object_mut().unwrap().remove("inclusionPromise");
    }),
    ("time of entry", |entry, _| entry["integratedTime"] = next(&entry["integratedTime"])),
    ("no time of entry", |entry, _| {
        entry.as_object_mut().unwrap().remove("integratedTime");
    }),
    ("number", |entry, _| entry["logIndex"] = next(&entry["logIndex"])),
    ("number in the proof", |entry, _| {
        entry["inclusionProof"]["logIndex"] = next(&entry["inclusionProof"]["logIndex"]);
    }),
    ("size of the tree", |entry, _| {
        entry["inclusionProof"]["treeSize"] = next(&entry["inclusionProof"]["treeSize"]);
    }),
    ("root of the tree", |entry, _| {
        let root = &mut entry["inclusionProof"]["rootHash"];
        *root = other(root, 10);
    }),
    ("a hash on the way", |entry, _| {
        let hash = &mut entry["inclusionProof"]["hashes"][0];
        *hash = other(hash, 10);
    }),
    ("no hashes on the way", |entry, _| entry["inclusionProof"]["hashes"] = json!([])),
    ("root in the checkpoint", |entry, _| {
        let note = entry["inclusionProof"]["checkpoint"]["envelope"].as_str().unwrap().to_owned();
        let root = note.lines().nth(2).unwrap();
        let changed = note.replacen(root, other(&json!(root), 10).as_str().unwrap(), 1);
        entry["inclusionProof"]["checkpoint"]["envelope"] = json!(changed);
    }),
    ("signature of the checkpoint", |entry, _| {
        let note = entry["inclusionProof"]["checkpoint"]["envelope"].clone();
        let at = note.as_str().unwrap().trim_end().len() - 20;
        entry["inclusionProof"]["checkpoint"]["envelope"] = other(&note, at);
    }),
    ("checkpoint of another entry", |entry, another| {
        entry["inclusionProof"]["checkpoint"] = another["inclusionProof"]["checkpoint"].clone();
    }),
    ("no proof", |entry, _| {
        entry.as_object_mut().unwrap().remove("inclusionProof");
    }),
    ("body", |entry, _| {
        let body = &mut entry["canonicalizedBody"];
        *body = other(body, 80);
    }),
    ("the body of another entry", |entry, another| {
        entry["canonicalizedBody"] = another["canonicalizedBody"].clone();
    }),
    ("name of the log", |entry, _| {
        let log = &mut entry["logId"]["keyId"];
        *log = other(log, 10);
    }),
    ("version", |entry, _| entry["kindVersion"]["version"] = json!("0.0.2")),
    ("another entry of the log", |entry, another| *entry = another.clone()),
];

/// Two things of each kind are signed, so that there is another good entry of the same log, and a way to the root.
#[test]
#[ignore = "peers: needs a private Sigstore, see script/setup --peers"]
fn peers_nothing_of_an_entry_of_version_1_can_be_changed() {
    let job = job();
    job.signs("sign --blob passed.json --bundle another-file.json").succeeds();
    job.signs(
        "attest --blob passed.json --type test-result --predicate passed.json --bundle another-claim.json",
    )
    .succeeds();
    job.signs("sign --blob artifact.tar --bundle file.json").succeeds();
    job.signs("attest --blob artifact.tar --type test-result --predicate passed.json --bundle claim.json")
        .succeeds();
    let attested = format!("verify-blob-attestation --bundle b.json --type {RESULT} artifact.tar");
    for (name, kind, theirs) in
        [("file", "", "verify-blob --bundle b.json artifact.tar"), ("claim", "--type test-result", &attested)]
    {
        let good = bundle(&job, &format!("{name}.json"));
        let another = entry(&mut bundle(&job, &format!("another-{name}.json"))).clone();
        let verify = || job.verifies(&format!("{FILE} {kind}"));
        job.desk.file("b.json", good.to_string());
        verify().succeeds();
        for (what, change) in CHANGES {
            let mut bad = good.clone();
            change(entry(&mut bad), &another);
            assert_ne!(bad, good, "{what}");
            job.desk.file("b.json", bad.to_string());
            let run = verify();
            assert_eq!(run.status, 1, "{name}, {what}: {}", run.transcript());
            assert_eq!(run.failure().code, "evidence-invalid", "{name}, {what}: {}", run.transcript());
            // cosign goes by the version that the body says.
            let theirs = job.cosign_verifies(theirs);
            assert_eq!(theirs.0, *what == "version", "{name}, {what}: {}", theirs.1);
        }
        job.desk.file("b.json", good.to_string());
        job.verifies_by("-other-log", &format!("{FILE} {kind}")).fails(1, "evidence-invalid");
        let mut none = good.clone();
        none["verificationMaterial"]["tlogEntries"] = json!([]);
        job.desk.file("b.json", none.to_string());
        verify().fails(1, "evidence-invalid");
        // Bundles of the first version had no proof, and the promise stands for it.
        let mut oldest = good.clone();
        oldest["mediaType"] = json!("application/vnd.dev.sigstore.bundle+json;version=0.1");
        entry(&mut oldest).as_object_mut().unwrap().remove("inclusionProof");
        job.desk.file("b.json", oldest.to_string());
        verify().succeeds();
        assert!(job.cosign_verifies(theirs).0);
        let promise = &mut entry(&mut oldest)["inclusionPromise"]["signedEntryTimestamp"];
        *promise = other(promise, 40);
        job.desk.file("b.json", oldest.to_string());
        verify().fails(1, "evidence-invalid");
        // One that does not say its version is not taken for one of those.
        let mut unsaid = good.clone();
        unsaid.as_object_mut().unwrap().remove("mediaType");
        job.desk.file("b.json", unsaid.to_string());
        verify().fails(1, "evidence-invalid");
        assert!(!job.cosign_verifies(theirs).0);
    }
}

/// Where a timestamp authority says when, an entry without a promise is proven by the tree; but one with a promise that does not hold is not.
#[test]
#[ignore = "peers: needs a private Sigstore, see script/setup --peers"]
fn peers_a_stamp_does_not_stand_in_for_a_promise_that_does_not_hold() {
    let job = Job::with(Rekor::V1, CertificateLog::None, "");
    job.signs("sign --blob passed.json --bundle another.json").succeeds();
    job.signs("sign --blob artifact.tar --bundle good.json").succeeds();
    let good = bundle(&job, "good.json");
    let another = entry(&mut bundle(&job, "another.json")).clone();
    for (what, change) in CHANGES {
        let mut bad = good.clone();
        change(entry(&mut bad), &another);
        job.desk.file("b.json", bad.to_string());
        let ours = job.verifies(FILE);
        let proven = *what == "no promise";
        assert_eq!(ours.status, i32::from(!proven), "{what}: {}", ours.transcript());
        let theirs = job.cosign_verifies("verify-blob --bundle b.json artifact.tar");
        assert_eq!(theirs.0, proven || *what == "version", "{what}: {}", theirs.1);
    }
}

#[test]
#[ignore = "peers: needs a private Sigstore, see script/setup --peers"]
fn peers_what_a_log_of_version_1_says_of_a_key_holds_by_the_root_that_is_named() {
    let job = job();
    job.desk.file("cosign.key", COSIGN_KEY);
    job.desk.file("cosign.pub", COSIGN_PUBLIC);
    let (config, root) = (job.bed.file("signing-config-no-stamps.json"), job.root());
    let sign = format!(
        "sign-blob --yes --key cosign.key --bundle good.json --signing-config {config} --trusted-root {root} artifact.tar"
    );
    let (done, said) = job.cosign(&sign);
    assert!(done, "{said}");
    let verify = |root: &str| {
        sbom_sign(&job.desk, &format!("verify {FILE} --key cosign.pub --trusted-root {}", job.bed.file(root)))
            .run()
    };
    let good = bundle(&job, "good.json");
    job.desk.file("b.json", good.to_string());
    verify("trusted-root-no-stamps.json").succeeds();
    verify("trusted-root-other-log.json").fails(1, "evidence-invalid");
    let mut bad = good;
    let promise = &mut entry(&mut bad)["inclusionPromise"]["signedEntryTimestamp"];
    *promise = other(promise, 40);
    job.desk.file("b.json", bad.to_string());
    verify("trusted-root-no-stamps.json").fails(1, "evidence-invalid");
}
