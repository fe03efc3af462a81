//! What happened to each step and what that makes of the suite; never how it is written down.

use std::time::Duration;

use ci::Session;
use contract::TestResult;
use jiff::Timestamp;

use crate::{judge::Check, suite::Suite};

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All held.
    Passed,
    /// Something did not hold in a cleanup that may fail.
    Warned,
    /// Something did not hold.
    Failed,
    /// It was not carried out.
    Skipped,
}

impl Verdict {
    /// The verdict as one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Warned => "warned",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// The lists a step can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// Waiting for the deployment, before the first step; it tests nothing by itself.
    Wait,
    /// The steps.
    Steps,
    /// The steps after them.
    Cleanup,
}

/// What happened to a step.
#[derive(Debug, Clone)]
pub struct StepOutcome {
    /// Its name.
    pub name: String,
    /// The list it is in.
    pub list: List,
    /// Its line in the file.
    pub line: Option<usize>,
    /// What came of it.
    pub verdict: Verdict,
    /// Why it was not carried out or failed before anything could be judged.
    pub reason: Option<String>,
    /// The request, without what opens doors.
    pub request: Option<String>,
    /// The status of the last answer.
    pub status: Option<u16>,
    /// How often it was asked.
    pub attempts: u32,
    /// How long the last answer took.
    pub elapsed: Duration,
    /// How long until its headers were there.
    pub first_byte: Duration,
    /// What was expected and what there was.
    pub checks: Vec<Check>,
}

impl StepOutcome {
    /// A step of which nothing is known yet.
    pub fn new(name: impl Into<String>, list: List, line: Option<usize>, verdict: Verdict) -> Self {
        Self {
            name: name.into(),
            list,
            line,
            verdict,
            reason: None,
            request: None,
            status: None,
            attempts: 0,
            elapsed: Duration::ZERO,
            first_byte: Duration::ZERO,
            checks: Vec::new(),
        }
    }

    /// The same with a reason.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// The name that tells the lists apart.
    pub fn title(&self) -> String {
        match self.list {
            List::Cleanup => format!("cleanup: {}", self.name),
            List::Wait | List::Steps => self.name.clone(),
        }
    }

    /// What did not hold, in one line.
    pub fn complaint(&self) -> String {
        let wrong = self.checks.iter().filter(|check| !check.passed);
        let wrong =
            wrong.map(|check| format!("{}: expected {}, got {}", check.what, check.expected, check.actual));
        self.reason.iter().cloned().chain(wrong).collect::<Vec<_>>().join("; ")
    }

    /// Rewrites every text that may hold something of the deployment.
    fn rewrite(&mut self, change: impl Fn(&str) -> String) {
        let texts = self.reason.iter_mut().chain(&mut self.request);
        let checks = self
            .checks
            .iter_mut()
            .flat_map(|check| [&mut check.what, &mut check.expected, &mut check.actual]);
        texts.chain(checks).for_each(|text| *text = change(text));
    }
}

/// What happened to a suite.
pub struct SuiteOutcome<'s> {
    /// The suite.
    pub suite: &'s Suite,
    /// Waiting, steps and cleanup in the order they were reached.
    pub steps: Vec<StepOutcome>,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
    /// Whether it was asked to end before its end.
    pub interrupted: bool,
}

/// How much of a text from outside is told, in characters.
const SHOWN_CHARS_MAX: usize = 300;

impl SuiteOutcome<'_> {
    /// The result. Nothing carried out, or not to the end, is never a pass; a step left out makes it a warning.
    pub fn result(&self) -> TestResult {
        let any = |verdict| self.steps.iter().any(|step| step.verdict == verdict);
        if any(Verdict::Failed) || self.interrupted || self.carried_out() == 0 {
            TestResult::Failed
        } else if any(Verdict::Warned) || any(Verdict::Skipped) {
            TestResult::Warned
        } else {
            TestResult::Passed
        }
    }

    /// How many steps were carried out, the waiting and the cleanup left out.
    pub fn carried_out(&self) -> usize {
        self.steps.iter().filter(|step| step.list == List::Steps && step.verdict != Verdict::Skipped).count()
    }

    /// The steps of this verdict. Waiting tests nothing, so it counts only where it failed.
    pub fn of(&self, verdict: Verdict) -> impl Iterator<Item = &StepOutcome> {
        let counts = |step: &StepOutcome| step.list != List::Wait || step.verdict == Verdict::Failed;
        self.steps.iter().filter(move |step| step.verdict == verdict && counts(step))
    }

    /// How many steps there are to count.
    pub fn counted(&self) -> usize {
        [Verdict::Passed, Verdict::Warned, Verdict::Failed, Verdict::Skipped]
            .map(|verdict| self.of(verdict).count())
            .iter()
            .sum()
    }

    /// Hides every masked text and shortens the rest. At the end, because a later step may have captured the secret that an earlier one
    /// shows; and in this order, because half a secret is not recognised.
    pub fn redact(&mut self, session: &Session) {
        for step in &mut self.steps {
            step.rewrite(|text| shorten(&session.redact(text)));
        }
    }
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}
