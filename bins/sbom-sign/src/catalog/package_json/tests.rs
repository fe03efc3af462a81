//! Manifests of JavaScript packages.

use super::*;

#[test]
fn licences_are_read_in_every_form_they_had() {
    let licences = |text: &str| {
        let manifest = read(&format!("{{\"name\": \"a\", \"license\": {text}}}")).unwrap();
        manifest.license.licences().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    for (text, expected) in [
        ("\"MIT\"", "MIT"),
        ("{\"type\": \"MIT\", \"url\": \"x\"}", "MIT"),
        ("[{\"type\": \"MIT\"}, \"Apache-2.0\"]", "MIT, Apache-2.0"),
        ("\"SEE LICENSE IN LICENSE\"", "SEE LICENSE IN LICENSE"),
        ("{}", ""),
        ("null", ""),
        ("1", ""),
    ] {
        assert_eq!(licences(text), expected, "{text}");
    }
}

#[test]
fn a_name_without_a_scope_is_split_at_its_version() {
    assert_eq!(split("@s/a@npm:b@1"), Some(("@s/a", "npm:b@1")));
    assert_eq!(split("a@1"), Some(("a", "1")));
    assert_eq!(split("@s/a"), None);
    assert_eq!(split(""), None);
}

#[test]
fn workspaces_are_found_by_patterns() {
    for (pattern, directory, expected) in [
        ("packages/*", "packages/a", true),
        ("packages/*", "packages/a/b", false),
        ("packages/**", "packages/a/b", true),
        ("./packages/a/", "packages/a", true),
        ("packages/app-*", "packages/app-one", true),
        ("packages/app-*", "packages/lib-one", false),
        ("*", "a", true),
        ("", "a", false),
    ] {
        assert_eq!(is_workspace(pattern, directory), expected, "{pattern} {directory}");
    }
}
