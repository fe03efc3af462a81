//! The policy: what a team has looked at and lets pass, until when and why, and which licences it takes; never what was found.

use std::{collections::BTreeSet, fmt};

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, de};
use toml::Spanned;

use super::{licence::LicenceRules, package_url::Pattern};

/// How far ahead an entry may end, in days: a date that nobody will live to see is no date.
const DAYS_MAX: i32 = 366;

/// A policy that lets nothing pass.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Policy {
    /// Vulnerabilities that do not count.
    #[serde(default)]
    pub(crate) ignore: Vec<Ignore>,
    /// Packages that need not be found in a database.
    #[serde(default)]
    pub(crate) unchecked: Vec<Unchecked>,
    /// Which licences are taken; without it none is asked for.
    #[serde(default)]
    pub(crate) licences: Option<LicenceRules>,
}

/// `[[ignore]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ignore {
    /// The vulnerability, by any of its names.
    pub(crate) id: Spanned<String>,
    /// In which packages; without it in all.
    #[serde(default)]
    pub(crate) purl: Option<Pattern>,
    /// Why it does not count.
    pub(crate) reason: Reason,
    /// The last day on which it does not.
    pub(crate) expires: Day,
}

/// `[[unchecked]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unchecked {
    /// Which packages.
    pub(crate) purl: Spanned<Pattern>,
    /// Why it is no matter.
    pub(crate) reason: Reason,
    /// The last day on which it is not.
    pub(crate) expires: Day,
}

/// A reason, which says something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Reason(String);

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let text = text.trim();
        if text.is_empty() {
            Err(de::Error::custom("the reason is empty"))
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

/// A day, in UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Day(Date);

impl fmt::Display for Day {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = toml::value::Datetime::deserialize(deserializer)?;
        let wrong = || de::Error::custom(format!("`{value}` is no date such as 2027-03-31"));
        let (Some(date), None, None) = (value.date, value.time, value.offset) else { return Err(wrong()) };
        let part = |part: u8| i8::try_from(part).map_err(|_| wrong());
        let year = i16::try_from(date.year).map_err(|_| wrong())?;
        Date::new(year, part(date.month)?, part(date.day)?).map(Self).map_err(|_| wrong())
    }
}

/// What is wrong with a policy, and where.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub(crate) struct NoPolicy {
    /// What.
    why: String,
    /// The line, counted from 1.
    pub(crate) line: Option<usize>,
}

impl Policy {
    /// Reads a policy. What ends too late is refused; what has ended is a matter of the day.
    pub(crate) fn parse(text: &str, today: Day) -> Result<Self, NoPolicy> {
        let line = |byte: usize| 1 + text.bytes().take(byte).filter(|byte| *byte == b'\n').count();
        let policy: Self = toml::from_str(text).map_err(|error| NoPolicy {
            why: error.message().lines().next().unwrap_or_default().to_owned(),
            line: error.span().map(|span| line(span.start)),
        })?;
        let ends = policy.ignore.iter().map(|entry| (entry.id.span(), entry.expires));
        let ends = ends.chain(policy.unchecked.iter().map(|entry| (entry.purl.span(), entry.expires)));
        for (span, end) in ends {
            if today.days_until(end) > DAYS_MAX {
                let why = format!("`expires` is {end}, and at most a year ahead is taken");
                return Err(NoPolicy { why, line: Some(line(span.start)) });
            }
        }
        let mut seen = BTreeSet::new();
        for entry in &policy.ignore {
            let about = (entry.id.get_ref(), entry.purl.as_ref().map(ToString::to_string));
            if !seen.insert(about) {
                let why = format!("{} is ignored twice", entry.id.get_ref());
                return Err(NoPolicy { why, line: Some(line(entry.id.span().start)) });
            }
        }
        if let Some(rules) = &policy.licences {
            rules.check().map_err(|why| NoPolicy { why, line: None })?;
        }
        Ok(policy)
    }
}

impl Day {
    /// The day of a time.
    pub(crate) fn of(time: jiff::Timestamp) -> Self {
        Self(time.to_zoned(jiff::tz::TimeZone::UTC).date())
    }

    fn days_until(self, other: Self) -> i32 {
        self.0.until(other.0).map_or(i32::MAX, |span| span.get_days())
    }

    /// Whether an entry that ends on this day has ended.
    pub(crate) fn is_over(self, today: Self) -> bool {
        self < today
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: &str = "2027-01-15T08:00:00Z";

    fn policy(text: &str) -> Result<Policy, NoPolicy> {
        Policy::parse(text, Day::of(TODAY.parse().unwrap()))
    }

    #[test]
    fn an_entry_says_what_why_and_until_when() {
        let good = "[[ignore]]\nid = \"CVE-2026-1\"\npurl = \"pkg:npm/a\"\nreason = \"not reached\"\nexpires = 2027-03-31\n";
        let read = policy(good).unwrap();
        let entry = &read.ignore[0];
        assert_eq!(
            (entry.id.get_ref().as_str(), entry.reason.to_string().as_str()),
            ("CVE-2026-1", "not reached")
        );
        assert_eq!(entry.expires.to_string(), "2027-03-31");
        for (from, to) in [
            ("reason = \"not reached\"\n", ""),
            ("not reached", " "),
            ("expires = 2027-03-31\n", ""),
            ("2027-03-31", "2028-03-31"),
            ("2027-03-31", "9999-12-31"),
            ("2027-03-31", "\"2027-03-31\""),
            ("2027-03-31", "2027-03-31T00:00:00Z"),
            ("2027-03-31", "2027-02-30"),
            ("pkg:npm/a", "a"),
            ("purl", "package"),
            ("[[ignore]]", "[ignore]"),
        ] {
            let bad = good.replace(from, to);
            assert!(policy(&bad).is_err(), "{bad}");
        }
        let twice = policy(&good.repeat(2)).unwrap_err();
        assert_eq!((twice.to_string().as_str(), twice.line), ("CVE-2026-1 is ignored twice", Some(7)));
    }

    #[test]
    fn an_entry_holds_through_its_last_day() {
        let day = |text: &str| Day::of(format!("{text}T23:59:59Z").parse().unwrap());
        assert!(!day("2027-01-15").is_over(day("2027-01-15")));
        assert!(day("2027-01-14").is_over(day("2027-01-15")));
    }

    #[test]
    fn an_empty_policy_lets_nothing_pass() {
        let empty = policy("").unwrap();
        assert!(empty.ignore.is_empty() && empty.unchecked.is_empty() && empty.licences.is_none());
    }
}
