//! Why an environment is not checked, or is refused, told once; never how it is shown, and never with a value.

use std::{borrow::Cow, path::PathBuf};

use ci::{Code, Failure, Kind, Place};

use crate::{dotenv::Fault, schema::Flaw};

/// The environment is not what its schema wants, or could not be held against it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EnvError {
    /// The check said no.
    #[error("{0}")]
    Invalid(String),
    /// The schema itself is wrong.
    #[error("{} is no schema, at line {line}", .path.display())]
    Schema {
        /// The schema.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong there.
        source: Flaw,
    },
    /// No variable, so there is nothing to check, and that must not look like a pass.
    #[error("{} names no variable", .0.display())]
    SchemaEmpty(PathBuf),
    /// An env file can't be read as one.
    #[error("{} is no env file, at line {line}", .path.display())]
    EnvFile {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong there.
        source: Fault,
    },
    /// The schema asks which environment this is.
    #[error("{} asks which environment this is, and nothing says so", .0.display())]
    EnvironmentUnnamed(PathBuf),
}

impl Failure for EnvError {
    fn code(&self) -> Code {
        match self {
            Self::Invalid(_) => Code::new("environment-invalid"),
            Self::Schema { .. } => Code::new("schema-invalid"),
            Self::SchemaEmpty(_) => Code::new("schema-empty"),
            Self::EnvFile { .. } => Code::new("env-file-invalid"),
            Self::EnvironmentUnnamed(_) => Code::new("environment-unnamed"),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Invalid(_) => Kind::Refused,
            _ => Kind::Input,
        }
    }

    fn fix(&self) -> Cow<'static, str> {
        match self {
            Self::Invalid(_) => {
                "set them as the list says, and run it again before anything is deployed".into()
            }
            Self::Schema { source, .. } => source.fix(),
            Self::SchemaEmpty(_) => {
                "write a line `NAME=` for each variable the service reads, and what it must be above it"
                    .into()
            }
            Self::EnvFile { source: Fault::ByteOrderMark, .. } => {
                "save the file without a byte order mark".into()
            }
            Self::EnvFile { source: Fault::Wanted | Fault::Braces, .. } => {
                "correct it, or write `$$` where a dollar sign is meant".into()
            }
            Self::EnvFile { .. } => {
                "write `NAME=value`, a value with spaces around it or line ends in it in quotes".into()
            }
            Self::EnvironmentUnnamed(_) => {
                "give --environment, or let the schema say `# @currentEnv=$APP_ENV`".into()
            }
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Invalid(_) | Self::EnvironmentUnnamed(_) => None,
            Self::SchemaEmpty(path) => Some(Place { file: path.clone(), line: None }),
            Self::Schema { path, line, .. } | Self::EnvFile { path, line, .. } => {
                Some(Place { file: path.clone(), line: Some(*line) })
            }
        }
    }
}
