//! What lies in a directory of migrations, read once; never what it means.

use std::{
    fs, io,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::{Mutex, OnceLock, PoisonError},
    thread::{self, JoinHandle},
};

use ci::files::{self, FileError};

use crate::error::Error;

/// More than any project has; fewer than would fill the memory.
const ENTRIES_MAX: usize = 100_000;
/// Deeper than any layout goes.
const DEPTH_MAX: usize = 8;

/// Directories that hold what others wrote.
const FOREIGN: [&str; 3] = ["node_modules", "site-packages", "__pycache__"];

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

    /// Whether its text is wanted.
    fn has_text(&self) -> bool {
        self.is_sql() || self.name.ends_with(".sql.conf") || self.file() == "metadata.toml"
    }

    /// Its text.
    pub fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }
}

/// How many files one thread reads before a second is worth its start.
const FILES_FOR_A_THREAD: usize = 100;
/// More would wait for one disk.
const THREADS_MAX: usize = 4;

/// Reads the texts, side by side where there are many: a thousand files are most of what `status` does. The first failure in the order of
/// the names is the one that is told.
fn read_texts(sources: &mut [Source]) -> Result<(), Error> {
    let read = |sources: &mut [Source]| -> Result<(), Error> {
        for source in sources.iter_mut().filter(|source| source.has_text()) {
            source.text = Some(files::read_text(&source.path)?);
        }
        Ok(())
    };
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(THREADS_MAX);
    let share = sources.len().div_ceil(threads).max(FILES_FOR_A_THREAD);
    if share >= sources.len() {
        return read(sources);
    }
    thread::scope(|scope| {
        let shares: Vec<_> =
            sources.chunks_mut(share).map(|share| scope.spawn(move || read(share))).collect();
        shares.into_iter().try_for_each(|share| share.join().unwrap_or_else(|_| Err(lost())))
    })
}

fn lost() -> Error {
    let ended = io::Error::other("a thread that reads them has ended");
    FileError::reading(Path::new("the migrations"))(ended).into()
}

/// A tree whose texts are still being read, so that a connection can be made meanwhile.
#[derive(Debug)]
pub struct Reading {
    reader: Mutex<Option<JoinHandle<Result<Tree, Error>>>>,
    tree: OnceLock<Tree>,
}

impl Reading {
    /// Lists a directory and begins to read what lies in it.
    pub fn begin(directory: &Path) -> Result<Self, Error> {
        let tree = Tree::list(directory)?;
        if tree.sources.len() < FILES_FOR_A_THREAD {
            return tree.with_texts().map(Self::from);
        }
        let reader = thread::spawn(|| tree.with_texts());
        Ok(Self { reader: Mutex::new(Some(reader)), tree: OnceLock::new() })
    }

    /// The tree, once it is read.
    pub fn tree(&self) -> Result<&Tree, Error> {
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(reader) = reader {
            let tree = reader.join().unwrap_or_else(|_| Err(lost()))?;
            return Ok(self.tree.get_or_init(|| tree));
        }
        self.tree.get().ok_or_else(lost)
    }
}

impl From<Tree> for Reading {
    fn from(tree: Tree) -> Self {
        Self { reader: Mutex::default(), tree: tree.into() }
    }
}

impl Tree {
    /// Reads it. What is hidden is nobody's migration.
    pub fn read(directory: &Path) -> Result<Self, Error> {
        Self::list(directory)?.with_texts()
    }

    /// What lies in it, without the texts.
    fn list(directory: &Path) -> Result<Self, Error> {
        let mut tree = Self { directory: directory.to_owned(), sources: Vec::new() };
        tree.enter(directory, "", 0)?;
        tree.sources.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(tree)
    }

    fn with_texts(mut self) -> Result<Self, Error> {
        read_texts(&mut self.sources)?;
        Ok(self)
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
            let source = Source { name: format!("{prefix}{file}"), path, text: None };
            if !source.has_text() && source.path.is_dir() {
                self.enter(&source.path, &format!("{}/", source.name), depth + 1)?;
                continue;
            }
            self.sources.push(source);
        }
        Ok(())
    }

    /// Only those programs of a project that are wanted, and not deeper than this; directories in which no project keeps its own are
    /// passed by.
    pub fn of_programs(directory: &Path, depth: usize, wanted: fn(&str) -> bool) -> Result<Self, Error> {
        let mut tree = Self { directory: directory.to_owned(), sources: Vec::new() };
        tree.gather(directory, "", depth, wanted)?;
        tree.sources.sort_by(|one, other| one.name.cmp(&other.name));
        for source in &mut tree.sources {
            source.text = Some(files::read_text(&source.path)?);
        }
        Ok(tree)
    }

    fn gather(
        &mut self,
        directory: &Path,
        prefix: &str,
        depth: usize,
        wanted: fn(&str) -> bool,
    ) -> Result<(), Error> {
        let unreadable = |source| Error::Directory { directory: directory.to_owned(), source };
        for entry in fs::read_dir(directory).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let (file, path) = (entry.file_name().to_string_lossy().into_owned(), entry.path());
            let is_ours = !file.starts_with('.') && !FOREIGN.contains(&file.as_str());
            let name = format!("{prefix}{file}");
            let kind = entry.file_type().map_err(unreadable)?;
            // A link may lead in a circle.
            if kind.is_dir() && is_ours && depth > 0 && !path.join("pyvenv.cfg").exists() {
                self.gather(&path, &format!("{name}/"), depth - 1, wanted)?;
            } else if !kind.is_dir() && wanted(&name) {
                if self.sources.len() == ENTRIES_MAX {
                    let why = format!("it has more than {ENTRIES_MAX} migrations");
                    return Err(unreadable(io::Error::other(why)));
                }
                let path = path.strip_prefix(".").map(Path::to_owned).unwrap_or(path);
                self.sources.push(Source { path, name, text: None });
            }
        }
        Ok(())
    }

    /// The file of this name.
    pub fn find(&self, name: &str) -> Option<&Source> {
        let at = self.sources.binary_search_by(|one| one.name.as_str().cmp(name)).ok()?;
        self.sources.get(at)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use ci::Failure;

    use super::*;
    use crate::layout::Migration;

    /// What a layout makes of these files, or the code of its refusal.
    pub(in crate::layout) fn read_files(
        read: impl Fn(&Tree) -> Result<Vec<Migration>, Error>,
        files: &[(&str, &str)],
    ) -> Result<Vec<Migration>, &'static str> {
        let directory = testkit::Scratch::new();
        for (name, text) in files {
            directory.file(name, *text);
        }
        read(&Tree::read(directory.path()).unwrap()).map_err(|error| error.code().as_str())
    }

    #[test]
    fn many_files_are_read_side_by_side_and_the_first_bad_one_is_told() {
        let directory = testkit::Scratch::new();
        let name = |number: usize| format!("{number:04}_t.sql");
        for number in 0..3 * FILES_FOR_A_THREAD {
            directory.file(&name(number), format!("SELECT {number};"));
        }
        let tree = Tree::read(directory.path()).unwrap();
        let is_right = |(number, source): (usize, &Source)| source.text() == format!("SELECT {number};");
        assert!(tree.sources.iter().enumerate().all(is_right));
        for number in [299, 150, 77] {
            directory.file(&name(number), b"\xff");
            let error = Tree::read(directory.path()).unwrap_err().to_string();
            assert!(error.contains(&name(number)), "{error}");
        }
    }
}
