//! SBOMs as they are written.

use std::collections::BTreeSet;

use cyclonedx_bom::validation::Validate as _;

use super::*;
use crate::catalog::{Part, Place, cargo};

const LOCK: &str = r#"
version = 4

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

/// What no lock file alone can show: every field, in an image.
fn everything() -> Catalog {
    let mut package = Package::new("pkg:deb/debian/curl@8.14?arch=amd64".parse().unwrap());
    let hashes = "sha1-qUqP5cyxm6YcTAhz05Hph5gvu9M= md5-CY9rzUYh03PK3k6DJie09g==";
    package.hashes.extend(catalog::Hash::integrity(hashes).unwrap());
    package.licences.extend(["MIT OR Zlib", "curl"].into_iter().filter_map(Licence::of));
    package.properties.insert("seaworthy:go:sum".to_owned(), "h1:x".to_owned());
    for layer in [b"one", b"two"] {
        let layer = Some(Digest::of(layer));
        package.places.insert(Place { path: "var/lib/dpkg/status".to_owned(), layer }.into());
    }
    let mut words = Package::new("pkg:npm/words@1".parse().unwrap());
    words.licences.extend(["MIT", "see LICENSE"].into_iter().filter_map(Licence::of));
    let root = Package::other(Kind::Container, "app", Some("sha256:0"));
    let system = Package::other(Kind::OperatingSystem, "debian", Some("13"));
    let development = Part { packages: vec![words], development: [0].into(), ..Part::default() };
    Catalog::of_image(root, vec![Part::flat(vec![package, system]), development])
}

fn written_at(lock: &str, second: i64) -> String {
    let place = Place { path: "Cargo.lock".to_owned(), layer: None };
    let catalog = Catalog::of_tree(vec![cargo::read(lock).unwrap().found_at(&place)]);
    String::from_utf8(json(&catalog, SpecVersion::V1_5, Timestamp::from_second(second).unwrap()).unwrap())
        .unwrap()
}

#[test]
fn an_sbom_is_written_like_this() {
    insta::assert_snapshot!(written_at(LOCK, 1_800_000_000), @r#"
    {
      "bomFormat": "CycloneDX",
      "specVersion": "1.5",
      "version": 1,
      "serialNumber": "urn:uuid:4f1a0ae2-2f56-8a95-a7f4-ab33153d34e8",
      "metadata": {
        "timestamp": "2027-01-15T08:00:00Z",
        "tools": {
          "components": [
            {
              "type": "application",
              "name": "sbom-sign",
              "version": "0.1.0"
            }
          ]
        },
        "component": {
          "type": "application",
          "bom-ref": "member:cargo/app@0.1.0",
          "name": "app",
          "version": "0.1.0",
          "purl": "pkg:cargo/app@0.1.0",
          "evidence": {
            "occurrences": [
              {
                "location": "Cargo.lock"
              }
            ]
          }
        }
      },
      "components": [
        {
          "type": "library",
          "bom-ref": "pkg:cargo/serde@1.0.1",
          "name": "serde",
          "version": "1.0.1",
          "hashes": [
            {
              "alg": "SHA-256",
              "content": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
            }
          ],
          "purl": "pkg:cargo/serde@1.0.1",
          "evidence": {
            "occurrences": [
              {
                "location": "Cargo.lock"
              }
            ]
          }
        }
      ],
      "dependencies": [
        {
          "ref": "member:cargo/app@0.1.0",
          "dependsOn": [
            "pkg:cargo/serde@1.0.1"
          ]
        },
        {
          "ref": "pkg:cargo/serde@1.0.1"
        }
      ]
    }
    "#);
}

#[test]
fn the_same_tree_gives_the_same_bytes_and_only_the_time_differs() {
    let (first, second) = (written_at(LOCK, 1_800_000_000), written_at(LOCK, 1_800_000_001));
    assert_eq!(first, written_at(LOCK, 1_800_000_000));
    assert_eq!(first.replace("08:00:00Z", "08:00:01Z"), second);
    let other: Value = serde_json::from_str(&written_at(&LOCK.replace("1.0.1", "1.0.2"), 0)).unwrap();
    let first: Value = serde_json::from_str(&first).unwrap();
    assert_ne!(first["serialNumber"], other["serialNumber"]);
}

#[test]
fn every_reference_is_unique_rooted_and_in_the_graph() {
    let text = written_at(include_str!("../../../../Cargo.lock"), 0);
    let bom: Value = serde_json::from_str(&text).unwrap();
    let components = bom["components"].as_array().unwrap();
    let root = bom["metadata"]["component"]["bom-ref"].as_str().unwrap();
    let listed: Vec<&str> =
        components.iter().map(|one| one["bom-ref"].as_str().unwrap()).chain([root]).collect();
    let unique: BTreeSet<&str> = listed.iter().copied().collect();
    assert_eq!(listed.len(), unique.len());
    let graph = bom["dependencies"].as_array().unwrap();
    let nodes: BTreeSet<&str> = graph.iter().map(|node| node["ref"].as_str().unwrap()).collect();
    assert_eq!(nodes, unique);
    let mut reached = BTreeSet::from([root]);
    let mut next = vec![root];
    while let Some(reference) = next.pop() {
        let node = graph.iter().find(|node| node["ref"] == reference).unwrap();
        for needed in node["dependsOn"].as_array().into_iter().flatten() {
            let needed = needed.as_str().unwrap();
            if reached.insert(needed) {
                next.push(needed);
            }
        }
    }
    assert_eq!(reached, unique, "something is not reached from the root");
}

#[test]
fn it_is_valid_for_the_library_that_wrote_it() {
    let text = written_at(include_str!("../../../../Cargo.lock"), 0);
    let bom = Bom::parse_from_json_v1_5(text.as_bytes()).unwrap();
    let result = bom.validate_version(CycloneDx::V1_5);
    assert!(result.passed(), "{result:?}");
}

fn text_of_everything(version: SpecVersion) -> String {
    let time = Timestamp::from_second(1_800_000_000).unwrap();
    String::from_utf8(json(&everything(), version, time).unwrap()).unwrap()
}

fn components(version: SpecVersion) -> Value {
    let bom: Value = serde_json::from_str(&text_of_everything(version)).unwrap();
    assert!(bom["metadata"]["tools"]["components"].is_array());
    bom["components"].clone()
}

#[test]
fn every_field_has_its_place() {
    let components = components(SpecVersion::V1_5);
    let lines: Vec<String> = components.as_array().unwrap().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    {"type":"operating-system","bom-ref":"operating-system:debian@13","name":"debian","version":"13"}
    {"type":"library","bom-ref":"pkg:deb/debian/curl@8.14?arch=amd64","name":"debian/curl","version":"8.14","hashes":[{"alg":"MD5","content":"098f6bcd4621d373cade4e832627b4f6"},{"alg":"SHA-1","content":"a94a8fe5ccb19ba61c4c0873d391e987982fbbd3"}],"licenses":[{"expression":"(MIT OR Zlib) AND curl"}],"purl":"pkg:deb/debian/curl@8.14?arch=amd64","properties":[{"name":"seaworthy:go:sum","value":"h1:x"},{"name":"seaworthy:layer","value":"sha256:3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3 var/lib/dpkg/status"},{"name":"seaworthy:layer","value":"sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed var/lib/dpkg/status"}],"evidence":{"occurrences":[{"location":"var/lib/dpkg/status"}]}}
    {"type":"library","bom-ref":"pkg:npm/words@1","name":"words","version":"1","scope":"optional","licenses":[{"license":{"name":"MIT"}},{"license":{"name":"see LICENSE"}}],"purl":"pkg:npm/words@1"}
    "#);
}

#[test]
fn later_versions_say_whose_word_a_licence_is() {
    let text = text_of_everything;
    let mut later = components(SpecVersion::V1_7);
    for component in later.as_array_mut().unwrap() {
        for licence in component.get_mut("licenses").and_then(Value::as_array_mut).into_iter().flatten() {
            let licence = if licence.get("license").is_some() { &mut licence["license"] } else { licence };
            let word = licence.as_object_mut().unwrap().remove("acknowledgement");
            assert_eq!(word.unwrap(), "declared");
        }
    }
    assert_eq!(later, components(SpecVersion::V1_5));
    assert!(text(SpecVersion::V1_6).contains("\"specVersion\": \"1.6\""));
    assert_ne!(text(SpecVersion::V1_6), text(SpecVersion::V1_7));
}
