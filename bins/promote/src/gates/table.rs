//! Every gate case by case, on facts made by hand: what passes, what says no, what says not yet, what could not look.

use std::collections::BTreeMap;

use contract::{ComponentName, Digest, TestResult};
use evidence::{Claim, Condition, Image, Says, Test};
use jiff::Timestamp;
use ledger::{Draft, Event, History, Move, Pinned, ReleaseId, Verdict};
use trust::{Signer, SignerPolicy, predicate::Migration};

use super::{Answer, ask};
use crate::{
    context::Context,
    facts::{Candidate, Facts},
    named::Named,
};

const CONFIG: &str = r#"
[release]
verify-key = "all.pub"
[components]
api.image = "oci:r/api"
web.image = "oci:r/web"
[environments.staging]
target = { kind = "exec", command = ["d"], observe = ["o"] }
[environments.production]
after = ["staging"]
soak = "10s"
target = { kind = "exec", command = ["d"], observe = ["o"] }
[environments.production.require]
signature = { key = "build.pub" }
sbom = {}
vulns = { max-age = "100s" }
migration = {}
"smoke-test@staging" = { max-age = "100s" }
"#;

/// The world's clock in seconds: deployed in staging at 0, tested at 5, asked at 20.
const NOW: i64 = 20;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn names() -> [ComponentName; 2] {
    ["api", "web"].map(|name| name.parse().unwrap())
}

fn context() -> Context {
    let config = config::Config::parse("release.toml".as_ref(), CONFIG).unwrap();
    let name = "production".parse().unwrap();
    Context {
        environment: config.environment(&name).unwrap().clone(),
        config,
        name,
        ledger: ledger::Directory::new(".seaworthy"),
        access: std::sync::Arc::default(),
        release: Named::File("release.json".into()),
        overrides: Vec::new(),
        skipped: Vec::new(),
        reason: None,
        release_file: "release.json".into(),
    }
}

/// A ledger with these entries.
fn history(drafts: impl IntoIterator<Item = Draft>) -> History {
    History::of(drafts).unwrap()
}

fn draft(event: Event, second: i64, content: &str) -> Draft {
    let pinned = |name: ComponentName| {
        let digest = Digest::of(format!("{name}{content}").as_bytes());
        (name, Pinned { image: "oci:r".parse().unwrap(), digest, tags: Vec::new() })
    };
    Draft {
        time: at(second),
        actor: "ada".into(),
        run_url: None,
        event,
        release: ReleaseId::default(),
        components: names().map(pinned).into(),
        schema: None,
        gates: Vec::new(),
        overrides: Vec::new(),
        reason: None,
    }
}

fn claim(signer: &str, says: Says) -> Claim {
    Claim { signer: Signer::Key(signer.into()), bundle: Digest::of(signer.as_bytes()), says }
}

fn test(result: TestResult, second: i64) -> Says {
    let (environment, suite) = ("staging".parse().unwrap(), "notes".into());
    Says::Test(Test { environment, suite, result, finished_on: at(second) })
}

/// A scan that ended at this second and found vulnerabilities of these severities.
fn scan(second: i64, levels: &[&str]) -> Says {
    let found = levels.iter().enumerate().map(|(number, level)| {
        serde_json::json!({"id": format!("CVE-{number}"), "severity": [], "annotations": [{"level": level}]})
    });
    let scan = serde_json::json!({
        "scanner": {"uri": "https://a.example", "db": {"lastUpdate": at(second)}, "result": found.collect::<Vec<_>>()},
        "metadata": {"scanStartedOn": at(second), "scanFinishedOn": at(second)},
    });
    Says::Scan(Box::new(serde_json::from_value(scan).unwrap()))
}

fn migration(environment: &str, second: i64) -> Says {
    Says::Migration(Box::new(Migration {
        environment: environment.parse().unwrap(),
        before: None,
        after: "3".into(),
        applied: Vec::new(),
        compatible: true,
        reversible: true,
        steps: Vec::new(),
        backup: None,
        finished_on: at(second),
    }))
}

/// A release that passes every gate.
fn good() -> Facts {
    let image = |name: ComponentName| {
        let claims = vec![
            claim("build", Says::Signature),
            claim("all", Says::Sbom),
            claim("all", scan(4, &[])),
            claim("all", test(TestResult::Passed, 5)),
            claim("all", migration("production", 10)),
        ];
        (name, Image { condition: Condition::Whole, claims, doubts: Vec::new() })
    };
    let candidate = draft(Event::Deployed, 0, "v2").digests().into_iter();
    let signer = |gate: &str, key: &str| (gate.parse().unwrap(), SignerPolicy::Key(key.to_owned()));
    Facts {
        now: at(NOW),
        candidate: Candidate {
            version: None,
            commit: None,
            manifest: None,
            components: candidate.map(|(name, digest)| (name, (digest, Vec::new()))).collect(),
        },
        manifest: None,
        images: names().map(image).into(),
        signers: [
            signer("signature", "build"),
            signer("sbom", "all"),
            signer("vulns", "all"),
            signer("migration", "all"),
            signer("smoke-test@staging", "all"),
        ]
        .into(),
        history: History::empty(),
        upstream: BTreeMap::from([("staging".parse().unwrap(), history([draft(Event::Deployed, 0, "v2")]))]),
        running: BTreeMap::new(),
    }
}

/// The gates that do not pass after this change to the good facts, with their verdicts.
fn changed(change: impl FnOnce(&mut Facts)) -> String {
    let mut facts = good();
    change(&mut facts);
    let short = |answer: &Answer| format!("{} {}", answer.gate, answer.verdict.word());
    let answers = ask(&context(), &facts);
    assert_eq!(answers.len(), 8, "every gate is asked");
    assert!(answers.iter().all(|answer| !answer.reason.is_empty()));
    answers.iter().filter(|answer| answer.verdict != Verdict::Pass).map(short).collect::<Vec<_>>().join(", ")
}

fn web(facts: &mut Facts) -> &mut Image {
    facts.images.get_mut(&names()[1]).unwrap()
}

fn without(facts: &mut Facts, is_meant: impl Fn(&Says) -> bool) {
    web(facts).claims.retain(|claim| !is_meant(&claim.says));
}

fn staging(facts: &mut Facts, drafts: impl IntoIterator<Item = Draft>) {
    facts.upstream = BTreeMap::from([("staging".parse().unwrap(), history(drafts))]);
}

#[test]
fn a_release_that_has_everything_passes_every_gate() {
    assert_eq!(changed(|_| ()), "");
}

#[test]
fn one_component_without_its_proof_stops_the_whole_release() {
    assert_eq!(changed(|facts| without(facts, |says| *says == Says::Signature)), "signature fail");
    assert_eq!(changed(|facts| without(facts, |says| *says == Says::Sbom)), "sbom fail");
    assert_eq!(changed(|facts| without(facts, |says| matches!(says, Says::Scan(_)))), "vulns fail");
    let tests = |says: &Says| matches!(says, Says::Test(_));
    assert_eq!(changed(|facts| without(facts, tests)), "smoke-test@staging fail, after fail");
}

#[test]
fn a_scan_must_be_recent_and_find_nothing_too_bad() {
    let scanned = |second: i64, levels: &'static [&'static str]| {
        changed(|facts| {
            without(facts, |says| matches!(says, Says::Scan(_)));
            web(facts).claims.push(claim("all", scan(second, levels)));
        })
    };
    assert_eq!(scanned(20, &["low", "medium", "none"]), "");
    assert_eq!(scanned(20, &["low", "high"]), "vulns fail");
    assert_eq!(scanned(20, &["unknown"]), "vulns fail");
    assert_eq!(scanned(-81, &[]), "vulns fail");
    assert_eq!(scanned(NOW + 301, &[]), "vulns fail");
    let later = |facts: &mut Facts| web(facts).claims.push(claim("all", scan(5, &["critical"])));
    assert_eq!(changed(later), "vulns fail");
    let earlier = |facts: &mut Facts| web(facts).claims.push(claim("all", scan(3, &["critical"])));
    assert_eq!(changed(earlier), "");
    let names = ["critical"; 7];
    let said = {
        let mut facts = good();
        web(&mut facts).claims.push(claim("all", scan(5, &names)));
        ask(&context(), &facts).into_iter().find(|answer| answer.gate == config::Gate::Vulns).unwrap().reason
    };
    assert_eq!(
        said,
        "web has CVE-0 (critical), CVE-1 (critical), CVE-2 (critical), CVE-3 (critical), CVE-4 (critical), and 2 more"
    );
}

#[test]
fn a_proof_by_the_key_of_another_gate_is_none() {
    let signed_by = |key: &'static str, is_meant: fn(&Says) -> bool| {
        changed(|facts| {
            let claims = web(facts).claims.iter_mut().filter(|claim| is_meant(&claim.says));
            claims.for_each(|claim| claim.signer = Signer::Key(key.to_owned()));
        })
    };
    assert_eq!(signed_by("all", |says| *says == Says::Signature), "signature fail");
    assert_eq!(signed_by("build", |says| *says == Says::Sbom), "sbom fail");
    assert_eq!(signed_by("build", |says| matches!(says, Says::Scan(_))), "vulns fail");
    let tests = |says: &Says| matches!(says, Says::Test(_));
    assert_eq!(signed_by("build", tests), "smoke-test@staging fail, after fail");
}

#[test]
fn a_release_manifest_is_signed_like_an_image() {
    let manifest = |condition: Condition, claims: Vec<Claim>| {
        changed(|facts| facts.manifest = Some(Image { condition, claims, doubts: Vec::new() }))
    };
    let signed = |key: &str| vec![claim(key, Says::Signature)];
    assert_eq!(manifest(Condition::Whole, signed("build")), "");
    assert_eq!(manifest(Condition::Whole, signed("all")), "signature fail");
    assert_eq!(manifest(Condition::Whole, vec![claim("build", Says::Sbom)]), "signature fail");
    assert_eq!(manifest(Condition::Absent("gone".into()), signed("build")), "signature fail");
    assert_eq!(manifest(Condition::Unknown("the network".into()), Vec::new()), "signature error");
}

#[test]
fn could_not_look_is_an_error_and_not_there_is_a_no() {
    let everything = |condition: Condition| {
        changed(|facts| *web(facts) = Image { condition, claims: Vec::new(), doubts: Vec::new() })
    };
    let verdicts = |word: &str| {
        ["signature", "sbom", "vulns", "smoke-test@staging", "after", "migration"]
            .map(|gate| format!("{gate} {word}"))
            .join(", ")
    };
    assert_eq!(everything(Condition::Unknown("the network".into())), verdicts("error"));
    assert_eq!(everything(Condition::Absent("gone".into())), verdicts("fail"));
    assert_eq!(everything(Condition::Damaged("digest-mismatch".into())), verdicts("fail"));
}

#[test]
fn a_test_must_have_passed_after_the_deployment_and_lately() {
    let tested = |result: TestResult, second: i64| {
        changed(|facts| {
            without(facts, |says| matches!(says, Says::Test(_)));
            web(facts).claims.push(claim("all", test(result, second)));
        })
    };
    assert_eq!(tested(TestResult::Passed, 0), "");
    assert_eq!(tested(TestResult::Warned, 5), "smoke-test@staging fail, after fail");
    assert_eq!(tested(TestResult::Failed, 5), "smoke-test@staging fail, after fail");
    assert_eq!(tested(TestResult::Passed, -1), "smoke-test@staging fail, after fail");
    assert_eq!(tested(TestResult::Passed, NOW + 301), "smoke-test@staging fail, after fail");
    assert_eq!(changed(|facts| facts.now = at(106)), "vulns fail, smoke-test@staging fail");
    let failed_since = |facts: &mut Facts| web(facts).claims.push(claim("all", test(TestResult::Failed, 6)));
    assert_eq!(changed(failed_since), "smoke-test@staging fail, after fail");
}

#[test]
fn the_ledger_before_decides_about_order_and_soak() {
    let deployed = || draft(Event::Deployed, 0, "v2");
    let none = "smoke-test@staging fail, after fail, soak fail";
    assert_eq!(changed(|facts| staging(facts, [])), none);
    assert_eq!(changed(|facts| staging(facts, [draft(Event::Deployed, 0, "v3")])), none);
    assert_eq!(changed(|facts| staging(facts, [draft(Event::Failed { rollback: None }, 0, "v2")])), none);
    assert_eq!(changed(|facts| facts.now = at(9)), "soak pending");
    let other = |second: i64| draft(Event::Deployed, second, "v3");
    assert_eq!(changed(|facts| staging(facts, [deployed(), other(9)])), "soak fail");
    assert_eq!(changed(|facts| staging(facts, [deployed(), other(10)])), "");
    let back = draft(Event::RolledBack(Move { from: 1, to: 1 }), 15, "v1");
    assert_eq!(changed(|facts| staging(facts, [deployed(), back])), "after fail");
    let adopted = |facts: &mut Facts| {
        without(facts, |says| matches!(says, Says::Test(_)));
        staging(facts, [draft(Event::Adopted, 0, "v2")]);
    };
    assert_eq!(changed(adopted), "smoke-test@staging fail");
}

#[test]
fn a_migration_of_another_environment_or_from_before_a_rollback_is_none() {
    let moved = |environment: &'static str, second: i64| {
        move |facts: &mut Facts| {
            for image in facts.images.values_mut() {
                image.claims.retain(|claim| !matches!(claim.says, Says::Migration(_)));
                image.claims.push(claim("all", migration(environment, second)));
            }
        }
    };
    assert_eq!(changed(moved("production", 1)), "");
    assert_eq!(changed(moved("staging", 10)), "migration fail");
    let only_one = |facts: &mut Facts| without(facts, |says| matches!(says, Says::Migration(_)));
    assert_eq!(changed(only_one), "", "one component carries the migrations");
    let went_back = |second: i64| {
        move |facts: &mut Facts| {
            let back = Event::RolledBack(Move { from: 1, to: 1 });
            facts.history = history([draft(Event::Deployed, 0, "v3"), draft(back, second, "v1")]);
        }
    };
    assert_eq!(changed(went_back(10)), "");
    assert_eq!(changed(went_back(11)), "migration fail");
}

#[test]
fn what_was_taken_back_here_is_known_bad_even_if_the_way_back_died() {
    let way = Move { from: 1, to: 1 };
    for back in
        [Event::RolledBack(way), Event::Intent { rollback: Some(way) }, Event::Failed { rollback: Some(way) }]
    {
        let past = history([draft(Event::Deployed, 0, "v2"), draft(back, 1, "v1")]);
        assert_eq!(changed(|facts| facts.history = past), "known-bad fail");
    }
}
