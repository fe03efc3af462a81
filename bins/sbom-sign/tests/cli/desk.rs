//! What the tests of the binary share: a layout with an image, keys that everybody knows, a tree with a lock file.

use contract::{Digest, Location};
use oci::{Blob, Descriptor, Image, Layout, Repository, Role, media_type};
use testkit::{Cmd, Scratch, bin};

pub(crate) const KEY: &str = include_str!("../../../../crates/trust/testdata/pkcs8.key");
pub(crate) const PUBLIC: &str = include_str!("../../../../crates/trust/testdata/pkcs8.pub");
pub(crate) const OTHER_KEY: &str = include_str!("../../../../crates/trust/testdata/other.key");
pub(crate) const OTHER_PUBLIC: &str = include_str!("../../../../crates/trust/testdata/other.pub");
pub(crate) const COSIGN_KEY: &str = include_str!("../../../../crates/trust/testdata/cosign.key");
pub(crate) const COSIGN_PUBLIC: &str = include_str!("../../../../crates/trust/testdata/cosign.pub");
pub(crate) const PASSWORD: &str = "correct horse";

/// 2027-01-15T08:00:00Z
pub(crate) const NOW: &str = "1800000000";

pub(crate) const LOCK: &str = r#"version = 4

[[package]]
name = "app"
version = "0.1.0"
dependencies = ["serde"]

[[package]]
name = "serde"
version = "1.0.1"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
"#;

/// A directory with everything: `registry` with the image `app`, `tree` with a lock file, keys, a test result.
pub(crate) fn desk() -> Scratch {
    let desk = Scratch::new();
    for (name, content) in
        [("k.key", KEY), ("k.pub", PUBLIC), ("other.key", OTHER_KEY), ("other.pub", OTHER_PUBLIC)]
    {
        desk.file(name, content);
    }
    desk.file("tree/Cargo.lock", LOCK);
    desk.file("artifact.tar", "an artifact\n");
    desk.file("passed.json", result("PASSED", "staging", "07:59:00"));
    desk.file("failed.json", result("FAILED", "staging", "07:59:30"));
    put_image(&desk, "app", b"{}");
    desk
}

/// A test result of smoke.yaml, ended at this time of day.
pub(crate) fn result(outcome: &str, environment: &str, finished: &str) -> String {
    let (passed, failed) =
        if outcome == "FAILED" { ("[]", r#"["healthz"]"#) } else { (r#"["healthz"]"#, "[]") };
    let suite = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    format!(
        r#"{{"result": "{outcome}", "configuration": [
            {{"name": "smoke.yaml", "digest": {{"sha256": "{suite}"}}}},
            {{"name": "{environment}", "uri": "https://example.com",
              "annotations": {{"startedOn": "2027-01-15T07:58:00Z", "finishedOn": "2027-01-15T{finished}Z"}}}}
        ], "passedTests": {passed}, "failedTests": {failed}}}"#
    )
}

pub(crate) fn put_image(desk: &Scratch, tag: &str, config: &[u8]) -> Digest {
    let layout = layout(desk);
    let descriptor = Descriptor::of(media_type::IMAGE_CONFIG, config);
    layout.put_blob(Blob::new(descriptor.clone(), config)).unwrap();
    let manifest = Image::new(descriptor, Vec::new()).into_manifest().unwrap();
    layout.put_manifest(&manifest, Role::Root).unwrap();
    layout.tag(&tag.parse().unwrap(), &manifest).unwrap();
    manifest.digest()
}

pub(crate) fn layout(desk: &Scratch) -> Layout {
    Layout::open_or_new(&desk.join("registry")).unwrap()
}

pub(crate) fn image() -> Digest {
    let config = Descriptor::of(media_type::IMAGE_CONFIG, b"{}");
    Image::new(config, Vec::new()).into_manifest().unwrap().digest()
}

pub(crate) fn referrers(desk: &Scratch) -> usize {
    oci::open(&Location::Layout(desk.join("registry"))).unwrap().referrers(image()).unwrap().len()
}

/// The binary in this directory, at a known time.
pub(crate) fn sbom_sign(desk: &Scratch, line: &str) -> Cmd {
    let words: Vec<&str> = line.split_whitespace().collect();
    bin(env!("CARGO_BIN_EXE_sbom-sign"))
        .args(words)
        .dir(desk.path())
        .env("SOURCE_DATE_EPOCH", NOW)
        .env("SEAWORTHY_CLOCK", NOW)
}
