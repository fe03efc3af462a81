//! Signing and verifying without a key, against a private Sigstore of real servers and against cosign.

use std::{path::Path, process::Command};

use oci::Repository as _;
use testkit::{served::Served, sigstore::Sigstore};

use crate::{
    desk::{COSIGN_KEY, COSIGN_PUBLIC, image, layout, sbom_sign},
    job::Job,
};

#[test]
#[ignore = "peers: needs a private Sigstore, see script/setup --peers"]
fn peers_a_workflow_signs_a_file_and_cosign_agrees() {
    let job = Job::new("");
    let dry = job.signs("sign --blob artifact.tar --bundle b.json --dry-run").succeeds();
    assert!(dry.stdout.contains(Sigstore::identity()) && !job.desk.has("b.json"), "{}", dry.stdout);
    job.signs("sign --blob artifact.tar --bundle b.json").succeeds();
    let again = job.signs("sign --blob artifact.tar --bundle b.json").succeeds();
    assert!(again.stdout.contains("unchanged"), "{}", again.stdout);

    let good = job.verifies("--blob artifact.tar --bundle b.json").succeeds();
    assert!(good.stdout.contains("in the log"), "{}", good.stdout);
    job.verifies("--blob artifact.tar --bundle b.json --source-repository acme/app --source-repository-id 1")
        .succeeds();
    for other in ["--source-repository-id 2", "--ref refs/heads/other", "--deployment-environment production"]
    {
        let line = format!("--blob artifact.tar --bundle b.json {other}");
        job.verifies(&line).fails(1, "evidence-missing");
    }
    job.verifies("--blob passed.json --bundle b.json").fails(1, "evidence-invalid");

    let (good, said) = job.cosign_verifies("verify-blob --bundle b.json artifact.tar");
    assert!(good, "{said}");
    assert!(!job.cosign_verifies("verify-blob --bundle b.json passed.json").0);
}

#[test]
#[ignore = "peers: needs a private Sigstore, see script/setup --peers"]
fn peers_a_workflow_signs_images_and_states_things_about_them_once() {
    let job = Job::new("");
    job.signs("sign oci:registry:app").succeeds();
    job.signs("attest oci:registry:app --type test-result --predicate passed.json").succeeds();
    let again = job.signs("attest oci:registry:app --type test-result --predicate passed.json").succeeds();
    assert!(again.stdout.contains("unchanged"), "{}", again.stdout);
    assert_eq!(layout(&job.desk).referrers(image()).unwrap().len(), 2);
    job.verifies("oci:registry:app --type signature --commit aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
        .succeeds();
    let other = "--commit bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    job.verifies(&format!("oci:registry:app --type signature {other}")).fails(1, "evidence-missing");
    job.verifies("oci:registry:app --type cyclonedx").fails(1, "evidence-missing");
    job.verifies("oci:registry:app --type signature --offline").succeeds();

    // The manifest as a file: its digest is the subject, so cosign can take it for the blob.
    job.desk.file("manifest.json", layout(&job.desk).manifest(image()).unwrap().bytes());
    for referrer in layout(&job.desk).referrers(image()).unwrap() {
        let evidence = layout(&job.desk).described(&referrer).unwrap();
        let kind = evidence.annotations()["dev.sigstore.bundle.predicateType"].clone();
        let bundle = layout(&job.desk).blob_bytes(&evidence.image().unwrap().layers[0], 1 << 20).unwrap();
        job.desk.file("b.json", bundle);
        let line = format!("verify-blob-attestation --bundle b.json --type {kind}");
        let (good, said) = job.cosign_verifies(&format!("{line} manifest.json"));
        assert!(good, "{said}");
        assert!(!job.cosign_verifies(&format!("{line} artifact.tar")).0);
    }
}

#[test]
#[ignore = "peers: needs a private Sigstore, see script/setup --peers"]
fn peers_what_cosign_signs_as_a_workflow_holds_here() {
    let job = Job::new("");
    job.cosign_signs("sign-blob --bundle b.json artifact.tar");
    job.verifies("--blob artifact.tar --bundle b.json").succeeds();
    job.verifies("--blob passed.json --bundle b.json").fails(1, "evidence-invalid");

    job.desk.file("manifest.json", layout(&job.desk).manifest(image()).unwrap().bytes());
    let kind = "https://in-toto.io/attestation/test-result/v0.1";
    job.cosign_signs(&format!(
        "attest-blob --bundle c.json --type {kind} --predicate passed.json manifest.json"
    ));
    let artifact = oci::Artifact {
        artifact_type: trust::MEDIA_TYPE.to_owned(),
        content: job.desk.bytes("c.json").unwrap(),
        annotations: std::collections::BTreeMap::new(),
    };
    oci::attach(&layout(&job.desk), image(), &artifact).unwrap();
    job.verifies("oci:registry:app --type test-result -e staging").succeeds();
    job.verifies("oci:registry:app --type signature").fails(1, "evidence-missing");
    // The same claim by the same workflow is there, whoever wrote it down.
    let ours = job.signs("attest oci:registry:app --type test-result --predicate passed.json").succeeds();
    assert!(ours.stdout.contains("unchanged"), "{}", ours.stdout);
}

/// Debian's registry keeps referrers under a tag, crane's takes no `Location` and cuelabs' has the referrers API.
#[test]
#[ignore = "peers: needs a private Sigstore, see script/setup --peers"]
fn peers_a_workflow_and_cosign_read_each_others_evidence_in_registries() {
    let job = Job::new("");
    let kind = "https://in-toto.io/attestation/test-result/v0.1";
    for registry in [Served::crane(), Served::docker(""), Served::cuelabs()] {
        let [ours, theirs] = ["ours", "theirs"].map(|name| format!("{}/acme/{name}", registry.authority()));
        for image in [&ours, &theirs] {
            sbom_sign(&job.desk, &format!("copy oci:registry:app {image}:1")).run().succeeds();
        }
        job.signs(&format!("sign {ours}:1")).succeeds();
        job.signs(&format!("attest {ours}:1 --type test-result --predicate passed.json")).succeeds();
        let again = job.signs(&format!("sign {ours}:1")).succeeds();
        assert!(again.stdout.contains("unchanged"), "{}", again.stdout);

        let theirs_pinned = format!("{theirs}@{}", image());
        job.cosign_signs(&format!("sign --allow-http-registry {theirs_pinned}"));
        let attest = format!("attest --allow-http-registry --type {kind} --predicate passed.json");
        job.cosign_signs(&format!("{attest} {theirs_pinned}"));

        for image in [&ours, &theirs] {
            job.verifies(&format!("{image}:1 --type signature --source-repository acme/app")).succeeds();
            job.verifies(&format!("{image}:1 --type test-result -e staging")).succeeds();
            job.verifies(&format!("{image}:1 --type signature --source-repository-id 2"))
                .fails(1, "evidence-missing");
            job.verifies(&format!("{image}:1 --type signature --offline")).fails(2, "offline-needs-network");
            let (good, said) = job.cosign_verifies(&format!("verify --allow-http-registry {image}:1"));
            assert!(good, "{said}");
            let verify = format!("verify-attestation --allow-http-registry --type {kind} {image}:1");
            let (good, said) = job.cosign_verifies(&verify);
            assert!(good, "{said}");
        }
        // What was signed in one place holds in another that it was copied to.
        let copied = format!("{}/production/app", registry.authority());
        sbom_sign(&job.desk, &format!("copy {theirs}:1 {copied}:1")).run().succeeds();
        job.verifies(&format!("{copied}:1 --type signature")).succeeds();
        let (good, said) = job.cosign_verifies(&format!("verify --allow-http-registry {copied}:1"));
        assert!(good, "{said}");
    }
}

#[test]
#[ignore = "peers: needs a private Sigstore, see script/setup --peers"]
fn peers_an_instance_without_a_log_proves_the_time_by_its_stamps() {
    let job = Job::new("-no-log");
    job.signs("sign --blob artifact.tar --bundle b.json").succeeds();
    let good = job.verifies("--blob artifact.tar --bundle b.json").succeeds();
    assert!(!good.stdout.contains("in the log"), "{}", good.stdout);
    let line = "verify-blob --bundle b.json --insecure-ignore-tlog artifact.tar";
    let (good, said) = job.cosign_verifies(line);
    assert!(good, "{said}");
    // A root with a log demands the entry.
    job.verifies_by("", "--blob artifact.tar --bundle b.json").fails(1, "evidence-invalid");
}

#[test]
#[ignore = "peers: needs a private Sigstore, see script/setup --peers"]
fn peers_a_job_without_the_permission_or_with_another_root_stores_nothing() {
    let job = Job::new("");
    let line = format!("sign --blob artifact.tar --bundle b.json {}", job.servers());
    sbom_sign(&job.desk, &line).run().fails(2, "identity-token-missing");
    // A token of elsewhere is nothing to this authority.
    let token = job.bed.token();
    let forged = format!("{}{}", &token[..token.len() - 8], "AAAAAAAA");
    sbom_sign(&job.desk, &line)
        .env("SIGSTORE_ID_TOKEN", &forged)
        .secret(forged)
        .run()
        .fails(3, "sigstore-refused");
    // What does not hold by the public root is not stored for those who believe in it.
    let line = format!(
        "sign --blob artifact.tar --bundle b.json --signing-config {}",
        job.bed.file("signing-config.json")
    );
    job.bed.in_job(sbom_sign(&job.desk, &line)).run().fails(3, "signature-unproven");
    assert!(!Path::new(&job.desk.join("b.json")).exists());
}

#[test]
#[ignore = "peers: needs a private Sigstore, see script/setup --peers"]
fn peers_what_a_log_says_of_a_key_holds_by_the_root_that_is_named() {
    let job = Job::new("");
    job.desk.file("cosign.key", COSIGN_KEY);
    job.desk.file("cosign.pub", COSIGN_PUBLIC);
    let config = job.bed.file("signing-config.json");
    let root = job.root();
    let sign = format!(
        "sign-blob --yes --key cosign.key --bundle b.json --signing-config {config} --trusted-root {root} artifact.tar"
    );
    let (good, said) = job.cosign(&sign);
    assert!(good, "{said}");
    let verify = |root: &str| {
        sbom_sign(&job.desk, &format!("verify --blob artifact.tar --bundle b.json --key cosign.pub {root}"))
            .run()
    };
    verify("").succeeds();
    verify(&format!("--trusted-root {root}")).succeeds();
    verify(&format!("--trusted-root {}", job.bed.file("trusted-root-no-log.json")))
        .fails(1, "evidence-invalid");
}

#[test]
#[ignore = "peers: needs a private Sigstore, see script/setup --peers"]
fn peers_a_workflow_states_how_it_builds_as_the_workflow_that_its_token_names() {
    let job = Job::new("");
    let attest = "attest oci:registry:app --type slsaprovenance1";
    let told = |sha: &str| {
        let line = format!("{attest} {}", job.servers());
        let command = job.bed.in_job(crate::builds::in_a_job(&job.desk, &line, ""));
        command.without_env("SEAWORTHY_CLOCK").env("GITHUB_REPOSITORY_ID", "1").env("GITHUB_SHA", sha).run()
    };
    // The token is of another commit than the runner tells.
    told(&"b".repeat(40)).fails(2, "github-context-malformed");
    told(&"a".repeat(40)).succeeds();
    job.verifies("oci:registry:app --type slsaprovenance1").succeeds();
    let layout = layout(&job.desk);
    let found = layout.described(&layout.referrers(image()).unwrap()[0]).unwrap();
    let bundle = layout.blob_bytes(&found.image().unwrap().layers[0], 1 << 20).unwrap();
    let bundle: serde_json::Value = serde_json::from_slice(&bundle).unwrap();
    let payload = bundle["dsseEnvelope"]["payload"].as_str().unwrap().to_owned();
    job.desk.file("payload", payload);
    let decoded = Command::new("openssl")
        .args(["base64", "-d", "-A", "-in", "payload"])
        .current_dir(job.desk.path())
        .output()
        .unwrap();
    let statement: serde_json::Value = serde_json::from_slice(&decoded.stdout).unwrap();
    assert_eq!(statement["predicate"]["runDetails"]["builder"]["id"], Sigstore::identity());
}
