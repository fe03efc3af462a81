//! The working copy of a run, `release.json`: read with a check that it belongs to this commit, written whole; never judged.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use contract::{Commit, InvalidRelease, Release};

use crate::{
    failure::{Code, Failure, Kind, Place},
    files::{self, FileError},
};

/// The release record can't be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// It can't be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// It has another form.
    #[error("{} is no release record", .path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: InvalidRelease,
    },
    /// It was left by a run for another commit.
    #[error("{} is about commit {}, and this run is about {}", .path.display(), .found.short(), .expected.short())]
    OtherCommit {
        /// The file.
        path: PathBuf,
        /// The commit it names.
        found: Commit,
        /// The commit of this run.
        expected: Commit,
    },
}

impl Failure for RecordError {
    fn code(&self) -> Code {
        match self {
            Self::File(error) => error.code(),
            Self::Invalid { .. } => Code::new("release-file-invalid"),
            Self::OtherCommit { .. } => Code::new("release-file-other-commit"),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::File(error) => error.kind(),
            _ => Kind::Input,
        }
    }

    fn fix(&self) -> Cow<'static, str> {
        match self {
            Self::File(error) => error.fix(),
            Self::Invalid { .. } => {
                "compare it with docs/release.schema.json, or remove it and start at `tag-image`".into()
            }
            Self::OtherCommit { .. } => {
                "remove it, or name the right one with --release-file: a record serves one commit".into()
            }
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::File(error) => error.place(),
            Self::Invalid { path, .. } | Self::OtherCommit { path, .. } => {
                Some(Place { file: path.clone(), line: None })
            }
        }
    }
}

/// Reads the record, or begins one where there is none.
pub(crate) fn read(path: &Path, commit: Option<Commit>) -> Result<Release, RecordError> {
    let Some(text) = files::read_text_if_there(path)? else { return Ok(Release::of(commit)) };
    let invalid = |source| RecordError::Invalid { path: path.to_owned(), source };
    let mut release = Release::from_json(&text).map_err(invalid)?;
    match (release.commit.take(), commit) {
        (Some(found), Some(expected)) if found != expected => {
            Err(RecordError::OtherCommit { path: path.to_owned(), found, expected })
        }
        (found, expected) => {
            release.commit = found.or(expected);
            Ok(release)
        }
    }
}

/// Writes the record whole.
pub(crate) fn write(path: &Path, release: &Release) -> Result<(), RecordError> {
    let invalid = |source| RecordError::Invalid { path: path.to_owned(), source };
    Ok(files::write(path, release.to_json().map_err(invalid)?.as_bytes())?)
}
