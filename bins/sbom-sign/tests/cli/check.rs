//! `check` as a user meets it: what refuses, what passes and why, and every way in which an SBOM, a database or a policy could make it say yes.

mod api;
mod foreign;
mod unlooked;

use testkit::{Run, Scratch, bad_input};

use crate::desk::sbom_sign;

pub(crate) const BOM: &str = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
    {"type": "library", "name": "lodash", "version": "4.17.20", "purl": "pkg:npm/lodash@4.17.20", "licenses": [{"license": {"id": "MIT"}}]},
    {"type": "library", "name": "libssl3", "version": "3.0.11-1~deb12u2", "purl": "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?upstream=openssl&distro=debian-12",
        "licenses": [{"license": {"name": "GPL-2 and more"}}]},
    {"type": "library", "name": "openssl", "version": "3.0.11-1~deb12u2", "purl": "pkg:deb/debian/openssl@3.0.11-1~deb12u2?distro=debian-12",
        "licenses": [{"expression": "Apache-2.0"}]}]}"#;

pub(crate) const GHSA: &str = r#"{"id": "GHSA-35jh-r3h4-6jhm", "modified": "2027-01-10T00:00:00Z", "aliases": ["CVE-2021-23337"],
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H"}],
    "affected": [{"package": {"ecosystem": "npm", "name": "lodash"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "4.17.21"}]}]}]}"#;

pub(crate) const DEBIAN: &str = r#"{"id": "DEBIAN-CVE-2023-5678", "modified": "2027-01-12T00:00:00Z", "upstream": ["CVE-2023-5678"],
    "affected": [{"package": {"ecosystem": "Debian:12", "name": "openssl"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.0.13-1~deb12u1"}]}],
        "ecosystem_specific": {"urgency": "low"}}]}"#;

/// A directory with an SBOM and a database in which one package has a severe vulnerability and another one a slight one.
fn desk() -> Scratch {
    let desk = Scratch::new();
    desk.file("bom.json", BOM);
    desk.file("db/npm/GHSA-35jh-r3h4-6jhm.json", GHSA);
    desk.file("db/Debian/DEBIAN-CVE-2023-5678.json", DEBIAN);
    desk
}

fn check(desk: &Scratch, more: &str) -> Run {
    sbom_sign(desk, &format!("check bom.json --database db {more}")).run()
}

/// The policy in which nothing of the desk fails.
const POLICY: &str = r#"[[ignore]]
id = "CVE-2021-23337"
purl = "pkg:npm/lodash@4.17.20"
reason = "template() is not called"
expires = 2027-03-01
"#;

#[test]
fn a_vulnerability_is_told_with_its_fix_and_refuses() {
    let run = check(&desk(), "").fails(1, "vulnerability-found");
    insta::assert_snapshot!(run.transcript(), @r"
    $ sbom-sign check bom.json --database db
    status: 1
    ── stdout
    check of bom.json: refused
    packages: 3; vulnerabilities: 2, the highest high; refused from high on
    records: 2; the newest of these ecosystems is of 2027-01-12T00:00:00Z
      package           version           vulnerability   severity  fixed in          verdict
      lodash            4.17.20           CVE-2021-23337  high      4.17.21           fails
      libssl3, openssl  3.0.11-1~deb12u2  CVE-2023-5678   low       3.0.13-1~deb12u1  passes
    ── stderr
    error[vulnerability-found]: CVE-2021-23337 in lodash 4.17.20
      fix: update the package, or say in the policy why it does not count and until when ([[ignore]])
      see: docs/failures.md#vulnerability-found
    ");
}

#[test]
fn a_policy_lets_pass_what_it_names_with_a_reason() {
    let desk = desk();
    desk.file("policy.toml", POLICY);
    let run = check(&desk, "--policy policy.toml --predicate vulns.json").succeeds();
    insta::assert_snapshot!(run.stdout, @r"
    check of bom.json: passed
    packages: 3; vulnerabilities: 1, the highest low; refused from high on
    records: 2; the newest of these ecosystems is of 2027-01-12T00:00:00Z
      package           version           vulnerability   severity  fixed in          verdict
      lodash            4.17.20           CVE-2021-23337  high      4.17.21           ignored until 2027-03-01: template() is not called
      libssl3, openssl  3.0.11-1~deb12u2  CVE-2023-5678   low       3.0.13-1~deb12u1  passes
    stated in vulns.json
    ");
    let stated: serde_json::Value = serde_json::from_str(&desk.read("vulns.json")).unwrap();
    assert_eq!(stated["scanner"]["db"], serde_json::json!({"lastUpdate": "2027-01-12T00:00:00Z"}));
    assert!(stated["metadata"]["scanStartedOn"].as_str().unwrap().starts_with("2027-01-15T08:00:0"));
    let score = "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H";
    let lodash = serde_json::json!({
        "id": "CVE-2021-23337",
        "severity": [{"method": "CVSS_V3", "score": score}],
        "annotations": [
            {"packages": ["pkg:npm/lodash@4.17.20"]},
            {"aliases": ["GHSA-35jh-r3h4-6jhm"]},
            {"fixed": ["4.17.21"]},
            {"level": "high"},
            {"ignored": "template() is not called", "expires": "2027-03-01"},
        ],
    });
    assert_eq!(stated["scanner"]["result"][0], lodash);
    assert_eq!(stated["scanner"]["result"][1]["id"], "CVE-2023-5678");
    for (name, content) in [("k.key", crate::desk::KEY), ("k.pub", crate::desk::PUBLIC)] {
        desk.file(name, content);
    }
    crate::desk::put_image(&desk, "app", b"{}");
    sbom_sign(&desk, "attest oci:registry:app --type vulns --predicate vulns.json --key k.key")
        .run()
        .succeeds();
    sbom_sign(&desk, "verify oci:registry:app --type vulns --max-age 1d --key k.pub").run().succeeds();
}

#[test]
fn the_threshold_is_the_users_and_what_lies_below_is_told() {
    let desk = desk();
    check(&desk, "--fail-on critical").succeeds();
    desk.file("policy.toml", POLICY);
    check(&desk, "--policy policy.toml --fail-on low").fails(1, "vulnerability-found");
    check(&desk, "--policy policy.toml --fail-on medium").succeeds();
    check(&desk, "--fail-on none").fails(2, "input-invalid");
}

#[test]
fn what_nobody_has_rated_fails_until_somebody_says_otherwise() {
    let desk = desk();
    let unrated = GHSA.replace("CVSS:3.1/AV:N", "CVSS:3.1/AV:?");
    desk.file("db/npm/GHSA-35jh-r3h4-6jhm.json", unrated);
    check(&desk, "--fail-on critical").fails(1, "vulnerability-found");
    check(&desk, "--fail-on critical --allow-unknown-severity").succeeds();
}

/// Each makes the policy, the database or the SBOM say less than it seems to.
#[test]
fn no_policy_lets_more_pass_than_it_says() {
    for (from, to, code, status) in [
        ("expires = 2027-03-01", "expires = 2027-01-14", "vulnerability-found", 1),
        ("expires = 2027-03-01\n", "", "policy-malformed", 2),
        ("expires = 2027-03-01", "expires = 2037-03-01", "policy-malformed", 2),
        ("template() is not called", "", "policy-malformed", 2),
        ("lodash@4.17.20", "lodash@4.17.2", "vulnerability-found", 1),
        ("pkg:npm/lodash@4.17.20", "pkg:npm/*", "policy-malformed", 2),
        ("CVE-2021-23337", "CVE-2021-2333", "vulnerability-found", 1),
        ("reason", "because", "policy-malformed", 2),
    ] {
        let desk = desk();
        desk.file("policy.toml", POLICY.replace(from, to));
        check(&desk, "--policy policy.toml").fails(status, code);
    }
}

#[test]
fn a_line_of_the_policy_that_does_nothing_is_told() {
    let desk = desk();
    let idle = "[[ignore]]\nid = \"CVE-2020-1\"\nreason = \"gone\"\nexpires = 2027-03-01\n\n[[ignore]]\nid = \"CVE-2023-5678\"\nreason = \"soon\"\nexpires = 2027-01-01\n";
    desk.file("policy.toml", format!("{POLICY}\n{idle}"));
    let run = check(&desk, "--policy policy.toml").succeeds();
    assert!(run.stdout.contains("[[ignore]] CVE-2020-1 is about nothing that was found"), "{}", run.stdout);
    assert!(
        run.stdout.contains("[[ignore]] CVE-2023-5678 ended on 2027-01-01 and counts no more"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_line_about_one_package_does_not_cover_another_of_the_same_source() {
    let desk = desk();
    let line = |purl: &str| {
        format!(
            "{POLICY}\n[[ignore]]\nid = \"CVE-2023-5678\"\npurl = \"{purl}\"\nreason = \"slow only\"\nexpires = 2027-03-01\n"
        )
    };
    desk.file("policy.toml", line("pkg:deb/debian/libssl3"));
    check(&desk, "--policy policy.toml --fail-on low").fails(1, "vulnerability-found");
    desk.file("policy.toml", line("pkg:deb"));
    check(&desk, "--policy policy.toml --fail-on low").succeeds();
}

#[test]
fn a_database_that_cannot_tell_is_never_a_pass() {
    let desk = desk();
    desk.file("policy.toml", POLICY);
    let pass = "--policy policy.toml";
    check(&desk, pass).succeeds();
    // Too old, by the newest record of an ecosystem.
    check(&desk, &format!("{pass} --max-database-age 5d")).fails(4, "database-stale");
    check(&desk, &format!("{pass} --max-database-age 6d")).succeeds();
    desk.file("db/Debian/DEBIAN-CVE-2023-5678.json", DEBIAN.replace("2027-01-12", "2030-01-01"));
    check(&desk, pass).fails(4, "database-stale");
    // Without the ecosystem, or the release of it.
    desk.file("db/Debian/DEBIAN-CVE-2023-5678.json", DEBIAN.replace("Debian:12", "Debian:11"));
    let run = check(&desk, pass).fails(4, "check-inconclusive");
    assert!(run.stderr.contains("the database has no record of Debian:12"), "{}", run.stderr);
    // One that was taken back is none.
    desk.file(
        "db/Debian/DEBIAN-CVE-2023-5678.json",
        DEBIAN.replace("\"upstream\"", "\"withdrawn\": \"2027-01-12T00:00:00Z\", \"upstream\""),
    );
    check(&desk, pass).fails(4, "check-inconclusive");
    // Cut off, or not there.
    desk.file("db/Debian/DEBIAN-CVE-2023-5678.json", &DEBIAN[..DEBIAN.len() / 2]);
    check(&desk, pass).fails(2, "database-malformed");
    sbom_sign(&desk, "check bom.json --database none").run().fails(2, "file-unreadable");
    desk.file("empty/readme", "");
    sbom_sign(&desk, "check bom.json --database empty").run().fails(2, "database-without-records");
    let run = sbom_sign(&desk, "check bom.json").run().fails(2, "input-missing");
    assert!(run.stderr.contains("neither --database nor --osv-api is given"), "{}", run.stderr);
}

#[test]
fn a_package_that_cannot_be_looked_up_is_never_a_pass() {
    let component = |json: &str| BOM.replace(r#""components": ["#, &format!(r#""components": [{json},"#));
    for (json, code, status) in [
        (r#"{"type": "library", "name": "x", "version": "1"}"#, "check-inconclusive", 4),
        (
            r#"{"type": "library", "name": "x", "version": "1", "purl": "pkg:generic/x@1"}"#,
            "check-inconclusive",
            4,
        ),
        (r#"{"type": "library", "name": "lodash", "purl": "pkg:npm/lodash"}"#, "check-inconclusive", 4),
        (
            r#"{"type": "library", "name": "x", "version": "1", "purl": "pkg:deb/debian/x@1"}"#,
            "check-inconclusive",
            4,
        ),
        (
            r#"{"type": "library", "name": "lodash", "version": "four", "purl": "pkg:npm/lodash@four"}"#,
            "check-inconclusive",
            4,
        ),
        (
            r#"{"type": "library", "name": "lodash", "version": "4.17.21", "purl": "pkg:npm/lodash@4.17.20"}"#,
            "sbom-malformed",
            2,
        ),
        (r#"{"type": "library", "name": "x", "version": "1", "purl": "x@1"}"#, "sbom-malformed", 2),
    ] {
        let desk = desk();
        desk.file("bom.json", component(json));
        check(&desk, "--fail-on critical").fails(status, code);
    }
    let desk = desk();
    // Without a version it is clear where no record is about it at all.
    desk.file("bom.json", component(r#"{"type": "library", "name": "x", "purl": "pkg:npm/x"}"#));
    check(&desk, "--fail-on critical").succeeds();
    desk.file(
        "bom.json",
        component(r#"{"type": "library", "name": "x", "version": "1", "purl": "pkg:generic/x@1"}"#),
    );
    desk.file(
        "policy.toml",
        "[[unchecked]]\npurl = \"pkg:generic\"\nreason = \"built here\"\nexpires = 2027-03-01\n",
    );
    let run = check(&desk, "--fail-on critical --policy policy.toml").succeeds();
    assert!(
        run.stdout.contains("not looked at until 2027-03-01: pkg:generic (packages: 1): built here"),
        "{}",
        run.stdout
    );
    // Leaving a package out of the question of coverage is no leave to ignore what is found in it.
    desk.file("policy.toml", "[[unchecked]]\npurl = \"pkg:npm\"\nreason = \"no\"\nexpires = 2027-03-01\n");
    check(&desk, "--policy policy.toml").fails(1, "vulnerability-found");
}

#[test]
fn an_sbom_without_components_and_what_is_none_are_errors() {
    let desk = desk();
    for bom in [
        "",
        "[]",
        "<bom/>",
        r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}"#,
        r#"{"bomFormat": "CycloneDX", "specVersion": "1.2"}"#,
        r#"{"spdxVersion": "SPDX-2.3", "packages": []}"#,
    ] {
        desk.file("bom.json", bom);
        check(&desk, "").fails(2, "sbom-malformed");
    }
    // What an SBOM says of its own vulnerabilities is not asked.
    let exploitable = r#""vulnerabilities": [{"id": "CVE-2021-23337", "analysis": {"state": "not_affected"}}], "components": ["#;
    desk.file("bom.json", BOM.replace(r#""components": ["#, exploitable));
    check(&desk, "").fails(1, "vulnerability-found");
}

#[test]
fn licences_are_taken_by_the_policy_alone() {
    let desk = desk();
    let rules = |more: &str| format!("[licences]\nallow = [\"MIT\", \"Apache-2.0\"]\n{more}");
    let policy = |desk: &Scratch, text: &str| desk.file("policy.toml", format!("{POLICY}\n{text}"));
    policy(&desk, &rules(""));
    let run = check(&desk, "--policy policy.toml").fails(1, "licence-denied");
    assert!(
        run.stderr.contains("libssl3 3.0.11-1~deb12u2: `GPL-2 and more` is no SPDX licence"),
        "{}",
        run.stderr
    );
    policy(&desk, &rules("unknown = \"allow\"\n"));
    check(&desk, "--policy policy.toml").succeeds();
    policy(
        &desk,
        &rules(
            "[[licences.exceptions]]\npurl = \"pkg:deb/debian/libssl3\"\nreason = \"Debian has looked\"\n",
        ),
    );
    check(&desk, "--policy policy.toml").succeeds();
    policy(&desk, &rules("unknown = \"allow\"\ndeny = [\"Apache-2.0\"]\n"));
    check(&desk, "--policy policy.toml").fails(1, "licence-denied");
    for bad in [
        "[licences]\n",
        "[licences]\nallow = [\"GPL\"]\n",
        "[licences]\nallow = [\"MIT\"]\n[[licences.exceptions]]\npurl = \"pkg:npm/a\"\n",
    ] {
        policy(&desk, bad);
        check(&desk, "--policy policy.toml").fails(2, "policy-malformed");
    }
}

#[test]
fn a_dry_run_asks_everything_and_writes_nothing() {
    let desk = desk();
    let run = check(&desk, "--dry-run --fail-on critical --predicate vulns.json").succeeds();
    assert!(run.stdout.contains("would be stated in vulns.json"), "{}", run.stdout);
    assert!(desk.bytes("vulns.json").is_none());
    check(&desk, "--dry-run").fails(1, "vulnerability-found");
    // A refusal is a result; what could not look has none.
    check(&desk, "--predicate vulns.json").fails(1, "vulnerability-found");
    assert!(desk.bytes("vulns.json").is_some());
    check(&desk, "--predicate none.json --fail-on critical --max-database-age 1h").fails(4, "database-stale");
    assert!(desk.bytes("none.json").is_none());
}

#[test]
fn the_result_replaced_the_sbom_that_was_checked_or_the_policy() {
    let desk = desk();
    desk.file("policy.toml", "# nothing is let pass\n");
    for input in ["bom.json", "policy.toml"] {
        let before = desk.bytes(input);
        let flags = format!("--policy policy.toml --fail-on critical --predicate {input}");
        check(&desk, &flags).fails(2, "output-taken");
        assert_eq!(desk.bytes(input), before);
    }
    desk.file("vulns.json", "");
    for _ in 0..2 {
        check(&desk, "--fail-on critical --predicate vulns.json").succeeds();
    }
}

#[test]
fn every_bad_sbom_policy_and_record_is_refused() {
    let desk = desk();
    let words = |first: &str, file: &std::path::Path, last: &[&str]| {
        let database = desk.join("db").into_os_string();
        let bom = desk.join("bom.json").into_os_string();
        let mut words: Vec<std::ffi::OsString> = vec!["check".into()];
        words.push(if first.is_empty() { file.into() } else { bom });
        words.extend(["--database".into(), database]);
        words.extend((!first.is_empty()).then(|| first.into()));
        words.extend((!first.is_empty()).then(|| file.into()));
        words.extend(last.iter().map(Into::into));
        words
    };
    let binary = env!("CARGO_BIN_EXE_sbom-sign");
    bad_input::files(binary, |file| words("", file, &[]));
    // An empty policy lets nothing pass, which the desk's SBOM does not do.
    bad_input::files_except(binary, &[bad_input::BadFile::Empty], |file| words("--policy", file, &[]));
    desk.file("empty.toml", "");
    check(&desk, "--policy empty.toml").fails(1, "vulnerability-found");
}
