//! The specification's own test suite, from `testdata/purl-spec.txt`: parse, roundtrip and build of every type that we write.

use super::*;

const SUITE: &str = include_str!("../../../testdata/purl-spec.txt");

/// The types of which the suite's cases must be there: all that `PurlType` names.
const WRITTEN: [PurlType; 11] = [
    PurlType::Apk,
    PurlType::Cargo,
    PurlType::Deb,
    PurlType::Docker,
    PurlType::Generic,
    PurlType::Github,
    PurlType::Golang,
    PurlType::Npm,
    PurlType::Oci,
    PurlType::Pypi,
    PurlType::Rpm,
];

/// The qualifiers that `Qualifier` names; a case with another one is only read.
const QUALIFIERS: [Qualifier; 8] = [
    Qualifier::Arch,
    Qualifier::Distro,
    Qualifier::DownloadUrl,
    Qualifier::Epoch,
    Qualifier::RepositoryUrl,
    Qualifier::Tag,
    Qualifier::Upstream,
    Qualifier::VcsUrl,
];

struct Case {
    read: &'static str,
    canonical: &'static str,
    parts: [&'static str; 6],
}

fn rows() -> impl Iterator<Item = Vec<&'static str>> {
    let rows = SUITE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    rows.map(|line| line.split('|').map(str::trim).collect())
}

fn cases() -> Vec<Case> {
    let valid = rows().filter(|row| row[1] != "refused");
    valid
        .map(|row| match row.as_slice() {
            [read, canonical, parts @ ..] => Case { read, canonical, parts: parts.try_into().unwrap() },
            _ => panic!("{row:?}"),
        })
        .collect()
}

#[test]
fn the_suite_has_cases_of_every_type_that_we_write() {
    for kind in WRITTEN {
        let count = cases().iter().filter(|case| case.parts[0] == kind.word()).count();
        assert!(count >= 3, "{kind:?}: {count}");
    }
}

#[test]
fn parse_gives_the_parts() {
    for Case { read, parts, .. } in cases() {
        let purl: Purl = read.parse().unwrap_or_else(|error| panic!("{error}"));
        let qualifiers: Vec<String> =
            purl.qualifiers.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let found = [
            purl.kind().word(),
            &purl.namespace(),
            purl.name(),
            purl.version_text().unwrap_or_default(),
            &qualifiers.join("&"),
            &purl.subpath.join("/"),
        ];
        assert_eq!(found, parts, "{read}");
    }
}

#[test]
fn roundtrip_gives_the_canonical_form() {
    for Case { read, canonical, .. } in cases() {
        for text in [read, canonical] {
            let purl: Purl = text.parse().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(purl.to_string(), canonical, "{text}");
        }
    }
}

#[test]
fn build_gives_the_canonical_form() {
    let mut built = 0;
    for Case { canonical, parts: [kind, namespace, name, version, qualifiers, subpath], .. } in cases() {
        let kind = WRITTEN.into_iter().find(|one| one.word() == kind).unwrap();
        let full = if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") };
        let mut purl = Purl::new(kind, &full).unwrap().version(version).subpath(subpath);
        let pairs: Vec<_> = qualifiers.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let key = |word: &str| QUALIFIERS.into_iter().find(|one| one.key() == word);
        if pairs.iter().any(|(word, _)| key(word).is_none()) {
            continue;
        }
        for (word, value) in pairs {
            purl = purl.qualifier(key(word).unwrap(), value);
        }
        assert_eq!(purl.to_string(), canonical);
        built += 1;
    }
    assert!(built >= 40, "only {built} cases were built");
}

#[test]
fn what_the_suite_refuses_is_refused() {
    let refused: Vec<_> = rows().filter(|row| row[1] == "refused").map(|row| row[0]).collect();
    assert_eq!(refused.len(), 8);
    for text in refused {
        assert!(text.parse::<Purl>().is_err(), "{text}");
    }
}
