//! What the inputs mean: suites read and checked, variables with values, an address; nothing is sent.

use std::{path::PathBuf, time::Duration};

use ci::{Session, Stop};
use contract::{EnvironmentName, Release, Secret};
use http::{RedactedUrl, Url};
use serde_json::Value;

use crate::{
    args::Run,
    error::Error,
    suite::{self, Suite, SuiteError},
    variables::Variables,
};

/// A checked run.
pub struct Context {
    /// The suites in the order they were named.
    pub suites: Vec<Prepared>,
    /// Where the deployment answers.
    pub base: Base,
    /// The environment it is, if that was said.
    pub environment: Option<EnvironmentName>,
    /// The limit for everything but the cleanup.
    pub timeout: Duration,
    /// The files to write.
    pub files: Files,
    /// The record to add the result to, read before anything is sent: one of another commit is refused in time.
    pub release: Option<Release>,
}

/// A suite and the variables it begins with.
pub struct Prepared {
    /// The suite.
    pub suite: Suite,
    /// What it knows before its first step.
    pub variables: Variables,
}

/// The files to write.
pub struct Files {
    /// JUnit XML.
    pub junit: Option<PathBuf>,
    /// The JSON report.
    pub report: Option<PathBuf>,
    /// The in-toto predicate.
    pub predicate: Option<PathBuf>,
}

/// Where the deployment answers.
pub struct Base(Url);

impl Base {
    fn parse(text: &str) -> Result<Self, Error> {
        let plain = |url: &Url| {
            matches!(url.scheme(), "http" | "https")
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        };
        // What is shown could hold a password, so only an address that can be read is shown, redacted.
        let shown =
            || Url::parse(text).map_or_else(|_| "…".to_owned(), |url| RedactedUrl::from(&url).to_string());
        Url::parse(text).ok().filter(plain).map(Self).ok_or_else(|| Error::BaseUrl(shown()))
    }

    /// The address of a path below it.
    pub fn at(&self, path: &str) -> Option<Url> {
        Url::parse(&format!("{}{path}", self.0.as_str().trim_end_matches('/'))).ok()
    }

    /// The address, which holds nothing to hide.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl Context {
    /// Reads the suites and gives their variables values.
    pub fn new(run: Run, session: &Session) -> Result<Self, Stop> {
        let suites =
            run.suites.iter().map(|path| suite::load(path)).collect::<Result<Vec<_>, SuiteError>>()?;
        if run.predicate.is_some() && suites.len() != 1 {
            return Err(Error::PredicateOfMany(suites.len()).into());
        }
        let base = Base::parse(&run.base_url)?;
        let overrides = run.var.iter().map(|one| overriding(one)).collect::<Result<Vec<_>, _>>()?;
        for (name, _) in &overrides {
            if !suites.iter().any(|suite| suite.form.variables.iter().any(|(known, _)| known == *name)) {
                return Err(Error::VariableUnknown((*name).to_owned()).into());
            }
        }
        let mut seed = [0; 16];
        getrandom::fill(&mut seed).map_err(Error::Random)?;
        let prepare = |suite: Suite| {
            let variables = begin(&suite, &overrides, seed, session)?;
            Ok(Prepared { suite, variables })
        };
        let release = run.environment.is_some().then(|| session.release()).transpose()?;
        Ok(Self {
            release,
            suites: suites.into_iter().map(prepare).collect::<Result<_, Stop>>()?,
            base,
            environment: run.environment,
            timeout: run.timeout.duration(),
            files: Files { junit: run.junit, report: run.report, predicate: run.predicate },
        })
    }
}

fn overriding(text: &str) -> Result<(&str, &str), Error> {
    // Only the name is shown: the value may be a secret.
    text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(|| Error::Variable("…".to_owned()))
}

/// A value of the command line takes the type of the one it replaces, where it can.
fn typed_like(default: &Value, text: &str) -> Value {
    match (default, serde_json::from_str(text)) {
        (Value::Number(_), Ok(number @ Value::Number(_))) => number,
        (Value::Bool(_), Ok(boolean @ Value::Bool(_))) => boolean,
        _ => text.into(),
    }
}

/// The variables before the first step: secrets of the environment, then those of the file in its order, each replaced by its `--var`.
fn begin(
    suite: &Suite,
    overrides: &[(&str, &str)],
    seed: [u8; 16],
    session: &Session,
) -> Result<Variables, Stop> {
    let mut variables = Variables::new(seed, session.now());
    let missing = |name: &str, source_name: String| Error::VariableMissing {
        suite: suite.form.name.value.clone(),
        name: name.to_owned(),
        source_name,
    };
    for (name, variable) in suite.form.from_env.iter() {
        let secret: Secret = session
            .secret(&variable.value)?
            .ok_or_else(|| missing(name, format!("the environment variable {}", variable.value)))?;
        variables.set(name, secret.reveal().into());
    }
    for (name, value) in suite.form.variables.iter() {
        let value = match overrides.iter().rev().find(|(known, _)| *known == name) {
            Some((_, text)) => typed_like(&value.value, text),
            None if value.value.is_null() => return Err(missing(name, format!("--var {name}=…")).into()),
            None => variables
                .json(&value.value)
                .map_err(|unfilled| missing(name, format!("what it needs: {unfilled}")))?,
        };
        variables.set(name, value);
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_put_below_the_prefix() {
        let at = |base: &str| Base::parse(base).unwrap().at("/x?y=1").unwrap().to_string();
        assert_eq!(at("http://host:8080"), "http://host:8080/x?y=1");
        assert_eq!(at("https://host/api/"), "https://host/api/x?y=1");
    }

    #[test]
    fn a_typed_default_types_its_override() {
        assert_eq!(typed_like(&1.into(), "2"), 2);
        assert_eq!(typed_like(&true.into(), "false"), false);
        for default in [Value::Null, "1".into(), true.into()] {
            assert_eq!(typed_like(&default, "2"), "2");
        }
    }

    #[test]
    fn an_address_that_is_none_is_refused_and_shows_no_password() {
        for text in [
            "",
            "host",
            "localhost:8080",
            "ftp://host",
            "http://me:pa55@host",
            "http://host?token=pa55",
            "http://host#a",
        ] {
            let error = Base::parse(text).err().unwrap();
            assert!(!error.to_string().contains("pa55"), "{error}");
        }
    }
}
