//! Reads the schema, the env files and the process environment, and masks what is sensitive at once; never judges.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use ci::{Session, Stop, files};
use contract::{Digest, Release, Secret};

use crate::{
    context::{Check, Sources},
    dotenv::{self, Entry},
    error::EnvError,
    schema::{Exposure, Schema},
};

/// All that a check looks at.
pub(crate) struct Facts {
    pub(crate) schema: Schema,
    pub(crate) schema_path: PathBuf,
    /// The digest of the schema's bytes.
    pub(crate) schema_digest: Digest,
    /// The env files, a later one wins.
    pub(crate) files: Vec<EnvFile>,
    /// What the process environment says of the schema's variables, where it is checked.
    pub(crate) process: BTreeMap<String, String>,
    /// The record of this run, where the check will be told in it.
    pub(crate) release: Option<Release>,
}

/// An env file.
pub(crate) struct EnvFile {
    pub(crate) path: PathBuf,
    pub(crate) entries: Vec<Entry>,
}

/// Reads everything.
///
/// # Errors
/// [`EnvError`] for a schema or an env file that is none; files and variables that can't be read; a record of another commit.
pub(crate) fn check(context: &Check, session: &Session) -> Result<Facts, Stop> {
    let text = files::read_text(&context.schema)?;
    let schema = schema(&context.schema, &text)?;
    let files = context.sources.files().iter().map(|path| env_file(path)).collect::<Result<Vec<_>, _>>()?;
    let process = match context.sources {
        Sources::Files(_) => BTreeMap::new(),
        Sources::Process | Sources::FilesAndProcess(_) => process(&schema, session)?,
    };
    let schema_digest = Digest::of(text.as_bytes());
    let schema_path = context.schema.clone();
    let mut facts = Facts { schema, schema_path, schema_digest, files, process, release: None };
    // Before anything is said about any of them.
    facts.secrets().for_each(|secret| session.mask(&Secret::new(secret)));
    facts.release = context.environment.as_ref().map(|_| session.release()).transpose()?;
    Ok(facts)
}

fn schema(path: &Path, text: &str) -> Result<Schema, EnvError> {
    let schema = Schema::parse(text).map_err(|at| EnvError::Schema {
        path: path.to_owned(),
        line: at.line,
        source: at.flaw,
    })?;
    if schema.variables.is_empty() {
        return Err(EnvError::SchemaEmpty(path.to_owned()));
    }
    Ok(schema)
}

fn env_file(path: &Path) -> Result<EnvFile, Stop> {
    let text = files::read_text(path)?;
    let broken = |(line, source)| EnvError::EnvFile { path: path.to_owned(), line, source };
    Ok(EnvFile { path: path.to_owned(), entries: dotenv::parse(&text).map_err(broken)? })
}

/// The schema's variables as this process has them, empty ones too.
fn process(schema: &Schema, session: &Session) -> Result<BTreeMap<String, String>, Stop> {
    // A variable that is asked for and is no text is a failure; `all` alone would pass over it.
    for name in schema.names() {
        session.env().text(name)?;
    }
    let wanted = session.env().all().filter(|(name, _)| schema.variable(name).is_some());
    Ok(wanted.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

impl Facts {
    /// Every value given for a sensitive variable, the overridden ones too.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let in_files = self.files.iter().flat_map(|file| &file.entries);
        let in_files = in_files.filter_map(|entry| Some((entry.name.as_str(), entry.value.text()?)));
        let in_process = self.process.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let all = in_files.chain(in_process).filter(|(_, value)| !value.is_empty());
        all.filter(|(name, _)| self.is_sensitive(name)).map(|(_, value)| value)
    }

    fn is_sensitive(&self, name: &str) -> bool {
        self.schema.variable(name).is_some_and(|variable| variable.exposure == Exposure::Sensitive)
    }
}
