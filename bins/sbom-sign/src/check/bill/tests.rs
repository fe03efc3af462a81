//! SBOMs of several makers, and what is none.

use proptest::prelude::*;

use super::*;

fn bill(version: &str, components: &str) -> Result<Bill, NoBill> {
    let json =
        format!(r#"{{"bomFormat": "CycloneDX", "specVersion": "{version}", "components": [{components}]}}"#);
    Bill::parse(json.as_bytes())
}

#[test]
fn packages_are_read_however_deep_they_lie_and_files_are_none() {
    let bill = bill(
        "1.6",
        r#"{"type": "library", "name": "a", "version": "1", "purl": "pkg:npm/a@1", "components": [
                {"type": "library", "name": "b", "version": "2", "purl": "pkg:npm/b@2"}]},
            {"type": "file", "name": "/bin/sh"},
            {"type": "operating-system", "name": "debian", "version": "12"},
            {"type": "library", "name": "c"}"#,
    );
    let bill = bill.unwrap();
    let names: Vec<&str> = bill.packages.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["b", "a", "c"]);
    assert_eq!(bill.distribution.as_deref(), Some("debian-12"));
}

#[test]
fn every_version_that_is_written_is_read_and_no_other() {
    let one = r#"{"type": "library", "name": "a", "version": "1", "purl": "pkg:npm/a@1"}"#;
    for version in ["1.4", "1.5", "1.6", "1.7"] {
        assert_eq!(bill(version, one).unwrap().packages.len(), 1);
    }
    for version in ["1.3", "1.8", "2.0", ""] {
        assert!(matches!(bill(version, one), Err(NoBill::Version(_))), "{version}");
    }
}

#[test]
fn what_is_no_sbom_or_lists_nothing_is_refused() {
    for json in [
        "",
        "[]",
        "{}",
        "<bom/>",
        r#"{"spdxVersion": "SPDX-2.3"}"#,
        r#"{"bomFormat": "SPDX", "specVersion": "1.5"}"#,
    ] {
        assert!(Bill::parse(json.as_bytes()).is_err(), "{json}");
    }
    assert!(matches!(bill("1.5", ""), Err(NoBill::Empty)));
    let twice = r#"{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{"type": "library", "name": "a"}], "components": []}"#;
    assert!(matches!(Bill::parse(twice.as_bytes()), Err(NoBill::Form(_))));
}

#[test]
fn a_component_that_contradicts_itself_is_refused() {
    let component = |version: &str, purl: &str| {
        bill(
            "1.5",
            &format!(r#"{{"type": "library", "name": "a", "version": "{version}", "purl": "{purl}"}}"#),
        )
    };
    assert!(matches!(component("1.0.1", "pkg:npm/a@1.0.0"), Err(NoBill::Contradiction { .. })));
    assert!(matches!(component("1.0.0", "npm:a"), Err(NoBill::PackageUrl { .. })));
    for (version, purl) in [
        ("go1.22.1", "pkg:golang/stdlib@1.22.1"),
        ("1.0.0", "pkg:golang/a@v1.0.0"),
        ("0:2.2.53-1.el8", "pkg:rpm/redhat/acl@2.2.53-1.el8"),
        ("", "pkg:npm/a@1.0.0"),
        ("1.0+b", "pkg:cargo/a@1.0%2Bb"),
        ("1.0", "pkg:npm/a"),
    ] {
        assert!(component(version, purl).is_ok(), "{version} {purl}");
    }
}

#[test]
fn licences_are_read_in_each_form_of_the_specification() {
    let licences = |json: &str| {
        bill("1.6", &format!(r#"{{"type": "library", "name": "a", "licenses": {json}}}"#))
            .map(|bill| bill.packages[0].licences.clone())
    };
    let spdx = |text: &str| Licence::Spdx(text.to_owned());
    assert_eq!(licences(r#"[{"license": {"id": "MIT"}}]"#).unwrap(), [spdx("MIT")]);
    assert_eq!(licences(r#"[{"expression": "MIT OR Apache-2.0"}]"#).unwrap(), [spdx("MIT OR Apache-2.0")]);
    assert_eq!(
        licences(r#"[{"license": {"name": "Custom"}}]"#).unwrap(),
        [Licence::Named("Custom".to_owned())]
    );
    for json in
        ["[{}]", r#"[{"license": {}}]"#, r#"[{"license": {"id": "MIT", "name": "GPL"}}]"#, r#"["MIT"]"#]
    {
        assert!(licences(json).is_err(), "{json}");
    }
}

#[test]
fn what_the_sbom_is_about_was_looked_up_like_a_package_of_it() {
    let listed = |component: &str| {
        let json = format!(
            r#"{{"bomFormat": "CycloneDX", "specVersion": "1.5", "metadata": {{"component": {component}}},
                "components": [{{"type": "library", "name": "a", "version": "1", "purl": "pkg:npm/a@1"}}]}}"#
        );
        Bill::parse(json.as_bytes()).unwrap().packages
    };
    for (subject, names) in [
        (r#"{"type": "application", "name": "app", "version": "1"}"#, &["a"][..]),
        (r#"{"type": "application", "name": "app", "version": "1", "purl": "pkg:npm/app@1"}"#, &["a"]),
        (
            r#"{"type": "container", "name": "x", "version": "sha256:0", "purl": "pkg:oci/x@sha256:0"}"#,
            &["a"],
        ),
        (
            r#"{"type": "application", "name": "x", "components": [{"type": "library", "name": "b"}]}"#,
            &["b", "a"],
        ),
    ] {
        assert_eq!(listed(subject).iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), names);
    }
}

#[test]
fn trivy_tells_the_source_package_in_properties() {
    let bill = bill(
        "1.6",
        r#"{"type": "library", "name": "libssl3", "version": "3.0.11-1", "purl": "pkg:deb/debian/libssl3@3.0.11-1?distro=debian-12",
            "properties": [{"name": "aquasecurity:trivy:SrcName", "value": "openssl"}, {"name": "aquasecurity:trivy:SrcVersion", "value": "3.0.11"},
                {"name": "aquasecurity:trivy:SrcRelease", "value": "1"}, {"name": "aquasecurity:trivy:SrcEpoch", "value": "1"}]}"#,
    );
    let source = bill.unwrap().packages[0].source.clone().unwrap();
    assert_eq!((source.name.as_str(), source.version.as_deref()), ("openssl", Some("1:3.0.11-1")));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        _ = Bill::parse(&bytes);
    }

    #[test]
    fn any_component_is_read_or_refused(name in "\\PC{0,20}", version in "\\PC{0,20}", purl in "pkg:[a-z]{0,6}/?\\PC{0,20}") {
        let component = serde_json::json!({"type": "library", "name": name, "version": version, "purl": purl});
        _ = bill("1.5", &component.to_string());
    }
}
