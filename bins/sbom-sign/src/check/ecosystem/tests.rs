//! Packages as OSV calls them, case by case.

use super::*;

fn question(purl: &str) -> Result<Question, String> {
    Question::of(&purl.parse().unwrap(), None, None)
}

#[test]
fn a_package_is_asked_for_by_the_name_that_its_ecosystem_has_for_it() {
    for (purl, ecosystem, name, version) in [
        ("pkg:cargo/serde@1.0.1", "crates.io", "serde", "1.0.1"),
        ("pkg:npm/JSONStream@1.0.0", "npm", "JSONStream", "1.0.0"),
        ("pkg:npm/%40angular/core@1.0.0", "npm", "@angular/core", "1.0.0"),
        ("pkg:pypi/Ruamel.Yaml_clib@0.2.8", "PyPI", "ruamel-yaml-clib", "0.2.8"),
        (
            "pkg:golang/github.com/Masterminds/goutils@v1.1.0",
            "Go",
            "github.com/masterminds/goutils",
            "v1.1.0",
        ),
        ("pkg:golang/stdlib@1.22.1", "Go", "stdlib", "1.22.1"),
        ("pkg:github/Actions/checkout@v4.1.0", "GitHub Actions", "actions/checkout", "v4.1.0"),
        ("pkg:maven/org.slf4j/slf4j-api@2.0.0", "Maven", "org.slf4j:slf4j-api", "2.0.0"),
        ("pkg:composer/Laravel/framework@9.0.0", "Packagist", "laravel/framework", "9.0.0"),
        (
            "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&upstream=openssl&distro=debian-12",
            "Debian:12",
            "openssl",
            "3.0.11-1",
        ),
        (
            "pkg:deb/debian/libgcc-s1@12.2.0-14?upstream=gcc-12%4012.2.0-13&distro=debian-12.4",
            "Debian:12",
            "gcc-12",
            "12.2.0-13",
        ),
        ("pkg:deb/debian/curl@7.88.1-10?distro=bookworm", "Debian:12", "curl", "7.88.1-10"),
        ("pkg:deb/ubuntu/curl@7.81.0-1?distro=ubuntu-22.04", "Ubuntu:22.04", "curl", "7.81.0-1"),
        ("pkg:deb/ubuntu/curl@7.81.0-1?distro=jammy", "Ubuntu:22.04", "curl", "7.81.0-1"),
        (
            "pkg:apk/alpine/libcrypto3@3.1.4-r0?upstream=openssl&distro=alpine-3.19.1",
            "Alpine:v3.19",
            "openssl",
            "3.1.4-r0",
        ),
        ("pkg:apk/alpine/zlib@1.3-r0?distro=3.19.1", "Alpine:v3.19", "zlib", "1.3-r0"),
        ("pkg:apk/wolfi/zlib@1.3-r0?distro=wolfi-20230201", "Wolfi", "zlib", "1.3-r0"),
        ("pkg:rpm/almalinux/acl@2.2.53-1.el9?distro=almalinux-9.3", "AlmaLinux:9", "acl", "2.2.53-1.el9"),
        (
            "pkg:rpm/opensuse/zypper@1.14.1-1?distro=opensuse-leap-15.5",
            "openSUSE:Leap 15.5",
            "zypper",
            "1.14.1-1",
        ),
        (
            "pkg:rpm/suse/zypper@1.14.1-1?distro=sles-15.5",
            "SUSE:Linux Enterprise Server 15 SP5",
            "zypper",
            "1.14.1-1",
        ),
        (
            "pkg:rpm/azurelinux/zlib@1.3.1-1.azl3?distro=azurelinux-3.0",
            "Azure Linux:3",
            "zlib",
            "1.3.1-1.azl3",
        ),
        ("pkg:rpm/mariner/zlib@1.2.13-2.cm2?distro=mariner-2.0", "Azure Linux:2", "zlib", "1.2.13-2.cm2"),
        ("pkg:rpm/redhat/bind@9.16-1.el9?epoch=32&distro=rhel-9.2", "Red Hat:9", "bind", "32:9.16-1.el9"),
    ] {
        let question = question(purl).unwrap();
        assert_eq!(
            (question.ecosystem.to_string().as_str(), question.version.as_str()),
            (ecosystem, version),
            "{purl}"
        );
        assert!(question.names(name) || question.names == [name], "{purl}: {:?}", question.names);
    }
}

#[test]
fn a_package_without_a_place_in_osv_is_said_and_never_clean() {
    for (purl, why) in [
        ("pkg:generic/openssl@3.0.0", "OSV has no ecosystem for packages of type `generic`"),
        ("pkg:oci/app@sha256%3Aabc", "OSV has no ecosystem for packages of type `oci`"),
        ("pkg:deb/debian/curl@7.88.1-10", "nothing says which release of Debian it is from"),
        ("pkg:deb/curl@7.88.1-10", "nothing says which distribution it is from"),
        (
            "pkg:rpm/fedora/curl@7.50.3-1?distro=fedora-39",
            "OSV has no ecosystem for the distribution `fedora`",
        ),
        (
            "pkg:apk/alpine/zlib@1.3-r0?distro=alpine-edge",
            "OSV has no ecosystem for the distribution `alpine-edge`",
        ),
    ] {
        assert_eq!(question(purl).unwrap_err(), why, "{purl}");
    }
}

#[test]
fn the_source_package_and_the_distribution_may_be_told_beside_the_package_url() {
    let source = Source { name: "openssl".to_owned(), version: Some("3.0.11-1".to_owned()) };
    let purl = "pkg:deb/debian/libssl3@3.0.11-1%2Bb1".parse().unwrap();
    let question = Question::of(&purl, Some(&source), Some("debian-12")).unwrap();
    assert_eq!((question.names, question.version.as_str()), (vec!["openssl".to_owned()], "3.0.11-1"));
}

#[test]
fn rpm_packages_are_asked_for_by_both_names() {
    let purl = "pkg:rpm/redhat/libacl@2.2.53-1.el8?upstream=acl-2.2.53-1.el8.src.rpm&distro=rhel-8.9";
    assert_eq!(question(purl).unwrap().names, ["acl", "libacl"]);
}

#[test]
fn a_record_is_about_a_release_in_every_way_that_databases_write_it() {
    let meant = |purl: &str, text: &str| question(purl).unwrap().ecosystem.is_meant_by(text);
    let debian = "pkg:deb/debian/curl@1?distro=debian-12";
    assert!(meant(debian, "Debian:12") && meant(debian, "Debian"));
    assert!(!meant(debian, "Debian:11") && !meant(debian, "Debian:1") && !meant(debian, "Ubuntu:12"));
    let ubuntu = "pkg:deb/ubuntu/curl@1?distro=ubuntu-22.04";
    for text in ["Ubuntu:22.04:LTS", "Ubuntu:22.04", "Ubuntu:Pro:22.04:LTS"] {
        assert!(meant(ubuntu, text), "{text}");
    }
    assert!(!meant(ubuntu, "Ubuntu:20.04:LTS"));
    let red_hat = "pkg:rpm/redhat/curl@1?distro=rhel-9.2";
    assert!(
        meant(red_hat, "Red Hat:enterprise_linux:9::baseos")
            && meant(red_hat, "Red Hat:enterprise_linux:9.2")
    );
    assert!(
        !meant(red_hat, "Red Hat:enterprise_linux:90") && !meant(red_hat, "Red Hat:rhel_eus:9.2::baseos")
    );
    assert!(meant("pkg:maven/a/b@1", "Maven:https://maven.google.com") && meant("pkg:npm/a@1", "npm"));
    assert!(!meant("pkg:npm/a@1", "npm2"));
}

#[test]
fn the_api_is_asked_in_its_own_words() {
    let api = |purl: &str| question(purl).unwrap().ecosystem.to_api().unwrap();
    assert_eq!(api("pkg:deb/ubuntu/curl@1?distro=ubuntu-22.04"), "Ubuntu:22.04:LTS");
    assert_eq!(api("pkg:deb/ubuntu/curl@1?distro=ubuntu-25.10"), "Ubuntu:25.10");
    assert_eq!(api("pkg:apk/alpine/zlib@1-r0?distro=alpine-3.19.1"), "Alpine:v3.19");
}
