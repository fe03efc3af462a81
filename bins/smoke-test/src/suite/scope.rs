//! What must hold between the parts of a suite: every variable has a source, every step can fail; never what stands in one value.

use std::{borrow::Cow, collections::BTreeSet};

use serde_saphyr::{Location, Spanned};

use super::{Capture, Form, JsonCheck, Problem, Step, load::unknown, templates};
use crate::template::{InvalidTemplate, Template, is_name};

/// Made by the run itself.
const BUILT_IN: [&str; 2] = ["uuid", "timestamp"];

/// All that is wrong with a suite whose values each have their form.
pub(super) fn problems(form: &Form) -> Vec<Problem> {
    let mut checker =
        Checker { known: BUILT_IN.iter().map(ToString::to_string).collect(), found: Vec::new() };
    if form.name.value.trim().is_empty() {
        checker.tell(form.name.referenced, "the suite has no name");
    }
    for (name, variable) in form.from_env.iter() {
        checker.declare(name, variable.referenced);
    }
    for (name, value) in form.variables.iter() {
        for template in templates::within(&value.value) {
            checker.template(value.referenced, template);
        }
        checker.declare(name, value.referenced);
    }
    if let Some(wait) = &form.wait {
        checker.path(&wait.path);
        checker.template(wait.path.referenced, Ok(Cow::Borrowed(&wait.path.value)));
    }
    if form.steps.is_empty() {
        checker.tell(form.name.referenced, "the suite has no steps: nothing tested is never a pass");
    }
    checker.list(&form.steps);
    checker.list(&form.cleanup);
    checker.found
}

struct Checker {
    known: BTreeSet<String>,
    found: Vec<Problem>,
}

impl Checker {
    fn tell(&mut self, at: Location, what: impl Into<String>) {
        self.found.push(Problem { line: line(at), what: what.into() });
    }

    fn declare(&mut self, name: &str, at: Location) {
        if !is_name(name) {
            self.tell(at, format!("`{name}` can't name a variable: use letters, digits, `_` and `-`"));
        }
        if BUILT_IN.contains(&name) {
            self.tell(at, format!("`{name}` is made by the run itself: choose another name"));
        }
        self.known.insert(name.to_owned());
    }

    fn list(&mut self, steps: &[Spanned<Step>]) {
        let mut names = BTreeSet::new();
        for step in steps {
            if step.value.name.trim().is_empty() {
                self.tell(step.referenced, "the step has no name");
            } else if !names.insert(&step.value.name) {
                self.tell(step.referenced, format!("another step is called `{}` too", step.value.name));
            }
            self.step(step);
        }
    }

    fn step(&mut self, step: &Spanned<Step>) {
        let (at, step) = (step.referenced, &step.value);
        let request = &step.request;
        self.path(&request.path);
        for (at, template) in step.templates() {
            self.template(at, template);
        }
        if step.only_in.as_ref().is_some_and(Vec::is_empty) {
            self.tell(at, "`only-in` names no environment, so the step would never run");
        }
        for (name, value) in request.headers.iter() {
            self.header(value.referenced, name);
        }
        let bodies = [request.json.is_some(), request.form.is_some(), request.body.is_some()];
        if bodies.iter().filter(|there| **there).count() > 1 {
            self.tell(at, "a request has one body: `json`, `form` or `body`");
        }
        self.expect(at, step);
        self.retry(step);
        for (name, capture) in step.capture.iter() {
            self.capture(capture);
            self.declare(name, capture.referenced);
        }
    }

    fn expect(&mut self, at: Location, step: &Step) {
        let expect = &step.expect;
        let nothing = expect.status.is_none() && expect.max_time.is_none() && expect.body.is_none();
        if nothing && expect.headers.0.is_empty() && expect.json.is_empty() {
            self.tell(at, format!("the step `{}` expects nothing, so it could never fail", step.name));
        }
        if expect.status.as_ref().is_some_and(super::StatusSet::is_empty) {
            self.tell(at, "`status` names no status");
        }
        for (name, check) in expect.headers.iter() {
            self.header(check.referenced, name);
        }
        for (_, check) in expect.headers.iter().chain(expect.body.iter().map(|body| ("", body))) {
            if check.value.is_empty() {
                self.tell(check.referenced, "an expectation expects nothing, so it could never fail");
            }
        }
        if let Some(body) = expect.body.as_ref().filter(|body| body.value.exists.is_some()) {
            self.tell(body.referenced, "`exists` is for headers: a body is always there, if only empty");
        }
        for check in &expect.json {
            self.json_check(check);
        }
    }

    fn json_check(&mut self, check: &Spanned<JsonCheck>) {
        let (at, check) = (check.referenced, &check.value);
        let values = [&check.equals, &check.not_equals, &check.contains];
        let about_one = values.iter().any(|value| value.is_some())
            || check.matches.is_some()
            || check.kind.is_some()
            || check.at_least.is_some()
            || check.at_most.is_some();
        if !about_one && check.exists.is_none() && check.count.is_none() {
            self.tell(at, format!("`{}` expects nothing, so it could never fail", check.path));
        }
        if about_one && check.exists == Some(false) {
            self.tell(at, "`exists: false` and an expectation of the value can't both hold");
        }
    }

    fn retry(&mut self, step: &Step) {
        let Some(retry) = &step.retry else { return };
        if retry.value.attempts < 2 {
            self.tell(retry.referenced, "`attempts` counts the first one too: less than 2 is no retry");
        }
        let method = &step.request.method.0;
        let safe = *method == http::Method::GET || *method == http::Method::HEAD;
        if !safe && !retry.value.idempotent {
            let what = format!("{method} is not tried again unless you say `idempotent: true` in `retry`");
            self.tell(retry.referenced, what);
        }
    }

    fn capture(&mut self, capture: &Spanned<Capture>) {
        let Capture { json, header, body, .. } = &capture.value;
        if [json.is_some(), header.is_some(), body.is_some()].iter().filter(|there| **there).count() != 1 {
            self.tell(capture.referenced, "a capture names one source: `json`, `header` or `body`");
        }
        if let Some(name) = header {
            self.header(capture.referenced, name);
        }
        if let Some(path) = json.as_ref().filter(|path| !path.is_singular()) {
            let what =
                format!("`{path}` may find several nodes: a capture needs a path of names and indices only");
            self.tell(capture.referenced, what);
        }
    }

    fn header(&mut self, at: Location, name: &str) {
        if name.parse::<http::HeaderName>().is_err() {
            self.tell(at, format!("`{name}` can't name a header"));
        }
    }

    fn path(&mut self, path: &Spanned<Template>) {
        if !path.value.starts_with("/") {
            self.tell(path.referenced, "a path begins with `/`; scheme and host come from --base-url");
        }
    }

    fn template(&mut self, at: Location, template: Result<Cow<'_, Template>, InvalidTemplate>) {
        let template = match template {
            Ok(template) => template,
            Err(error) => return self.tell(at, error.to_string()),
        };
        for name in template.variables().filter(|name| !self.known.contains(*name)).collect::<Vec<_>>() {
            let what = unknown("variable", name, self.known.iter().map(String::as_str));
            self.tell(at, what + " (a step sees the captures of earlier steps only)");
        }
    }
}

/// The line a value stands in, counted from 1.
pub fn line(at: Location) -> Option<usize> {
    usize::try_from(at.line()).ok().filter(|line| *line > 0)
}
