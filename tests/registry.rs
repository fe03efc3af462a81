//! A release whose images never lie in a layout: named, signed, let in and copied between repositories of a real registry.
#![allow(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and finds its tools itself"
)]

use std::{env, path::PathBuf, process::Command};

use contract::Release;
use testkit::{Cmd, Scratch, served::Served, tools::tool};

const COMMIT: &str = "860c1904a1ce19322e91ac35af1ab07466440c37";

fn binary(name: &str) -> PathBuf {
    let test = env::current_exe().expect("a test knows where it is");
    let binary = test.ancestors().nth(2).expect("it lies in target/debug/deps").join(name);
    assert!(binary.exists(), "{} is missing: cargo build --workspace", binary.display());
    binary
}

fn run(place: &Scratch, name: &str, words: &str) -> Cmd {
    let words = words.split_whitespace();
    testkit::bin(binary(name))
        .args(words)
        .dir(place.path())
        .env("GITHUB_SHA", COMMIT)
        .env("COSIGN_PASSWORD", "pw")
}

#[test]
fn a_release_goes_through_a_registry_and_takes_its_evidence_along() {
    let registry = Served::crane();
    let host = &registry.authority();
    let place = Scratch::new();
    place.file("app", "a program\n");
    place.script(
        "deploy.sh",
        "if [ \"$1\" = observe ]; then cat runs 2>/dev/null; exit 0; fi; echo \"app=$APP_IMAGE\" >runs",
    );
    place.file(
        "release.toml",
        format!(
            r#"
            [release]
            verify-key = "k.pub"
            [components.app]
            image = "{host}/acme/app"
            [environments.production]
            images = {{ app = "{host}/production/app" }}
            target = {{ kind = "exec", command = ["./deploy.sh"], observe = ["./deploy.sh", "observe"] }}
            [environments.production.require]
            signature = {{}}
            "#
        ),
    );
    let apply = "apply --component app --version 1.2.3 --source file:app --target";
    let digest = run(&place, "tag-image", &format!("{apply} {host}/acme/app")).on_runner().run().succeeds();
    let digest = digest.observed().outputs["digest"].clone();
    run(&place, "sbom-sign", "keygen --output-prefix k").run().succeeds();
    run(&place, "promote", "run --environment production").run().fails(1, "promotion-refused");

    run(&place, "tag-image", "release").run().succeeds();
    run(&place, "sbom-sign", "sign --key k.key").run().succeeds();
    run(&place, "promote", "run --environment production").run().succeeds();
    assert_eq!(place.read("runs"), format!("app={host}/production/app@{digest}\n"));
    let verify = format!("verify {host}/production/app@{digest} --type signature --key k.pub");
    run(&place, "sbom-sign", &verify).run().succeeds();

    // Another machine, months later: nothing but the configuration, the key and the version.
    place.file("runs", "");
    std::fs::remove_file(place.join("release.json")).expect("the record was there");
    std::fs::remove_dir_all(place.join(".seaworthy")).expect("the ledger was there");
    run(&place, "promote", "run --environment production --release 1.2.3").run().succeeds();
    assert_eq!(place.read("runs"), format!("app={host}/production/app@{digest}\n"));

    place.file("app", "another program\n");
    run(&place, "tag-image", &format!("{apply} {host}/acme/app")).run().fails(1, "tag-would-move");
}

/// Whether a document has the form that its published schema gives it.
fn fits(place: &Scratch, document: &str, schema: &str) {
    let schema = format!("{}/../docs/{schema}", env!("CARGO_MANIFEST_DIR"));
    let mut check = Command::new(tool("check-jsonschema"));
    let said = check.args(["--schemafile", &schema]).arg(place.join(document)).output();
    let said = said.expect("check-jsonschema is there: script/setup installs it");
    assert!(said.status.success(), "{document}: {}", String::from_utf8_lossy(&said.stdout));
}

#[test]
fn records_and_manifests_have_the_form_that_is_published() {
    let place = Scratch::new();
    place.file("app", "a program\n");
    let apply = "apply --component app --version 1.2.3 --source file:app --target oci:registry/app";
    run(&place, "tag-image", apply).run().succeeds();
    run(&place, "tag-image", "release").run().succeeds();
    fits(&place, "release.json", "release.schema.json");
    let record = Release::from_json(&place.read("release.json")).expect("a record");
    let manifest = record.manifest.and_then(|image| image.digest()).expect("the manifest was stored");
    let blob = |digest: &str| format!("registry/app/blobs/sha256/{}", digest.trim_start_matches("sha256:"));
    let manifest: serde_json::Value =
        serde_json::from_str(&place.read(&blob(&manifest.to_string()))).expect("a manifest is JSON");
    let layer = manifest["layers"][0]["digest"].as_str().expect("a manifest has a layer");
    fits(&place, &blob(layer), "release-manifest.schema.json");
}
