//! Evidence in a layout: stored, found again, told apart.

use oci::Role;

use super::*;
use crate::{
    Bundle, attach, attest,
    fixture::{Registry, at, key, other_key, public, put_image, statement, test_result, verifier},
    predicate::TestResult,
};

fn bundle(registry: &Registry) -> Bundle {
    Bundle::of_statement(&key(), &statement(registry.image)).unwrap()
}

fn evidence(registry: &Registry) -> Evidence {
    verifier().evidence(&registry.layout, registry.image).unwrap()
}

fn attested(registry: &Registry, statement: &Statement) -> crate::Attached {
    attest(&registry.layout, &key(), registry.image, statement, at(1_800_000_000)).unwrap()
}

#[test]
fn the_manifest_of_evidence_is_written_like_this() {
    let registry = Registry::new();
    let attached = attested(&registry, &Statement::signature(registry.image));
    let manifest = registry.layout.manifest(attached.manifest).unwrap();
    let json: serde_json::Value = serde_json::from_slice(manifest.bytes()).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&json).unwrap(), @r#"
    {
      "schemaVersion": 2,
      "mediaType": "application/vnd.oci.image.manifest.v1+json",
      "artifactType": "application/vnd.dev.sigstore.bundle.v0.3+json",
      "config": {
        "mediaType": "application/vnd.oci.empty.v1+json",
        "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        "size": 2
      },
      "layers": [
        {
          "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
          "digest": "sha256:f9400c78eb97918b45693a054cb593c726f040640a07f330a0b56708ec93105e",
          "size": 683
        }
      ],
      "subject": {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "digest": "sha256:f20c43161d73848408ef247f0ec7111b19fe58ffebc0cbcaa0d2c8bda4967268",
        "size": 246
      },
      "annotations": {
        "dev.sigstore.bundle.content": "dsse-envelope",
        "dev.sigstore.bundle.predicateType": "https://sigstore.dev/cosign/sign/v1",
        "org.opencontainers.image.created": "2027-01-15T08:00:00Z"
      }
    }
    "#);
}

#[test]
fn what_is_attested_is_found_by_its_type_and_attested_once() {
    let registry = Registry::new();
    let statement = statement(registry.image);
    let first = attested(&registry, &statement);
    let later = attest(&registry.layout, &key(), registry.image, &statement, at(1_900_000_000)).unwrap();
    assert!(!first.unchanged && later.unchanged);
    assert_eq!((first.manifest, first.bundle), (later.manifest, later.bundle));
    attested(&registry, &Statement::signature(registry.image));
    assert_eq!(registry.referrers(), 2);

    let found = evidence(&registry);
    assert_eq!(found.of_type(&PredicateType::SIGNATURE).count(), 1);
    assert_eq!(found.of_type(&PredicateType::CYCLONEDX).count(), 0);
    let results: Vec<TestResult> =
        found.of_type(&PredicateType::TEST_RESULT).filter_map(Verified::read).collect();
    assert_eq!(results, [test_result(contract::TestResult::Passed)]);
}

#[test]
fn an_image_without_evidence_has_none_and_a_missing_layout_is_an_error() {
    let registry = Registry::new();
    assert_eq!(evidence(&registry).items, []);
    ci::files::write(&registry.directory.path().join("registry/index.json"), b"{").unwrap();
    assert!(verifier().evidence(&registry.layout, registry.image).is_err());
}

#[test]
fn another_key_makes_its_own_evidence_beside_ours() {
    let registry = Registry::new();
    let statement = statement(registry.image);
    attested(&registry, &statement);
    let theirs =
        attest(&registry.layout, &other_key(), registry.image, &statement, at(1_800_000_000)).unwrap();
    assert!(!theirs.unchanged);
    let found = evidence(&registry);
    assert_eq!(found.verified().count(), 1);
    assert_eq!(found.verified().next().unwrap().signer, crate::Signer::Key(public().hint().to_owned()));
    assert_eq!(found.foreign().map(|(manifest, _)| manifest).collect::<Vec<_>>(), [theirs.manifest]);
}

#[test]
fn evidence_moved_to_another_image_is_invalid() {
    let registry = Registry::new();
    let other = put_image(&registry.layout, b"{\"os\":\"linux\"}");
    let statement = statement(registry.image);
    attach(&registry.layout, other, &bundle(&registry), &statement, at(0)).unwrap();
    let found = verifier().evidence(&registry.layout, other).unwrap();
    assert_eq!(found.verified().count(), 0);
    assert_eq!(found.invalid().map(|(_, why)| why.clone()).collect::<Vec<_>>(), [Invalid::Subject(other)]);
}

#[test]
fn a_manifest_may_say_less_than_cosigns_and_nothing_false() {
    let registry = Registry::new();
    let bytes = bundle(&registry).bytes().to_vec();
    let verified = |annotations: &[(&str, &str)]| {
        evidence(&Registry::forged(annotations, &bytes)).verified().count() == 1
    };
    assert!(verified(&[]));
    assert!(verified(&[(PREDICATE_TYPE, PredicateType::TEST_RESULT.uri())]));
    assert!(!verified(&[(PREDICATE_TYPE, PredicateType::SIGNATURE.uri())]));
    let cut = evidence(&Registry::forged(&[], &bytes[..bytes.len() / 2]));
    assert!(matches!(cut.invalid().next(), Some((_, Invalid::Malformed(_)))));
}

#[test]
fn what_is_no_bundle_is_foreign() {
    let registry = Registry::new();
    let artifact = oci::Artifact {
        artifact_type: "application/vnd.example.report".to_owned(),
        content: b"report".to_vec(),
        annotations: std::collections::BTreeMap::new(),
    };
    oci::attach(&registry.layout, registry.image, &artifact).unwrap();
    let foreign: Vec<_> = evidence(&registry).foreign().map(|(_, why)| why.clone()).collect();
    assert_eq!(foreign, [Foreign::AnotherKind("application/vnd.example.report".to_owned())]);
}

#[test]
fn a_bundle_whose_bytes_were_changed_in_place_is_invalid_and_hides_nothing() {
    let registry = Registry::new();
    let changed = attested(&registry, &statement(registry.image));
    attested(&registry, &Statement::signature(registry.image));
    let blob = registry.directory.path().join("registry/blobs/sha256").join(changed.bundle.hex());
    let text = ci::files::read_text(&blob).unwrap();
    ci::files::write(&blob, text.replace("hint", "tint").as_bytes()).unwrap();
    let found = evidence(&registry);
    assert!(matches!(found.invalid().next(), Some((_, Invalid::Malformed(_)))));
    assert_eq!(found.of_type(&PredicateType::SIGNATURE).count(), 1);
}

#[test]
fn two_layers_or_a_huge_bundle_are_refused_unread() {
    let registry = Registry::new();
    let subject = registry.layout.manifest(registry.image).unwrap().descriptor().bare();
    let mut huge = Descriptor::of(MEDIA_TYPE, b"");
    huge.size = BUNDLE_BYTES_MAX + 1;
    let small = Descriptor::of(MEDIA_TYPE, b"");
    for layers in [vec![small.clone(), small], vec![huge]] {
        let mut image = Image::new(Descriptor::of(oci::media_type::EMPTY, b"{}"), layers);
        image.subject = Some(subject.clone());
        registry.layout.put_manifest(&image.into_manifest().unwrap(), Role::Root).unwrap();
    }
    let why: Vec<String> = evidence(&registry).invalid().map(|(_, why)| why.to_string()).collect();
    assert_eq!(
        why,
        [
            "its manifest does not fit it: it has more than one layer",
            "its manifest does not fit it: its bundle is larger than any that is read"
        ]
    );
}

#[test]
fn a_statement_of_the_wrong_form_is_not_signed() {
    let statement = |kind: PredicateType, predicate| Statement::of(Digest::of(b""), kind, predicate);
    assert!(statement(PredicateType::TEST_RESULT, serde_json::json!({"result": "PASSED"})).is_err());
    let mut nothing_tested = test_result(contract::TestResult::Passed);
    nothing_tested.passed_tests.clear();
    let predicate = serde_json::to_value(nothing_tested).unwrap();
    let refused = statement(PredicateType::TEST_RESULT, predicate).unwrap_err();
    assert_eq!(refused.to_string(), "the predicate does not have the form of test-result");
}

#[test]
fn the_examples_in_the_documentation_have_their_forms() {
    let page = include_str!("../../../../docs/evidence.md");
    let mut seen = 0;
    for section in page.split("\n## ").skip(1) {
        let kind: PredicateType = section.lines().next().unwrap().parse().unwrap();
        let json = section.split("```json").nth(1).unwrap().split("```").next().unwrap();
        let predicate = serde_json::from_str(json).unwrap();
        kind.check(&predicate).unwrap_or_else(|error| panic!("{kind}: {error:?}"));
        seen += 1;
    }
    assert_eq!(seen, 8);
}
