//! The lines of the policy at work: which of them are about what was found, and which of them do nothing; never what was found.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use super::{
    bill::Listed,
    plan::called,
    policy::{Day, Policy},
};

/// What a line of the policy leaves out of the question.
pub(crate) struct LeftOut {
    /// The line: its pattern, its reason and its end.
    pub(crate) line: (String, String, Day),
    /// How many packages it is about.
    pub(crate) packages: usize,
}

/// The lines of the policy, and which of them were of use.
pub(crate) struct Lines<'p> {
    policy: &'p Policy,
    today: Day,
    used: RefCell<BTreeSet<Line>>,
    left_out: RefCell<BTreeMap<usize, BTreeSet<String>>>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Line {
    Ignore(usize),
    Unchecked(usize),
}

impl<'p> Lines<'p> {
    pub(crate) fn of(policy: &'p Policy, today: Day) -> Self {
        Self { policy, today, used: RefCell::default(), left_out: RefCell::default() }
    }

    /// The reason and the end of a line that lets this vulnerability pass. A line about some packages must be about all that have it.
    pub(crate) fn ignores(&self, names: &[String], packages: &[&Listed]) -> Option<(String, Day)> {
        let mut found = None;
        for (place, line) in self.policy.ignore.iter().enumerate() {
            let about = line.purl.as_ref().is_none_or(|pattern| {
                packages.iter().all(|package| package.purl.as_ref().is_some_and(|purl| pattern.covers(purl)))
            });
            if about && names.iter().any(|name| name == line.id.get_ref()) {
                self.used.borrow_mut().insert(Line::Ignore(place));
                if !line.expires.is_over(self.today) {
                    found.get_or_insert_with(|| (line.reason.to_string(), line.expires));
                }
            }
        }
        found
    }

    /// Whether this package need not be found in a database.
    pub(crate) fn leaves_out(&self, package: &Listed) -> bool {
        let mut left_out = false;
        for (place, line) in self.policy.unchecked.iter().enumerate() {
            if package.purl.as_ref().is_some_and(|purl| line.purl.get_ref().covers(purl)) {
                self.used.borrow_mut().insert(Line::Unchecked(place));
                if !line.expires.is_over(self.today) {
                    left_out = true;
                    self.left_out.borrow_mut().entry(place).or_default().insert(called(package));
                }
            }
        }
        left_out
    }

    /// The lines by which packages were left out.
    pub(crate) fn left_out(&self) -> Vec<LeftOut> {
        let told = |(place, packages): (&usize, &BTreeSet<String>)| {
            let line = &self.policy.unchecked[*place];
            let line = (line.purl.get_ref().to_string(), line.reason.to_string(), line.expires);
            LeftOut { line, packages: packages.len() }
        };
        self.left_out.borrow().iter().map(told).collect()
    }

    /// Lines that have ended, and lines that are about nothing.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let used = self.used.borrow();
        let remark = |what: String, line: Line, end: Day| {
            if end.is_over(self.today) {
                Some(format!("{what} ended on {end} and counts no more"))
            } else {
                (!used.contains(&line)).then(|| format!("{what} is about nothing that was found"))
            }
        };
        let ignore = self.policy.ignore.iter().enumerate().filter_map(|(place, line)| {
            let pattern = line.purl.as_ref().map(|purl| format!(" in {purl}")).unwrap_or_default();
            remark(format!("[[ignore]] {}{pattern}", line.id.get_ref()), Line::Ignore(place), line.expires)
        });
        let unchecked = self.policy.unchecked.iter().enumerate().filter_map(|(place, line)| {
            remark(format!("[[unchecked]] {}", line.purl.get_ref()), Line::Unchecked(place), line.expires)
        });
        ignore.chain(unchecked).collect()
    }
}
