//! Tables of what counts and what does not.

use contract::TestResult as Outcome;

use super::*;
use crate::{
    Invalid, Item, Origin, Statement, TrustError,
    fixture::{at, test_result},
};

fn digest(number: usize) -> Digest {
    Digest::of(&number.to_be_bytes())
}

fn verified(statement: Statement) -> Verdict {
    Verdict::Verified(Verified {
        statement,
        signer: crate::Signer::Key("key".to_owned()),
        bundle: Digest::of(b"bundle"),
    })
}

/// A result of this suite that ended so many minutes after the beginning.
fn result(outcome: Outcome, environment: &str, suite: &str, minute: i64) -> Verdict {
    let mut result = test_result(outcome);
    result.configuration[0].name = Some(suite.to_owned());
    result.configuration[1].name = Some(environment.to_owned());
    let finished = at(1_800_000_000 + minute * 60).to_string();
    result.configuration[1].annotations.insert("finishedOn".to_owned(), finished.into());
    verified(Statement::about(Digest::of(b"image"), &result).unwrap())
}

/// How many count, why not, and why each of the others does not.
fn judged(
    requirement: &Requirement,
    verdicts: Vec<Verdict>,
    minute: i64,
) -> (usize, Option<Shortfall>, String) {
    let items = verdicts.into_iter().enumerate();
    let items = items
        .map(|(number, verdict)| Item { manifest: digest(number), verdict, origin: Origin::Referrer })
        .collect();
    let evidence = Evidence { subject: Digest::of(b"image"), items };
    let judgement = requirement.judge(&evidence, at(1_800_000_000 + minute * 60));
    let why: Vec<_> = judgement.set_aside.iter().map(|(_, why)| why.clone()).collect();
    (judgement.counted.len(), judgement.shortfall, why.join("; "))
}

fn staging(max_age: Option<&str>) -> Requirement {
    Requirement {
        kind: PredicateType::TEST_RESULT,
        environment: Some("staging".parse().unwrap()),
        max_age: max_age.map(|age| age.parse().unwrap()),
        suite: None,
    }
}

#[test]
fn nothing_is_never_enough() {
    assert_eq!(judged(&staging(None), vec![], 0), (0, Some(Shortfall::Missing), String::new()));
    let invalid = Verdict::Invalid(Invalid::Malformed("cut".to_owned()));
    assert_eq!(
        judged(&staging(None), vec![invalid], 0),
        (0, Some(Shortfall::Invalid), "malformed: cut".to_owned())
    );
}

#[test]
fn an_sbom_is_no_signature() {
    let sbom = serde_json::json!({"bomFormat": "CycloneDX", "specVersion": "1.5"});
    let sbom = Statement::of(Digest::of(b"image"), PredicateType::CYCLONEDX, sbom).unwrap();
    let signature = Requirement::of(PredicateType::SIGNATURE);
    assert_eq!(
        judged(&signature, vec![verified(sbom)], 0),
        (0, Some(Shortfall::Missing), "a statement of type cyclonedx".to_owned())
    );
    let signed = verified(Statement::signature(Digest::of(b"image")));
    assert_eq!(judged(&signature, vec![signed], 0), (1, None, String::new()));
}

#[test]
fn the_latest_result_of_a_suite_decides_in_its_environment() {
    let passed = |minute| result(Outcome::Passed, "staging", "smoke.yaml", minute);
    let failed = |minute| result(Outcome::Failed, "staging", "smoke.yaml", minute);
    let (counted, shortfall, why) = judged(&staging(None), vec![passed(1), failed(2)], 9);
    assert_eq!((counted, shortfall), (0, Some(Shortfall::Negative)));
    assert_eq!(why, "a later one of the same counts; says FAILED");
    assert_eq!(judged(&staging(None), vec![failed(1), passed(2)], 9).1, None);
    assert_eq!(judged(&staging(None), vec![passed(2), failed(1)], 9).1, None);
    assert_eq!(judged(&staging(None), vec![passed(1), failed(1)], 9).1, Some(Shortfall::Negative));
    assert_eq!(judged(&staging(None), vec![failed(1), passed(1)], 9).1, Some(Shortfall::Negative));
}

#[test]
fn a_suite_that_passed_does_not_hide_another_that_failed() {
    let failed = result(Outcome::Failed, "staging", "orders.yaml", 1);
    let passed = result(Outcome::Passed, "staging", "smoke.yaml", 2);
    let (counted, shortfall, why) = judged(&staging(None), vec![failed, passed], 9);
    assert_eq!((counted, shortfall, why.as_str()), (1, Some(Shortfall::Negative), "says FAILED"));
}

#[test]
fn a_result_counts_for_its_own_environment_only() {
    let dev = result(Outcome::Passed, "dev", "smoke.yaml", 1);
    assert_eq!(
        judged(&staging(None), vec![dev.clone()], 9),
        (0, Some(Shortfall::Missing), "about dev".to_owned())
    );
    let failed_in_dev = result(Outcome::Failed, "dev", "smoke.yaml", 3);
    let passed = result(Outcome::Passed, "staging", "smoke.yaml", 1);
    assert_eq!(judged(&staging(None), vec![failed_in_dev, passed], 9).1, None);
}

#[test]
fn old_results_and_results_from_the_future_do_not_count() {
    let passed = || vec![result(Outcome::Passed, "staging", "smoke.yaml", 0)];
    assert_eq!(judged(&staging(Some("1h")), passed(), 60).1, None);
    let (_, shortfall, why) = judged(&staging(Some("1h")), passed(), 61);
    assert_eq!(shortfall, Some(Shortfall::Stale));
    assert_eq!(why, "made 2027-01-15T08:00:00Z, more than 1h ago");
    assert_eq!(judged(&staging(Some("1h")), passed(), -5).1, None, "clocks differ a little");
    assert_eq!(judged(&staging(None), passed(), -6).2, "dated in the future");
    let signature =
        Requirement { max_age: Some("1h".parse().unwrap()), ..Requirement::of(PredicateType::SIGNATURE) };
    let signed = verified(Statement::signature(Digest::of(b"image")));
    assert_eq!(judged(&signature, vec![signed], 0).2, "does not say when it was made");
}

#[test]
fn an_approval_ends_and_a_rejection_weighs() {
    let approval = |decision: &str, created: i64| {
        let predicate = serde_json::json!({
            "decision": decision, "environment": "staging", "toDigest": Digest::of(b"image"),
            "approver": {"id": "ada"}, "reason": "tried", "createdOn": at(created), "expiresOn": at(1_800_003_600),
        });
        verified(Statement::of(Digest::of(b"image"), PredicateType::APPROVAL, predicate).unwrap())
    };
    let asked = Requirement { kind: PredicateType::APPROVAL, ..staging(None) };
    assert_eq!(judged(&asked, vec![approval("approved", 1_800_000_000)], 59).1, None);
    assert_eq!(judged(&asked, vec![approval("approved", 1_800_000_000)], 60).2, "expired");
    let both = vec![approval("approved", 1_800_000_000), approval("rejected", 1_800_000_001)];
    assert_eq!(judged(&asked, both, 1).1, Some(Shortfall::Negative));
}

#[test]
fn an_approval_of_another_image_counts_for_nothing() {
    let other = Digest::of(b"other");
    let predicate = serde_json::json!({
        "decision": "approved", "environment": "staging", "toDigest": other,
        "approver": {"id": "ada"}, "reason": "tried", "createdOn": at(0), "expiresOn": at(2_000_000_000),
    });
    let refused = Statement::of(Digest::of(b"image"), PredicateType::APPROVAL, predicate.clone());
    assert!(matches!(refused, Err(TrustError::OtherContent { named, .. }) if named == other), "{refused:?}");

    // Whoever else signs it, does not look.
    let json = serde_json::json!({
        "_type": "https://in-toto.io/Statement/v1", "subject": [{"digest": {"sha256": Digest::of(b"image").hex()}}],
        "predicateType": PredicateType::APPROVAL, "predicate": predicate,
    });
    let signed = verified(Statement::parse(json.to_string().as_bytes()).unwrap());
    let asked = Requirement { kind: PredicateType::APPROVAL, ..staging(None) };
    let (_, shortfall, why) = judged(&asked, vec![signed], 0);
    assert_eq!((shortfall, why), (Some(Shortfall::Missing), format!("names {other} and not this image")));
}

#[test]
fn the_result_of_another_suite_is_no_answer() {
    let asked = |suite: &str| Requirement { suite: Some(suite.to_owned()), ..staging(None) };
    let passed = || vec![result(Outcome::Passed, "staging", "smoke.yaml", 0)];
    assert_eq!(judged(&asked("smoke.yaml"), passed(), 1).1, None);
    let (_, shortfall, why) = judged(&asked("load.yaml"), passed(), 1);
    assert_eq!((shortfall, why.as_str()), (Some(Shortfall::Missing), "of the suite smoke.yaml"));
}

#[test]
fn a_signed_claim_of_the_wrong_form_counts_for_nothing() {
    let json = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"digest":{{"sha256":"{}"}}}}],"predicateType":"{}","predicate":{{"result":"PASSED","configuration":[]}}}}"#,
        Digest::of(b"image").hex(),
        PredicateType::TEST_RESULT.uri()
    );
    let bare = verified(Statement::parse(json.as_bytes()).unwrap());
    assert_eq!(
        judged(&staging(None), vec![bare], 0),
        (0, Some(Shortfall::Missing), "does not have the form of test-result".to_owned())
    );
}
