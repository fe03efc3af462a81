//! The rule by which an image counts as free of vulnerabilities that are too bad; pure.

use std::collections::BTreeMap;

use config::Unrated;
use contract::Severity;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use trust::{
    SignerPolicy,
    predicate::{ScanResult, SeverityRating, Vulnerabilities},
};

use crate::{
    claim::{Claim, Image, Says},
    tests_passed::is_ahead,
};

/// What a scan is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The clock.
    pub now: Timestamp,
    /// How old a scan may be.
    pub max_age: SignedDuration,
    /// From which severity on a vulnerability is too bad.
    pub fail_on: Severity,
    /// What one is whose severity nobody knows.
    pub unrated: Unrated,
}

/// Why an image does not count as free of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// Nobody has looked.
    NoScan,
    /// The newest scan is older than it may be.
    Stale(Timestamp),
    /// A scan says that it ended in the future: it would outlast every later one until then.
    Ahead(Timestamp),
    /// These are too bad: names and severities.
    TooBad(Vec<(String, SeverityRating)>),
}

/// Of every scanner the newest scan counts, because a later one knows more; all that are young enough must be good, because what one
/// scanner does not know says nothing about what another has found. Tells which scans these are, the newest first.
///
/// # Errors
/// Why it does not count.
pub fn scanned<'a>(
    image: &'a Image,
    signer: &'a SignerPolicy,
    limits: Limits,
) -> Result<Vec<(&'a Claim, &'a Vulnerabilities)>, Unfit> {
    let mut newest: BTreeMap<&str, Vec<(&Claim, &Vulnerabilities)>> = BTreeMap::new();
    for claim in image.signed_by(signer) {
        let Says::Scan(scan) = &claim.says else { continue };
        if is_ahead(scan.finished_on(), limits.now) {
            return Err(Unfit::Ahead(scan.finished_on()));
        }
        let known = newest.entry(&scan.scanner.uri).or_default();
        // Of two that ended at once both count.
        let last = known.first().map(|(_, known)| known.finished_on());
        if last.is_some_and(|last| last < scan.finished_on()) {
            known.clear();
        }
        if last.is_none_or(|last| last <= scan.finished_on()) {
            known.push((claim, scan));
        }
    }
    let mut scans: Vec<_> = newest.into_values().flatten().collect();
    scans.sort_by_key(|(_, scan)| std::cmp::Reverse(scan.finished_on()));
    let Some((_, last)) = scans.first() else { return Err(Unfit::NoScan) };
    let last = last.finished_on();
    scans.retain(|(_, scan)| limits.now.duration_since(scan.finished_on()) <= limits.max_age);
    if scans.is_empty() {
        return Err(Unfit::Stale(last));
    }
    let found = scans.iter().flat_map(|(_, scan)| &scan.scanner.result);
    let mut too_bad: Vec<_> =
        found.filter(|one| is_too_bad(one, limits)).map(|one| (one.id.clone(), one.rating())).collect();
    too_bad.sort_by(|left, right| left.0.cmp(&right.0));
    too_bad.dedup();
    if too_bad.is_empty() { Ok(scans) } else { Err(Unfit::TooBad(too_bad)) }
}

fn is_too_bad(found: &ScanResult, limits: Limits) -> bool {
    let today = limits.now.to_zoned(TimeZone::UTC).date();
    if found.ignored_until().is_some_and(|last| today <= last) {
        return false;
    }
    match found.rating() {
        SeverityRating::Known(level) => level >= limits.fail_on,
        SeverityRating::AtLeast(level) => level >= limits.fail_on || limits.unrated == Unrated::Refused,
        SeverityRating::Unknown => limits.unrated == Unrated::Refused,
    }
}

#[cfg(test)]
mod tests {
    use contract::Digest;
    use serde_json::{Value, json};

    use super::*;
    use crate::claim::Condition;

    const DAY: i64 = 86_400;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// A scan by one scanner that ended at this second, signed by `k` unless said otherwise.
    fn scan(signer: &str, scanner: &str, second: i64, result: &Value) -> Claim {
        let scan: Vulnerabilities = serde_json::from_value(json!({
            "scanner": {"uri": scanner, "db": {"lastUpdate": at(second)}, "result": result},
            "metadata": {"scanStartedOn": at(second), "scanFinishedOn": at(second)},
        }))
        .unwrap();
        let bundle = Digest::of(format!("{scanner}{second}").as_bytes());
        Claim { signer: trust::Signer::Key(signer.to_owned()), bundle, says: Says::Scan(Box::new(scan)) }
    }

    fn found(id: &str, level: &str) -> Value {
        json!([{"id": id, "severity": [], "annotations": [{"level": level}]}])
    }

    fn ignored(expires: &str) -> Value {
        json!([{"id": "CVE-1", "severity": [],
            "annotations": [{"level": "critical"}, {"ignored": "not called", "expires": expires}]}])
    }

    const LIMITS: Limits = Limits {
        now: Timestamp::UNIX_EPOCH,
        max_age: SignedDuration::from_hours(7 * 24),
        fail_on: Severity::High,
        unrated: Unrated::Refused,
    };

    /// What is said on day 100 by these limits.
    fn said(claims: Vec<Claim>, limits: Limits) -> String {
        let image = Image { condition: Condition::Whole, claims, doubts: Vec::new() };
        let limits = Limits { now: at(100 * DAY), ..limits };
        match scanned(&image, &SignerPolicy::Key("k".to_owned()), limits) {
            Ok(scans) => format!("good by {}", scans.len()),
            Err(Unfit::NoScan) => "none".to_owned(),
            Err(Unfit::Stale(_)) => "stale".to_owned(),
            Err(Unfit::Ahead(_)) => "ahead".to_owned(),
            Err(Unfit::TooBad(found)) => {
                let found = found.iter().map(|(id, rating)| format!("{id} {rating}"));
                found.collect::<Vec<_>>().join(", ")
            }
        }
    }

    #[test]
    fn the_newest_scan_of_every_scanner_that_is_young_enough_decides() {
        let (ours, theirs) = ("https://a.example", "https://b.example");
        let clear = |scanner: &str, day: i64| scan("k", scanner, day * DAY, &json!([]));
        let bad = |scanner: &str, day: i64| scan("k", scanner, day * DAY, &found("CVE-1", "critical"));
        for (claims, answer) in [
            (vec![], "none"),
            (vec![clear(ours, 100)], "good by 1"),
            (vec![clear(ours, 93)], "good by 1"),
            (vec![clear(ours, 92)], "stale"),
            (vec![clear(ours, 101)], "ahead"),
            (vec![clear(ours, 100), clear(ours, 101)], "ahead"),
            (vec![bad(ours, 98), clear(ours, 99)], "good by 1"),
            (vec![clear(ours, 99), bad(ours, 98)], "good by 1"),
            (vec![clear(ours, 98), bad(ours, 99)], "CVE-1 critical"),
            (vec![clear(ours, 99), bad(ours, 99)], "CVE-1 critical"),
            (vec![bad(ours, 99), clear(ours, 99)], "CVE-1 critical"),
            (vec![clear(ours, 99), bad(theirs, 98)], "CVE-1 critical"),
            (vec![clear(ours, 99), clear(theirs, 98)], "good by 2"),
            (vec![clear(ours, 99), bad(theirs, 92)], "good by 1"),
            (vec![scan("other", ours, 99 * DAY, &json!([]))], "none"),
            (vec![clear(ours, 99), scan("other", ours, 100 * DAY, &found("CVE-1", "high"))], "good by 1"),
        ] {
            assert_eq!(said(claims.clone(), LIMITS), answer, "{claims:?}");
        }
    }

    #[test]
    fn what_is_found_is_held_against_the_limit() {
        let one = |level: &str| vec![scan("k", "https://a.example", 99 * DAY, &found("CVE-1", level))];
        let lax = Limits { unrated: Unrated::Allowed, ..LIMITS };
        let strict = Limits { fail_on: Severity::Low, ..LIMITS };
        for (level, limits, answer) in [
            ("none", strict, "good by 1"),
            ("low", strict, "CVE-1 low"),
            ("medium", LIMITS, "good by 1"),
            ("high", LIMITS, "CVE-1 high"),
            ("critical", LIMITS, "CVE-1 critical"),
            ("unknown", LIMITS, "CVE-1 unknown"),
            ("unknown", lax, "good by 1"),
            ("medium or more", LIMITS, "CVE-1 medium or more"),
            ("medium or more", lax, "good by 1"),
            ("high or more", lax, "CVE-1 high or more"),
            ("whatever", LIMITS, "CVE-1 unknown"),
        ] {
            assert_eq!(said(one(level), limits), answer, "{level}");
        }
    }

    #[test]
    fn an_exception_of_the_scan_ends_on_its_day() {
        let until =
            |expires: &str| said(vec![scan("k", "https://a.example", 99 * DAY, &ignored(expires))], LIMITS);
        // Day 100 is 1970-04-11.
        assert_eq!(until("1970-04-11"), "good by 1");
        assert_eq!(until("1970-04-10"), "CVE-1 critical");
        assert_eq!(until("soon"), "CVE-1 critical");
    }
}
