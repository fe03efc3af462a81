//! What lies in a directory of migrations, read once; never what it means.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use ci::files;

use crate::error::Error;

/// More than any project has; fewer than would fill the memory.
const ENTRIES_MAX: usize = 100_000;
/// Deeper than any layout goes.
const DEPTH_MAX: usize = 8;

/// A directory and all that lies in it, ordered by path.
#[derive(Debug)]
pub struct Tree {
    /// Where it is.
    pub directory: PathBuf,
    /// What lies in it.
    pub sources: Vec<Source>,
}

/// A file.
#[derive(Debug)]
pub struct Source {
    /// Where it is, as it can be opened.
    pub path: PathBuf,
    /// Its path inside of the directory, with `/` between its parts.
    pub name: String,
    /// Its text: only of what ends in `.sql`, and of what configures a layout.
    pub text: Option<String>,
}

impl Source {
    /// The name of the file alone.
    pub fn file(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }

    /// The directory right above it, if that is one of the tree.
    pub fn parent(&self) -> Option<&str> {
        self.name.rsplit_once('/').map(|(parent, _)| parent)
    }

    /// Whether it is SQL by its name.
    pub fn is_sql(&self) -> bool {
        self.name.to_ascii_lowercase().ends_with(".sql")
    }

    /// Its text.
    pub fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }
}

impl Tree {
    /// Reads it. What is hidden is nobody's migration.
    pub fn read(directory: &Path) -> Result<Self, Error> {
        let mut tree = Self { directory: directory.to_owned(), sources: Vec::new() };
        tree.enter(directory, "", 0)?;
        tree.sources.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(tree)
    }

    fn enter(&mut self, directory: &Path, prefix: &str, depth: usize) -> Result<(), Error> {
        let unreadable = |source| Error::Directory { directory: directory.to_owned(), source };
        if depth > DEPTH_MAX {
            return Err(unreadable(io::Error::other(format!(
                "it lies more than {DEPTH_MAX} directories deep"
            ))));
        }
        for entry in fs::read_dir(directory).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if file.starts_with('.') {
                continue;
            }
            if self.sources.len() == ENTRIES_MAX {
                let why = format!("it has more than {ENTRIES_MAX} entries");
                return Err(unreadable(io::Error::other(why)));
            }
            let mut source = Source { name: format!("{prefix}{file}"), path, text: None };
            if source.is_sql() || source.name.ends_with(".sql.conf") || file == "metadata.toml" {
                source.text = Some(files::read_text(&source.path)?);
            } else if source.path.is_dir() {
                self.enter(&source.path, &format!("{}/", source.name), depth + 1)?;
                continue;
            }
            self.sources.push(source);
        }
        Ok(())
    }

    /// The file of this name.
    pub fn find(&self, name: &str) -> Option<&Source> {
        let at = self.sources.binary_search_by(|one| one.name.as_str().cmp(name)).ok()?;
        self.sources.get(at)
    }
}
