//! What a source tree or an image is made of, whatever wrote it down; one foreign format, one file below. Nothing is executed and nothing
//! fetched.

pub mod apk;
pub mod auditable;
pub mod bun;
pub mod cargo;
pub mod dep5;
pub mod dist_info;
pub mod dpkg;
#[cfg(test)]
mod drawn;
pub mod elf;
pub mod few;
pub mod go_binary;
pub mod go_mod;
pub mod hash;
pub mod licence;
mod merge;
pub mod node_modules;
pub mod npm;
pub mod os_release;
pub mod package_json;
pub mod paragraph;
pub mod pdm;
pub mod pipfile;
pub mod pnpm;
pub mod poetry;
pub mod purl;
pub mod pyproject;
pub mod requirements;
pub mod rpm;
pub mod source;
pub mod tree;
pub mod uv;
pub mod workflow;
pub mod yarn;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use ci::files::FileError;
use contract::Digest;

pub use few::Few;
pub use hash::{Algorithm, Hash};
pub use licence::Licence;
pub use purl::{InvalidPurl, Purl, PurlType, Qualifier};

/// Everything found, sorted by reference, so that the same input gives the same list: one graph, in which all is reached from the root.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Catalog {
    /// The packages, each reference once.
    pub packages: Vec<Package>,
    /// What they are packages of, by its place in the list.
    pub root: usize,
}

/// What was found in one file, or in one database of an image.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Part {
    /// The packages, in any order.
    pub packages: Vec<Package>,
    /// Those that the root needs itself, by places in the list. What nothing reaches is added when parts are merged.
    pub tops: BTreeSet<usize>,
    /// Those that the root needs for development only.
    pub development: BTreeSet<usize>,
}

/// One package.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Package {
    /// What names it within a catalog and no other package.
    pub reference: String,
    /// Its package URL; operating systems and trees have none.
    pub purl: Option<Purl>,
    /// Its name as its ecosystem writes it, namespace included.
    pub name: String,
    /// Its version, if it is known.
    pub version: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// Whether it is the tree's own.
    pub origin: Origin,
    /// Whether it is needed where the root runs. [`Catalog::of_tree`] and [`Catalog::of_image`] find it out from the graph.
    pub scope: Scope,
    /// What its archive is; several of one algorithm where there are several archives and any of them may be the one installed.
    pub hashes: Few<Hash>,
    /// Its licences, all of which hold.
    pub licences: Few<Licence>,
    /// Where it was found; what one file lists shares the place.
    pub places: Few<Arc<Place>>,
    /// What has no field in CycloneDX, by `seaworthy:` names.
    pub properties: BTreeMap<String, String>,
    /// What it needs, by places in the list.
    pub needs: BTreeSet<usize>,
    /// What it needs for development only, by places in the list.
    pub development: BTreeSet<usize>,
}

/// What a package is (CycloneDX, `component.type`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// What others are built from.
    Library,
    /// What runs by itself.
    Application,
    /// An image.
    Container,
    /// An operating system's release.
    OperatingSystem,
    /// A file.
    File,
}

/// Whose a package is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Origin {
    /// It is a part of the tree itself.
    Tree,
    /// It comes from elsewhere.
    Elsewhere,
}

/// Whether a package is needed where the root runs (CycloneDX, `component.scope`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Scope {
    /// It is, or nobody says that it is not.
    Required,
    /// It is for development only.
    Optional,
}

/// Where a package was found.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// A path below the root of the tree or of the image, with `/` and without a leading one; never one of the machine.
    pub path: String,
    /// The layer that holds it, in an image.
    pub layer: Option<Digest>,
}

/// A file that can't be read as what its name says.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{why}")]
pub struct Malformed {
    /// What is wrong.
    pub why: String,
    /// Where, counted from 1.
    pub line: Option<usize>,
}

/// A fault in the file that is read, or in one beside it.
#[derive(Debug, thiserror::Error)]
pub enum Faulty {
    /// It is not what its name says.
    #[error("{path}: {source}")]
    Malformed {
        /// The file, by its path below the root.
        path: String,
        /// What is wrong.
        source: Malformed,
    },
    /// It could not be read at all.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Package {
    /// A library from elsewhere, named and versioned as its package URL is.
    pub fn new(purl: Purl) -> Self {
        let mut package = Self::nameless(purl.to_string(), Kind::Library);
        package.name = purl.full_name();
        package.version = purl.version_text().map(str::to_owned);
        package.purl = Some(purl);
        package
    }

    /// A part of the tree itself. Its reference is no package URL: a member and a package of a registry may share name and version.
    pub fn member(purl: Purl) -> Self {
        let version = purl.version_text().map(|version| format!("@{version}")).unwrap_or_default();
        let reference = format!("member:{}/{}{version}", purl.kind().word(), purl.full_name());
        Self { reference, origin: Origin::Tree, ..Self::new(purl) }
    }

    /// Something that no package URL names: `operating-system:debian@13`.
    pub fn other(kind: Kind, name: &str, version: Option<&str>) -> Self {
        let at = version.map(|version| format!("@{version}")).unwrap_or_default();
        let mut package = Self::nameless(format!("{}:{name}{at}", kind.word()), kind);
        name.clone_into(&mut package.name);
        package.version = version.map(str::to_owned);
        package
    }

    /// With the name as the ecosystem writes it, where the package URL changes its case.
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    fn nameless(reference: String, kind: Kind) -> Self {
        Self {
            reference,
            purl: None,
            name: String::new(),
            version: None,
            kind,
            origin: Origin::Elsewhere,
            scope: Scope::Required,
            hashes: Few::new(),
            licences: Few::new(),
            places: Few::new(),
            properties: BTreeMap::new(),
            needs: BTreeSet::new(),
            development: BTreeSet::new(),
        }
    }
}

impl Kind {
    /// As CycloneDX calls it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Library => "library",
            Self::Application => "application",
            Self::Container => "container",
            Self::OperatingSystem => "operating-system",
            Self::File => "file",
        }
    }
}

impl Part {
    /// A list of packages without a graph: the root needs each.
    pub fn flat(packages: Vec<Package>) -> Self {
        Self { tops: (0..packages.len()).collect(), packages, development: BTreeSet::new() }
    }

    /// All of it found here.
    pub fn found_at(mut self, place: &Place) -> Self {
        let place = Arc::new(place.clone());
        for package in &mut self.packages {
            package.places.insert(Arc::clone(&place));
        }
        self
    }
}

impl Faulty {
    /// What is wrong with the file at this path.
    pub fn at(path: &str, source: Malformed) -> Self {
        Self::Malformed { path: path.to_owned(), source }
    }
}

impl Malformed {
    /// Wrong as a whole.
    pub fn whole(why: impl Into<String>) -> Self {
        Self { why: why.into(), line: None }
    }

    /// Wrong at this byte of the text.
    pub fn at(text: &str, byte: usize, why: impl Into<String>) -> Self {
        Self { why: why.into(), line: Some(line_of(text, byte)) }
    }

    /// Wrong where the text has these words first, if it has them.
    pub fn near(text: &str, words: &str, why: impl Into<String>) -> Self {
        Self { why: why.into(), line: text.find(words).map(|byte| line_of(text, byte)) }
    }

    /// Wrong in this line, counted from 1.
    pub fn in_line(line: usize, why: impl Into<String>) -> Self {
        Self { why: why.into(), line: Some(line) }
    }

    /// Wrong if the last line has no end, of a file whose writer ends every line: it was cut off there.
    pub fn unless_ended(text: &str) -> Result<(), Self> {
        if text.is_empty() || text.ends_with('\n') {
            return Ok(());
        }
        Err(Self::in_line(text.lines().count(), "the last line has no end: it is cut off"))
    }
}

impl From<InvalidPurl> for Malformed {
    fn from(error: InvalidPurl) -> Self {
        Self::whole(error.to_string())
    }
}

/// The path beside this one: in its directory, with `..` and `.` resolved. `None` if it leaves the tree.
fn beside(path: &str, other: &str) -> Option<String> {
    let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
    let mut parts: Vec<&str> = directory.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if other.starts_with('/') {
        return None;
    }
    for part in other.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Where each name is in a list of installed packages: the package of that name, else the first that provides it.
fn places_of<'a>(
    records: impl Iterator<Item = (&'a String, &'a Vec<String>)> + Clone,
) -> BTreeMap<String, usize> {
    let mut places = BTreeMap::new();
    for (place, (name, _)) in records.clone().enumerate() {
        places.insert(name.clone(), place);
    }
    for (place, (_, provides)) in records.enumerate() {
        for name in provides {
            places.entry(name.clone()).or_insert(place);
        }
    }
    places
}

/// The line that this byte of the text is in, counted from 1.
fn line_of(text: &str, byte: usize) -> usize {
    1 + text.bytes().take(byte).filter(|byte| *byte == b'\n').count()
}
