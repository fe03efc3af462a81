//! A source tree on disk: which of its files are catalogued, by which format, and how they are found and read; never what stands in them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ci::files::{self, FileError};

use super::{
    Faulty, Malformed, Part, Place, beside, bun, cargo, go_mod, npm, pdm, pipfile, pnpm, poetry,
    requirements, uv, workflow, yarn,
};

/// How many directories deep a tree is searched.
const DEPTH_MAX: usize = 64;

/// How many entries of directories are looked at.
const ENTRIES_MAX: usize = 2_000_000;

/// The most packages of one tree.
const PACKAGES_MAX: usize = 500_000;

/// Directories that hold what was installed or built, or a repository's own records, but nothing that the tree states.
const SKIPPED: [&str; 14] = [
    ".git",
    ".hg",
    ".svn",
    ".nox",
    ".pnpm-store",
    ".tox",
    ".venv",
    ".yarn",
    "__pycache__",
    "bower_components",
    "node_modules",
    "target",
    "vendor",
    "venv",
];

/// Files that name what a lock file of the same directory leaves out.
const MANIFESTS: [&str; 1] = ["package.json"];

/// Files beside the one that is read, by their paths below the root of the tree, with `/`.
pub trait Files {
    /// The text of one; nothing where there is none.
    fn text(&self, path: &str) -> Result<Option<String>, FileError>;
    /// All `package.json` that were found.
    fn manifests(&self) -> &[String];
}

/// What can stop a tree from being catalogued.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// Nothing that can be read says what the tree is made of.
    #[error("{} holds no lock file that is read", .0.display())]
    Nothing(PathBuf),
    /// There are lock files, and they are empty.
    #[error("no lock file in {} lists a package", .0.display())]
    Empty(PathBuf),
    /// A file whose name says nothing.
    #[error("{} has a name that no lock file has", .0.display())]
    Unknown(PathBuf),
    /// A lock file elsewhere, by a link.
    #[error("{} is a link that leaves the tree", .0.display())]
    Outside(PathBuf),
    /// More than anybody has.
    #[error("{} has {what}", .path.display())]
    TooLarge {
        /// The tree.
        path: PathBuf,
        /// What there is too much of.
        what: String,
    },
    /// A file is not what its name says.
    #[error("{} can't be read as what its name says", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: Malformed,
    },
    /// A file or directory could not be read.
    #[error(transparent)]
    File(#[from] FileError),
}

/// The formats, by their files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Format {
    Cargo,
    Npm,
    Pnpm,
    Yarn,
    Bun,
    BunBinary,
    Requirements,
    Poetry,
    Uv,
    Pdm,
    Pipfile,
    GoMod,
    Workflow,
}

impl Format {
    /// The format that a file at this path has.
    fn of(path: &str) -> Option<Self> {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        let ends_with = |ending: &str| {
            Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case(ending))
        };
        Some(match name {
            "Cargo.lock" => Self::Cargo,
            "package-lock.json" | "npm-shrinkwrap.json" => Self::Npm,
            "pnpm-lock.yaml" => Self::Pnpm,
            "yarn.lock" => Self::Yarn,
            "bun.lock" => Self::Bun,
            "bun.lockb" => Self::BunBinary,
            "poetry.lock" => Self::Poetry,
            "uv.lock" => Self::Uv,
            "pdm.lock" => Self::Pdm,
            "Pipfile.lock" => Self::Pipfile,
            "go.mod" => Self::GoMod,
            "action.yml" | "action.yaml" => Self::Workflow,
            _ if name.contains("requirements") && ends_with("txt") => Self::Requirements,
            _ if directory.ends_with(".github/workflows") && (ends_with("yml") || ends_with("yaml")) => {
                Self::Workflow
            }
            _ => return None,
        })
    }

    fn read(self, path: &str, text: &str, files: &dyn Files) -> Result<Part, Faulty> {
        let here = |read: Result<Part, Malformed>| read.map_err(|source| Faulty::at(path, source));
        match self {
            Self::Cargo => here(cargo::read(text)),
            Self::Npm => npm::read(path, text, files),
            Self::Pnpm => pnpm::read(path, text, files),
            Self::Yarn => yarn::read(path, text, files),
            Self::Bun => here(bun::read(text)),
            Self::BunBinary => here(Err(bun::binary())),
            Self::Requirements => requirements::read(path, text, files),
            Self::Poetry => poetry::read(path, text, files),
            Self::Uv => here(uv::read(text)),
            Self::Pdm => pdm::read(path, text, files),
            Self::Pipfile => here(pipfile::read(text)),
            Self::GoMod => go_mod::read(path, text, files),
            Self::Workflow => here(workflow::read(text)),
        }
    }
}

/// A tree that was searched.
struct Tree {
    root: PathBuf,
    /// Where the root really lies; nothing outside is read.
    real: PathBuf,
    lock_files: Vec<(String, Format)>,
    manifests: Vec<String>,
    /// Paths below the root, as [`super::beside`] writes them.
    excluded: Vec<String>,
    entries: usize,
}

/// What every lock file of a directory says but those at or below the excluded paths, or what this one file says.
pub fn read(path: &Path, exclude: &[String]) -> Result<Vec<Part>, TreeError> {
    let one = if path.is_dir() { None } else { path.file_name() };
    let root = match path.parent() {
        _ if one.is_none() => path,
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let real = fs::canonicalize(root).map_err(FileError::reading(path))?;
    let excluded = exclude.iter().filter_map(|path| beside("", path)).collect();
    let (lock_files, manifests) = (Vec::new(), Vec::new());
    let mut tree = Tree { root: root.to_owned(), real, lock_files, manifests, excluded, entries: 0 };
    let only = one.map(|name| name.to_string_lossy().into_owned());
    if let Some(name) = &only {
        // What is there and how large it is says more than the name.
        files::open(path)?;
        let in_place = tree.real.join(name);
        let format = Format::of(&in_place.to_string_lossy());
        let format = format.ok_or_else(|| TreeError::Unknown(path.to_owned()))?;
        // Only yarn leaves it to the manifests which packages the tree has.
        if format == Format::Yarn {
            tree.search("", 0)?;
        }
        tree.lock_files = vec![(name.clone(), format)];
    } else {
        tree.search("", 0)?;
    }
    tree.lock_files.sort_by(|one, other| one.0.cmp(&other.0));
    tree.manifests.sort();
    tree.parts()
}

impl Tree {
    fn search(&mut self, below: &str, depth: usize) -> Result<(), TreeError> {
        let too_large = |what: String| TreeError::TooLarge { path: self.root.clone(), what };
        if depth > DEPTH_MAX {
            return Err(too_large(format!("directories more than {DEPTH_MAX} deep")));
        }
        let directory = self.real.join(below);
        let reading = || FileError::reading(&directory);
        let mut entries = Vec::new();
        for entry in fs::read_dir(&directory).map_err(reading())? {
            let entry = entry.map_err(reading())?;
            entries.push((entry.file_name(), entry.file_type().map_err(reading())?));
            if self.entries + entries.len() > ENTRIES_MAX {
                return Err(too_large(format!("more than {ENTRIES_MAX} files")));
            }
        }
        self.entries += entries.len();
        for (name, kind) in entries {
            // A name that is no UTF-8 is no lock file's, and a directory of such a name is no project's.
            let Some(name) = name.to_str() else { continue };
            let path = if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
            if self.excluded.contains(&path) {
                continue;
            }
            if kind.is_dir() {
                if !SKIPPED.contains(&name) {
                    self.search(&path, depth + 1)?;
                }
                continue;
            }
            if MANIFESTS.contains(&name) {
                self.manifests.push(path);
            } else if let Some(format) = Format::of(&path) {
                self.lock_files.push((path, format));
            }
        }
        Ok(())
    }

    fn parts(&self) -> Result<Vec<Part>, TreeError> {
        let mut parts = Vec::new();
        let mut packages = 0;
        for (path, format) in &self.lock_files {
            let beside_text = || path.strip_suffix('b').is_some_and(|text| self.real.join(text).exists());
            if *format == Format::BunBinary && beside_text() {
                continue;
            }
            let text = match format {
                Format::BunBinary => String::new(),
                _ => self.inside(path)?.unwrap_or_default(),
            };
            let part = format.read(path, &text, self).map_err(|faulty| self.told(faulty))?;
            packages += part.packages.len();
            if packages > PACKAGES_MAX {
                let what = format!("more than {PACKAGES_MAX} packages");
                return Err(TreeError::TooLarge { path: self.root.clone(), what });
            }
            parts.push(part.found_at(&Place { path: path.clone(), layer: None }));
        }
        match packages {
            _ if parts.is_empty() => Err(TreeError::Nothing(self.root.clone())),
            0 => Err(TreeError::Empty(self.root.clone())),
            _ => Ok(parts),
        }
    }

    /// The text of a file that really lies in the tree.
    fn inside(&self, path: &str) -> Result<Option<String>, TreeError> {
        let shown = self.root.join(path);
        match fs::canonicalize(self.real.join(path)) {
            Ok(real) if real.starts_with(&self.real) => Ok(files::read_text_if_there(&real)?),
            Ok(_) => Err(TreeError::Outside(shown)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(FileError::reading(&shown)(error).into()),
        }
    }

    /// A fault with the path as the user knows it.
    fn told(&self, faulty: Faulty) -> TreeError {
        match faulty {
            Faulty::Malformed { path, source } => TreeError::Malformed { path: self.root.join(path), source },
            Faulty::File(error) => TreeError::File(error),
        }
    }
}

impl Files for Tree {
    fn text(&self, path: &str) -> Result<Option<String>, FileError> {
        match self.inside(path) {
            Ok(text) => Ok(text),
            Err(TreeError::File(error)) => Err(error),
            Err(_) => Ok(None),
        }
    }

    fn manifests(&self) -> &[String] {
        &self.manifests
    }
}

#[cfg(test)]
mod tests;
