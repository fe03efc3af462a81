//! A release of the quickstart through the actions alone: named, signed, taken into staging, and a broken one taken back.

use std::collections::BTreeMap;
use std::net::TcpStream;

use testkit::leak;

use crate::act::Log;
use crate::stage::{PASSWORD, SESSION_SECRET, Stage};

/// Compares all outputs of a step; `…` at the end of a wanted value stands for a part that differs each time.
#[track_caller]
pub(crate) fn gives(log: &Log, step: &str, wanted: &[(&str, &str)]) {
    let found = log.outputs(step);
    let cut = |(name, value): (&'_ str, &'_ str)| {
        let wanted =
            wanted.iter().find(|(one, _)| *one == name).and_then(|(_, value)| value.strip_suffix('…'));
        let shown = wanted.filter(|start| value.len() > start.len() && value.starts_with(start));
        (name.to_owned(), shown.map_or_else(|| value.to_owned(), |start| format!("{start}…")))
    };
    let found: BTreeMap<_, _> = found.into_iter().filter(|(_, value)| !value.is_empty()).map(cut).collect();
    let wanted: BTreeMap<_, _> =
        wanted.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    assert_eq!(found, wanted, "outputs of {step}\n{}", log.text());
}

#[test]
fn a_release_goes_through_the_actions_into_staging_and_a_broken_one_comes_back() {
    let stage = Stage::of_one_job("chain.yml");
    let log = Log::of(&stage, "chain.yml", &["push"]);

    is_named(&log);
    let keys = [("state", "new"), ("key", "release.key"), ("public-key", "release.pub"), ("hint", "…")];
    gives(&log, "keys", &keys);
    gives(
        &log,
        "sbom",
        &[("state", "new"), ("sbom", "sbom.cdx.json"), ("components", "1…"), ("unread", "0")],
    );
    let signed = [("state", "new"), ("digest", "sha256:…"), ("bundle-digest", "sha256:…")];
    gives(&log, "sign", &signed);
    gives(&log, "attest", &signed);

    gives(
        &log,
        "staging",
        &[
            ("problems", "0"),
            ("verdict", "passed"),
            ("version", "1.0.0"),
            ("schema-version", "1"),
            ("result", "PASSED"),
            ("rolled-back", "false"),
            ("ledger-sequence", "2"),
            ("ledger-head", "sha256:…"),
        ],
    );
    gives(&log, "again", &[("result", "PASSED"), ("passed", "9"), ("failed", "0")]);
    gives(&log, "verify", &[("verified", "1"), ("digest", "sha256:…")]);

    assert_eq!(log.result("broken"), "failure", "a release that was taken back is a failure all the same");
    gives(
        &log,
        "broken",
        &[
            ("problems", "0"),
            ("verdict", "passed"),
            ("version", "1.2.0"),
            ("previous-version", "1.0.0"),
            ("schema-version", "3"),
            ("backup", "/…"),
            ("result", "FAILED"),
            ("rolled-back", "true"),
            ("restored-version", "1.0.0"),
            ("database-decision", "keep"),
            ("incident", ".seaworthy/incidents/…"),
            ("ledger-sequence", "6"),
            ("ledger-head", "sha256:…"),
        ],
    );
    assert_eq!(log.result("negative"), "failure", "a failed test is evidence, too");
    assert_eq!(log.annotations("negative")[0].title, "evidence-negative");
    assert_eq!(log.result("refused"), "failure");
    gives(&log, "refused", &[("problems", "0"), ("verdict", "failed"), ("rolled-back", "false")]);
    gives(&log, "restored", &[("result", "PASSED"), ("passed", "9"), ("failed", "0")]);
    tells(&log);
    assert!(TcpStream::connect(&stage.addresses[0]).is_err(), "the service was left running");
}

/// The image has its name, and the release its manifest.
fn is_named(log: &Log) {
    gives(
        log,
        "tag",
        &[
            ("digest", "sha256:…"),
            ("image", "oci:registry/notes@sha256:…"),
            ("tags", "oci:registry/notes:1.0.0-…"),
            ("tag-state", "new"),
        ],
    );
    gives(
        log,
        "release",
        &[
            ("version", "1.0.0"),
            ("tag", "release-1.0.0"),
            ("digest", "sha256:…"),
            ("image", "oci:registry/notes@sha256:…"),
            ("tag-state", "new"),
        ],
    );
}

/// What a person sees: the summary of each step that has one, annotations in place, no secret.
fn tells(log: &Log) {
    let summary = log.summary("staging");
    for part in
        ["1.0.0 runs in staging", "| signature | pass |", "Smoke test notes: PASSED", "attested test-result"]
    {
        assert!(summary.contains(part), "{part}\n{summary}");
    }
    assert!(log.summary("broken").contains("staging is rolled back to 1.0.0"), "{}", log.summary("broken"));
    let titles: Vec<_> = log.annotations("broken").into_iter().map(|one| (one.level, one.title)).collect();
    let titles: Vec<_> = titles.iter().map(|(level, title)| (level.as_str(), title.as_str())).collect();
    let expected = [
        ("error", "the list shows the note"),
        ("error", "smoke-failed"),
        ("warning", "rolled back to 1.0.0"),
    ];
    assert_eq!(titles, expected);
    for secret in [PASSWORD, SESSION_SECRET] {
        assert_eq!(leak::find(secret, log.text()), None, "a secret is in the log");
    }
}
