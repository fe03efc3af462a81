//! What a failure is: what happened, why, how to mend it, a code and an exit status; never how it is shown.

use std::{borrow::Cow, error::Error, fmt, path::PathBuf};

use crate::report::Report;

/// The stable kebab-case name of a failure, with an entry in `docs/failures.md`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Code(&'static str);

impl Code {
    /// Names a failure. The tidy test finds these calls and compares them with the page.
    pub const fn new(code: &'static str) -> Self {
        Self(code)
    }

    /// The name.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// Whose turn it is after a failure; one exit status each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A check said no: the release is refused.
    Refused,
    /// The caller gave wrong input.
    Input,
    /// Network, database, registry or host failed; a second run may help.
    World,
    /// Not decided yet: pending, inconclusive, soaking.
    NotYet,
    /// A defect of ours.
    Ours,
}

impl Kind {
    /// The status the process ends with.
    pub const fn exit_status(self) -> u8 {
        match self {
            Self::Refused => 1,
            Self::Input => 2,
            Self::World => 3,
            Self::NotYet => 4,
            Self::Ours => 70,
        }
    }

    /// The kind as one word, as `--format json` spells it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Input => "input",
            Self::World => "world",
            Self::NotYet => "not-yet",
            Self::Ours => "ours",
        }
    }
}

/// A line of a file, for an annotation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The file, as the user named it.
    pub file: PathBuf,
    /// The line, counted from 1.
    pub line: Option<usize>,
}

/// An error that can be told to a person: `Display` says what happened, `source()` why, `fix()` how to mend it.
pub trait Failure: Error + Send + Sync {
    /// Its name.
    fn code(&self) -> Code;
    /// Whose turn it is.
    fn kind(&self) -> Kind;
    /// How to mend it, as an instruction.
    fn fix(&self) -> Cow<'static, str>;
    /// Where in a file, if it is about one.
    fn place(&self) -> Option<Place> {
        None
    }
}

/// A run that ended before its end: the failure, and what there is to report all the same.
pub struct Stop {
    /// Why it ended.
    pub failure: Box<dyn Failure>,
    /// Outputs and findings up to there.
    pub report: Box<Report>,
}

impl Stop {
    /// A failure with something to report: a refused release has a table of its gates.
    pub fn with(report: Report, failure: impl Failure + 'static) -> Self {
        Self { failure: Box::new(failure), report: Box::new(report) }
    }
}

impl<F: Failure + 'static> From<F> for Stop {
    fn from(failure: F) -> Self {
        Self::with(Report::default(), failure)
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.failure.code().as_str(), self.failure)
    }
}
