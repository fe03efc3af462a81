//! SBOMs as they are written.

use std::collections::BTreeSet;

use cyclonedx_bom::validation::Validate as _;
use serde_json::Value;

use super::*;
use crate::catalog::{Place, cargo};

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

fn written_at(lock: &str, second: i64) -> String {
    let place = Place { path: "Cargo.lock".to_owned(), layer: None };
    let catalog = Catalog::of_tree(vec![cargo::read(lock).unwrap().found_at(&place)]);
    String::from_utf8(json(&catalog, Timestamp::from_second(second).unwrap()).unwrap()).unwrap()
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
    let result = bom.validate_version(SpecVersion::V1_5);
    assert!(result.passed(), "{result:?}");
}
