//! What can go wrong with a tool that runs its migrations itself: what, why, whose turn it is; never what its migrations do wrong.

use std::{borrow::Cow, path::PathBuf};

use ci::{Code, Failure, Kind, Place, process::ProcessError};

use crate::layout::Layout;

/// Why a tool was not run, or not as it was meant.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message says what the variant is")]
pub enum ToolError {
    #[error("{} holds no project of {layout}", .directory.display())]
    NoProject { directory: PathBuf, layout: Layout },
    #[error("the revisions in {} have several heads ({heads}), and nobody says which of them a release needs", .directory.display())]
    Heads { directory: PathBuf, heads: String },
    #[error("{} does what nobody can see without running it: {why}", .file.display())]
    Unseen { file: PathBuf, why: String },
    #[error("--tool says nothing")]
    Unsaid,
    #[error("{tool} could not be run to its end")]
    NotRun { tool: &'static str, source: ProcessError },
    #[error("{tool} ended with {}: {said}", ended(*.status))]
    Failed { tool: &'static str, status: Option<i32>, said: String },
    #[error("{tool} works on another database than the one that was named: {why}")]
    Elsewhere { tool: &'static str, why: &'static str },
}

/// How a program ended.
fn ended(status: Option<i32>) -> String {
    status.map_or_else(|| "a signal".to_owned(), |status| format!("status {status}"))
}

impl Failure for ToolError {
    fn code(&self) -> Code {
        match self {
            Self::NoProject { .. } => Code::new("project-missing"),
            Self::Heads { .. } => Code::new("migration-heads"),
            Self::Unseen { .. } => Code::new("migration-unseen"),
            Self::Unsaid => Code::new("tool-unsaid"),
            Self::NotRun { .. } => Code::new("tool-not-run"),
            Self::Failed { .. } => Code::new("tool-failed"),
            Self::Elsewhere { .. } => Code::new("tool-elsewhere"),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::NoProject { .. } | Self::Heads { .. } | Self::Unsaid => Kind::Input,
            Self::Unseen { .. } | Self::Failed { .. } | Self::Elsewhere { .. } => Kind::Refused,
            Self::NotRun { .. } => Kind::World,
        }
    }

    fn fix(&self) -> Cow<'static, str> {
        match self {
            Self::NoProject { .. } => {
                "name with --dir the directory of alembic.ini, of env.py and versions/, or of manage.py"
            }
            Self::Heads { .. } => "join them with `alembic merge heads`, and release that",
            Self::Unseen { .. } => {
                "say in a comment of the file which half of a change it is: `# migrate-db: phase=expand` if the running release survives it, else `phase=contract`"
            }
            Self::Unsaid => {
                "write its program and its first words, such as --tool '.venv/bin/alembic -c db/alembic.ini'"
            }
            Self::NotRun { .. } => {
                "install it in .venv of the project or on the PATH, or say with --tool how it is started"
            }
            Self::Failed { .. } => {
                "see what it said above; what its history says is done stays done, and a second run continues"
            }
            Self::Elsewhere { .. } => {
                "have env.py or the settings take the database from DATABASE_URL or libpq's variables, and from nowhere else"
            }
        }
        .into()
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Unseen { file, .. } => Some(Place { file: file.clone(), line: None }),
            _ => None,
        }
    }
}
