//! What `check` looked at and should not, and what it passed without having looked.

use testkit::Scratch;

use super::{BOM, check, desk};

/// The image itself was looked up, so that no check of a whole image could pass; and a tree of a team's own, under somebody else's name.
#[test]
fn what_the_sbom_is_about_was_looked_up_and_no_image_could_pass() {
    // What is in it is not vulnerable in this version.
    let parts = BOM
        .replace(r#""version": "4.17.20""#, r#""version": "4.17.21""#)
        .replace("lodash@4.17.20", "lodash@4.17.21");
    let about = |subject: &str| {
        let metadata = format!(r#""metadata": {{"component": {subject}}}, "components": ["#);
        parts.replace(r#""components": ["#, &metadata)
    };
    for subject in [
        r#"{"type": "container", "name": "app", "version": "sha256:0", "purl": "pkg:oci/app@sha256%3A0?tag=1"}"#,
        r#"{"type": "application", "name": "lodash", "version": "4.17.20", "purl": "pkg:npm/lodash@4.17.20"}"#,
    ] {
        let desk = desk();
        desk.file("bom.json", about(subject));
        let run = check(&desk, "--predicate vulns.json").succeeds();
        assert!(run.stdout.contains("packages: 3; vulnerabilities: 1, the highest low"), "{}", run.stdout);
        assert!(desk.has("vulns.json"));
    }
}

#[test]
fn an_sbom_of_files_and_a_system_alone_passed_though_nothing_was_looked_at() {
    let desk = desk();
    for components in [
        r#"{"type": "operating-system", "name": "debian", "version": "12"}"#,
        r#"{"type": "file", "name": "/bin/sh"}, {"type": "file", "name": "/bin/ls"}"#,
    ] {
        let about =
            r#"{"component": {"type": "application", "name": "a", "version": "1", "purl": "pkg:npm/a@1"}}"#;
        desk.file(
            "bom.json",
            format!(r#"{{"bomFormat": "CycloneDX", "specVersion": "1.5", "metadata": {about}, "components": [{components}]}}"#),
        );
        let run = check(&desk, "--predicate vulns.json").fails(4, "check-inconclusive");
        assert!(run.stderr.contains("the SBOM: it lists no package"), "{}", run.stderr);
        assert!(!desk.has("vulns.json"));
    }
}

#[test]
fn an_action_that_is_pinned_to_a_moving_tag_passed_with_a_hole_in_its_line() {
    let desk = Scratch::new();
    desk.file(
        "db/GHSA-1.json",
        r#"{"id": "GHSA-1", "modified": "2027-01-10T00:00:00Z", "affected": [{"package": {"ecosystem": "GitHub Actions", "name": "a/moving"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "46.0.1"}, {"fixed": "46.0.5"}]}]}]}"#,
    );
    for (tag, code) in [
        ("v46", "check-inconclusive"),
        ("v46.0", "check-inconclusive"),
        ("v46.0.2", "vulnerability-found"),
        ("v47", ""),
        ("v46.0.5", ""),
    ] {
        desk.file(
            "bom.json",
            format!(r#"{{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [
                {{"type": "library", "name": "a/moving", "version": "{tag}", "purl": "pkg:github/a/moving@{tag}"}}]}}"#),
        );
        let run = check(&desk, "");
        match code {
            "" => drop(run.succeeds()),
            "check-inconclusive" => {
                let run = run.fails(4, code);
                assert!(
                    run.stderr.contains(&format!("`{tag}` moves from version to version")),
                    "{}",
                    run.stderr
                );
            }
            _ => drop(run.fails(1, code)),
        }
    }
}
