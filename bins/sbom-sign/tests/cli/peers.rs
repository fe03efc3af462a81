//! What we write is read by cosign v3 and the CycloneDX library, and what cosign writes is read by us.

use std::{fmt::Write as _, path::Path, process::Command};

use oci::Repository as _;
use testkit::Scratch;

use crate::desk::{COSIGN_KEY, COSIGN_PUBLIC, PASSWORD, desk, image, layout, result, sbom_sign};

/// cosign without a transparency log (`cosign signing-config create`).
const NO_LOG: &str = r#"{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","rekorTlogConfig":{},"tsaConfig":{}}"#;

/// Runs a peer in this directory: its exit status, and all it said.
pub(crate) fn peer(desk: &Scratch, program: &str, line: &str) -> (bool, String) {
    let output = Command::new(program)
        .args(line.split_whitespace())
        .current_dir(desk.path())
        .env("HOME", desk.path())
        .env("COSIGN_PASSWORD", PASSWORD)
        .output()
        .unwrap_or_else(|error| panic!("{program} is not there, see script/setup --peers: {error}"));
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[track_caller]
pub(crate) fn accepts(desk: &Scratch, program: &str, line: &str) -> String {
    let (good, said) = peer(desk, program, line);
    assert!(good, "{program} {line}\n{said}");
    said
}

#[track_caller]
pub(crate) fn refuses(desk: &Scratch, program: &str, line: &str) {
    let (good, said) = peer(desk, program, line);
    assert!(!good, "{program} {line}\n{said}");
}

pub(crate) fn desk_with_cosign_key() -> Scratch {
    let desk = desk();
    desk.file("cosign.key", COSIGN_KEY);
    desk.file("cosign.pub", COSIGN_PUBLIC);
    desk.file("no-log.json", NO_LOG);
    desk
}

pub(crate) fn ours(desk: &Scratch, line: &str) -> testkit::Run {
    sbom_sign(desk, line).env("COSIGN_PASSWORD", PASSWORD).run()
}

/// The manifest of the image as a file: its digest is the subject, so cosign can take it for the blob.
pub(crate) fn take_out(desk: &Scratch) {
    let manifest = layout(desk).manifest(image()).unwrap();
    desk.file("manifest.json", manifest.bytes());
    for referrer in layout(desk).referrers(image()).unwrap() {
        let evidence = layout(desk).described(&referrer).unwrap();
        let bundle = &evidence.image().unwrap().layers[0];
        let kind = evidence.annotations()["dev.sigstore.bundle.predicateType"].rsplit('/').next().unwrap();
        let name = format!("bundle-{kind}.json");
        desk.file(&name, layout(desk).blob_bytes(bundle, 1 << 20).unwrap());
    }
}

#[test]
#[ignore = "peers: needs cosign, see script/setup --peers"]
fn peers_cosign_reads_our_attestations() {
    let desk = desk_with_cosign_key();
    ours(&desk, "sbom tree --output bom.json").succeeds();
    ours(&desk, "sign oci:registry:app --key cosign.key").succeeds();
    ours(&desk, "attest oci:registry:app --type cyclonedx --predicate bom.json --key cosign.key").succeeds();
    let line = "attest oci:registry:app --type test-result --predicate passed.json --key cosign.key";
    ours(&desk, line).succeeds();
    take_out(&desk);
    let verify = |bundle: &str, kind: &str, key: &str, file: &str| {
        format!(
            "verify-blob-attestation --key {key} --bundle {bundle} --type {kind} --insecure-ignore-tlog {file}"
        )
    };
    for (bundle, kind) in [
        ("bundle-v1.json", "https://sigstore.dev/cosign/sign/v1"),
        ("bundle-bom.json", "cyclonedx"),
        ("bundle-v0.1.json", "https://in-toto.io/attestation/test-result/v0.1"),
    ] {
        accepts(&desk, "cosign", &verify(bundle, kind, "cosign.pub", "manifest.json"));
        refuses(&desk, "cosign", &verify(bundle, kind, "other.pub", "manifest.json"));
        refuses(&desk, "cosign", &verify(bundle, kind, "cosign.pub", "artifact.tar"));
    }
}

#[test]
#[ignore = "peers: needs cosign, see script/setup --peers"]
fn peers_cosign_reads_our_signature_of_a_file() {
    let desk = desk_with_cosign_key();
    for (private, public) in [("cosign.key", "cosign.pub"), ("k.key", "k.pub")] {
        ours(&desk, &format!("sign --blob artifact.tar --bundle b.json --key {private}")).succeeds();
        let verify = format!("verify-blob --key {public} --bundle b.json --insecure-ignore-tlog");
        accepts(&desk, "cosign", &format!("{verify} artifact.tar"));
        refuses(&desk, "cosign", &format!("{verify} passed.json"));
    }
}

#[test]
#[ignore = "peers: needs cosign, see script/setup --peers"]
fn peers_statements_about_a_file_are_read_both_ways() {
    let desk = desk_with_cosign_key();
    let kind = "https://in-toto.io/attestation/test-result/v0.1";
    ours(&desk, "sbom tree --output bom.json").succeeds();
    for (ours_kind, theirs, predicate) in
        [("test-result", kind, "passed.json"), ("cyclonedx", "cyclonedx", "bom.json")]
    {
        let about = format!("--blob artifact.tar --bundle b.json --type {ours_kind}");
        ours(&desk, &format!("attest {about} --predicate {predicate} --key cosign.key")).succeeds();
        let verify = |key: &str, kind: &str, file: &str| {
            format!(
                "verify-blob-attestation --key {key} --bundle b.json --type {kind} --insecure-ignore-tlog {file}"
            )
        };
        accepts(&desk, "cosign", &verify("cosign.pub", theirs, "artifact.tar"));
        refuses(&desk, "cosign", &verify("cosign.pub", "slsaprovenance1", "artifact.tar"));
        refuses(&desk, "cosign", &verify("cosign.pub", theirs, "passed.json"));
        refuses(&desk, "cosign", &verify("other.pub", theirs, "artifact.tar"));

        let sign = "--key cosign.key --bundle b.json --signing-config no-log.json --yes";
        accepts(
            &desk,
            "cosign",
            &format!("attest-blob {sign} --type {theirs} --predicate {predicate} artifact.tar"),
        );
        ours(&desk, &format!("verify {about} --key cosign.pub")).succeeds();
        ours(&desk, &format!("verify {about} --key other.pub")).fails(1, "evidence-missing");
        let other = "--blob k.pub --bundle b.json --type test-result --key cosign.pub";
        ours(&desk, &format!("verify {other}")).fails(1, "evidence-invalid");
    }
}

#[test]
#[ignore = "peers: needs cosign, see script/setup --peers"]
fn peers_cosign_reads_our_key() {
    let desk = desk_with_cosign_key();
    ours(&desk, "keygen --output-prefix new").succeeds();
    let public = accepts(&desk, "cosign", "public-key --key new.key");
    assert_eq!(public.trim(), desk.read("new.pub").trim());
}

#[test]
#[ignore = "peers: needs cosign, see script/setup --peers"]
fn peers_we_read_what_cosign_writes() {
    let desk = desk_with_cosign_key();
    desk.file("manifest.json", layout(&desk).manifest(image()).unwrap().bytes());
    let sign = "--key cosign.key --bundle b.json --signing-config no-log.json --yes";
    accepts(&desk, "cosign", &format!("sign-blob {sign} artifact.tar"));
    ours(&desk, "verify --blob artifact.tar --bundle b.json --key cosign.pub").succeeds();
    ours(&desk, "verify --blob artifact.tar --bundle b.json --key other.pub").fails(1, "evidence-missing");
    ours(&desk, "verify --blob manifest.json --bundle b.json --key cosign.pub").fails(1, "evidence-invalid");

    let kind = "https://in-toto.io/attestation/test-result/v0.1";
    let attest = format!("attest-blob {sign} --type {kind} --predicate passed.json manifest.json");
    accepts(&desk, "cosign", &attest);
    let artifact = oci::Artifact {
        artifact_type: trust::MEDIA_TYPE.to_owned(),
        content: desk.bytes("b.json").unwrap(),
        annotations: std::collections::BTreeMap::new(),
    };
    oci::attach(&layout(&desk), image(), &artifact).unwrap();
    ours(&desk, "verify oci:registry:app --type test-result --key cosign.pub -e staging").succeeds();
    ours(&desk, "verify oci:registry:app --type test-result --key k.pub").fails(1, "evidence-missing");
    // The same claim by the same key is there, whoever wrote it down.
    let line = "attest oci:registry:app --type test-result --predicate passed.json --key cosign.key";
    assert!(ours(&desk, line).succeeds().stdout.contains("unchanged"));
}

/// Reads an SBOM with the strict validator of the CycloneDX library for Python, in the version that is named.
const VALIDATE: &str = r"
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
version = SchemaVersion.from_version(sys.argv[2])
errors = JsonStrictValidator(version).validate_str(open(sys.argv[1]).read())
sys.exit(str(errors) if errors else 0)
";

#[test]
#[ignore = "peers: needs the CycloneDX library, see script/setup --peers"]
fn peers_the_cyclonedx_library_accepts_our_sboms() {
    let desk = desk();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    desk.file("validate.py", VALIDATE);
    let mut fork = crate::desk::LOCK.to_owned();
    let source = "git+https://example.com/fork.git?branch=main#0123abc";
    write!(fork, "\n[[package]]\nname = \"serde\"\nversion = \"2.0.0\"\nsource = \"{source}\"\n").unwrap();
    desk.file("tree/Cargo.lock", fork.replace("\"serde\"]", "\"serde 1.0.1\", \"serde 2.0.0\"]"));
    // All of our own repository: Cargo, Go, workflows, and the fixtures of every other ecosystem.
    for tree in ["tree", &root.display().to_string()] {
        for version in ["1.5", "1.6", "1.7"] {
            ours(&desk, &format!("sbom {tree} --output bom.json --spec-version {version}")).succeeds();
            accepts(&desk, "cyclonedx-python", &format!("validate.py bom.json {version}"));
        }
    }
    desk.file("bom.json", result("PASSED", "staging", "07:59:00"));
    refuses(&desk, "cyclonedx-python", "validate.py bom.json 1.5");
}

#[test]
#[ignore = "peers: needs cosign, see script/setup --peers"]
fn peers_we_check_what_cosign_signs_with_keys_we_do_not_sign_with() {
    let desk = desk_with_cosign_key();
    for (name, algorithm) in [("p384", "EC -pkeyopt ec_paramgen_curve:P-384"), ("ed", "ED25519")] {
        accepts(&desk, "openssl", &format!("genpkey -out {name}.pem -algorithm {algorithm}"));
        accepts(
            &desk,
            "cosign",
            &format!("import-key-pair --yes --key {name}.pem --output-key-prefix {name}"),
        );
        let sign = format!("--key {name}.key --bundle {name}.json --signing-config no-log.json --yes");
        accepts(&desk, "cosign", &format!("sign-blob {sign} artifact.tar"));
        let verify = |file: &str| format!("verify --blob {file} --bundle {name}.json --key {name}.pub");
        ours(&desk, &verify("artifact.tar")).succeeds();
        ours(&desk, &verify("passed.json")).fails(1, "evidence-invalid");
    }
}
