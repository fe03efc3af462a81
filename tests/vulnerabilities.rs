//! examples/vulnerabilities, as its README tells it: each line of its blocks is run word for word and must end as the line says.
#![allow(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads small files of this repository"
)]

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use testkit::{Run, Scratch, bin};

/// 2027-01-15T08:00:00Z
const BEGIN: u64 = 1_800_000_000;
const DAY: u64 = 86_400;

/// What a reader has before the first line.
const FILES: [&str; 6] = [
    "release.toml",
    "policy.toml",
    "app.js",
    "package-lock.json",
    "osv/npm/GHSA-35jh-r3h4-6jhm.json",
    "deploy.sh",
];

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/vulnerabilities")
}

fn binary(name: &str) -> PathBuf {
    let test = env::current_exe().expect("a test knows where it is");
    let binary = test.ancestors().nth(2).expect("it lies in target/debug/deps").join(name);
    assert!(binary.exists(), "{} is missing: cargo build --workspace", binary.display());
    binary
}

/// The lines of the blocks of a shell, each with the exit status that it names and why.
fn lines(readme: &str) -> Vec<(&str, i32, &str)> {
    let mut lines = Vec::new();
    for block in readme.split("```sh\n").skip(1) {
        let block = block.split("```").next().expect("a block ends");
        for line in block.lines() {
            let (command, remark) = line.split_once('#').unwrap_or((line, ""));
            let (status, why) = remark.trim().split_once(": ").unwrap_or(("0", remark));
            lines.push((command.trim(), status.parse().expect("a status"), why.trim()));
        }
    }
    lines
}

fn run(place: &Scratch, clock: u64, name: &str, words: &str) -> Run {
    bin(binary(name))
        .args(words.split_whitespace())
        .dir(place.path())
        .env("COSIGN_PASSWORD", "pw")
        .env("USER", "ada")
        .env("SEAWORTHY_CLOCK", clock.to_string())
        .env("GITHUB_SHA", "860c1904a1ce19322e91ac35af1ab07466440c37")
        .run()
}

/// The image itself was looked up as a package, so that its scan could never be stated, and the gate never opened.
#[test]
fn the_gate_was_shut_to_every_release_whose_sbom_was_made_of_the_image() {
    let place = Scratch::new();
    for name in FILES {
        place.file(name, fs::read(example().join(name)).expect("a file of the example"));
    }
    let mode = fs::metadata(example().join("deploy.sh")).expect("it is there").permissions();
    fs::set_permissions(place.join("deploy.sh"), mode).expect("it can be run");
    place.file("site/node_modules/lodash/package.json", r#"{"name": "lodash", "version": "4.17.21"}"#);
    let steps = [
        "sbom-sign keygen --output-prefix release",
        "tag-image apply --component app --version 1.0.0 --source dir:site --target oci:registry/app",
        "tag-image release",
        "sbom-sign sbom oci:registry/app:1.0.0-860c190 --output bom.json",
        "sbom-sign sign --key release.key",
        "sbom-sign attest --type cyclonedx --predicate bom.json --key release.key",
        "sbom-sign check bom.json --database osv --predicate vulns.json",
        "sbom-sign attest --type vulns --predicate vulns.json --key release.key",
        "promote run --environment production",
    ];
    let mut last = None;
    for (line, clock) in steps.into_iter().zip((BEGIN..).step_by(60)) {
        let (name, words) = line.split_once(' ').expect("a binary and its words");
        last = Some(run(&place, clock, name, words).succeeds());
    }
    let promoted = last.expect("there are steps").stdout.clone();
    assert!(promoted.contains("found nothing from high on"), "{promoted}");
    assert!(place.read("running").starts_with("app=oci:registry/app@sha256:"));
}

#[test]
fn the_readme_of_the_example_happens_as_it_is_told() {
    let place = Scratch::new();
    for name in FILES {
        place.file(name, fs::read(example().join(name)).expect("a file of the example"));
    }
    fs::set_permissions(
        place.join("deploy.sh"),
        fs::metadata(example().join("deploy.sh")).expect("it is there").permissions(),
    )
    .expect("it can be run");
    let readme = fs::read_to_string(example().join("README.md")).expect("the README is there");
    let lines = lines(&readme);
    assert!(lines.len() >= 17, "{lines:?}");
    let mut clock = BEGIN;
    let mut told = Vec::new();
    for (line, status, why) in lines {
        clock += 60;
        let Some((name, words)) = line.split_once(' ') else {
            assert_eq!(why, "two days later", "a line that says nothing");
            clock += 2 * DAY;
            continue;
        };
        let run = run(&place, clock, name, words);
        assert_eq!(run.status, status, "{why}\n{}", run.transcript());
        if name == "promote" {
            told.extend(
                run.stdout
                    .lines()
                    .filter(|line| line.contains("vulns ") && !line.starts_with("would"))
                    .map(str::to_owned),
            );
        }
    }
    let reasons = [
        "has no scan for vulnerabilities",
        "has CVE-2021-23337 (high)",
        "found nothing from high on",
        "longer ago than max-age (1d) allows",
        "found nothing from high on",
    ];
    assert_eq!(told.len(), reasons.len(), "{told:#?}");
    for (line, reason) in told.iter().zip(reasons) {
        assert!(line.contains(reason), "{line}\nexpected: {reason}");
    }
    assert!(place.read("running").starts_with("app=oci:registry/app@sha256:"));
}
