//! Evidence in two repositories, one of which can't be read to its end.
#![allow(clippy::unwrap_used, reason = "the fixtures of a test report by panicking")]

use std::{fs, path::Path, sync::Arc};

use config::Signer;
use contract::{Digest, ImageRef};
use evidence::{Condition, Keyring, Says, gather};
use jiff::Timestamp;
use oci::{Blob, Descriptor, Image, Layout, Repository, Role, media_type};
use trust::{Attached, SigningKey, Statement, attest};

/// An image in a layout of its own.
fn image(at: &Path) -> (Layout, Digest) {
    let layout = Layout::open_or_new(at).unwrap();
    let config = Descriptor::of(media_type::IMAGE_CONFIG, b"{}");
    layout.put_blob(Blob::new(config.clone(), &b"{}"[..])).unwrap();
    let manifest = Image::new(config, Vec::new()).into_manifest().unwrap();
    layout.put_manifest(&manifest, Role::Root).unwrap();
    (layout, manifest.digest())
}

fn signed(key: &SigningKey, layout: &Layout, digest: Digest) -> Attached {
    attest(layout, key, digest, &Statement::signature(digest), Timestamp::UNIX_EPOCH).unwrap()
}

#[test]
fn evidence_that_cannot_be_looked_at_is_not_evidence_that_is_not_there() {
    let directory = tempfile::tempdir().unwrap();
    let place = |name: &str| directory.path().join(name);
    let reference = |name: &str| format!("oci:{}", place(name).display()).parse::<ImageRef>().unwrap();
    let key = SigningKey::generate().unwrap();
    ci::files::write(&place("key.pub"), key.public().to_pem().unwrap().as_bytes()).unwrap();
    let keys = Keyring::read([&Signer::Key(place("key.pub"))], None).unwrap();
    let ((built, digest), (copied, _)) = (image(&place("built")), image(&place("copied")));
    signed(&key, &built, digest);
    let look = || {
        gather(
            &keys,
            &Arc::default(),
            &reference("built"),
            &[&reference("copied"), &reference("none")],
            digest,
        )
    };

    let seen = look();
    assert_eq!(seen.condition, Condition::Whole);
    assert!(seen.claims.iter().all(|claim| claim.says == Says::Signature));

    // The image is whole; it is the looking that fails.
    let lost = signed(&SigningKey::generate().unwrap(), &built, digest).manifest;
    let lost = place("built/blobs/sha256").join(lost.hex());
    fs::rename(&lost, place("lost")).unwrap();
    assert!(matches!(look().condition, Condition::Unknown(why) if why.contains("content-missing")));
    fs::rename(place("lost"), &lost).unwrap();
    assert_eq!(look().condition, Condition::Whole);

    // A referrer that is listed and gone could have said FAILED.
    let gone = signed(&key, &copied, digest).manifest;
    fs::remove_file(place("copied/blobs/sha256").join(gone.hex())).unwrap();
    assert!(matches!(look().condition, Condition::Unknown(why) if why.contains("content-missing")));
}
