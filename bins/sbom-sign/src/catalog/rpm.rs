//! RPM's packages: where the databases lie (rpm(8), `%_dbpath`) and what of a package's header counts; the three formats and the header have a
//! file each below. Never the files that packages brought.

mod berkeley;
mod graph;
mod header;
mod log;
mod manifest;
mod ndb;
mod octets;
mod once;
mod sqlite;

use std::collections::BTreeSet;

use super::{Kind, Licence, Malformed, Package, Part, Place, Purl, PurlType, Qualifier, os_release::Release};
use graph::Graph;
use header::{Header, Tag};
pub use log::Changes;

/// The directories, the newer one first.
const DIRECTORIES: [&str; 3] = ["usr/lib/sysimage/rpm/", "var/lib/rpm/", "usr/share/rpm/"];
/// The databases: SQLite, NDB, and Berkeley DB.
const DATABASES: [&str; 3] = [WITH_LOGS, "Packages.db", "Packages"];
/// The one that may have logs of changes beside it.
const WITH_LOGS: &str = "rpmdb.sqlite";
/// The list of an image that has no database.
pub const MANIFEST: &str = "var/lib/rpmmanifest/container-manifest-2";
/// The name of keys that packages are signed with. rpm keeps them among the packages, and they are none.
const KEY: &str = "gpg-pubkey";
/// How many packages a database may have.
const PACKAGES_MAX: usize = 100_000;
/// What a record takes beside its texts, more or less, and one of its needs, in bytes.
const RECORD_BYTES: usize = 2048;
const NEED_BYTES: usize = 16;

/// Who takes the headers of packages, one after the other.
type Read<'r> = dyn FnMut(&[u8]) -> Result<(), Malformed> + 'r;

/// A package that is there.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Record {
    name: String,
    version: String,
    release: String,
    epoch: Option<u32>,
    architecture: String,
    licence: String,
    /// The source package that it was built from, by the name of its file.
    source: String,
    /// The module it belongs to, with its stream.
    module: String,
    /// What it needs, by places in the list.
    needs: BTreeSet<usize>,
}

/// Whether this is a database of RPM.
pub fn is_database(path: &str) -> bool {
    is_in_directory(path, |file| DATABASES.contains(&file))
}

/// Whether this is a log of changes beside a database.
pub fn is_log(path: &str) -> bool {
    is_in_directory(path, |file| database_of(file) == Some(WITH_LOGS))
}

fn is_in_directory(path: &str, is_it: impl Fn(&str) -> bool) -> bool {
    DIRECTORIES.iter().any(|directory| path.strip_prefix(directory).is_some_and(&is_it))
}

/// All of them.
pub fn databases() -> impl Iterator<Item = String> {
    DIRECTORIES.iter().flat_map(|directory| DATABASES.map(|file| format!("{directory}{file}")))
}

/// The logs that may lie beside a database; none where it is of a format without any.
pub fn logs(database: &str) -> impl Iterator<Item = String> {
    let endings = if database.ends_with(WITH_LOGS) { &log::ENDINGS[..] } else { &[] };
    endings.iter().map(move |ending| format!("{database}{ending}"))
}

/// The database that a log is of.
pub fn database_of(log: &str) -> Option<&str> {
    log::ENDINGS.iter().find_map(|ending| log.strip_suffix(ending))
}

/// Reads a log.
pub fn read_log(bytes: &[u8]) -> Changes {
    log::read(bytes)
}

/// Reads a database, whatever its format: a link may give any name to it. It is gone through twice, so that nothing is kept but what counts.
pub fn read(bytes: &[u8]) -> Result<Vec<Record>, Malformed> {
    let each = match bytes {
        [] => return Err(Malformed::whole("it is empty")),
        _ if bytes.starts_with(sqlite::MAGIC) => sqlite::read,
        _ if bytes.starts_with(ndb::MAGIC) => ndb::read,
        _ if berkeley::is_one(bytes) => berkeley::read,
        _ => {
            return Err(Malformed::whole(
                "it is none of RPM's databases: neither SQLite nor NDB nor a hash of Berkeley DB",
            ));
        }
    };
    let (mut records, mut graph) = (Vec::new(), Graph::default());
    each(bytes, &mut |blob| {
        let header = Header::of(blob)?;
        if let Some(record) = Record::of(&header)? {
            if records.len() == PACKAGES_MAX {
                return Err(Malformed::whole(format!("it has more than {PACKAGES_MAX} packages")));
            }
            graph.wants(&header)?;
            records.push(record);
        }
        Ok(())
    })?;
    graph.named(records.iter().map(|record| record.name.as_str()));
    let mut place = 0;
    each(bytes, &mut |blob| {
        let header = Header::of(blob)?;
        if !is_key(&header)? {
            graph.has(place, &header)?;
            place += 1;
        }
        Ok(())
    })?;
    for (record, needs) in records.iter_mut().zip(graph.needs()) {
        record.needs = needs;
    }
    Ok(records)
}

/// Reads the list of an image without a database.
pub fn read_manifest(text: &str) -> Result<Vec<Record>, Malformed> {
    manifest::read(text)
}

/// The packages of one database as one graph.
pub fn part(found: Vec<Record>, place: &Place, system: Option<&Release>) -> Part {
    let packages = found.into_iter().map(|record| record.package(system)).collect();
    Part { packages, ..Part::default() }.found_at(place)
}

impl Record {
    /// What a header says; nothing if it is a key.
    fn of(header: &Header<'_>) -> Result<Option<Self>, Malformed> {
        let bytes = |tag: Tag| Ok::<_, Malformed>(header.text(tag)?.unwrap_or_default());
        // Two names that are not UTF-8 would be one.
        let text = |tag: Tag| match std::str::from_utf8(bytes(tag)?) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(Malformed::whole(format!("the value {} of a package is not UTF-8", tag as u32))),
        };
        if is_key(header)? {
            return Ok(None);
        }
        let record = Self {
            name: text(Tag::Name)?,
            version: text(Tag::Version)?,
            release: text(Tag::Release)?,
            epoch: header.numbers(Tag::Epoch)?.next(),
            architecture: text(Tag::Architecture)?,
            // Those of old packages are not always UTF-8.
            licence: String::from_utf8_lossy(bytes(Tag::Licence)?).into_owned(),
            source: text(Tag::Source)?,
            module: text(Tag::Module)?,
            needs: BTreeSet::new(),
        };
        record.checked().map(Some)
    }

    /// With a name and a version, as every package has them.
    fn checked(self) -> Result<Self, Malformed> {
        let missing = |what: &str| Err(Malformed::whole(format!("a package has no {what}")));
        match () {
            () if self.name.is_empty() => missing("name"),
            () if self.version.is_empty() => missing("version"),
            () if self.release.is_empty() => missing("release"),
            () if self.name.contains('/') || self.words().any(is_no_word) => {
                Err(Malformed::whole("a package has a name that none has"))
            }
            () => Ok(self),
        }
    }

    /// What is one word in every package.
    fn words(&self) -> impl Iterator<Item = &str> {
        [&self.name, &self.version, &self.release, &self.architecture].into_iter().map(String::as_str)
    }

    /// How many bytes it takes, more or less.
    pub fn bytes(&self) -> usize {
        let texts = [&self.name, &self.version, &self.release, &self.architecture, &self.licence];
        let texts = texts.into_iter().chain([&self.source, &self.module]).map(String::len);
        RECORD_BYTES + texts.sum::<usize>() + NEED_BYTES * self.needs.len()
    }

    fn package(self, system: Option<&Release>) -> Package {
        let version = format!("{}-{}", self.version, self.release);
        let version = self.epoch.map_or_else(|| version.clone(), |epoch| format!("{epoch}:{version}"));
        let mut package = match self.purl(system) {
            Ok(purl) => Package::new(purl),
            Err(_) => Package::other(Kind::Library, &self.name, None),
        };
        package.version = Some(version);
        package.name = self.name;
        package.licences.extend(Licence::of(&self.licence));
        package.needs = self.needs;
        if !self.module.is_empty() {
            package.properties.insert("seaworthy:rpm:module".into(), self.module);
        }
        package
    }

    /// As the package URL type `rpm` has it: the epoch is no part of the version.
    fn purl(&self, system: Option<&Release>) -> Result<Purl, super::InvalidPurl> {
        let vendor = system.map_or("", |system| vendor(&system.id));
        let purl = Purl::new(PurlType::Rpm, &format!("{vendor}/{}", self.name))?;
        Ok(purl
            .version(&format!("{}-{}", self.version, self.release))
            .qualifier(Qualifier::Arch, &self.architecture)
            .qualifier(Qualifier::Distro, &system.map(Release::distro).unwrap_or_default())
            .qualifier(Qualifier::Epoch, &self.epoch.map(|epoch| epoch.to_string()).unwrap_or_default())
            .qualifier(Qualifier::Upstream, &self.source))
    }
}

/// Whether it is that of a key, which is no package.
fn is_key(header: &Header<'_>) -> Result<bool, Malformed> {
    Ok(header.text(Tag::Name)? == Some(KEY.as_bytes()))
}

fn is_no_word(text: &str) -> bool {
    text.chars().any(|one| one.is_control() || one.is_whitespace())
}

/// What package URLs call the vendor of a system, where that is not the system's own id.
fn vendor(id: &str) -> &str {
    match id {
        "rhel" | "hummingbird" => "redhat",
        _ if id.starts_with("opensuse") => "opensuse",
        _ => id,
    }
}

#[cfg(test)]
mod tests;
