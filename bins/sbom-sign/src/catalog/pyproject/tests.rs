//! Manifests of Python projects.

use super::*;

#[test]
fn a_requirement_begins_with_a_name() {
    for (requirement, expected) in [
        ("click", Some("click")),
        (" Zope.Interface[x]>=1; python_version<'3'", Some("Zope.Interface")),
        ("a @ https://example.com/a.whl", Some("a")),
        ("a-", Some("a")),
        (">=1", None),
        ("", None),
        ("é", None),
    ] {
        assert_eq!(requirement_name(requirement), expected, "{requirement}");
    }
}

#[test]
fn all_tables_that_name_dependencies_are_read() {
    let manifest = read(
        r#"
        [project]
        name = "App"
        version = "1"
        license = { text = "MIT" }
        dependencies = ["A_a>1"]
        optional-dependencies = { x = ["b"] }
        [dependency-groups]
        dev = ["c", { include-group = "other" }]
        [tool.poetry.dependencies]
        python = ">=3"
        d = "*"
        [tool.poetry.dev-dependencies]
        e = "*"
        [tool.poetry.group.docs.dependencies]
        f = { version = "*" }
        [tool.pdm.dev-dependencies]
        test = ["g"]
        "#,
    );
    let Manifest { member, needed, development } = manifest.unwrap();
    let member = member.unwrap();
    assert_eq!((member.reference.as_str(), member.name.as_str()), ("member:pypi/app@1", "App"));
    assert_eq!(member.licences.first().unwrap().to_string(), "MIT");
    assert_eq!(needed, ["a-a", "b", "d"]);
    assert_eq!(development, ["e", "f", "g", "c"]);
    assert!(read("[project]\nname = 1").is_err());
}
