//! Findings put together.

use super::*;
use crate::catalog::{Place, Purl, PurlType, drawn::drawn};

fn npm(name: &str, version: &str) -> Package {
    Package::new(Purl::new(PurlType::Npm, name).unwrap().version(version)).named(name)
}

fn needing(mut package: Package, needs: &[usize], development: &[usize]) -> Package {
    package.needs.extend(needs);
    package.development.extend(development);
    package
}

fn member(name: &str) -> Package {
    Package::member(Purl::new(PurlType::Npm, name).unwrap().version("1.0.0"))
}

#[test]
fn what_only_development_needs_is_optional() {
    let part = Part {
        packages: vec![
            needing(member("app"), &[1], &[2, 3]),
            npm("both", "1.0.0"),
            needing(npm("test", "1.0.0"), &[1, 4], &[]),
            npm("both", "1.0.0"),
            npm("deep", "1.0.0"),
        ],
        ..Part::default()
    };
    insta::assert_snapshot!(drawn(&Catalog::of_tree(vec![part])), @r"
    * member:npm/app@1.0.0 → pkg:npm/both@1.0.0 ; pkg:npm/test@1.0.0
    pkg:npm/both@1.0.0
    ? pkg:npm/deep@1.0.0
    ? pkg:npm/test@1.0.0 → pkg:npm/both@1.0.0 pkg:npm/deep@1.0.0
    ");
}

#[test]
fn what_one_part_needs_in_earnest_is_required_whatever_the_other_says() {
    let first = Part { packages: vec![npm("a", "1.0.0")], development: [0].into(), ..Part::default() };
    let second = Part { tops: [0].into(), ..Part { packages: vec![npm("a", "1.0.0")], ..Part::default() } };
    let optional = Catalog::of_tree(vec![first.clone()]);
    insta::assert_snapshot!(drawn(&optional), @r"
    ? pkg:npm/a@1.0.0
    * workspace ; pkg:npm/a@1.0.0
    ");
    let catalog = Catalog::of_tree(vec![first, second]);
    insta::assert_snapshot!(drawn(&catalog), @r"
    pkg:npm/a@1.0.0
    * workspace → pkg:npm/a@1.0.0
    ");
}

#[test]
fn one_package_of_two_files_is_one_with_all_that_both_say() {
    let at = |path: &str| Place { path: path.to_owned(), layer: None };
    let first =
        Part { packages: vec![needing(npm("a", "1.0.0"), &[1], &[]), npm("b", "1.0.0")], ..Part::default() };
    let second =
        Part { packages: vec![npm("c", "1.0.0"), needing(npm("a", "1.0.0"), &[0], &[])], ..Part::default() };
    let both = vec![first.found_at(&at("x/lock")), second.found_at(&at("y/lock"))];
    let catalog = Catalog::of_tree(both.clone());
    insta::assert_snapshot!(drawn(&catalog), @r"
    pkg:npm/a@1.0.0 → pkg:npm/b@1.0.0 pkg:npm/c@1.0.0
    pkg:npm/b@1.0.0
    pkg:npm/c@1.0.0
    * workspace → pkg:npm/a@1.0.0
    ");
    assert_eq!(catalog.packages[0].places, [at("x/lock").into(), at("y/lock").into()].into());
    let turned: Vec<Part> = both.into_iter().rev().collect();
    assert_eq!(Catalog::of_tree(turned), catalog, "the order of the findings is nobody's business");
}

#[test]
fn a_package_with_two_entries_once_needed_itself() {
    let bare = npm("requests", "1.0.0");
    let with_extra = needing(bare.clone(), &[1, 3], &[1]);
    let app = needing(npm("app", "1.0.0"), &[1, 2], &[]);
    let part = Part { packages: vec![app, bare, with_extra, npm("socks", "1.0.0")], ..Part::default() };
    insta::assert_snapshot!(drawn(&Catalog::of_tree(vec![part])), @r"
    pkg:npm/app@1.0.0 → pkg:npm/requests@1.0.0
    pkg:npm/requests@1.0.0 → pkg:npm/socks@1.0.0
    pkg:npm/socks@1.0.0
    * workspace → pkg:npm/app@1.0.0
    ");
}

#[test]
fn a_circle_that_nothing_needs_hangs_below_the_root() {
    let packages =
        vec![needing(npm("a", "1.0.0"), &[1], &[]), needing(npm("b", "1.0.0"), &[0], &[]), npm("c", "1.0.0")];
    let catalog = Catalog::of_tree(vec![Part { packages, ..Part::default() }]);
    insta::assert_snapshot!(drawn(&catalog), @r"
    pkg:npm/a@1.0.0 → pkg:npm/b@1.0.0
    pkg:npm/b@1.0.0 → pkg:npm/a@1.0.0
    pkg:npm/c@1.0.0
    * workspace → pkg:npm/a@1.0.0 pkg:npm/c@1.0.0
    ");
}

#[test]
fn names_that_differ_in_case_only_are_two_packages() {
    let catalog =
        Catalog::of_tree(vec![Part::flat(vec![npm("JSONStream", "1.0.0"), npm("jsonstream", "1.0.0")])]);
    insta::assert_snapshot!(drawn(&catalog), @r"
    pkg:npm/jsonstream@1.0.0
    pkg:npm/jsonstream@1.0.0#jsonstream
    * workspace → pkg:npm/jsonstream@1.0.0 pkg:npm/jsonstream@1.0.0#jsonstream
    ");
}

#[test]
fn an_image_is_the_root_of_all_that_is_in_it() {
    let image = Package::other(Kind::Container, "app", Some("sha256:0"));
    let system = Package::other(Kind::OperatingSystem, "debian", Some("13"));
    let catalog =
        Catalog::of_image(image, vec![Part::flat(vec![system]), Part::flat(vec![npm("a", "1.0.0")])]);
    insta::assert_snapshot!(drawn(&catalog), @r"
    * container:app@sha256:0 → operating-system:debian@13 pkg:npm/a@1.0.0
    operating-system:debian@13
    pkg:npm/a@1.0.0
    ");
}
