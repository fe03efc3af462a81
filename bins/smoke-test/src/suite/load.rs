//! Reads a suite file under limits and says where it is wrong; never what a run makes of it.

use std::{borrow::Cow, fmt, path::Path};

use ci::{
    Code, Failure, Kind, Place,
    files::{self, FileError},
};
use contract::Digest;
use serde_saphyr::{Error as YamlError, Options};

use super::{Form, Suite, scope};

/// A suite is written by hand: more bytes than this are another file.
const SUITE_BYTES_MAX: usize = 1 << 20;
/// A suite of a thousand steps has about as many nodes; aliases count each time they are used.
const NODES_MAX: usize = 50_000;
const DEPTH_MAX: usize = 32;
const ANCHORS_MAX: usize = 100;
const ALIASES_MAX: usize = 200;
/// How many problems one failure tells.
const PROBLEMS_SHOWN_MAX: usize = 5;

/// What is wrong with a suite, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, counted from 1.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(out, "line {line}: ")?;
        }
        out.write_str(&self.what)
    }
}

/// A suite can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// It can't be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It breaks the format.
    #[error("{} is no valid suite: {}", .place.file.display(), Listed(.problems))]
    Invalid {
        /// The file, and the line of the first problem.
        place: Place,
        /// All that was found; never empty.
        problems: Vec<Problem>,
    },
}

struct Listed<'p>(&'p [Problem]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().take(PROBLEMS_SHOWN_MAX).enumerate() {
            write!(out, "{}{problem}", if index == 0 { "" } else { "; " })?;
        }
        match self.0.len().saturating_sub(PROBLEMS_SHOWN_MAX) {
            0 => Ok(()),
            more => write!(out, "; and {more} more"),
        }
    }
}

impl Failure for SuiteError {
    fn code(&self) -> Code {
        match self {
            Self::File(error) => error.code(),
            Self::Invalid { .. } => Code::new("suite-invalid"),
        }
    }

    fn kind(&self) -> Kind {
        Kind::Input
    }

    fn fix(&self) -> Cow<'static, str> {
        match self {
            Self::File(error) => error.fix(),
            Self::Invalid { .. } => {
                "mend the lines named; docs/smoke-test.md has the format, docs/smoke-suite.schema.json serves an editor".into()
            }
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::File(error) => error.place(),
            Self::Invalid { place, .. } => Some(place.clone()),
        }
    }
}

/// Reads and checks a suite.
pub fn load(path: &Path) -> Result<Suite, SuiteError> {
    let text = files::read_text(path)?;
    if text.len() > SUITE_BYTES_MAX {
        return Err(FileError::TooLarge { path: path.to_owned(), limit: SUITE_BYTES_MAX as u64 }.into());
    }
    parse(&text)
        .map(|form| Suite { file: path.to_owned(), digest: Digest::of(text.as_bytes()), form })
        .map_err(|problems| SuiteError::Invalid {
            place: Place { file: path.to_owned(), line: problems.iter().find_map(|problem| problem.line) },
            problems,
        })
}

/// The suite in a text, or all that is wrong with it.
pub(super) fn parse(text: &str) -> Result<Form, Vec<Problem>> {
    let form: Form =
        serde_saphyr::from_str_with_options(text, options()).map_err(|error| vec![problem(&error)])?;
    let problems = scope::problems(&form);
    if problems.is_empty() { Ok(form) } else { Err(problems) }
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_documents: 2,
            max_depth: DEPTH_MAX,
            max_nodes: NODES_MAX,
            max_anchors: ANCHORS_MAX,
            max_aliases: ALIASES_MAX,
        },
        strict_booleans: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

fn problem(error: &YamlError) -> Problem {
    let error = error.without_snippet();
    let line = error.location().and_then(|at| usize::try_from(at.line()).ok()).filter(|line| *line > 0);
    let what = match error {
        YamlError::SerdeUnknownField { field, expected, .. } => {
            unknown("key", field, expected.iter().copied())
        }
        YamlError::SerdeMissingField { field, .. } => format!("the key `{field}` is missing"),
        YamlError::Message { msg, .. } => msg.clone(),
        YamlError::DuplicateMappingKey { key: Some(key), .. } => format!("the key `{key}` is there twice"),
        YamlError::MultipleDocuments { .. } => "a second document begins: a file holds one suite".to_owned(),
        YamlError::NullIntoString { .. } => "a value is missing".to_owned(),
        YamlError::SerdeInvalidType { unexpected, expected, .. } if unexpected.contains("unit") => {
            format!("a value is missing: expected {expected}")
        }
        other => {
            let text = other.to_string();
            let text = text.lines().next().unwrap_or_default();
            // It ends with the place, which is said already.
            text.split_once(" at line ").map_or(text, |(what, _)| what).to_owned()
        }
    };
    Problem { line, what }
}

/// Names what is not known and the nearest that is.
pub(super) fn unknown<'k>(kind: &str, found: &str, known: impl Iterator<Item = &'k str>) -> String {
    let mut known: Vec<&str> = known.collect();
    known.sort_by_key(|one| strsim::damerau_levenshtein(one, found));
    match known.split_first() {
        None => format!("unknown {kind} `{found}`"),
        Some((nearest, [])) => format!("unknown {kind} `{found}`; did you mean `{nearest}`?"),
        Some((nearest, others)) => {
            format!("unknown {kind} `{found}`; did you mean `{nearest}`? others here: {}", others.join(", "))
        }
    }
}

#[cfg(test)]
mod tests;
