//! The published JSON Schema and the types know the same keys, and every example in the docs is one that works.

use std::{collections::BTreeSet, fs, path::Path};

use ci::Failure;
use config::{Config, ConfigError};
use serde_json::Value;

const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");

/// Each table of the file: where it is in the schema, and a document with a hole for a key.
const TABLES: [(&str, &str); 9] = [
    ("", "KEY\n[components.app]\nimage = 'oci:r'"),
    ("/properties/release", "[release]\nKEY"),
    ("/$defs/component", "[components.app]\nKEY"),
    ("/$defs/environment", "[environments.e]\nKEY"),
    ("/$defs/exec", "[environments.e.target]\nkind = 'exec'\nKEY"),
    ("/$defs/database", "[environments.e.database]\nKEY"),
    ("/$defs/plain", "[environments.e.require.sbom]\nKEY"),
    ("/$defs/smoke-test", "[environments.e.require.'smoke-test@x']\nKEY"),
    ("/$defs/require", "[environments.e.require]\nKEY"),
];

#[test]
#[allow(clippy::disallowed_methods, reason = "a test reads its fixture")]
fn schema_and_types_know_the_same_keys() {
    let schema = fs::read_to_string(format!("{DOCS}/release-toml.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    for (pointer, text) in TABLES {
        let properties = schema.pointer(pointer).unwrap()["properties"].as_object().unwrap();
        let mut published: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
        // The one key that carries a name, and the one that says which table this is.
        if pointer == "/$defs/require" {
            published.insert("smoke-test@ENVIRONMENT");
        }
        published.remove("kind");
        let text = text.replace("KEY", "no-such-key = 1");
        match Config::parse(Path::new("release.toml"), &text) {
            Err(ConfigError::UnknownKey { key, known, .. }) => {
                assert_eq!(key, "no-such-key");
                assert_eq!(known.iter().map(String::as_str).collect::<BTreeSet<_>>(), published, "{pointer}");
            }
            other => panic!("{pointer}: {other:?}"),
        }
    }
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a test reads its fixture")]
fn every_release_toml_in_the_docs_works() {
    let mut examples = 0;
    for page in fs::read_dir(DOCS).unwrap() {
        let page = page.unwrap().path();
        if page.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = fs::read_to_string(&page).unwrap();
        for block in text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            if !block.contains("[environments.") || !block.contains("[components.") {
                continue;
            }
            examples += 1;
            if let Err(error) = Config::parse(&page, block) {
                panic!("{}: {error}\n{}\n{block}", page.display(), error.fix());
            }
        }
    }
    assert!(examples > 0, "no example was found");
}
