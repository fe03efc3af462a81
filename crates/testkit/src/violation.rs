//! What a broken rule looks like; never decides whether a test fails because of it.

use std::fmt;

/// One broken rule of the runner, or of ours where we ask for more than the runner does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule's kebab-case name, for example `leak` or `not-heredoc`.
    pub rule: &'static str,
    /// Where it was broken: `stdout:3`, `GITHUB_OUTPUT:1`, `summary`.
    pub place: String,
    /// What was found there. Never the secret itself.
    pub what: String,
}

impl Violation {
    pub(crate) fn new(rule: &'static str, place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { rule, place: place.into(), what: what.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.rule, self.place, self.what)
    }
}
