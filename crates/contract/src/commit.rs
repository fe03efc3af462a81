//! The source a release was built from, as git names it; never a branch or a tag.

use std::{fmt, str::FromStr};

/// A full git object name: 40 (SHA-1) or 64 (SHA-256) lower-case hexadecimal digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Commit(String);

/// The text is no full commit name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no commit: expected the 40 or 64 hexadecimal digits of a full object name")]
pub struct InvalidCommit(String);

/// How many digits stand in a tag. Fixed, because `git rev-parse --short` grows with the repository
/// and then two runs name one commit differently.
const SHORT_DIGITS: usize = 7;

impl Commit {
    /// The first seven digits, always seven.
    pub fn short(&self) -> &str {
        &self.0[..SHORT_DIGITS]
    }

    /// The full name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Commit {
    type Err = InvalidCommit;

    fn from_str(text: &str) -> Result<Self, InvalidCommit> {
        let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if digits && matches!(text.len(), 40 | 64) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidCommit(text.to_owned()))
        }
    }
}

impl fmt::Display for Commit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

crate::text_form!(Commit);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_a_branch_and_upper_case_are_no_commits() {
        for text in ["", "860c190", "main", &"A".repeat(40), &"a".repeat(41)] {
            assert!(text.parse::<Commit>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_short_form_has_seven_digits() {
        let commit: Commit = "860c1904a1ce19322e91ac35af1ab07466440c37".parse().unwrap();
        assert_eq!(commit.short(), "860c190");
    }
}
