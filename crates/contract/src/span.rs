//! Lengths of time as people write them in configuration, always with a unit; never a point in time.

use std::{fmt, str::FromStr, time::Duration};

/// A length of time such as `500ms`, `30s`, `5m`, `1h30m` or `7d`, in whole milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Span(Duration);

/// The text is no length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no length of time: expected whole numbers with units, such as 500ms, 30s, 5m, 1h30m or 7d")]
pub struct InvalidSpan(String);

/// Units from the longest to the shortest, in milliseconds.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

impl Span {
    /// A span of this length, cut to whole milliseconds.
    pub const fn of(duration: Duration) -> Self {
        Self(duration)
    }

    /// The length.
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl FromStr for Span {
    type Err = InvalidSpan;

    fn from_str(text: &str) -> Result<Self, InvalidSpan> {
        let invalid = || InvalidSpan(text.to_owned());
        let mut rest = text;
        let mut milliseconds: u64 = 0;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(invalid)?;
            let (number, tail) = rest.split_at(digits);
            let unit = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(unit);
            let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(invalid)?;
            let number: u64 = number.parse().map_err(|_| invalid())?;
            milliseconds = number
                .checked_mul(*factor)
                .and_then(|more| milliseconds.checked_add(more))
                .ok_or_else(invalid)?;
            rest = tail;
        }
        if text.is_empty() { Err(invalid()) } else { Ok(Self(Duration::from_millis(milliseconds))) }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        if rest == 0 {
            return out.write_str("0s");
        }
        for (unit, length) in UNITS {
            if rest >= length {
                write!(out, "{}{unit}", rest / length)?;
                rest %= length;
            }
        }
        Ok(())
    }
}

crate::text_form!(Span);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_without_a_unit_is_refused() {
        for text in ["", "5", "m", "5 m", "-5m", "5w", "1.5h", "99999999999999999999d", "1h30"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn parts_add_up() {
        assert_eq!("1h30m".parse::<Span>().unwrap().duration(), Duration::from_mins(90));
        assert_eq!("7d".parse::<Span>().unwrap().to_string(), "7d");
        assert_eq!("90s".parse::<Span>().unwrap().to_string(), "1m30s");
    }

    proptest::proptest! {
        #[test]
        fn text_and_value_are_the_same(milliseconds in 0..u64::from(u32::MAX)) {
            let span = Span::of(Duration::from_millis(milliseconds));
            proptest::prop_assert_eq!(span.to_string().parse::<Span>(), Ok(span));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = text.parse::<Span>();
        }
    }
}
