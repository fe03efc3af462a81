//! What the specification's suite (`suite.rs`) leaves open, and what earlier editions of it had.

use super::*;

/// What is read, and the canonical form.
const CANONICAL: &[(&str, &str)] = &[
    ("pkg:npm/@babel/core@7.1.0", "pkg:npm/%40babel/core@7.1.0"),
    ("pkg:npm/LoDash@4.17.21", "pkg:npm/lodash@4.17.21"),
    ("pkg:npm/%40MyScope/MyPackage@1.0.0", "pkg:npm/%40myscope/mypackage@1.0.0"),
    ("pkg:npm/foo@1.0.0#src/%F0%9F%98%83/file.js", "pkg:npm/foo@1.0.0#src/%F0%9F%98%83/file.js"),
    (
        "pkg:pypi/Django@1.11.1?filename=Django-1.11.1.tar.gz",
        "pkg:pypi/django@1.11.1?filename=Django-1.11.1.tar.gz",
    ),
    (
        "pkg:golang/github.com/BurntSushi/toml@v1.6.0%2Bincompatible",
        "pkg:golang/github.com/burntsushi/toml@v1.6.0%2Bincompatible",
    ),
    ("pkg:deb/Debian/Curl@1:7.50.3-1~deb13u1", "pkg:deb/debian/curl@1:7.50.3-1~deb13u1"),
    ("pkg:apk/Alpine/Apk@2.12.9-r3?arch=x86", "pkg:apk/alpine/apk@2.12.9-r3?arch=x86"),
    (
        "pkg:rpm/centerim@4.22.10-1.el6?arch=i686&epoch=1&distro=fedora-25",
        "pkg:rpm/centerim@4.22.10-1.el6?arch=i686&distro=fedora-25&epoch=1",
    ),
    ("pkg://npm/foo@1.0.0", "pkg:npm/foo@1.0.0"),
    ("pkg:maven/org.apache.commons/io@1.3.4", "pkg:maven/org.apache.commons/io@1.3.4"),
];

fn canonical(text: &str) -> String {
    text.parse::<Purl>().unwrap_or_else(|error| panic!("{error}")).to_string()
}

#[test]
fn reading_and_writing_gives_the_canonical_form() {
    for (read, written) in CANONICAL {
        assert_eq!(canonical(read), *written, "{read}");
        assert_eq!(canonical(written), *written, "{written} is canonical");
    }
}

#[test]
fn what_is_none_is_refused() {
    for text in ["pkg:npm/", "pkg:npm/a?arch=1&arch=2", "pkg:npm/%ff", ""] {
        assert!(text.parse::<Purl>().is_err(), "{text}");
    }
}

#[test]
fn parts_are_built_into_the_canonical_form() {
    let built = |kind, name, version| Purl::new(kind, name).unwrap().version(version);
    for (purl, written) in [
        (built(PurlType::Npm, "@angular/animation", "12.3.1"), "pkg:npm/%40angular/animation@12.3.1"),
        (
            built(PurlType::Npm, "mypackage", "12.4.5")
                .qualifier(Qualifier::VcsUrl, "git://host.com/path/to/repo.git@4345abcd34343"),
            "pkg:npm/mypackage@12.4.5?vcs_url=git:%2F%2Fhost.com%2Fpath%2Fto%2Frepo.git%404345abcd34343",
        ),
        (
            built(PurlType::Pypi, "My.PyPI_.--._Package", "1.11.1.dev1"),
            "pkg:pypi/my-pypi-package@1.11.1.dev1",
        ),
        (
            built(PurlType::Golang, "google.golang.org/genproto", "")
                .subpath("/googleapis/../api/annotations/"),
            "pkg:golang/google.golang.org/genproto#googleapis/api/annotations",
        ),
        (
            built(PurlType::Github, "Package-url/purl-spec", "244fd47e07d1004")
                .subpath("everybody/loves/dogs"),
            "pkg:github/package-url/purl-spec@244fd47e07d1004#everybody/loves/dogs",
        ),
        (
            built(PurlType::Rpm, "centerim", "4.22.10-1.el6")
                .qualifier(Qualifier::Epoch, "1")
                .qualifier(Qualifier::Arch, "i686")
                .qualifier(Qualifier::Distro, "fedora-25"),
            "pkg:rpm/centerim@4.22.10-1.el6?arch=i686&distro=fedora-25&epoch=1",
        ),
        (
            built(PurlType::Oci, "Debian", "sha256:244fd47e07d10")
                .qualifier(Qualifier::Tag, "bullseye")
                .qualifier(Qualifier::RepositoryUrl, "ghcr.io/debian"),
            "pkg:oci/debian@sha256:244fd47e07d10?repository_url=ghcr.io%2Fdebian&tag=bullseye",
        ),
        (
            built(PurlType::Cargo, "serde", "1.0.0+build").qualifier(Qualifier::Arch, ""),
            "pkg:cargo/serde@1.0.0%2Bbuild",
        ),
        (built(PurlType::Cargo, "a/b", "1"), "pkg:cargo/a%2Fb@1"),
    ] {
        assert_eq!(purl.to_string(), written);
        assert_eq!(written.parse::<Purl>().unwrap(), purl, "{written}");
    }
    assert!(Purl::new(PurlType::Npm, "@scope/").is_err());
    assert!(Purl::new(PurlType::Cargo, "").is_err());
}

proptest::proptest! {
    #[test]
    fn what_is_written_reads_as_the_same(
        name in "[a-zA-Z0-9@%?#&= é./_-]{1,16}", version in "[a-zA-Z0-9@%?#&= é./:+~-]{0,16}", value in "[a-z%&=#?@ é/]{0,12}",
    ) {
        for kind in [PurlType::Npm, PurlType::Golang, PurlType::Pypi, PurlType::Deb, PurlType::Cargo] {
            let Ok(purl) = Purl::new(kind, &name) else { continue };
            let purl = purl.version(&version).qualifier(Qualifier::VcsUrl, &value);
            proptest::prop_assert_eq!(purl.to_string().parse::<Purl>().unwrap(), purl);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "pkg:[a-z]{0,4}[a-z/@?#&=%.é0-9]{0,24}") {
        if let Ok(purl) = text.parse::<Purl>() {
            proptest::prop_assert_eq!(purl.to_string().parse::<Purl>().unwrap(), purl);
        }
    }
}
