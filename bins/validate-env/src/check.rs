//! Holds what is given against what the schema wants: every problem, not the first; pure, and never with a sensitive value in its words.

mod excerpt;
mod given;
mod remarks;
mod resolve;

use std::path::PathBuf;

use contract::EnvironmentName;

use crate::{
    error::EnvError,
    facts::Facts,
    schema::{Unanswered, Variable},
};

use excerpt::Excerpts;
use given::Layers;
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
/// [`EnvError::EnvironmentUnnamed`], and [`EnvError::Schema`] for a default that can't be worked out.
pub(crate) fn judge(facts: &Facts, typed: Option<&EnvironmentName>) -> Result<Verdict, EnvError> {
    let layers = Layers::of(facts);
    let mut resolver = Resolver::new(&facts.schema, &layers, typed.map(EnvironmentName::as_str));
    let broken = |line: usize, why: Unanswered| match why {
        Unanswered::Environment => EnvError::EnvironmentUnnamed(facts.schema_path.clone()),
        Unanswered::Flaw(source) => EnvError::Schema { path: facts.schema_path.clone(), line, source },
    };
    let mut values = Vec::new();
    for variable in &facts.schema.variables {
        let required = variable.required.holds(&mut resolver).map_err(|why| broken(variable.line, why))?;
        let value = resolver.resolve(&variable.name).map_err(|why| broken(variable.line, why))?;
        values.push((variable, required, value));
    }
    let defaults = values.iter().map(|(variable, _, value)| (*variable, value.as_str()));
    let excerpts = Excerpts::around(facts.secrets(), defaults);
    let mut problems = Vec::new();
    for (variable, required, value) in &values {
        let given = layers.given(&variable.name);
        let wrong = if !value.is_empty() {
            let shown = excerpts.of(variable, value);
            variable.data_type.problems(value).into_iter().map(|what| what + &shown).collect()
        } else if *required {
            vec![format!("is required and {}", if given.is_some() { "empty" } else { "not set" })]
        } else {
            Vec::new()
        };
        let at = given.map_or_else(|| in_schema(facts, variable), |given| given.at.clone());
        let finding = |what| Finding { variable: variable.name.clone(), what, at: at.clone() };
        problems.extend(wrong.into_iter().map(finding));
    }
    let mut warnings = Vec::new();
    let current = facts.schema.current_environment.as_deref().and_then(|name| facts.schema.variable(name));
    if let (Some(variable), Some(typed)) = (current, typed) {
        let finding = |what, at| Finding { variable: variable.name.clone(), what, at };
        match layers.given(&variable.name).filter(|given| !given.value.is_empty()) {
            Some(given) if given.value == typed.as_str() => {}
            Some(given) => {
                let shown = excerpts.of(variable, given.value);
                let what = format!("names another environment than {typed}, which is checked{shown}");
                problems.push(finding(what, given.at.clone()));
            }
            None => {
                let what = format!("is not set, and the service will not know that it runs in {typed}");
                warnings.push(finding(what, in_schema(facts, variable)));
            }
        }
    }
    warnings.extend(remarks::of(facts));
    Ok(Verdict { environment: resolver.environment_if_known(), problems, warnings })
}

fn in_schema(facts: &Facts, variable: &Variable) -> Where {
    Where::Line(facts.schema_path.clone(), variable.line)
}

#[cfg(test)]
mod tests;
