//! Signatures as cosign before version 3 stored them: verified, taken along, and never mistaken for more.

use std::process::Command;

use contract::Digest;
use oci::{Blob, Descriptor, Image, Repository, Role, media_type};
use testkit::{Scratch, served::Served};

use crate::{
    desk::{KEY, desk, image, layout, put_image, sbom_sign},
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
