//! What is told at the end of a check: a table, data, outputs, annotations, and why it refuses; never decides anything.

use ci::{Annotation, Level as Weight, Mode, Page, Place, Report, Stop};
use serde_json::{Value, json};
use trust::predicate::{ScanResult, ScannedSeverity, Scanner, SeverityRating, Vulnerabilities};

use super::{
    context::Context,
    error::CheckError,
    lines::LeftOut,
    plan::{Finding, Gap, GapKind, Licensed, Standing, Verdict},
};

/// How many packages are named where more have the same gap.
const EXAMPLES_MAX: usize = 5;
/// How many annotations a step may have of one kind (GitHub, "Workflow commands").
const ANNOTATIONS_MAX: usize = 10;

/// Tells the verdict; refuses if it is none to release by.
pub(crate) fn verdict(context: &Context, verdict: &Verdict, mode: Mode) -> Result<Report, Stop> {
    let failure = failure(verdict);
    let counted = verdict.counted().count();
    let highest = highest(verdict);
    let denied = verdict.denied.len();
    let answer = if failure.is_some() { "refused" } else { "passed" };
    let page = page(context, verdict, answer).then(stated(context, verdict, mode));
    let mut report = Report::new(page, data(context, verdict))
        .output("vulnerabilities", counted.to_string())
        .output("highest", highest)
        .output("denied-licences", denied.to_string());
    annotate(&mut report, context, verdict);
    match failure {
        None => Ok(report),
        Some(failure) => Err(Stop::with(report, failure)),
    }
}

/// What became of the file with the result.
fn stated(context: &Context, verdict: &Verdict, mode: Mode) -> Page {
    let Some(path) = &context.predicate else { return Page::new() };
    Page::new().line(match mode {
        _ if !verdict.is_conclusive() => {
            format!("not stated in {}: not everything was looked at", path.display())
        }
        Mode::DryRun => format!("would be stated in {}", path.display()),
        Mode::Apply => format!("stated in {}", path.display()),
    })
}

/// What was found weighs more than what could not be looked at.
fn failure(verdict: &Verdict) -> Option<CheckError> {
    let mut failing = verdict.failing();
    if let Some(first) = failing.next() {
        return Some(CheckError::Vulnerable {
            first: format!(
                "{} in {} {}",
                first.vulnerability.names[0],
                first.packages.join(", "),
                first.version
            ),
            others: failing.count(),
        });
    }
    if let Some(Licensed { package, why, .. }) = verdict.denied.first() {
        return Some(CheckError::Licence {
            first: format!("{package}: {why}"),
            others: verdict.denied.len() - 1,
        });
    }
    let gap = verdict.gaps.first()?;
    let (first, others) = (explained(gap), verdict.gaps.len() - 1);
    Some(match gap.kind {
        GapKind::Stale => CheckError::Stale { first, others },
        GapKind::Unlooked => CheckError::Inconclusive { first, others },
    })
}

fn highest(verdict: &Verdict) -> &'static str {
    match verdict.highest() {
        Some(level) => level.word(),
        None if verdict.counted().next().is_some() => "unknown",
        None => "none",
    }
}

fn page(context: &Context, verdict: &Verdict, answer: &str) -> Page {
    let (records, newest) = verdict.database;
    let mut page =
        Page::new().heading(format!("check of {}: {answer}", context.bill.display())).line(format!(
            "packages: {}; vulnerabilities: {}, the highest {}; refused from {} on",
            verdict.packages,
            verdict.counted().count(),
            highest(verdict),
            context.fail_on,
        ));
    if verdict.service.is_none() {
        let newest = newest.map(|newest| format!("; the newest of these ecosystems is of {newest}"));
        page = page.line(format!("records: {records}{}", newest.unwrap_or_default()));
    }
    if !verdict.findings.is_empty() {
        let head = ["package", "version", "vulnerability", "severity", "fixed in", "verdict"];
        page = page.table(&head, verdict.findings.iter().map(row));
    }
    if !verdict.denied.is_empty() || !verdict.excepted.is_empty() {
        let row = |verdict: &'static str| {
            move |one: &Licensed| {
                [one.package.clone(), one.licences.join(", "), verdict.to_owned(), one.why.clone()]
            }
        };
        let rows =
            verdict.denied.iter().map(row("denied")).chain(verdict.excepted.iter().map(row("excepted")));
        page = page.table(&["package", "licences", "verdict", "why"], rows);
    }
    if !verdict.gaps.is_empty() {
        page = page.table(
            &["not looked at", "packages"],
            verdict.gaps.iter().map(|gap| [gap.why.clone(), examples(gap)]),
        );
    }
    for LeftOut { line: (pattern, reason, end), packages } in &verdict.left_out {
        page = page.line(format!("not looked at until {end}: {pattern} (packages: {packages}): {reason}"));
    }
    verdict.remarks.iter().fold(page, |page, remark| page.line(remark.clone()))
}

fn row(finding: &Finding) -> [String; 6] {
    let vulnerability = &finding.vulnerability;
    let standing = match &finding.standing {
        Standing::Fails => "fails".to_owned(),
        Standing::Passes => "passes".to_owned(),
        Standing::Ignored(reason, end) => format!("ignored until {end}: {reason}"),
    };
    [
        finding.packages.join(", "),
        finding.version.clone(),
        vulnerability.names[0].clone(),
        severity(finding).to_string(),
        vulnerability.fixed.join(", "),
        standing,
    ]
}

fn severity(finding: &Finding) -> SeverityRating {
    let severity = &finding.vulnerability.severity;
    SeverityRating::of(severity.ratings().iter().map(|rated| rated.level))
}

fn examples(gap: &Gap) -> String {
    let shown = gap.packages.iter().take(EXAMPLES_MAX).cloned().collect::<Vec<_>>().join(", ");
    match gap.packages.len().saturating_sub(EXAMPLES_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn explained(gap: &Gap) -> String {
    format!("{}: {}", examples(gap), gap.why)
}

fn data(context: &Context, verdict: &Verdict) -> Value {
    let (records, newest) = verdict.database;
    let licensed = |one: &Licensed| json!({"package": one.package, "licences": one.licences, "why": one.why});
    json!({
        "bom": context.bill.display().to_string(),
        "packages": verdict.packages,
        "failOn": context.fail_on.word(),
        "highest": highest(verdict),
        "findings": verdict.findings.iter().map(finding).collect::<Vec<_>>(),
        "licences": {
            "denied": verdict.denied.iter().map(licensed).collect::<Vec<_>>(),
            "excepted": verdict.excepted.iter().map(licensed).collect::<Vec<_>>(),
        },
        "gaps": verdict.gaps.iter().map(|gap| json!({"why": gap.why, "packages": gap.packages})).collect::<Vec<_>>(),
        "leftOut": verdict.left_out.iter()
            .map(|LeftOut { line: (pattern, reason, end), packages }| {
                json!({"purl": pattern, "reason": reason, "expires": end.to_string(), "packages": packages})
            })
            .collect::<Vec<_>>(),
        "remarks": verdict.remarks,
        "database": {"records": records, "newest": newest, "service": verdict.service},
    })
}

fn finding(finding: &Finding) -> Value {
    let vulnerability = &finding.vulnerability;
    let (verdict, reason, end) = match &finding.standing {
        Standing::Fails => ("fails", None, None),
        Standing::Passes => ("passes", None, None),
        Standing::Ignored(reason, end) => ("ignored", Some(reason), Some(end.to_string())),
    };
    json!({
        "packages": finding.packages,
        "purls": finding.purls,
        "version": finding.version,
        "id": vulnerability.names[0],
        "aliases": vulnerability.names[1..],
        "severity": severity(finding).to_string(),
        "ratings": vulnerability.severity.ratings().iter()
            .map(|rated| json!({"method": rated.method, "score": rated.score, "level": rated.level.map(super::severity::Level::word)}))
            .collect::<Vec<_>>(),
        "fixed": vulnerability.fixed,
        "verdict": verdict,
        "reason": reason,
        "expires": end,
    })
}

fn annotate(report: &mut Report, context: &Context, verdict: &Verdict) {
    let place = |path: &std::path::Path| Some(Place { file: path.to_owned(), line: None });
    for finding in verdict.failing().take(ANNOTATIONS_MAX) {
        let fixed = match finding.vulnerability.fixed.as_slice() {
            [] => "no version fixes it".to_owned(),
            some => format!("fixed in {}", some.join(", ")),
        };
        report.annotate(Annotation {
            level: Weight::Error,
            title: format!("{} in {}", finding.vulnerability.names[0], finding.packages.join(", ")),
            message: format!(
                "{} {} is {}; {fixed}",
                finding.packages.join(", "),
                finding.version,
                severity(finding)
            ),
            place: place(&context.bill),
        });
    }
    let policy = context.policy.as_deref();
    for remark in verdict.remarks.iter().take(ANNOTATIONS_MAX) {
        report.annotate(Annotation {
            level: Weight::Warning,
            title: "a line of the policy does nothing".to_owned(),
            message: remark.clone(),
            place: policy.and_then(place),
        });
    }
}

impl Verdict {
    /// The result for `attest --type vulns`: everything that was found, what is ignored too, and no verdict.
    pub(crate) fn predicate(&self) -> Result<Vec<u8>, CheckError> {
        let (started, finished) = self.times;
        let result = self.findings.iter().map(|finding| {
            let rated = finding.vulnerability.severity.ratings().iter();
            let ratings = rated
                .map(|rated| ScannedSeverity { method: rated.method.clone(), score: rated.score.clone() });
            let mut annotations = vec![
                json!({"packages": finding.purls}),
                json!({"aliases": finding.vulnerability.names[1..]}),
                json!({"fixed": finding.vulnerability.fixed}),
                json!({"level": severity(finding).to_string()}),
            ];
            if let Standing::Ignored(reason, end) = &finding.standing {
                annotations.push(json!({"ignored": reason, "expires": end.to_string()}));
            }
            ScanResult {
                id: finding.vulnerability.names[0].clone(),
                severity: ratings.collect(),
                annotations,
            }
        });
        let scanner = Scanner::new(
            "https://seaworthy.dev/sbom-sign",
            env!("CARGO_PKG_VERSION"),
            self.service.clone(),
            self.database.1.unwrap_or(started),
            result.collect(),
        );
        let mut json = serde_json::to_vec_pretty(&Vulnerabilities::new(scanner, started, finished))
            .map_err(CheckError::Predicate)?;
        json.push(b'\n');
        Ok(json)
    }
}
