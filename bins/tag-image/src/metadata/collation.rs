//! The order in which ICU's root collation puts names, which docker/metadata-action sorts its labels by; never any other order.
//!
//! Source: Unicode CLDR root collation (UTS #35, part 5), for ASCII. Letters of other scripts come behind them, by code point.

use std::cmp::Ordering;

/// Printable ASCII in the order of its primary weights; the letters of one pair have the same.
const PRIMARY: &str = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz";

/// Compares as `String.prototype.localeCompare` does in English: letters by the alphabet, and by case only where all else is the same.
pub(crate) fn compare(one: &str, other: &str) -> Ordering {
    let primary = primary_weights(one).cmp(primary_weights(other));
    // Small letters first.
    primary.then_with(|| weighed(other).cmp(weighed(one)))
}

fn primary_weights(text: &str) -> impl Iterator<Item = usize> {
    weighed(text).map(|character| {
        let lower = character.to_ascii_lowercase();
        PRIMARY.find(lower).unwrap_or(PRIMARY.len() + lower as usize)
    })
}

/// Control characters have no weight at all.
fn weighed(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|character| !character.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_as_in_a_dictionary() {
        let mut names =
            ["B", "A", "a.b", "Ab", "a-b", "b", "a_b", "AB", "a1", "aB", "a", "ab", "é", "$", "\u{1}a"];
        names.sort_by(|one, other| compare(one, other));
        assert_eq!(
            names,
            ["$", "a", "\u{1}a", "A", "a_b", "a-b", "a.b", "a1", "ab", "aB", "Ab", "AB", "b", "B", "é"]
        );
    }
}
