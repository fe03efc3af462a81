//! Which vulnerabilities a scanner has found: in-toto's vulns v0.2 (in-toto/attestation, spec/predicates/vulns_02.md); never whether that is too bad.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Contradiction, Predicate, PredicateType};
use crate::Gist;

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
