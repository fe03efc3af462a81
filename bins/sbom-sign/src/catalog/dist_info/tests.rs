//! Metadata of installed Python packages.

use super::*;

fn place(path: &str) -> Place {
    Place { path: path.to_owned(), layer: None }
}

#[test]
fn packages_need_what_they_require_without_being_asked_for_extras() {
    let files = [
        "Metadata-Version: 2.4\nName: Flask_SQLAlchemy\nVersion: 3.1.1\nLicense-Expression: BSD-3-Clause\n\
         Requires-Dist: flask>=2.2.5\nRequires-Dist: sqlalchemy (>=2) ; python_version > '3'\n\
         Requires-Dist: tox; extra == 'dev'\n\nLicense: prose in the description\n",
        "Name: Flask\nVersion: 3.0.0\nLicense: UNKNOWN\nClassifier: License :: OSI Approved :: MIT License\n\
         Classifier: Programming Language :: Python\n",
        "Name: tox\nVersion: 4.0\nLicense: MIT\n\n",
    ];
    let found = files.map(|file| (read(file).unwrap(), place("x.dist-info/METADATA")));
    let part = part(found.to_vec());
    let told = part.packages.iter().map(|one| {
        let licences: Vec<String> = one.licences.iter().map(ToString::to_string).collect();
        format!("{} {} {licences:?} {:?}\n", one.name, one.reference, one.needs)
    });
    insta::assert_snapshot!(told.collect::<String>(), @r#"
    Flask_SQLAlchemy pkg:pypi/flask-sqlalchemy@3.1.1 ["BSD-3-Clause"] {1}
    Flask pkg:pypi/flask@3.0.0 ["MIT License"] {}
    tox pkg:pypi/tox@4.0 ["MIT"] {}
    "#);
}

#[test]
fn metadata_lies_in_its_directory() {
    for (path, wanted) in [
        ("usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO", true),
        ("usr/lib/python3/dist-packages/PyYAML-6.0.egg-info", true),
        ("opt/venv/lib/python3.12/site-packages/six-1.16.0.dist-info/METADATA", true),
        ("opt/x.egg/EGG-INFO/PKG-INFO", true),
        ("src/six/PKG-INFO", false),
        ("METADATA", false),
        ("six-1.16.0.dist-info/RECORD", false),
    ] {
        assert_eq!(is_metadata(path), wanted, "{path}");
    }
}

#[test]
fn what_names_nothing_is_told() {
    assert_eq!(read("Version: 1\n").unwrap_err().why, "it has no Name");
    assert_eq!(read("Name: a\n\nVersion: 1\n").unwrap_err().why, "it has no Version");
    assert_eq!(read("").unwrap_err().why, "it has no Name");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "((Name|Version|License|Requires-Dist): [a-zé._;()<=> ]{0,12}\n ?){0,12}") {
        if let Ok(record) = read(&text) {
            part(vec![(record, place("a"))]);
        }
    }
}
