//! What the expressions of a template are worth; never how a template is written.

use jiff::{Timestamp, tz::TimeZone};

use crate::metadata::{
    Manner, dates,
    facts::{Facts, Run},
    template::{Call, Scope, Template, Word},
    trouble::Trouble,
};

/// The expressions that a place knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Vocabulary {
    /// In values, prefixes, suffixes, `enable`, labels and annotations.
    Everything,
    /// In the pattern of a schedule.
    Dates,
    /// In the pattern of a version.
    Version,
}

impl Vocabulary {
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Everything => &[
                "branch",
                "tag",
                "sha",
                "base_ref",
                "is_default_branch",
                "is_not_default_branch",
                "date",
                "commit_date",
            ],
            Self::Dates => &["date", "commit_date"],
            Self::Version => &["raw", "version", "major", "minor", "patch"],
        }
    }

    const fn told(self) -> &'static str {
        match self {
            Self::Everything => {
                ", only branch, tag, sha, base_ref, is_default_branch, is_not_default_branch, date and commit_date"
            }
            Self::Dates => ", only date and commit_date",
            Self::Version => ", only raw, version, major, minor and patch",
        }
    }

    /// Reads a template of this place. In the strict manner every expression in it must be one that has a value.
    ///
    /// # Errors
    /// [`Trouble`] for a template that can't be read or followed.
    pub(crate) fn template(self, text: &str, manner: Manner) -> Result<Template, Trouble> {
        let template = Template::parse(text)?;
        if manner == Manner::Strict {
            template.calls().into_iter().try_for_each(|call| self.check(call))?;
        }
        Ok(template)
    }

    fn check(self, call: &Call) -> Result<(), Trouble> {
        if !self.names().contains(&call.name.as_str()) {
            return Err(Trouble::UnknownExpression { name: call.name.clone(), known: self.told() });
        }
        if matches!(call.name.as_str(), "date" | "commit_date") {
            match &call.words[..] {
                [Word::Text(_)] => Form::of(call, Manner::Strict).map(drop),
                [] => Err(wrong(call, "needs a format")),
                [Word::Name(_)] => Err(wrong(call, "takes its format in quotes")),
                _ => Err(wrong(call, "takes one format")),
            }
        } else if call.words.is_empty() && call.named.is_empty() {
            Ok(())
        } else {
            Err(wrong(call, "takes nothing"))
        }
    }
}

fn wrong(call: &Call, what: &'static str) -> Trouble {
    Trouble::Arguments { name: call.name.clone(), what }
}

/// How a date is to be written.
struct Form<'c> {
    format: Option<&'c str>,
    zone: TimeZone,
}

impl<'c> Form<'c> {
    fn of(call: &'c Call, manner: Manner) -> Result<Self, Trouble> {
        let format = match call.words.first() {
            Some(Word::Text(format)) => Some(format.as_str()),
            // A name that nothing has is no format.
            Some(Word::Name(_)) => None,
            None => return Err(wrong(call, "needs a format")),
        };
        let mut zone = TimeZone::UTC;
        for (key, word) in &call.named {
            zone = match (key.as_str(), word) {
                ("tz", Word::Text(name)) => match (dates::zone(name), manner) {
                    (Some(zone), _) => zone,
                    (None, Manner::Compat) => TimeZone::UTC,
                    (None, Manner::Strict) => return Err(Trouble::TimeZone(name.clone())),
                },
                ("tz", Word::Name(_)) if manner == Manner::Compat => TimeZone::UTC,
                ("tz", Word::Name(_)) => return Err(wrong(call, "takes its time zone in quotes")),
                _ => return Err(wrong(call, "takes only tz beside its format")),
            };
        }
        Ok(Self { format, zone })
    }
}

/// The expressions that ask when.
pub(crate) struct Dates<'f>(pub(crate) &'f Facts, pub(crate) Manner);

impl Scope for Dates<'_> {
    fn value(&self, call: &Call) -> Result<Option<String>, Trouble> {
        let Self(facts, manner) = self;
        let when: Timestamp = match call.name.as_str() {
            "date" => facts.now,
            "commit_date" => facts.commit_date.unwrap_or(facts.now),
            _ => return Ok(None),
        };
        let form = Form::of(call, *manner)?;
        Ok(Some(dates::format(when, form.zone, form.format)))
    }
}

/// All expressions but those of a version.
pub(crate) struct Everything<'f>(pub(crate) &'f Facts, pub(crate) Manner);

impl Scope for Everything<'_> {
    fn value(&self, call: &Call) -> Result<Option<String>, Trouble> {
        let Self(facts, manner) = self;
        let run = &facts.run;
        Ok(Some(match call.name.as_str() {
            "branch" => run.branch().unwrap_or_default().to_owned(),
            "tag" => run.tag().unwrap_or_default().to_owned(),
            "sha" => run.short_sha().to_owned(),
            "base_ref" => run.base_ref().to_owned(),
            "is_default_branch" => is_default_branch(run).to_string(),
            "is_not_default_branch" => (!is_default_branch(run)).to_string(),
            _ => return Dates(facts, *manner).value(call),
        }))
    }
}

/// Some events happen on the default branch only, and their payload does not say so.
fn is_default_branch(run: &Run) -> bool {
    const ALWAYS: [&str; 4] = ["create", "discussion", "issues", "schedule"];
    let branch = run.branch().unwrap_or(&run.reference);
    !branch.is_empty()
        && (run.default_branch.as_deref() == Some(branch)
            || ALWAYS.iter().any(|event| run.event.contains(event)))
}
