//! Why there is no name, and at which line of which input; never how it is shown.

use std::{borrow::Cow, path::PathBuf};

use ci::{Code, Failure, Kind, Place, files::FileError};
use http::HttpError;

use crate::metadata::trouble::Trouble;

/// One line of an input, as it is after the outer pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct At {
    input: &'static str,
    number: usize,
    line: String,
}

impl At {
    /// The line with this number, counted from 0.
    pub(crate) fn new(input: &'static str, number: usize, line: &str) -> Self {
        Self { input, number: number + 1, line: line.to_owned() }
    }

    /// What is wrong with the line.
    pub(crate) fn trouble(self, trouble: Trouble) -> MetadataError {
        MetadataError::Line { at: self, trouble: Box::new(trouble) }
    }

    fn word(&self) -> &'static str {
        if self.input == "tags" { "rule" } else { "line" }
    }
}

/// No names were worked out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MetadataError {
    /// A line that can't be followed.
    #[error("{} {} of {} can't be followed: `{}`", .at.word(), .at.number, .at.input, .at.line)]
    Line {
        /// The line.
        at: At,
        /// Why.
        #[source]
        trouble: Box<Trouble>,
    },
    /// No rule is about this event.
    #[error("no rule of `tags` gives a name to the event `{event}` with the reference `{reference}`")]
    NoTags {
        /// The name of the event.
        event: String,
        /// The git reference.
        reference: String,
    },
    /// A variable that can't be.
    #[error("the variable {name} holds `{value}`, which is not {wanted}")]
    Variable {
        /// Its name.
        name: &'static str,
        /// What it holds.
        value: String,
        /// What it should hold.
        wanted: &'static str,
    },
    /// A payload that is none.
    #[error("{} is no payload of an event", .file.display())]
    Event {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The file of the payload can't be read.
    #[error("the payload of the event can't be read")]
    Payload(#[from] FileError),
    /// Neither runner nor repository.
    #[error("the commit is not known: no event, and no git repository here")]
    NoCommit,
    /// Nobody knows the date.
    #[error("the date of the commit is not known")]
    NoCommitDate,
    /// A token that no header can hold.
    #[error("the GitHub token holds characters that no header can")]
    Token,
    /// GitHub did not answer.
    #[error("GitHub could not be asked for the repository")]
    Unanswered(#[from] HttpError),
    /// GitHub answered otherwise.
    #[error("GitHub answered with status {status} when asked for the repository")]
    Answer {
        /// The status.
        status: u16,
    },
    /// An answer of another form.
    #[error("what answered as GitHub is not GitHub")]
    NotGitHub(#[source] serde_json::Error),
}

impl Failure for MetadataError {
    fn code(&self) -> Code {
        match self {
            Self::Line { trouble, .. } => trouble.code(),
            Self::NoTags { .. } => Code::new("tags-empty"),
            Self::Variable { .. } => Code::new("metadata-variable-invalid"),
            Self::Event { .. } | Self::Payload(_) => Code::new("event-payload-unreadable"),
            Self::NoCommit => Code::new("commit-unknown"),
            Self::NoCommitDate => Code::new("commit-date-unknown"),
            Self::Token => Code::new("github-token-invalid"),
            Self::Unanswered(_) | Self::Answer { .. } | Self::NotGitHub(_) => Code::new("repository-unknown"),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Line { trouble, .. } => trouble.kind(),
            Self::Unanswered(_) | Self::Answer { .. } | Self::NotGitHub(_) => Kind::World,
            _ => Kind::Input,
        }
    }

    fn fix(&self) -> Cow<'static, str> {
        match self {
            Self::Line { trouble, .. } => trouble.fix(),
            Self::NoTags { .. } => "add a rule for this event, such as type=sha, or do not run this step for it",
            Self::Variable { .. } => "correct it, or unset it",
            Self::Event { .. } | Self::Payload(_) => "set GITHUB_EVENT_PATH to the JSON of the event, or unset it",
            Self::NoCommit => "run it in the checkout of the commit, or set GITHUB_REF and GITHUB_SHA",
            Self::NoCommitDate => "run it in a checkout that holds the commit, or leave out {{commit_date}}",
            Self::Token => "pass the token as it is: github-token: ${{ github.token }}",
            Self::Unanswered(_) | Self::Answer { .. } | Self::NotGitHub(_) => {
                "pass github-token, check GITHUB_API_URL; or give title, description, url, source and licenses as labels and annotations yourself"
            }
        }
        .into()
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Event { file, .. } => Some(Place { file: file.clone(), line: None }),
            _ => None,
        }
    }
}
