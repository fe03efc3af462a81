//! The vulnerabilities of one package: which records hit it, and which of these are the same vulnerability under several names; pure.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    affected::{Answer, answer},
    ecosystem::Question,
    osv::{Affected, Record},
    severity::Severity,
};

/// A vulnerability of a package.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Vulnerability {
    /// Its names, the one that is shown first: a CVE where it has one.
    pub(crate) names: Vec<String>,
    /// How bad it is.
    pub(crate) severity: Severity,
    /// The versions that fix it, for whoever stays on the same line.
    pub(crate) fixed: Vec<String>,
}

/// What the records say about one package.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Findings {
    /// What hits it.
    pub(crate) vulnerabilities: Vec<Vulnerability>,
    /// What may hit it, and why nobody can tell: all names of the record, and the reason.
    pub(crate) undecided: Vec<(Vec<String>, String)>,
}

struct Hit<'r> {
    record: &'r Record,
    severity: Severity,
    fixed: Vec<String>,
}

/// Asks all records about a package. `claimed` are those that a service says hit it.
pub(crate) fn of<'r>(
    question: &Question,
    records: impl IntoIterator<Item = &'r Record>,
    claimed: Option<&BTreeSet<String>>,
) -> Findings {
    let mut hits = Vec::new();
    let mut findings = Findings::default();
    for record in records {
        let entries: Vec<&Affected> =
            record.affected.iter().filter(|entry| is_about(entry, question)).collect();
        let is_claimed = claimed.is_some_and(|claimed| claimed.contains(&record.id));
        let mut hit: Option<Hit<'r>> = None;
        let mut doubt = None;
        for entry in entries {
            let fixed = match answer(entry, &question.version, question.ecosystem.scheme()) {
                Answer::Affected(fixed) => fixed,
                Answer::Clear => continue,
                Answer::Undecided(why) => {
                    doubt = Some(why);
                    continue;
                }
            };
            let severity = Severity::of(record, entry);
            match &mut hit {
                None => hit = Some(Hit { record, severity, fixed }),
                Some(hit) => {
                    hit.severity.and(severity);
                    hit.fixed.extend(fixed);
                }
            }
        }
        // A service may know a package by another name than its record does.
        if is_claimed && hit.is_none() {
            let (severity, fixed) = (Severity::of(record, &Affected::default()), Vec::new());
            hit = Some(Hit { record, severity, fixed });
        }
        match (hit, doubt) {
            (Some(hit), _) => hits.push(hit),
            (None, Some(why)) => findings.undecided.push((record.names().map(str::to_owned).collect(), why)),
            (None, None) => {}
        }
    }
    findings.vulnerabilities = merged(&hits);
    findings
}

fn is_about(entry: &Affected, question: &Question) -> bool {
    entry.package.as_ref().is_some_and(|package| {
        question.ecosystem.is_meant_by(&package.ecosystem) && question.names(&package.name)
    })
}

/// Records that share a name are one vulnerability, and so are those that share one with a third.
fn merged(hits: &[Hit<'_>]) -> Vec<Vulnerability> {
    let mut group_of: BTreeMap<&str, usize> = BTreeMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (place, hit) in hits.iter().enumerate() {
        let known: BTreeSet<usize> =
            hit.record.names().filter_map(|name| group_of.get(name).copied()).collect();
        let group = known.first().copied().unwrap_or_else(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        for other in known.into_iter().filter(|other| *other != group) {
            let moved = std::mem::take(&mut groups[other]);
            groups[group].extend(moved);
        }
        groups[group].push(place);
        for member in &groups[group] {
            group_of.extend(hits[*member].record.names().map(|name| (name, group)));
        }
    }
    groups.iter().filter(|members| !members.is_empty()).map(|members| vulnerability(hits, members)).collect()
}

fn vulnerability(hits: &[Hit<'_>], members: &[usize]) -> Vulnerability {
    let mut names = BTreeSet::new();
    let mut fixed = BTreeSet::new();
    let mut severity = Severity::default();
    for hit in members.iter().map(|place| &hits[*place]) {
        names.extend(hit.record.names().map(str::to_owned));
        fixed.extend(hit.fixed.iter().cloned());
        severity.and(hit.severity.clone());
    }
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort_by_key(|name| !name.starts_with("CVE-"));
    Vulnerability { names, severity, fixed: fixed.into_iter().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: &str, aliases: &str, version: &str, more: &str) -> Record {
        let json = format!(
            r#"{{"id": "{id}", "modified": "2026-01-01T00:00:00Z", "aliases": [{aliases}], {more}
                "affected": [{{"package": {{"ecosystem": "npm", "name": "a"}}, "ranges": [
                    {{"type": "SEMVER", "events": [{{"introduced": "0"}}, {{"fixed": "{version}"}}]}}]}}]}}"#
        );
        Record::parse(json.as_bytes()).unwrap()
    }

    fn question(version: &str) -> Question {
        Question::of(&format!("pkg:npm/a@{version}").parse().unwrap(), None, None).unwrap()
    }

    #[test]
    fn records_of_one_vulnerability_count_once_however_they_are_linked() {
        let low = r#""database_specific": {"severity": "LOW"},"#;
        let high = r#""database_specific": {"severity": "HIGH"},"#;
        let records = [
            record("GHSA-1", r#""CVE-2026-1""#, "2.0.0", low),
            record("RUSTSEC-1", r#""OTHER-1""#, "2.0.1", high),
            record("GHSA-9", "", "3.0.0", low),
            // Only now it shows that the first two are one.
            record("X-1", r#""CVE-2026-1", "OTHER-1""#, "2.0.0", ""),
        ];
        let found = of(&question("1.0.0"), &records, None).vulnerabilities;
        let names: Vec<&str> = found.iter().map(|one| one.names[0].as_str()).collect();
        assert_eq!(names, ["CVE-2026-1", "GHSA-9"]);
        assert_eq!(found[0].names, ["CVE-2026-1", "GHSA-1", "OTHER-1", "RUSTSEC-1", "X-1"]);
        assert_eq!(found[0].fixed, ["2.0.0", "2.0.1"]);
        assert_eq!(found[0].severity.highest().unwrap().word(), "high");
    }

    #[test]
    fn a_record_about_another_package_or_version_is_no_finding() {
        let records = [record("GHSA-1", "", "2.0.0", "")];
        assert_eq!(of(&question("2.0.0"), &records, None), Findings::default());
        let other = Question::of(&"pkg:npm/b@1.0.0".parse().unwrap(), None, None).unwrap();
        assert_eq!(of(&other, &records, None), Findings::default());
        let cargo = Question::of(&"pkg:cargo/a@1.0.0".parse().unwrap(), None, None).unwrap();
        assert_eq!(of(&cargo, &records, None), Findings::default());
    }

    #[test]
    fn what_cannot_be_compared_is_undecided_unless_a_service_says_yes() {
        let records = [record("GHSA-1", r#""CVE-1""#, "2.0.0", "")];
        let found = of(&question("1.0.0.0"), &records, None);
        assert!(found.vulnerabilities.is_empty());
        assert_eq!(found.undecided[0].0, ["GHSA-1", "CVE-1"]);
        let claimed = BTreeSet::from(["GHSA-1".to_owned()]);
        assert_eq!(of(&question("1.0.0.0"), &records, Some(&claimed)).vulnerabilities.len(), 1);
        assert_eq!(of(&question("2.0.0"), &records, Some(&claimed)).vulnerabilities.len(), 1);
        let renamed = Question::of(&"pkg:npm/b@1.0.0".parse().unwrap(), None, None).unwrap();
        assert_eq!(of(&renamed, &records, Some(&claimed)).vulnerabilities.len(), 1);
    }
}
