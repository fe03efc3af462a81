//! Which vulnerabilities a scanner has found: in-toto's vulns v0.2 (in-toto/attestation, spec/predicates/vulns_02.md); never whether that is too bad.

use std::{fmt, str::FromStr};

use contract::Severity;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Contradiction, Predicate, PredicateType};
use crate::Gist;

const OR_MORE: &str = " or more";
const UNKNOWN: &str = "unknown";

/// A scan and its result.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Vulnerabilities {
    /// Who looked, by which database, and what was found.
    pub scanner: Scanner,
    metadata: ScanTimes,
}

/// A scanner and its result.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Scanner {
    /// Which scanner: a URI.
    pub uri: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    db: ScanDatabase,
    /// What was found; empty where there was nothing.
    pub result: Vec<ScanResult>,
}

/// The database of a scanner.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScanDatabase {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    last_update: Timestamp,
}

/// One vulnerability.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ScanResult {
    /// What it is called.
    pub id: String,
    /// How it is rated, by each method.
    pub severity: Vec<ScannedSeverity>,
    /// What the scanner adds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<Value>,
}

/// One rating.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ScannedSeverity {
    /// By which method.
    pub method: String,
    /// What it says.
    pub score: String,
}

/// How bad a vulnerability is by all its ratings: `high`, `medium or more`, `unknown`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SeverityRating {
    /// Everybody's rating was read, and this is the highest.
    Known(Severity),
    /// This is the highest that was read, and there are others.
    AtLeast(Severity),
    /// Nobody rates it, or not in a way that can be read.
    Unknown,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScanTimes {
    scan_started_on: Timestamp,
    scan_finished_on: Timestamp,
}

impl Scanner {
    /// A scanner with its version, the service it asked if it asked one, and the last change of what it knows.
    pub fn new(
        uri: impl Into<String>,
        version: impl Into<String>,
        service: Option<String>,
        last_update: Timestamp,
        result: Vec<ScanResult>,
    ) -> Self {
        let db = ScanDatabase { uri: service, version: None, last_update };
        Self { uri: uri.into(), version: Some(version.into()), db, result }
    }
}

impl Vulnerabilities {
    /// What a scanner has found between these times.
    pub fn new(scanner: Scanner, started: Timestamp, finished: Timestamp) -> Self {
        Self { scanner, metadata: ScanTimes { scan_started_on: started, scan_finished_on: finished } }
    }

    /// When the scan ended.
    pub fn finished_on(&self) -> Timestamp {
        self.metadata.scan_finished_on
    }
}

impl ScanResult {
    /// How bad it is: as the annotation `level` says, which `sbom-sign check` writes; else by the words and the scores from 0 to 10 among
    /// the ratings. A vector is not read here, and so makes it unknown.
    pub fn rating(&self) -> SeverityRating {
        let stated = self.annotation("level").map(|text| text.parse().unwrap_or(SeverityRating::Unknown));
        let read = |one: &ScannedSeverity| {
            Severity::of_word(&one.score).or_else(|| Severity::of_score(one.score.parse().ok()?))
        };
        stated.unwrap_or_else(|| SeverityRating::of(self.severity.iter().map(read)))
    }

    /// The last day on which it does not count, where the annotations `ignored` and `expires` give a reason and a date.
    pub fn ignored_until(&self) -> Option<Date> {
        self.annotation("ignored").filter(|reason| !reason.trim().is_empty())?;
        self.annotation("expires")?.parse().ok()
    }

    fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations.iter().find_map(|one| one.get(name)?.as_str())
    }
}

impl SeverityRating {
    /// The highest of these ratings; one that is nothing could not be read.
    pub fn of(ratings: impl IntoIterator<Item = Option<Severity>>) -> Self {
        let (mut highest, mut unread) = (None, false);
        for rating in ratings {
            unread |= rating.is_none();
            highest = highest.max(rating);
        }
        match highest {
            None => Self::Unknown,
            Some(level) if unread => Self::AtLeast(level),
            Some(level) => Self::Known(level),
        }
    }
}

impl fmt::Display for SeverityRating {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(level) => level.fmt(out),
            Self::AtLeast(level) => write!(out, "{level}{OR_MORE}"),
            Self::Unknown => out.write_str(UNKNOWN),
        }
    }
}

impl FromStr for SeverityRating {
    type Err = contract::InvalidSeverity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_suffix(OR_MORE) {
            Some(level) => level.parse().map(Self::AtLeast),
            None if text == UNKNOWN => Ok(Self::Unknown),
            None => text.parse().map(Self::Known),
        }
    }
}

impl Predicate for Vulnerabilities {
    const TYPE: PredicateType = PredicateType::VULNERABILITIES;

    fn check(&self) -> Result<(), Contradiction> {
        if self.scanner.uri.is_empty() {
            return Err(Contradiction("scanner.uri is empty"));
        }
        if self.scanner.result.iter().any(|one| one.id.is_empty()) {
            return Err(Contradiction("a result has no id"));
        }
        if self.metadata.scan_finished_on < self.metadata.scan_started_on {
            return Err(Contradiction("the scan ended before it began"));
        }
        Ok(())
    }

    fn gist(&self) -> Gist {
        Gist {
            stated_on: Some(self.metadata.scan_finished_on),
            about: self.scanner.uri.clone(),
            ..Gist::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(severity: &[(&str, &str)], annotations: Vec<Value>) -> ScanResult {
        let rated = |(method, score): &(&str, &str)| ScannedSeverity {
            method: (*method).to_owned(),
            score: (*score).to_owned(),
        };
        ScanResult { id: "CVE-1".to_owned(), severity: severity.iter().map(rated).collect(), annotations }
    }

    #[test]
    fn how_bad_it_is_is_read_as_it_is_stated_and_never_as_less() {
        use SeverityRating::{AtLeast, Known, Unknown};
        let level = |text: &str| vec![serde_json::json!({"level": text})];
        for (severity, annotations, rating) in [
            (&[][..], vec![], Unknown),
            (&[("nvd", "High")], vec![], Known(Severity::High)),
            (&[("nvd", "7.5"), ("vendor", "low")], vec![], Known(Severity::High)),
            (&[("CVSS_V3", "CVSS:3.1/AV:N")], vec![], Unknown),
            (&[("CVSS_V3", "CVSS:3.1/AV:N"), ("nvd", "4.0")], vec![], AtLeast(Severity::Medium)),
            (&[("CVSS_V3", "CVSS:3.1/AV:N")], level("low"), Known(Severity::Low)),
            (&[], level("medium or more"), AtLeast(Severity::Medium)),
            (&[("nvd", "low")], level("unknown"), Unknown),
            (&[("nvd", "low")], level("lowish"), Unknown),
            (&[("nvd", "42")], vec![], Unknown),
        ] {
            assert_eq!(result(severity, annotations).rating(), rating, "{severity:?}");
            assert_eq!(rating.to_string().parse(), Ok(rating));
        }
    }

    #[test]
    fn an_exception_needs_a_reason_and_a_date() {
        let until = |json: Value| result(&[], vec![json]).ignored_until();
        let good = serde_json::json!({"ignored": "not called", "expires": "2027-03-01"});
        assert_eq!(until(good), Some(jiff::civil::date(2027, 3, 1)));
        for json in [
            serde_json::json!({"ignored": "not called"}),
            serde_json::json!({"ignored": " ", "expires": "2027-03-01"}),
            serde_json::json!({"ignored": true, "expires": "2027-03-01"}),
            serde_json::json!({"ignored": "not called", "expires": "never"}),
            serde_json::json!({"expires": "2027-03-01"}),
            Value::Null,
        ] {
            assert_eq!(until(json.clone()), None, "{json}");
        }
    }

    #[test]
    fn a_scan_that_contradicts_itself_is_none() {
        let scan = |uri: &str, id: &str, finished: &str| {
            serde_json::json!({
                "scanner": {"uri": uri, "db": {"lastUpdate": "2026-11-20T00:00:00Z"}, "result": [{"id": id, "severity": []}]},
                "metadata": {"scanStartedOn": "2026-11-21T10:00:00Z", "scanFinishedOn": finished},
            })
        };
        let kind = PredicateType::VULNERABILITIES;
        assert!(kind.check(&scan("https://example.com", "CVE-1", "2026-11-21T10:00:01Z")).is_ok());
        assert!(kind.check(&scan("", "CVE-1", "2026-11-21T10:00:01Z")).is_err());
        assert!(kind.check(&scan("https://example.com", "", "2026-11-21T10:00:01Z")).is_err());
        assert!(kind.check(&scan("https://example.com", "CVE-1", "2026-11-21T09:59:59Z")).is_err());
        let mut undated = scan("https://example.com", "CVE-1", "2026-11-21T10:00:01Z");
        undated["scanner"]["db"] = serde_json::json!({});
        assert!(kind.check(&undated).is_err());
    }
}
