//! Holds what is given against what the schema wants: every problem, not the first; pure, and never with a sensitive value in its words.

mod given;
mod remarks;
mod resolve;

use std::path::PathBuf;

use contract::EnvironmentName;

use crate::{
    error::EnvError,
    facts::Facts,
    schema::{Exposure, Unanswered, Variable},
};

use given::{Given, Layers};
use resolve::Resolver;

/// What came of a check.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// Where this configuration is for, if anything says so.
    pub(crate) environment: Option<String>,
    /// What is wrong; none means that the environment is as the schema wants it.
    pub(crate) problems: Vec<Finding>,
    /// What to look at.
    pub(crate) warnings: Vec<Finding>,
}

/// Something to say about one variable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Finding {
    pub(crate) variable: String,
    /// A sentence without its subject, the variable.
    pub(crate) what: String,
    pub(crate) at: Where,
}

/// Where a value, or its absence, was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Where {
    /// A line, counted from 1.
    Line(PathBuf, usize),
    Process,
}

/// Judges an environment.
///
/// # Errors
/// [`EnvError::EnvironmentUnknown`], and [`EnvError::Schema`] for a default that can't be worked out.
pub(crate) fn judge(facts: &Facts, typed: Option<&EnvironmentName>) -> Result<Verdict, EnvError> {
    let layers = Layers::of(facts);
    let mut resolver = Resolver::new(&facts.schema, &layers, typed.map(EnvironmentName::as_str));
    let mut problems = Vec::new();
    let mut warnings = Vec::new();
    let broken = |line: usize, why: Unanswered| match why {
        Unanswered::Environment => EnvError::EnvironmentUnknown(facts.schema_path.clone()),
        Unanswered::Flaw(source) => EnvError::Schema { path: facts.schema_path.clone(), line, source },
    };
    for variable in &facts.schema.variables {
        let required = variable.required.holds(&mut resolver).map_err(|why| broken(variable.line, why))?;
        let value = resolver.resolve(&variable.name).map_err(|why| broken(variable.line, why))?;
        let given = layers.given(&variable.name);
        let at = given
            .map_or_else(|| Where::Line(facts.schema_path.clone(), variable.line), |given| given.at.clone());
        let finding = |what: String| Finding { variable: variable.name.clone(), what, at: at.clone() };
        if value.is_empty() {
            let how = if given.is_some() { "empty" } else { "not set" };
            problems.extend(required.then(|| finding(format!("is required and {how}"))));
            continue;
        }
        let wrong = variable.data_type.problems(&value);
        problems.extend(wrong.into_iter().map(|what| finding(what + &shown(variable, &value))));
    }
    if let (Some(name), Some(typed)) = (&facts.schema.current_environment, typed) {
        match layers.given(name).filter(|given| !given.value.is_empty()) {
            Some(given) if given.value == typed.as_str() => {}
            Some(given) => problems.push(other_environment(facts, name, given, typed)),
            None => warnings.push(unsaid_environment(facts, name, typed)),
        }
    }
    warnings.extend(remarks::of(facts));
    Ok(Verdict { environment: resolver.environment_if_known(), problems, warnings })
}

fn other_environment(facts: &Facts, name: &str, given: &Given, typed: &EnvironmentName) -> Finding {
    let value = facts.schema.variable(name).map_or_else(String::new, |variable| shown(variable, given.value));
    let what = format!("names another environment than {typed}, which is checked{value}");
    Finding { variable: name.to_owned(), what, at: given.at.clone() }
}

fn unsaid_environment(facts: &Facts, name: &str, typed: &EnvironmentName) -> Finding {
    let line = facts.schema.variable(name).map_or(1, |variable| variable.line);
    Finding {
        variable: name.to_owned(),
        what: format!("is not set, and the service will not know that it runs in {typed}"),
        at: Where::Line(facts.schema_path.clone(), line),
    }
}

/// A value behind what is wrong with it; nothing of a sensitive one.
fn shown(variable: &Variable, value: &str) -> String {
    match variable.exposure {
        Exposure::Sensitive => String::new(),
        Exposure::Public => excerpt(value).map_or_else(String::new, |value| format!(": `{value}`")),
    }
}

/// The longest part of a value that is shown, in characters.
const SHOWN_CHARS_MAX: usize = 40;

/// Words beside which a connection string keeps a secret.
const TELLTALES: [&str; 5] = ["password", "passwd", "pwd", "secret", "token"];

/// The beginning of a value, without what a URL or a connection string has before its `@`; nothing if it speaks of a password.
fn excerpt(value: &str) -> Option<String> {
    let lower = value.to_lowercase();
    if TELLTALES.iter().any(|word| lower.contains(word)) {
        return None;
    }
    let value = match value.rsplit_once('@') {
        Some((before, host)) if before.contains(':') => format!("***@{host}"),
        _ => value.to_owned(),
    };
    let mut short: String = value.chars().take(SHOWN_CHARS_MAX).collect();
    if short.len() < value.len() {
        short.push('…');
    }
    Some(short)
}

#[cfg(test)]
mod tests;
