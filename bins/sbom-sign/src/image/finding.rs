//! Which files of an image say what it is made of, and what each says; never how they lie on top of each other.

use super::tree::Tree;
use crate::catalog::{
    Few, Licence, Malformed, Part, apk, dep5, dist_info, dpkg, node_modules,
    os_release::{self, Release},
    rpm,
};

/// A file that is read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Wanted {
    /// Debian's database, or a part of it.
    Dpkg,
    /// Alpine's database.
    Apk,
    /// The database of RPM.
    Rpm,
    /// A log of changes beside it.
    RpmLog,
    /// The list in its place.
    RpmManifest,
    /// The copyright file of a Debian package.
    Copyright,
    /// A Python package's metadata.
    Python,
    /// A package.json.
    Npm,
    /// What system it is.
    OsRelease,
}

/// What a file says.
#[derive(Clone, Debug)]
pub enum Finding {
    /// Debian's packages.
    Dpkg(Vec<dpkg::Record>),
    /// Alpine's packages.
    Apk(Vec<apk::Record>),
    /// RPM packages.
    Rpm(Vec<rpm::Record>),
    /// Whether all changes are in RPM's database.
    RpmLog(rpm::Changes),
    /// The licences of a Debian package.
    Licences(Few<Licence>),
    /// A Python package.
    Python(dist_info::Record),
    /// A JavaScript package.
    Npm(node_modules::Record),
    /// The operating system.
    System(Release),
    /// What a program was built from.
    Program(Part),
    /// It is a link, and what it leads to may be read under its own name.
    Link(Link),
    /// It could not be read. Only files of single packages may end like that: a list of packages that can't be read is an error.
    Unread(Malformed),
}

/// A symbolic link that stands for a file of a single package, or for the directory that such a file is in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    target: String,
    /// The file below it, with a slash; empty if the link stands for the file.
    below: &'static str,
}

impl Link {
    /// The link at this path, if it is one.
    pub fn at(path: &str, target: &str) -> Option<Self> {
        let stands = |below: &&str| Wanted::at(&format!("{path}{below}")).is_some_and(|one| one.is_package());
        let below = ["", "/METADATA", "/PKG-INFO"].into_iter().find(stands)?;
        Some(Self { target: target.to_owned(), below })
    }

    /// Why nothing is read for it, if nothing is: its other end does not look like what it stands for.
    pub fn unread(&self, tree: &Tree, path: &str) -> Option<Malformed> {
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        let from = if self.target.starts_with('/') { "" } else { parent };
        let end = tree.follow(&format!("{from}/{}", self.target)).ok()?;
        let read = Wanted::at(&format!("{end}{}", self.below)).is_some_and(|one| one.is_package());
        let why = || Malformed::whole(format!("it is a link to {}, which is not read", self.target));
        (!read).then(why)
    }
}

impl Wanted {
    /// Whether the file at this path is read.
    pub fn at(path: &str) -> Option<Self> {
        let file = path.rsplit('/').next().unwrap_or(path);
        match file {
            "copyright" => dep5::package(path).map(|_| Self::Copyright),
            "installed" => apk::is_database(path).then_some(Self::Apk),
            "os-release" => os_release::PATHS.contains(&path).then_some(Self::OsRelease),
            "package.json" => Some(Self::Npm),
            "container-manifest-2" => (path == rpm::MANIFEST).then_some(Self::RpmManifest),
            _ if dist_info::is_metadata(path) => Some(Self::Python),
            _ if dpkg::is_database(path) => Some(Self::Dpkg),
            _ if rpm::is_log(path) => Some(Self::RpmLog),
            _ => rpm::is_database(path).then_some(Self::Rpm),
        }
    }

    /// Whether it lists what the whole image is made of, or belongs to what does.
    pub const fn is_database(&self) -> bool {
        matches!(self, Self::Dpkg | Self::Apk | Self::Rpm | Self::RpmLog | Self::RpmManifest)
    }

    /// Whether it tells a single package, under a name that says so.
    const fn is_package(&self) -> bool {
        matches!(self, Self::Python | Self::Npm)
    }

    /// How long it may be, in bytes.
    pub const fn bytes_max(&self) -> u64 {
        match self {
            Self::Dpkg | Self::Apk | Self::RpmManifest => 128 << 20,
            Self::Rpm | Self::RpmLog => 256 << 20,
            Self::Copyright => 16 << 20,
            Self::Python | Self::Npm => 8 << 20,
            Self::OsRelease => 64 << 10,
        }
    }

    /// What becomes of one that is longer: only a list of packages must be read.
    pub fn too_long(&self) -> Option<Finding> {
        let why = || Malformed::whole(format!("it is longer than {} bytes", self.bytes_max()));
        (!self.is_database()).then(|| Finding::Unread(why()))
    }

    /// What it says; `None` if that is nothing.
    pub fn read(&self, bytes: &[u8]) -> Result<Option<Finding>, Malformed> {
        // Names of people in old packages are not always UTF-8; those of packages always are.
        let text = || String::from_utf8_lossy(bytes);
        Ok(match self {
            Self::Dpkg => Some(Finding::Dpkg(dpkg::read(&text())?)),
            Self::Apk => Some(Finding::Apk(apk::read(&text())?)),
            Self::Rpm => Some(Finding::Rpm(rpm::read(bytes)?)),
            Self::RpmLog => Some(Finding::RpmLog(rpm::read_log(bytes))),
            Self::RpmManifest => Some(Finding::Rpm(rpm::read_manifest(&text())?)),
            Self::Copyright => {
                Some(dep5::read(&text())).filter(|said| !said.is_empty()).map(Finding::Licences)
            }
            Self::Python => Some(dist_info::read(&text()).map_or_else(Finding::Unread, Finding::Python)),
            Self::Npm => match node_modules::read(&text()) {
                Ok(record) => record.map(Finding::Npm),
                Err(wrong) => Some(Finding::Unread(wrong)),
            },
            Self::OsRelease => os_release::read(&text()).map(Finding::System),
        })
    }
}
