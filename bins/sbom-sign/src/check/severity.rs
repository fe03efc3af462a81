//! How bad a vulnerability is, as its records rate it; never whether that is too bad.

mod cvss;

use clap::ValueEnum;
pub(crate) use contract::Severity as Level;
use serde_json::Value;

use super::osv::{Affected, Rating, Record};

/// From which level on a vulnerability fails.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, ValueEnum)]
pub enum Threshold {
    /// Any that is rated above none.
    Low,
    /// 4.0 and more.
    Medium,
    /// 7.0 and more.
    High,
    /// 9.0 and more.
    Critical,
}

impl Threshold {
    /// The lowest level that fails.
    pub(crate) const fn level(self) -> Level {
        match self {
            Self::Low => Level::Low,
            Self::Medium => Level::Medium,
            Self::High => Level::High,
            Self::Critical => Level::Critical,
        }
    }
}

/// One rating that was read.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Rated {
    /// The method, such as `CVSS_V3`.
    pub(crate) method: String,
    /// What the record says.
    pub(crate) score: String,
    /// The level; nothing where it can't be read, which is no reason to think it low.
    pub(crate) level: Option<Level>,
}

/// What is known of a vulnerability's severity.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Severity(Vec<Rated>);

impl Severity {
    /// What a record says about one of the packages it affects.
    pub(crate) fn of(record: &Record, affected: &Affected) -> Self {
        let mut all: Vec<Rated> = record.severity.iter().chain(&affected.severity).map(rated).collect();
        let word = |place: &Value, member: &str| place.get(member).and_then(Value::as_str).map(str::to_owned);
        let words = [
            ("severity", word(&record.database_specific, "severity")),
            ("severity", word(&affected.database_specific, "severity")),
            ("severity", word(&affected.ecosystem_specific, "severity")),
            // Debian's security tracker.
            ("urgency", word(&affected.ecosystem_specific, "urgency")),
        ];
        for (method, score) in words {
            let Some(score) = score else { continue };
            // `not yet assigned` is no rating.
            if let Some(level) = Level::of_word(&score) {
                all.push(Rated { method: method.to_owned(), score, level: Some(level) });
            }
        }
        if record.is_malicious() {
            let rated = ("malicious".to_owned(), record.id.clone(), Some(Level::Critical));
            all.push(Rated { method: rated.0, score: rated.1, level: rated.2 });
        }
        // RustSec's `unmaintained` and `notice` tell about a package, not about a hole in it.
        let told = word(&affected.database_specific, "informational");
        if let Some(score) = told.filter(|told| matches!(told.as_str(), "unmaintained" | "notice")) {
            all.push(Rated { method: "informational".to_owned(), score, level: Some(Level::None) });
        }
        Self(all)
    }

    /// Adds what another record of the same vulnerability says.
    pub(crate) fn and(&mut self, other: Self) {
        for rated in other.0 {
            if !self.0.contains(&rated) {
                self.0.push(rated);
            }
        }
    }

    /// The highest level that anybody gives.
    pub(crate) fn highest(&self) -> Option<Level> {
        self.0.iter().filter_map(|rated| rated.level).max()
    }

    /// Whether nobody rates it, or somebody does in a way that can't be read.
    pub(crate) fn is_unknown(&self) -> bool {
        self.0.is_empty() || self.0.iter().any(|rated| rated.level.is_none())
    }

    /// The ratings.
    pub(crate) fn ratings(&self) -> &[Rated] {
        &self.0
    }
}

fn rated(rating: &Rating) -> Rated {
    let Rating { method, score } = rating;
    let level = if method.starts_with("CVSS") { cvss::level(method, score) } else { Level::of_word(score) };
    Rated { method: method.clone(), score: score.clone(), level }
}

#[cfg(test)]
mod tests;
