//! How bad a vulnerability is, in the words that a check, a statement and a gate share; never how that is found out.

use std::{fmt, str::FromStr};

/// A level, in the words of CVSS (first.org/cvss, "Qualitative Severity Rating Scale").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// It does no harm.
    None,
    /// 0.1 to 3.9
    Low,
    /// 4.0 to 6.9
    Medium,
    /// 7.0 to 8.9
    High,
    /// 9.0 to 10.0
    Critical,
}

/// The text is no level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no severity: expected none, low, medium, high or critical")]
pub struct InvalidSeverity(String);

impl Severity {
    /// All of them, from the least to the worst.
    pub const ALL: [Self; 5] = [Self::None, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// As it is written.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The level of a score from 0 to 10; nothing for another number.
    pub fn of_score(score: f64) -> Option<Self> {
        // Scores have one decimal; whole tenths are compared.
        Some(match (score * 10.0).round() {
            tenths if !(0.0..=100.0).contains(&tenths) => return None,
            tenths if tenths < 1.0 => Self::None,
            tenths if tenths < 40.0 => Self::Low,
            tenths if tenths < 70.0 => Self::Medium,
            tenths if tenths < 90.0 => Self::High,
            _ => Self::Critical,
        })
    }

    /// The level of a word as GitHub, Ubuntu, Debian, Red Hat and others write it; nothing for another word.
    pub fn of_word(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "none" | "unimportant" => Self::None,
            "negligible" | "low" => Self::Low,
            "medium" | "moderate" => Self::Medium,
            "high" | "important" => Self::High,
            "critical" => Self::Critical,
            _ => return None,
        })
    }
}

impl FromStr for Severity {
    type Err = InvalidSeverity;

    fn from_str(text: &str) -> Result<Self, InvalidSeverity> {
        let known = Self::ALL.into_iter().find(|level| level.word() == text);
        known.ok_or_else(|| InvalidSeverity(text.to_owned()))
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.word())
    }
}

crate::text_form!(Severity);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_read_as_it_is_written_and_stands_in_its_order() {
        for level in Severity::ALL {
            assert_eq!(level.to_string().parse(), Ok(level));
            assert_eq!(Severity::of_word(level.word()), Some(level));
        }
        assert!(Severity::ALL.is_sorted());
        for text in ["", "High", "severe", "7.0"] {
            assert!(text.parse::<Severity>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_score_has_the_level_of_its_tenth() {
        use Severity::{Critical, High, Low, Medium, None as Harmless};
        for (score, level) in [
            (0.0, Some(Harmless)),
            (0.1, Some(Low)),
            (3.9, Some(Low)),
            (4.0, Some(Medium)),
            (6.9, Some(Medium)),
            (7.0, Some(High)),
            (8.9, Some(High)),
            (9.0, Some(Critical)),
            (10.0, Some(Critical)),
            (10.1, None),
            (-1.0, None),
            (f64::NAN, None),
            (f64::INFINITY, None),
        ] {
            assert_eq!(Severity::of_score(score), level, "{score}");
        }
    }
}
