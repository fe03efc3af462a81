//! What a rule is: a sentence, its reason and its remedy; never how breaks are found.

use std::fmt;

/// One rule of the house.
pub(crate) struct Rule {
    /// The rule itself.
    pub(crate) says: &'static str,
    /// Its reason.
    pub(crate) why: &'static str,
    /// What to do about a break.
    pub(crate) mend: &'static str,
}

/// One break of a rule: where, and what is there.
#[derive(Debug)]
pub(crate) struct Break {
    path: String,
    line: usize,
    what: String,
}

impl Break {
    /// A break that is about a whole file, or about one that is missing.
    pub(crate) fn of_file(path: &str, what: impl Into<String>) -> Self {
        Self::at(path, 1, what)
    }

    /// A break at a line, counted from 1.
    pub(crate) fn at(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Break {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}", self.path, self.line, self.what)
    }
}

impl Rule {
    /// Fails with all breaks, each with its place.
    #[track_caller]
    pub(crate) fn holds(&self, breaks: &[Break]) {
        let Self { says, why, mend } = self;
        let list: String = breaks.iter().map(|found| format!("\n  {found}")).collect();
        assert!(breaks.is_empty(), "{says}\n  why: {why}\n  mend: {mend}{list}");
    }
}
