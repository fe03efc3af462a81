//! What the facts come to: what fails, what passes and why, and what could not be looked at; pure.

use std::collections::{BTreeMap, BTreeSet};

use contract::Span;
use jiff::Timestamp;

use super::{
    bill::Listed,
    context::{Context, Database, Unrated},
    ecosystem::{Question, canonical, split},
    facts::Facts,
    findings::{self, Vulnerability},
    licence::Ruling,
    lines::{LeftOut, Lines},
    osv::Record,
    policy::Day,
    severity::Level,
};

/// The answer.
pub(crate) struct Verdict {
    /// How many packages were looked at.
    pub(crate) packages: usize,
    /// Every vulnerability of every package, the worst first.
    pub(crate) findings: Vec<Finding>,
    /// Packages whose licences are not taken.
    pub(crate) denied: Vec<Licensed>,
    /// Packages whose licences are taken by way of exception.
    pub(crate) excepted: Vec<Licensed>,
    /// What could not be looked at.
    pub(crate) gaps: Vec<Gap>,
    /// Packages that the policy leaves out of the question, and why.
    pub(crate) left_out: Vec<LeftOut>,
    /// Lines of the policy that do nothing.
    pub(crate) remarks: Vec<String>,
    /// How many records the database has, and when the newest of those that were asked about was changed.
    pub(crate) database: (u64, Option<Timestamp>),
    /// Where the service is, if it was one.
    pub(crate) service: Option<String>,
    /// When it was looked at.
    pub(crate) times: (Timestamp, Timestamp),
}

/// A vulnerability of a package.
pub(crate) struct Finding {
    /// The packages of the SBOM that have it, by name: those built from one source have it together.
    pub(crate) packages: Vec<String>,
    /// Their package URLs.
    pub(crate) purls: Vec<String>,
    /// Their version.
    pub(crate) version: String,
    /// The vulnerability.
    pub(crate) vulnerability: Vulnerability,
    /// What it means for the release.
    pub(crate) standing: Standing,
}

/// What a vulnerability means for the release.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// It may not go out with it.
    Fails,
    /// It is less severe than asked for.
    Passes,
    /// The policy lets it pass: why, and through which day.
    Ignored(String, Day),
}

/// A package and what is said about its licences.
pub(crate) struct Licensed {
    /// Its name and version.
    pub(crate) package: String,
    /// Its licences, as they are stated.
    pub(crate) licences: Vec<String>,
    /// Why it is denied, or excepted.
    pub(crate) why: String,
}

/// Something that could not be looked at, so that "no vulnerability" would be a guess.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Gap {
    /// What it is.
    pub(crate) kind: GapKind,
    /// Why.
    pub(crate) why: String,
    /// Which packages.
    pub(crate) packages: Vec<String>,
}

/// What kind of gap it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum GapKind {
    /// The records are too old.
    Stale,
    /// There are none, or they can't be asked.
    Unlooked,
}

/// Judges.
pub(crate) fn judge(context: &Context, facts: &Facts) -> Verdict {
    let today = Day::of(facts.started);
    let lines = Lines::of(&facts.policy, today);
    let mut gaps = Gaps::default();
    for (package, question) in facts.bill.packages.iter().zip(&facts.questions) {
        if let Err(why) = question
            && !lines.leaves_out(package)
        {
            gaps.add(GapKind::Unlooked, why, &[called(package)]);
        }
    }
    // Files and a system alone say nothing of what is installed, and "none of these is vulnerable" would be true of nothing.
    if facts.bill.packages.is_empty() {
        gaps.add(GapKind::Unlooked, "it lists no package", &["the SBOM".to_owned()]);
    }
    let findings = vulnerabilities(context, facts, &lines, &mut gaps);
    let (denied, excepted) = licences(facts);
    let newest = facts.found.coverage.values().map(|one| one.newest).max();
    let (mut remarks, left_out) = (lines.remarks(), lines.left_out());
    if let Some(rules) = &facts.policy.licences {
        let idle = rules.idle(&facts.bill.packages);
        remarks.extend(
            idle.map(|purl| format!("[[licences.exceptions]] {purl} is about no package of this SBOM")),
        );
    }
    Verdict {
        packages: facts.bill.packages.len(),
        findings,
        denied,
        excepted,
        gaps: gaps.0.into_iter().map(|((kind, why), packages)| Gap { kind, why, packages }).collect(),
        left_out,
        remarks,
        database: (facts.found.total, newest),
        service: match &context.database {
            Database::Api(url) => Some(url.to_string()),
            Database::Directory(_) => None,
        },
        times: (facts.started, facts.finished),
    }
}

fn vulnerabilities(context: &Context, facts: &Facts, lines: &Lines<'_>, gaps: &mut Gaps) -> Vec<Finding> {
    let by_name = by_name(&facts.found.records);
    let mut all = Vec::new();
    for (question, places) in facts.by_question() {
        let packages: Vec<&Listed> = places.iter().map(|place| &facts.bill.packages[*place]).collect();
        if let Some((kind, why)) = uncovered(question, facts, context.max_age)
            && !packages.iter().all(|package| lines.leaves_out(package))
        {
            gaps.add(kind, &why, &packages.iter().map(|package| called(package)).collect::<Vec<_>>());
        }
        let base = question.ecosystem.base();
        let named = |name: &String| by_name.get(&(base, name.clone())).into_iter().flatten().copied();
        let claims = facts.found.claims.get(question);
        let claimed = claims
            .into_iter()
            .flat_map(|ids| facts.found.records.iter().filter(|record| ids.contains(&record.id)));
        let named = question.names.iter().flat_map(named);
        let mut records: Vec<&Record> = named.chain(claimed).collect();
        records.sort_by(|left, right| left.id.cmp(&right.id));
        records.dedup_by(|left, right| left.id == right.id);
        let found = findings::of(question, records, claims);
        for (names, why) in found.undecided {
            if lines.ignores(&names, &packages).is_none() {
                let why = format!("nobody can tell whether {} is in it: {why}", names[0]);
                gaps.add(
                    GapKind::Unlooked,
                    &why,
                    &packages.iter().map(|package| called(package)).collect::<Vec<_>>(),
                );
            }
        }
        for vulnerability in found.vulnerabilities {
            let standing = match lines.ignores(&vulnerability.names, &packages) {
                Some((reason, end)) => Standing::Ignored(reason, end),
                None if fails(context, &vulnerability) => Standing::Fails,
                None => Standing::Passes,
            };
            all.push(finding(&packages, question, vulnerability, standing));
        }
    }
    let rank =
        |one: &Finding| (one.vulnerability.severity.highest(), one.vulnerability.severity.is_unknown());
    all.sort_by(|left, right| {
        rank(right)
            .cmp(&rank(left))
            .then_with(|| left.packages.cmp(&right.packages))
            .then_with(|| left.vulnerability.names.cmp(&right.vulnerability.names))
    });
    all
}

fn finding(
    packages: &[&Listed],
    question: &Question,
    vulnerability: Vulnerability,
    standing: Standing,
) -> Finding {
    let mut names: Vec<String> = packages.iter().map(|package| package.name.clone()).collect();
    names.sort();
    names.dedup();
    let purls: BTreeSet<String> =
        packages.iter().filter_map(|one| one.purl.as_ref()).map(ToString::to_string).collect();
    Finding {
        packages: names,
        purls: purls.into_iter().collect(),
        version: question.version.clone(),
        vulnerability,
        standing,
    }
}

fn fails(context: &Context, vulnerability: &Vulnerability) -> bool {
    let severity = &vulnerability.severity;
    severity.highest().is_some_and(|level| level >= context.fail_on)
        || (severity.is_unknown() && context.unrated == Unrated::Fails)
}

/// Records by ecosystem and name of what they are about.
fn by_name(records: &[Record]) -> BTreeMap<(&str, String), Vec<&Record>> {
    let mut all: BTreeMap<(&str, String), Vec<&Record>> = BTreeMap::new();
    for record in records {
        for package in record.affected.iter().filter_map(|entry| entry.package.as_ref()) {
            let (base, _) = split(&package.ecosystem);
            all.entry((base, canonical(base, &package.name).into_owned())).or_default().push(record);
        }
    }
    all
}

/// Why the database can't speak about this ecosystem, if it can't.
fn uncovered(question: &Question, facts: &Facts, max_age: Span) -> Option<(GapKind, String)> {
    let ecosystem = &question.ecosystem;
    let coverage = &facts.found.coverage;
    let meant = coverage.iter().filter(|(name, _)| ecosystem.is_meant_by(name));
    let records: u64 = meant.map(|(_, one)| one.records).sum();
    if records == 0 {
        return Some((GapKind::Unlooked, format!("the database has no record of {ecosystem}")));
    }
    // The whole ecosystem: a release that has reached its end gets no new records, and is no less known.
    let own =
        coverage.iter().filter(|(name, _)| split(name).0 == ecosystem.base()).map(|(_, one)| one.newest);
    // A date in the future says nothing about how fresh the rest is.
    let newest = own.filter(|newest| *newest <= facts.started + FUTURE_MAX).max();
    let base = ecosystem.base();
    match newest {
        None => Some((GapKind::Stale, format!("every record of {base} is dated in the future"))),
        Some(newest)
            if facts.started.duration_since(newest).unsigned_abs() > max_age.duration()
                && newest < facts.started =>
        {
            let why = format!(
                "the newest record of {base} is of {newest}, and {max_age} is the most that is taken"
            );
            Some((GapKind::Stale, why))
        }
        Some(_) => None,
    }
}

/// How far ahead of ours the clock of a database may be.
const FUTURE_MAX: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

fn licences(facts: &Facts) -> (Vec<Licensed>, Vec<Licensed>) {
    let (mut denied, mut excepted) = (Vec::new(), Vec::new());
    let Some(rules) = &facts.policy.licences else { return (denied, excepted) };
    for package in &facts.bill.packages {
        let licensed = |why| Licensed {
            package: called(package),
            licences: package.licences.iter().map(ToString::to_string).collect(),
            why,
        };
        match rules.rule(package) {
            Ruling::Taken => {}
            Ruling::Denied(why) => denied.push(licensed(why)),
            Ruling::Excepted(why) => excepted.push(licensed(why)),
        }
    }
    (denied, excepted)
}

pub(super) fn called(package: &Listed) -> String {
    format!("{} {}", package.name, package.version).trim().to_owned()
}

#[derive(Default)]
struct Gaps(BTreeMap<(GapKind, String), Vec<String>>);

impl Gaps {
    fn add(&mut self, kind: GapKind, why: &str, packages: &[String]) {
        self.0.entry((kind, why.to_owned())).or_default().extend(packages.iter().cloned());
    }
}

impl Verdict {
    /// Those that may not go out.
    pub(crate) fn failing(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.standing == Standing::Fails)
    }

    /// Those that no line of the policy lets pass.
    pub(crate) fn counted(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| !matches!(finding.standing, Standing::Ignored(..)))
    }

    /// The highest level of those; nothing where none is rated.
    pub(crate) fn highest(&self) -> Option<Level> {
        self.counted().filter_map(|finding| finding.vulnerability.severity.highest()).max()
    }

    /// Whether everything could be looked at, so that the list of findings is complete.
    pub(crate) fn is_conclusive(&self) -> bool {
        self.gaps.is_empty()
    }
}
