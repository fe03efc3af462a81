//! Which steps will run and which won't, and why; pure, and its `Display` is the dry run.

use std::fmt;

use contract::EnvironmentName;
use serde_saphyr::Spanned;

use crate::suite::{Form, Step, line};

/// The steps of one suite.
pub struct Plan<'s> {
    /// What the suite says.
    pub form: &'s Form,
    /// The steps in order.
    pub steps: Vec<Planned<'s>>,
    /// The steps that run whatever happened before.
    pub cleanup: Vec<Planned<'s>>,
}

/// A step and the decision about it.
pub struct Planned<'s> {
    /// The step.
    pub step: &'s Step,
    /// Its line in the file.
    pub line: Option<usize>,
    /// Why it won't run, if so.
    pub skip: Option<String>,
}

impl<'s> Plan<'s> {
    /// The plan for this environment. Where none is named, a step that names environments is in none of them.
    pub fn new(form: &'s Form, environment: Option<&EnvironmentName>) -> Self {
        let plan = |steps: &'s [Spanned<Step>]| steps.iter().map(|step| planned(step, environment)).collect();
        Self { form, steps: plan(&form.steps), cleanup: plan(&form.cleanup) }
    }

    /// All that the suite has, for no environment in particular.
    pub fn listed(form: &'s Form) -> Self {
        let all = |steps: &'s [Spanned<Step>]| {
            steps
                .iter()
                .map(|step| Planned { step: &step.value, line: line(step.referenced), skip: None })
                .collect()
        };
        Self { form, steps: all(&form.steps), cleanup: all(&form.cleanup) }
    }
}

fn planned<'s>(step: &'s Spanned<Step>, environment: Option<&EnvironmentName>) -> Planned<'s> {
    let skip = step.value.only_in.as_ref().and_then(|only| {
        let here = environment.is_some_and(|environment| only.contains(environment));
        let names: Vec<String> = only.iter().map(ToString::to_string).collect();
        (!here).then(|| format!("only in {}", names.join(", ")))
    });
    Planned { step: &step.value, line: line(step.referenced), skip }
}

impl fmt::Display for Plan<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "suite {}", self.form.name.value)?;
        if let Some(wait) = &self.form.wait {
            let (path, status, timeout) = (&wait.path.value, &wait.status, wait.timeout);
            writeln!(out, "  wait until GET {path} answers {status}, at most {timeout}")?;
        }
        let list = |out: &mut fmt::Formatter<'_>, head: &str, steps: &[Planned<'_>]| {
            steps.iter().try_for_each(|Planned { step, skip, .. }| {
                let (method, path) = (&step.request.method.0, &step.request.path.value);
                match skip {
                    None => writeln!(out, "  {head}{}: {method} {path}", step.name),
                    Some(why) => writeln!(out, "  {head}{}: skipped, {why}", step.name),
                }
            })
        };
        list(out, "", &self.steps)?;
        list(out, "cleanup: ", &self.cleanup)
    }
}

/// The plans of several suites, one after the other.
pub struct Plans<'s>(pub Vec<Plan<'s>>);

impl fmt::Display for Plans<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|plan| plan.fmt(out))
    }
}
