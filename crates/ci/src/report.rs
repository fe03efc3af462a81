//! What a run has to say at its end: named outputs, a page for people, data for programs, annotations; never how it is sent.

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::Value;

use crate::{failure::Place, page::Page};

/// How much an annotation matters, in the runner's words.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// Something refused or failed.
    Error,
    /// Something to look at.
    Warning,
    /// Something to know.
    Notice,
}

impl Level {
    /// The name of the workflow command.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// One line shown beside the code or the run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Annotation {
    /// How much it matters.
    pub level: Level,
    /// A few words, or a failure's code.
    pub title: String,
    /// What there is to say; may hold untrusted text.
    pub message: String,
    /// Where in a file.
    pub place: Option<Place>,
}

/// Everything a run tells when it ends, in success as in failure.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Report {
    /// For people: standard output off a runner, the step summary on one.
    pub page: Page,
    /// For programs: the `result` of `--format json`.
    pub data: Value,
    outputs: BTreeMap<&'static str, Cow<'static, str>>,
    variables: BTreeMap<&'static str, String>,
    annotations: Vec<Annotation>,
}

impl Report {
    /// A page and its data.
    pub fn new(page: Page, data: Value) -> Self {
        Self { page, data, ..Self::default() }
    }

    /// A plan that was only shown: the page is its `Display`, and nothing else is told.
    pub fn planned(plan: &impl std::fmt::Display, data: Value) -> Self {
        Self::new(Page::new().lines(&plan.to_string()), data)
    }

    /// Adds a step output. Names are literals, so that action.yml can be tested against them. So are our own words, and these are not
    /// redacted: later steps decide by them, and a service that is tested chooses its tokens itself, `FAILED` for one.
    #[must_use]
    pub fn output(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.outputs.insert(name, value.into());
        self
    }

    /// Adds a variable for the steps that follow.
    #[must_use]
    pub fn environment(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.insert(name, value.into());
        self
    }

    /// Adds an annotation.
    pub fn annotate(&mut self, annotation: Annotation) {
        self.annotations.push(annotation);
    }

    /// Shows each text that may hold what others wrote, to be read or changed: before anything escapes or encodes it. The one list of
    /// them, so that what is searched for secrets and what is freed of them can't differ.
    pub(crate) fn each_text(&mut self, each: &mut impl FnMut(&mut String)) {
        self.page.each_text(each);
        each_of_json(&mut self.data, each);
        for value in self.outputs.values_mut() {
            if let Cow::Owned(value) = value {
                each(value);
            }
        }
        self.variables.values_mut().for_each(&mut *each);
        for annotation in &mut self.annotations {
            each(&mut annotation.title);
            each(&mut annotation.message);
            if let Some(place) = &mut annotation.place {
                let mut file = place.file.to_string_lossy().into_owned();
                each(&mut file);
                place.file = file.into();
            }
        }
    }

    /// The step outputs by name.
    pub fn outputs(&self) -> &BTreeMap<&'static str, Cow<'static, str>> {
        &self.outputs
    }

    /// The variables for the steps that follow, by name.
    pub fn variables(&self) -> &BTreeMap<&'static str, String> {
        &self.variables
    }

    /// The annotations in the order they were made.
    pub fn annotations(&self) -> &[Annotation] {
        &self.annotations
    }
}

fn each_of_json(value: &mut Value, each: &mut impl FnMut(&mut String)) {
    match value {
        Value::String(text) => each(text),
        Value::Array(values) => values.iter_mut().for_each(|value| each_of_json(value, each)),
        Value::Object(members) => {
            let seen = std::mem::take(members).into_iter().map(|(mut name, mut value)| {
                each_of_json(&mut value, each);
                each(&mut name);
                (name, value)
            });
            *members = seen.collect();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
