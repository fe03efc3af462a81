//! Signatures as cosign before version 3 stored them: verified, taken along, and never mistaken for more.

use std::process::Command;

use contract::Digest;
use oci::{Blob, Descriptor, Image, Repository, Role, media_type};
use serde_json::{Value, json};
use testkit::{
    Run, Scratch,
    served::Served,
    sigstore::{CertificateLog, Rekor},
};

use crate::{
    desk::{COSIGN_KEY, COSIGN_PUBLIC, KEY, desk, image, layout, put_image, sbom_sign},
    job::Job,
    peers::{accepts, desk_with_cosign_key, ours},
};

/// Puts a signature by the desk's key under the tag of the image, about this digest.
fn put_signature(desk: &Scratch, about: Digest) {
    put(desk, &signed(about));
}

/// A payload about this digest, and its signature.
fn signed(about: Digest) -> (String, String) {
    let payload = format!(
        r#"{{"critical":{{"identity":{{"docker-reference":"app"}},"image":{{"docker-manifest-digest":"{about}"}},"type":"cosign container image signature"}},"optional":null}}"#
    );
    let signature = trust_signature(&payload);
    (payload, signature)
}

fn put(desk: &Scratch, (payload, signature): &(String, String)) {
    let layout = layout(desk);
    let config = Descriptor::of(media_type::IMAGE_CONFIG, b"{}");
    let mut layer = Descriptor::of("application/vnd.dev.cosign.simplesigning.v1+json", payload.as_bytes());
    for (descriptor, bytes) in [(&config, b"{}".as_slice()), (&layer, payload.as_bytes())] {
        layout.put_blob(Blob::new(descriptor.clone(), bytes)).unwrap();
    }
    layer.annotations.insert("dev.cosignproject.cosign/signature".to_owned(), signature.clone());
    let manifest = Image::new(config, vec![layer]).into_manifest().unwrap();
    layout.put_manifest(&manifest, Role::Root).unwrap();
    layout.tag(&oci::legacy_tag(image(), "sig").unwrap(), &manifest).unwrap();
}

/// openssl signs as cosign does: ECDSA over SHA-256, DER, base64.
fn trust_signature(payload: &str) -> String {
    let desk = Scratch::new();
    desk.file("k.key", KEY);
    desk.file("payload", payload);
    let sign = "openssl dgst -sha256 -sign k.key payload | openssl base64 -A";
    let output = Command::new("sh").args(["-c", sign]).current_dir(desk.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_legacy_signature_is_a_signature_by_its_key_and_nothing_else() {
    let desk = desk();
    put_signature(&desk, image());
    sbom_sign(&desk, "verify oci:registry:app --type signature --key k.pub").run().succeeds();
    let other = sbom_sign(&desk, "verify oci:registry:app --type signature --key other.pub").run();
    let other = other.fails(1, "evidence-missing");
    assert!(
        other.stdout.contains("a signature of cosign before version 3 that none of the keys has made"),
        "{}",
        other.stdout
    );
    sbom_sign(&desk, "verify oci:registry:app --type cyclonedx --key k.pub")
        .run()
        .fails(1, "evidence-missing");
    // Signing makes one in today's form beside it.
    let signed = sbom_sign(&desk, "sign oci:registry:app --key k.key").run().succeeds();
    assert!(signed.stdout.contains("(new)"), "{}", signed.stdout);
}

#[test]
fn a_legacy_signature_of_another_image_is_invalid() {
    let desk = desk();
    put_signature(&desk, Digest::of(b"another"));
    sbom_sign(&desk, "verify oci:registry:app --type signature --key k.pub")
        .run()
        .fails(1, "evidence-invalid");
}

#[test]
fn a_copy_takes_legacy_signatures_along_and_never_moves_one() {
    let desk = desk();
    put_signature(&desk, image());
    let copy = || sbom_sign(&desk, "copy oci:registry:app oci:production:app").run();
    let plan = sbom_sign(&desk, "copy oci:registry:app oci:production:app --dry-run").run().succeeds();
    assert!(plan.stdout.contains(&format!("with the tag sha256-{}.sig", image().hex())), "{}", plan.stdout);
    assert!(!desk.has("production"));
    copy().succeeds();
    sbom_sign(&desk, "verify oci:production:app --type signature --key k.pub").run().succeeds();
    assert!(copy().succeeds().stdout.contains("(unchanged)"));

    // The destination has a signature of its own by now: nothing of it is lost, and nothing is copied.
    let taken = Scratch::new();
    let elsewhere = oci::Layout::open_or_new(&taken.join("registry")).unwrap();
    let other = put_image(&taken, "other", b"{\"os\":\"linux\"}");
    elsewhere.tag(&oci::legacy_tag(image(), "sig").unwrap(), &elsewhere.manifest(other).unwrap()).unwrap();
    let line = format!("copy oci:registry:app oci:{}:app", taken.join("registry").display());
    sbom_sign(&desk, &line).run().fails(1, "tag-would-move");
    assert_eq!(elsewhere.resolve(&contract::Selector::Digest(image())).unwrap(), None);
}

#[test]
#[ignore = "peers: needs cosign, see script/setup --peers"]
fn peers_we_read_the_legacy_signatures_of_cosign_and_take_them_along() {
    let desk = desk_with_cosign_key();
    let registry = Served::crane();
    let app = format!("{}/app", registry.authority());
    ours(&desk, &format!("copy oci:registry:app {app}:1")).succeeds();
    let legacy = "--new-bundle-format=false --use-signing-config=false --tlog-upload=false --allow-http-registry --yes";
    let sign = |key: &str, more: &str| format!("sign --key {key} {legacy} {more} {app}@{}", image());
    accepts(&desk, "cosign", &sign("cosign.key", ""));
    ours(&desk, &format!("verify {app}:1 --type signature --key cosign.pub")).succeeds();
    ours(&desk, &format!("verify {app}:1 --type signature --key other.pub")).fails(1, "evidence-missing");
    // A second signature is another layer under the same tag.
    accepts(&desk, "cosign", &sign("cosign.key", "-a by=night"));
    ours(&desk, &format!("verify {app}:1 --type signature --key cosign.pub")).succeeds();
    let elsewhere = format!("{}/production/app", registry.authority());
    ours(&desk, &format!("copy {app}:1 {elsewhere}:1")).succeeds();
    ours(&desk, &format!("verify {elsewhere}:1 --type signature --key cosign.pub")).succeeds();
    ours(&desk, &format!("copy {app}:1 oci:production:1")).succeeds();
    ours(&desk, "verify oci:production:1 --type signature --key cosign.pub").succeeds();
    let verify = "verify --key cosign.pub --insecure-ignore-tlog --allow-http-registry";
    accepts(&desk, "cosign", &format!("{verify} {elsewhere}:1"));
}

/// Where cosign before version 3 notes a log's entry, and a timestamp.
const ENTRY: &str = "dev.sigstore.cosign/bundle";
const STAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";

/// What is changed, in which note, and how.
type Change = (&'static str, &'static str, fn(&mut Value));

const CHANGES: &[Change] = &[
    ("promise", ENTRY, |note| note["SignedEntryTimestamp"] = json!("AAAA")),
    ("time", ENTRY, |note| note["Payload"]["integratedTime"] = json!(1_600_000_000)),
    ("number", ENTRY, |note| note["Payload"]["logIndex"] = json!(7)),
    ("name of the log", ENTRY, |note| note["Payload"]["logID"] = json!("0".repeat(64))),
    ("body", ENTRY, |note| note["Payload"]["body"] = json!("e30=")),
    ("form", ENTRY, |note| *note = json!([])),
    ("stamp", STAMP, |note| note["SignedRFC3161Timestamp"] = json!("MAA=")),
    ("form of the stamp", STAMP, |note| *note = json!("stamp")),
];

/// Lets cosign sign the desk's image in the old form, enter that in a log of version 1 and have it stamped.
fn signed_entered_and_stamped() -> Job {
    let job = Job::with(Rekor::V1, CertificateLog::None, "");
    job.desk.file("cosign.key", COSIGN_KEY);
    job.desk.file("cosign.pub", COSIGN_PUBLIC);
    let registry = Served::crane();
    let app = format!("{}/acme/app", registry.authority());
    sbom_sign(&job.desk, &format!("copy oci:registry:app {app}:1")).run().succeeds();
    let line = format!(
        "sign --yes --key cosign.key --new-bundle-format=false --use-signing-config=false --tlog-upload=true --rekor-url {} \
         --timestamp-server-url {} --trusted-root {} --allow-http-registry {app}@{}",
        job.bed.server("rekorTlogUrls"),
        job.bed.server("tsaUrls"),
        job.root(),
        image()
    );
    let (done, said) = job.cosign(&line);
    assert!(done, "{said}");
    sbom_sign(&job.desk, &format!("copy {app}:1 oci:signed:app")).run().succeeds();
    job
}

/// Puts image and signature into another layout, with another note; with none, if it is null.
fn note(job: &Job, place: &str, name: &str, change: fn(&mut Value)) {
    sbom_sign(&job.desk, &format!("copy oci:registry:app oci:{place}:app")).run().succeeds();
    let [signed, changed] =
        ["signed", place].map(|name| oci::Layout::open_or_new(&job.desk.join(name)).unwrap());
    let tag = oci::legacy_tag(image(), "sig").unwrap();
    let found = signed.resolve(&contract::Selector::Tag(tag.clone())).unwrap().unwrap();
    let mut manifest = signed.described(&found).unwrap().image().unwrap().clone();
    for part in [&manifest.config, &manifest.layers[0]] {
        let bytes = signed.blob_bytes(part, 1 << 20).unwrap();
        changed.put_blob(Blob::new(part.clone(), bytes.as_slice())).unwrap();
    }
    let notes = &mut manifest.layers[0].annotations;
    let mut content: Value = serde_json::from_str(&notes.remove(name).unwrap()).unwrap();
    change(&mut content);
    if content != Value::Null {
        notes.insert(name.to_owned(), content.to_string());
    }
    let manifest = Image::new(manifest.config, manifest.layers).into_manifest().unwrap();
    changed.put_manifest(&manifest, Role::Root).unwrap();
    changed.tag(&tag, &manifest).unwrap();
}

#[test]
#[ignore = "peers: needs a private Sigstore, see script/setup --peers"]
fn peers_what_a_legacy_signature_notes_of_a_log_was_not_looked_at() {
    let job = signed_entered_and_stamped();
    let verify = |place: &str, root: &str| -> Run {
        let root =
            if root.is_empty() { String::new() } else { format!("--trusted-root {}", job.bed.file(root)) };
        sbom_sign(&job.desk, &format!("verify oci:{place}:app --type signature --key cosign.pub {root}"))
            .run()
    };
    verify("signed", "").succeeds();
    verify("signed", "trusted-root.json").succeeds();
    for other in ["trusted-root-other-log.json", "trusted-root-no-log.json", "trusted-root-no-stamps.json"] {
        verify("signed", other).fails(1, "evidence-invalid");
    }
    for (number, (what, name, change)) in CHANGES.iter().enumerate() {
        let place = format!("changed-{number}");
        note(&job, &place, name, *change);
        let run = verify(&place, "trusted-root.json");
        assert_eq!(run.status, 1, "{what}: {}", run.transcript());
        run.fails(1, "evidence-invalid");
        // Nobody has said whom to believe about logs: the key's word is enough.
        verify(&place, "").succeeds();
    }
    // What is not there says nothing, as in a bundle of a key.
    note(&job, "without", ENTRY, |note| *note = Value::Null);
    verify("without", "trusted-root.json").succeeds();
}

#[test]
#[ignore = "peers: needs a private Sigstore, see script/setup --peers"]
fn peers_a_legacy_signature_with_a_certificate_is_shown_and_does_not_count() {
    let job = Job::with(Rekor::V1, CertificateLog::Ctfe, "");
    let registry = Served::crane();
    let app = format!("{}/acme/app", registry.authority());
    sbom_sign(&job.desk, &format!("copy oci:registry:app {app}:1")).run().succeeds();
    let (done, said) = job.cosign(&format!(
        "sign --yes --identity-token {} --new-bundle-format=false --use-signing-config=false --fulcio-url {} --rekor-url {} \
         --trusted-root {} --allow-http-registry {app}@{}",
        job.bed.token(),
        job.bed.server("caUrls"),
        job.bed.server("rekorTlogUrls"),
        job.root(),
        image()
    ));
    assert!(done, "{said}");
    let missing = job.verifies(&format!("{app}:1 --type signature")).fails(1, "evidence-missing");
    assert!(missing.stdout.contains("with a certificate, which is not read"), "{}", missing.stdout);
}

#[test]
fn a_copy_that_is_killed_at_any_write_arrives_with_its_legacy_signature_the_second_time() {
    // Made once: openssl signs with a number that is another one each time.
    let signed = signed(image());
    let make = || {
        let desk = desk();
        put(&desk, &signed);
        let command = sbom_sign(&desk, "copy oci:registry:app oci:production:app");
        (desk, command)
    };
    // What carries the image's name at the destination is whole, its legacy signature included.
    let whole = |desk: &Scratch| {
        let named = sbom_sign(desk, "verify oci:production:app --type signature --key k.pub").run();
        assert!(named.status == 0 || named.failure().code != "evidence-missing", "{}", named.transcript());
    };
    testkit::crash::Crash::of(make).wreck(whole).except(&["**.partial"]).run();
}
