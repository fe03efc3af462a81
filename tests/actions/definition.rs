//! An action.yml as GitHub reads it; judges nothing.

use std::collections::BTreeMap;
use std::fs;

use serde::Deserialize;

use crate::root;

/// A composite action.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Action {
    pub(crate) name: String,
    pub(crate) description: String,
    #[expect(dead_code, reason = "GitHub shows it")]
    author: String,
    pub(crate) inputs: BTreeMap<String, Input>,
    pub(crate) outputs: BTreeMap<String, Output>,
    pub(crate) runs: Runs,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) required: bool,
    pub(crate) default: Option<String>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Output {
    pub(crate) description: String,
    pub(crate) value: String,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Runs {
    pub(crate) using: String,
    pub(crate) steps: Vec<Step>,
}

/// A `run` step: there is no field for any other, so that a `uses:` is not even read.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Step {
    pub(crate) name: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) r#if: Option<String>,
    pub(crate) shell: String,
    pub(crate) working_directory: String,
    pub(crate) run: String,
    pub(crate) env: BTreeMap<String, String>,
}

impl Action {
    /// Reads `actions/<name>/action.yml`, or the one at the root for an empty name.
    ///
    /// # Panics
    /// If it is missing or has a key that a chain of `run` steps does not need.
    pub(crate) fn read(name: &str) -> Self {
        let path = match name {
            "" => root().join("action.yml"),
            name => root().join("actions").join(name).join("action.yml"),
        };
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Reads the text of an action.yml.
    pub(crate) fn parse(text: &str) -> Result<Self, serde_saphyr::Error> {
        serde_saphyr::from_str(text)
    }
}

impl Step {
    /// What the step runs, without the way to run.sh: the binary, its command, typed flags.
    pub(crate) fn words(&self) -> Vec<&str> {
        let words = self.run.split_whitespace().skip_while(|word| !word.ends_with("/run.sh\""));
        words.skip(1).map(|word| word.trim_matches('"')).collect()
    }
}

/// The variable by which an input or a flag of this name reaches a binary.
pub(crate) fn variable(name: &str) -> String {
    format!("INPUT_{}", name.to_uppercase().replace('-', "_"))
}

/// The name inside `${{ inputs.NAME }}`, if the text is just that.
pub(crate) fn input_of(text: &str) -> Option<&str> {
    text.strip_prefix("${{ inputs.")?.strip_suffix(" }}")
}
