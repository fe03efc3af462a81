//! What a team wants to know of its files before anyone runs them: judged without a database, statement by statement; never a fix.

use std::collections::BTreeSet;

use ci::{Annotation, Level, Page, Place, Report};
use serde_json::json;

use crate::{
    effect::{self, Class, Survey},
    error::Error,
    facts::Facts,
    layout::{Migration, Phase, Seen, judge},
    plan,
};

/// The runner shows ten of a kind, and the failure is one; the table has them all.
const ANNOTATIONS_MAX: usize = 9;

/// One thing to say of one statement.
pub struct Remark {
    class: Class,
    rule: &'static str,
    place: Place,
    statement: String,
    what: &'static str,
    instead: &'static str,
    /// The file says that it is meant.
    is_allowed: bool,
}

impl Remark {
    /// A program of which its tool could not print what it does: its file has to say which half of a change it is.
    fn of_unseen(one: &Migration, why: &str, stated: Option<Phase>) -> Self {
        Self {
            class: Class::Breaking,
            rule: "not-seen",
            place: Place { file: one.up.file.clone(), line: None },
            statement: why.to_owned(),
            what: "does what its tool can't print",
            instead: "SQL, or a comment `# migrate-db: phase=expand` or `phase=contract`",
            is_allowed: stated.is_some(),
        }
    }
}

/// Looks at all files above a version, or at all.
pub fn lint(facts: &Facts, since: Option<&str>) -> Result<Vec<Remark>, Error> {
    let versions = || facts.migrations.iter().map(|one| &one.version);
    let since = since.map(|typed| plan::meant(typed, versions())).transpose()?;
    let mut remarks = Vec::new();
    for one in facts.migrations.iter().filter(|one| since.is_none_or(|since| one.version > *since)) {
        if one.up.is_elsewhere() {
            continue;
        }
        let directives = judge::directives(one, facts.place.dialect)?;
        if let Seen::Not(why) = &one.up.seen {
            remarks.push(Remark::of_unseen(one, why, directives.phase));
        }
        let cut = judge::cut(&one.up, facts.layout, facts.place.dialect)?;
        let mut survey = Survey::default();
        for statement in &cut.statements {
            for finding in survey.of(statement) {
                let unseen = finding.found.what == effect::UNSEEN && directives.phase.is_some();
                let contracts = finding.class == Class::Breaking && directives.phase == Some(Phase::Contract);
                remarks.push(Remark {
                    class: finding.class,
                    rule: finding.found.rule,
                    place: one.up.place(statement.line),
                    statement: statement.shown(),
                    what: finding.found.what,
                    instead: finding.found.instead,
                    is_allowed: contracts
                        || unseen
                        || directives.allowed.iter().any(|rule| rule == finding.found.rule),
                });
            }
        }
    }
    Ok(remarks)
}

/// Whether somebody has to do something: a remark on style is none.
pub fn judged(remarks: &[Remark]) -> Result<(), Error> {
    let refused: Vec<&Remark> =
        remarks.iter().filter(|one| !one.is_allowed && one.class != Class::Style).collect();
    match refused.first() {
        None => Ok(()),
        Some(first) => {
            let rules: BTreeSet<&str> = refused.iter().map(|one| one.rule).collect();
            let rules = rules.into_iter().collect::<Vec<_>>().join(", ");
            Err(Error::Lint { count: refused.len(), rules, place: first.place.clone() })
        }
    }
}

/// The remarks as a table, as data, and beside the lines they are about.
pub fn report(remarks: &[Remark], files: usize) -> Report {
    let place = |one: &Remark| {
        let line = one.place.line.map(|line| format!(":{line}")).unwrap_or_default();
        format!("{}{line}", one.place.file.display())
    };
    let rows = remarks.iter().map(|one| {
        let class =
            if one.is_allowed { format!("{} (meant)", one.class.word()) } else { one.class.word().into() };
        [class, one.rule.into(), place(one), one.what.into(), one.instead.into()]
    });
    let page = Page::new().heading(format!("{files} files, {} remarks", remarks.len()));
    let page = if remarks.is_empty() {
        page
    } else {
        page.table(&["class", "rule", "where", "what it does", "instead"], rows)
    };
    let data: Vec<_> = remarks
        .iter()
        .map(|one| {
            json!({
                "class": one.class.word(), "rule": one.rule, "file": one.place.file.display().to_string(), "line": one.place.line,
                "statement": one.statement, "what": one.what, "instead": one.instead, "allowed": one.is_allowed,
            })
        })
        .collect();
    let mut report = Report::new(page, json!({ "files": files, "remarks": data }));
    for one in remarks.iter().filter(|one| !one.is_allowed).take(ANNOTATIONS_MAX) {
        let level = match one.class {
            Class::Breaking => Level::Error,
            Class::Locking => Level::Warning,
            Class::Style => Level::Notice,
        };
        let message = format!("{}: {}\ninstead: {}", one.what, one.statement, one.instead);
        report.annotate(Annotation {
            level,
            title: one.rule.into(),
            message,
            place: Some(one.place.clone()),
        });
    }
    report
}
