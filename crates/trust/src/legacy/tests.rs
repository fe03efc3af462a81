//! Signatures under the old tag: what holds, what is another's, and every way in which one could lie.

use std::collections::BTreeMap;

use oci::{Blob, Layout, Role, media_type};

use super::*;
use crate::{
    PredicateType, SigningKey, attest,
    fixture::{Registry, at, key, other_key, put_image, verifier},
};

fn payload(image: Digest) -> String {
    format!(
        r#"{{"critical":{{"identity":{{"docker-reference":"example.com/app"}},"image":{{"docker-manifest-digest":"{image}"}},"type":"{TYPE}"}},"optional":null}}"#
    )
}

/// A media type, a payload, annotations.
type Layer<'a> = (&'a str, &'a str, &'a [(&'a str, String)]);

/// Puts payloads under the tag of an image, as cosign does.
fn put(layout: &Layout, image: Digest, layers: &[Layer<'_>]) {
    let mut described = Vec::new();
    for (kind, payload, annotations) in layers {
        let mut layer = Descriptor::of(*kind, payload.as_bytes());
        layout.put_blob(Blob::new(layer.clone(), payload.as_bytes())).unwrap();
        layer.annotations = annotations
            .iter()
            .map(|(name, text)| ((*name).to_owned(), text.clone()))
            .collect::<BTreeMap<_, _>>();
        described.push(layer);
    }
    let config = Descriptor::of(media_type::IMAGE_CONFIG, b"{}");
    layout.put_blob(Blob::new(config.clone(), b"{}".as_slice())).unwrap();
    let manifest = oci::Image::new(config, described).into_manifest().unwrap();
    layout.put_manifest(&manifest, Role::Root).unwrap();
    layout.tag(&legacy_tag(image, "sig").unwrap(), &manifest).unwrap();
}

fn signed(key: &SigningKey, payload: &str) -> (&'static str, String) {
    (SIGNATURE, BASE64_STANDARD.encode(key.sign(payload.as_bytes()).unwrap()))
}

fn verdicts(registry: &Registry) -> Vec<Verdict> {
    let found = verifier().evidence(&registry.layout, registry.image).unwrap();
    found.items.into_iter().map(|item| item.verdict).collect()
}

#[track_caller]
fn verdict_of(payload: &str, annotations: &[(&str, String)]) -> Verdict {
    let registry = Registry::new();
    put(&registry.layout, registry.image, &[(PAYLOAD, payload, annotations)]);
    verdicts(&registry).remove(0)
}

#[test]
fn a_signature_of_cosign_before_version_3_is_a_signature() {
    let registry = Registry::new();
    let payload = payload(registry.image);
    let (ours, theirs) = (signed(&key(), &payload), signed(&other_key(), &payload));
    put(&registry.layout, registry.image, &[(PAYLOAD, &payload, &[theirs]), (PAYLOAD, &payload, &[ours])]);
    let found = verifier().evidence(&registry.layout, registry.image).unwrap();
    assert_eq!(found.of_type(&PredicateType::SIGNATURE).count(), 1);
    assert_eq!(found.foreign().map(|(_, why)| why.clone()).collect::<Vec<_>>(), [Foreign::Legacy]);
    // It speaks for nothing else, and does not stand in the way of a signature in today's form.
    assert_eq!(found.of_type(&PredicateType::CYCLONEDX).count(), 0);
    let statement = Statement::signature(registry.image);
    assert!(!attest(&registry.layout, &key(), registry.image, &statement, at(0)).unwrap().unchanged);
}

#[test]
fn a_payload_that_says_anything_else_is_invalid() {
    let registry = Registry::new();
    let other = put_image(&registry.layout, b"{\"os\":\"linux\"}");
    let good = payload(registry.image);
    for (bad, why) in [
        (payload(other), "about other content than"),
        (good.replace(TYPE, "atomic container signature"), "its type is `atomic container signature`"),
        (good.replace("\"type\"", "\"expires\":\"never\",\"type\""), "unknown field `expires`"),
        (good.replace("\"type\"", "\"type\":\"x\",\"type\""), "duplicate field `type`"),
        (good.replace("docker-manifest-digest", "digest"), "unknown field `digest`"),
        (good.replace("sha256:", "sha512:"), "malformed"),
        (good.replace("},\"optional\":null", ""), "malformed"),
        ("[]".to_owned(), "malformed"),
    ] {
        let Verdict::Invalid(found) = verdict_of(&bad, &[signed(&key(), &bad)]) else {
            panic!("{bad} is not invalid");
        };
        assert!(found.to_string().contains(why), "{bad}: {found}");
    }
}

#[test]
fn a_signature_that_is_not_the_payloads_holds_for_nobody() {
    let registry = Registry::new();
    let good = payload(registry.image);
    let changed = good.replace("example.com/app", "example.com/app2");
    assert_eq!(verdict_of(&changed, &[signed(&key(), &good)]), Verdict::Foreign(Foreign::Legacy));
    let certified = (CERTIFICATE, "-----BEGIN CERTIFICATE-----".to_owned());
    let by_other = signed(&other_key(), &good);
    assert_eq!(verdict_of(&good, &[by_other, certified]), Verdict::Foreign(Foreign::LegacyCertificate));
    assert!(matches!(verdict_of(&good, &[]), Verdict::Invalid(Invalid::Malformed(_))));
    assert!(matches!(
        verdict_of(&good, &[(SIGNATURE, "%".to_owned())]),
        Verdict::Invalid(Invalid::Malformed(_))
    ));
}

#[test]
fn what_is_no_signature_under_the_tag_is_no_signature() {
    let registry = Registry::new();
    let payload = payload(registry.image);
    put(
        &registry.layout,
        registry.image,
        &[("application/vnd.example", &payload, &[signed(&key(), &payload)])],
    );
    assert_eq!(
        verdicts(&registry),
        [Verdict::Foreign(Foreign::AnotherKind("application/vnd.example".to_owned()))]
    );
    assert_eq!(verdicts(&Registry::new()), []);
}

#[test]
fn the_signature_of_one_image_under_the_tag_of_another_is_invalid() {
    let registry = Registry::new();
    let other = put_image(&registry.layout, b"{\"os\":\"linux\"}");
    let payload = payload(other);
    put(&registry.layout, registry.image, &[(PAYLOAD, &payload, &[signed(&key(), &payload)])]);
    assert_eq!(verdicts(&registry), [Verdict::Invalid(Invalid::Subject(registry.image))]);
}

#[test]
fn a_payload_changed_in_place_is_invalid_and_hides_nothing() {
    let registry = Registry::new();
    let payload = payload(registry.image);
    let (one, two) = (signed(&key(), &payload), format!("{payload} "));
    let second = signed(&key(), &two);
    put(&registry.layout, registry.image, &[(PAYLOAD, &payload, &[one]), (PAYLOAD, &two, &[second])]);
    let digest = Digest::of(payload.as_bytes());
    let blob = registry.directory.path().join("registry/blobs/sha256").join(digest.hex());
    ci::files::write(&blob, payload.replace("example", "exemple").as_bytes()).unwrap();
    let found = verdicts(&registry);
    assert!(matches!(found[0], Verdict::Invalid(Invalid::Malformed(_))), "{found:?}");
    assert!(matches!(found[1], Verdict::Verified(_)));
}

proptest::proptest! {
    #[test]
    fn any_payload_is_read_or_refused(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        proptest::prop_assert!(about(&bytes, Digest::of(b"x")).is_err());
    }
}
