//! Keys that everybody knows and an image to sign, for the tests of this crate.

use contract::{Digest, Secret, Selector};
use jiff::Timestamp;
use oci::{Blob, Descriptor, Image, Layout, Repository, Role, media_type};
use tempfile::TempDir;

use crate::{PublicKey, SigningKey, Statement, Verifier, predicate::*};

pub(crate) const PKCS8: &str = include_str!("../testdata/pkcs8.key");
pub(crate) const OTHER: &str = include_str!("../testdata/other.key");

pub(crate) fn key() -> SigningKey {
    SigningKey::from_pem(PKCS8, None).unwrap()
}

pub(crate) fn other_key() -> SigningKey {
    SigningKey::from_pem(OTHER, None).unwrap()
}

pub(crate) fn public() -> PublicKey {
    PublicKey::from_pem(include_str!("../testdata/pkcs8.pub")).unwrap()
}

pub(crate) fn verifier() -> Verifier {
    Verifier::new([public()])
}

pub(crate) fn password() -> Secret {
    Secret::new("correct horse")
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// A layout with one image in it.
pub(crate) struct Registry {
    pub(crate) directory: TempDir,
    pub(crate) layout: Layout,
    pub(crate) image: Digest,
}

impl Registry {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let layout = Layout::open_or_new(&directory.path().join("registry")).unwrap();
        let image = put_image(&layout, b"{}");
        Self { directory, layout, image }
    }

    pub(crate) fn referrers(&self) -> usize {
        self.layout.referrers(self.image).unwrap().len()
    }

    /// The same image with these bytes as the one bundle beside it, digests and all, as somebody with write access could make it.
    pub(crate) fn forged(annotations: &[(&str, &str)], bundle: &[u8]) -> Self {
        let forged = Self::new();
        let subject = forged.layout.find(&Selector::Digest(forged.image)).unwrap().descriptor().bare();
        let empty = Descriptor::of(media_type::EMPTY, b"{}");
        let layer = Descriptor::of(crate::MEDIA_TYPE, bundle);
        forged.layout.put_blob(Blob::new(layer.clone(), bundle)).unwrap();
        let mut image = Image::new(empty, vec![layer]);
        image.subject = Some(subject);
        image.annotations =
            annotations.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        forged.layout.put_manifest(&image.into_manifest().unwrap(), Role::Root).unwrap();
        forged
    }
}

pub(crate) fn put_image(layout: &Layout, config: &[u8]) -> Digest {
    let descriptor = Descriptor::of(media_type::IMAGE_CONFIG, config);
    layout.put_blob(Blob::new(descriptor.clone(), config)).unwrap();
    let manifest = Image::new(descriptor, Vec::new()).into_manifest().unwrap();
    layout.put_manifest(&manifest, Role::Root).unwrap();
    manifest.digest()
}

pub(crate) fn test_result(result: contract::TestResult) -> TestResult {
    let ran = TestEnvironment {
        name: "staging".parse().unwrap(),
        base_url: Some("https://staging.example.com".to_owned()),
        started_on: at(1_800_000_000),
        finished_on: at(1_800_000_012),
        run_url: None,
    };
    let mut outcome = TestResult::new(result, "smoke.yaml", Digest::of(b"suite"), &ran);
    if result == contract::TestResult::Failed {
        outcome.failed_tests.push("healthz".to_owned());
    } else {
        outcome.passed_tests.push("healthz".to_owned());
    }
    outcome
}

pub(crate) fn statement(image: Digest) -> Statement {
    Statement::about(image, &test_result(contract::TestResult::Passed)).unwrap()
}
