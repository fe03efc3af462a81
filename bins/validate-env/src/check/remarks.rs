//! What an env file holds that nobody reads, or that its reader makes less of than it seems; never what is wrong with a value.

use std::collections::HashMap;

use super::{Finding, Where};
use crate::{
    dotenv::{Entry, Value},
    facts::{EnvFile, Facts},
    nearest::nearest,
};

/// More names than this are not compared with the schema's to find what was meant.
const NEAREST_MAX: usize = 100;

/// The longest unknown name that is shown, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// What there is to look at in the env files. Nobody writes a process environment, so nothing is said about its other variables.
pub(super) fn of(facts: &Facts) -> Vec<Finding> {
    facts.files.iter().flat_map(|file| of_file(file, facts)).collect()
}

fn of_file(file: &EnvFile, facts: &Facts) -> Vec<Finding> {
    let mut before: HashMap<&str, usize> = HashMap::new();
    let mut found = Vec::new();
    for entry in &file.entries {
        let first = before.insert(&entry.name, entry.line);
        let what = match facts.schema.variable(&entry.name) {
            None => Some(unknown(entry, facts, found.len())),
            Some(_) => known(entry, first),
        };
        let at = Where::Line(file.path.clone(), entry.line);
        found.extend(what.map(|what| Finding { variable: name(entry, facts), what, at }));
    }
    found
}

fn unknown(entry: &Entry, facts: &Facts, before: usize) -> String {
    let compared = facts.schema.names().filter(|_| before < NEAREST_MAX);
    match nearest(&entry.name, compared) {
        Some(name) => format!("is not in the schema; is {name} meant?"),
        None => "is not in the schema".to_owned(),
    }
}

fn known(entry: &Entry, before: Option<usize>) -> Option<String> {
    match (&entry.value, before) {
        (Value::NameAlone, _) => {
            Some("stands there without `=`, and gets no value from this file".to_owned())
        }
        (Value::WithGap(_), _) => Some(
            "holds a `$` and a name that this file does not set: that part is empty (`$$` is a dollar sign)"
                .to_owned(),
        ),
        (Value::Text(_), Some(line)) => Some(format!("is set again, so that line {line} does nothing")),
        (Value::Text(_), None) => None,
    }
}

/// The name, if it is surely one: behind a forgotten quote the rest of a secret looks like a name too.
fn name(entry: &Entry, facts: &Facts) -> String {
    let spelled = |letter: fn(&u8) -> bool| {
        entry.name.bytes().all(|byte| letter(&byte) || byte.is_ascii_digit() || byte == b'_')
    };
    let usual = spelled(u8::is_ascii_uppercase) || spelled(u8::is_ascii_lowercase);
    let assigned = entry.value != Value::NameAlone && entry.name.len() <= NAME_BYTES_MAX;
    if facts.schema.variable(&entry.name).is_some() || (usual && assigned) {
        entry.name.clone()
    } else {
        "a line's first word".to_owned()
    }
}
