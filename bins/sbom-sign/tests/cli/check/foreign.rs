//! `check` of SBOMs that other tools have made, of ecosystems whose lock files we do not read.

use testkit::Scratch;

use crate::{desk::sbom_sign, peers::accepts};

/// An ecosystem, a vulnerability, a package that has it by package URL without version, as OSV calls it; the first version without the vulnerability; versions
/// that have it, and versions that do not.
struct Case {
    ecosystem: &'static str,
    id: &'static str,
    purl: &'static str,
    name: &'static str,
    fixed: &'static str,
    affected: &'static [&'static str],
    clear: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        ecosystem: "Maven",
        id: "CVE-2026-0001",
        purl: "pkg:maven/org.springframework/spring-core",
        name: "org.springframework:spring-core",
        fixed: "5.3.0",
        affected: &["5.2.25.RELEASE", "5.3.0-RC1", "5.3.0-SNAPSHOT", "5.3-m2"],
        clear: &["5.3", "5.3.0.RELEASE", "5.3.1", "5.10"],
    },
    Case {
        ecosystem: "NuGet",
        id: "CVE-2026-0002",
        purl: "pkg:nuget/Newtonsoft.Json",
        name: "Newtonsoft.Json",
        fixed: "13.0.1",
        affected: &["12.0.3", "13.0.1-beta2", "13.0.0.1"],
        clear: &["13.0.1", "13.0.1.0", "13.0.10"],
    },
    Case {
        ecosystem: "RubyGems",
        id: "CVE-2026-0003",
        purl: "pkg:gem/rack",
        name: "rack",
        fixed: "2.2.6.4",
        affected: &["2.2.6.3", "2.2.6.4.pre1", "2.2"],
        clear: &["2.2.6.4", "2.2.7", "3.0.0.beta1"],
    },
    Case {
        ecosystem: "Packagist",
        id: "CVE-2026-0004",
        purl: "pkg:composer/guzzlehttp/guzzle",
        name: "guzzlehttp/guzzle",
        fixed: "7.4.5",
        affected: &["v7.4.4", "7.4.5-RC1", "7.4.5-dev"],
        clear: &["7.4.5", "v7.4.5.0", "7.5.0", "7.4.5-p1"],
    },
];

fn record(case: &Case) -> String {
    let Case { ecosystem, id, name, fixed, .. } = case;
    format!(
        r#"{{"id": "{id}", "modified": "2027-01-10T00:00:00Z", "database_specific": {{"severity": "HIGH"}},
        "affected": [{{"package": {{"ecosystem": "{ecosystem}", "name": "{name}"}},
            "ranges": [{{"type": "ECOSYSTEM", "events": [{{"introduced": "0"}}, {{"fixed": "{fixed}"}}]}}]}}]}}"#
    )
}

#[test]
fn versions_of_other_ecosystems_are_judged_in_their_own_order() {
    for case in CASES {
        let desk = Scratch::new();
        desk.file(&format!("db/{}/{}.json", case.ecosystem, case.id), record(case));
        let check = |version: &str| {
            let bom = format!(
                r#"{{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
                {{"type": "library", "name": "it", "version": "{version}", "purl": "{}@{version}"}}]}}"#,
                case.purl
            );
            desk.file("bom.json", bom);
            sbom_sign(&desk, "check bom.json --database db").run()
        };
        for version in case.affected {
            let told = check(version).fails(1, "vulnerability-found").stdout;
            assert!(told.contains(case.fixed), "{version}: {told}");
        }
        for version in case.clear {
            check(version).succeeds();
        }
    }
}

#[test]
fn a_branch_is_not_taken_for_a_version_that_is_clear() {
    let desk = Scratch::new();
    desk.file("db/Packagist/CVE-2026-0004.json", record(&CASES[3]));
    for branch in ["dev-main", "7.5.x-dev"] {
        let bom = format!(
            r#"{{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{{"type": "library", "name": "guzzle",
            "version": "{branch}", "purl": "pkg:composer/guzzlehttp/guzzle@{branch}"}}]}}"#
        );
        desk.file("bom.json", bom);
        sbom_sign(&desk, "check bom.json --database db").run().fails(4, "check-inconclusive");
    }
}

/// Lock files of the four, each with a package that has the vulnerability.
const LOCKS: &[(&str, &str)] = &[
    (
        "pom.xml",
        "<project><modelVersion>4.0.0</modelVersion><groupId>com.example</groupId><artifactId>app</artifactId><version>1</version>
        <dependencies><dependency><groupId>org.springframework</groupId><artifactId>spring-core</artifactId>
        <version>5.2.25.RELEASE</version></dependency></dependencies></project>",
    ),
    (
        "packages.lock.json",
        r#"{"version": 1, "dependencies": {"net6.0": {"Newtonsoft.Json": {"type": "Direct", "requested": "[12.0.3, )",
        "resolved": "12.0.3", "contentHash": "x"}}}}"#,
    ),
    (
        "Gemfile.lock",
        "GEM\n  remote: https://rubygems.org/\n  specs:\n    rack (2.2.6.3)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  rack\n\nBUNDLED WITH\n   2.3.7\n",
    ),
    (
        "composer.lock",
        r#"{"packages": [{"name": "guzzlehttp/guzzle", "version": "7.4.4", "type": "library"}], "packages-dev": []}"#,
    ),
];

fn desk_with_locks() -> Scratch {
    let desk = Scratch::new();
    for (name, content) in LOCKS {
        desk.file(&format!("tree/{name}"), content);
    }
    for case in CASES {
        desk.file(&format!("db/{}/{}.json", case.ecosystem, case.id), record(case));
    }
    desk
}

/// What syft lists is told package by package, and one that is not in the order of its ecosystem would be "not yet".
#[test]
#[ignore = "peers: needs syft, see script/setup --peers"]
fn peers_an_sbom_of_syft_is_checked_in_four_more_ecosystems() {
    let desk = desk_with_locks();
    accepts(&desk, "syft", "scan --quiet --output cyclonedx-json=bom.json dir:tree");
    let run = sbom_sign(&desk, "check bom.json --database db").run();
    let told = run.fails(1, "vulnerability-found").stdout;
    for case in CASES {
        assert!(told.contains(case.id) && told.contains(case.fixed), "{}: {told}", case.ecosystem);
    }
}
