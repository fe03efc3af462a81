//! What an image says of itself (OCI image specification 1.1, "Pre-Defined Annotation Keys") and what is added to that; never where it is written.

use jiff::Timestamp;

use crate::metadata::{
    Manner, collation,
    expressions::{Everything, Vocabulary},
    facts::{Facts, Repository},
    template::Template,
    trouble::Trouble,
};

/// What all predefined names begin with.
const NAMESPACE: &str = "org.opencontainers.image.";
/// The predefined names that only the repository knows.
const OF_REPOSITORY: [&str; 5] = ["title", "description", "url", "source", "licenses"];

/// A line of the inputs `labels` and `annotations`.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) template: Template,
}

impl Line {
    /// Reads one line.
    ///
    /// # Errors
    /// [`Trouble`] for a template that can't be read, and in the strict manner for a line without `=`.
    pub(crate) fn read(text: &str, manner: Manner) -> Result<Self, Trouble> {
        let named = text.split_once('=').is_some_and(|(name, _)| !name.is_empty());
        if manner == Manner::Strict && !named {
            return Err(Trouble::Invalid("it has no `name=value`, and would be left out".to_owned()));
        }
        Ok(Self { text: text.to_owned(), template: Vocabulary::Everything.template(text, manner)? })
    }
}

/// Whether these lines leave something to the repository.
pub(crate) fn needs_repository(lines: &[Line]) -> bool {
    let given = |name: &str| {
        lines.iter().any(|line| {
            let rest = line.text.strip_prefix(NAMESPACE).and_then(|rest| rest.strip_prefix(name));
            rest.is_some_and(|rest| rest.starts_with('='))
        })
    };
    !OF_REPOSITORY.iter().all(|name| given(name))
}

/// Names and values in the order of the dictionary; of two with one name the later counts.
///
/// # Errors
/// [`Trouble`] with the number of the line, if an expression in it can't be followed.
pub(crate) fn all(
    version: Option<&str>,
    lines: &[Line],
    facts: &Facts,
    manner: Manner,
) -> Result<Vec<(String, String)>, (usize, Trouble)> {
    let Repository { name, description, page, licence, .. } = &facts.repository;
    let usual = [
        ("title", name.as_str()),
        ("description", description),
        ("url", page),
        ("source", page),
        ("version", version.unwrap_or_default()),
        ("created", &created(facts.now)),
        ("revision", &facts.run.sha),
        ("licenses", licence),
    ];
    let mut labels: Vec<(String, String)> =
        usual.iter().map(|(name, value)| (format!("{NAMESPACE}{name}"), (*value).to_owned())).collect();
    for (number, line) in lines.iter().enumerate() {
        let text = line.template.render(&Everything(facts, manner)).map_err(|trouble| (number, trouble))?;
        let Some((name, value)) = text.split_once('=') else { continue };
        match labels.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => value.clone_into(known),
            None => labels.push((name.to_owned(), value.to_owned())),
        }
    }
    labels.sort_by(|(one, _), (other, _)| collation::compare(one, other));
    Ok(labels)
}

/// As JavaScript writes a date: with milliseconds, in UTC.
fn created(now: Timestamp) -> String {
    format!("{now:.3}")
}
