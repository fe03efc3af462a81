//! `pnpm-lock.yaml`, versions 5 to 9 (github.com/pnpm/spec, "lockfile"; pnpm.io/lockfile): what each package of the tree needs, and every
//! package with its archive's hash and what it needs. Before the project's own document may stand one with pnpm itself.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, de::IgnoredAny};

use super::{
    Faulty, Hash, Malformed, Package, Part, Purl, PurlType, beside,
    npm::located,
    package_json::{Needing, Words, manifest, split},
    source,
    tree::Files,
    yarn::yaml_documents,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LockFile {
    lockfile_version: Version,
    importers: Option<BTreeMap<String, Importer>>,
    /// Of a tree with one package, up to version 6.
    #[serde(flatten)]
    alone: Importer,
    #[serde(default)]
    packages: BTreeMap<String, Entry>,
    /// Since version 9, with what `packages` held before of the graph.
    snapshots: Option<BTreeMap<String, Entry>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Version {
    Number(f64),
    Text(String),
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Importer {
    dependencies: BTreeMap<String, Wanted>,
    optional_dependencies: BTreeMap<String, Wanted>,
    dev_dependencies: BTreeMap<String, Wanted>,
    /// Plug-ins of pnpm.
    config_dependencies: BTreeMap<String, Wanted>,
    /// The pnpm that the project pins; never in its own document.
    package_manager_dependencies: BTreeMap<String, Wanted>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Wanted {
    Version(String),
    Specified { version: String },
    Other(IgnoredAny),
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Entry {
    name: Words,
    version: Words,
    resolution: Resolution,
    dependencies: BTreeMap<String, Wanted>,
    optional_dependencies: BTreeMap<String, Wanted>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Resolution {
    integrity: Words,
    tarball: Words,
    repo: Words,
    commit: Words,
    directory: Words,
}

/// How keys are written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Keys {
    /// `/name/1.0.0_peers`
    Slashes,
    /// `/name@1.0.0(peers)`
    SlashAt,
    /// `name@1.0.0(peers)`
    At,
}

/// Reads the text of a lock file; the names of the tree's packages stand in their `package.json`.
pub fn read(path: &str, text: &str, files: &dyn Files) -> Result<Part, Faulty> {
    let here = |source| Faulty::at(path, source);
    let documents: Vec<LockFile> = yaml_documents(text).map_err(here)?;
    let last = documents.last().ok_or_else(|| here(Malformed::whole("it holds nothing")))?;
    let mut importers = last.importers.iter().flatten();
    if importers.any(|(_, importer)| !importer.package_manager_dependencies.is_empty()) {
        let why =
            "it ends behind the document with pnpm itself: the one with what the project needs is missing";
        return Err(here(Malformed::whole(why)));
    }
    let mut reading = Reading { path, text, files, part: Part::default(), members: HashMap::new() };
    for document in documents {
        reading.add(document)?;
    }
    Ok(reading.part)
}

/// A lock file, as far as it is read.
struct Reading<'r> {
    path: &'r str,
    text: &'r str,
    files: &'r dyn Files,
    part: Part,
    /// The tree's packages by their directories.
    members: HashMap<String, Needing>,
}

impl Reading<'_> {
    fn add(&mut self, file: LockFile) -> Result<(), Faulty> {
        let keys = keys(&file.lockfile_version).map_err(|source| Faulty::at(self.path, source))?;
        let entries = file.snapshots.as_ref().unwrap_or(&file.packages);
        let importers = file.importers.unwrap_or_else(|| [(".".to_owned(), file.alone)].into());
        for directory in importers.keys() {
            if self.members.contains_key(directory) {
                continue;
            }
            let manifest = manifest(self.path, directory, self.files)?.unwrap_or_default();
            let member = manifest.member(directory).map_err(|source| Faulty::at(self.path, source))?;
            self.members.insert(directory.clone(), self.part.add_member(member));
        }
        let mut places = HashMap::new();
        for (key, entry) in entries {
            let base = if file.snapshots.is_some() { self.stated(key, &file.packages)? } else { entry };
            places.insert(key.as_str(), self.place(keys, key, base)?);
        }
        for (key, entry) in entries {
            for (name, wanted) in entry.dependencies.iter().chain(&entry.optional_dependencies) {
                if let (Some(who), Some(what)) =
                    (places.get(key.as_str()), found(&places, keys, name, wanted))
                {
                    self.part.packages[*who].needs.insert(what);
                }
            }
        }
        for (directory, importer) in &importers {
            self.import(directory, importer, |name, wanted| found(&places, keys, name, wanted));
        }
        Ok(())
    }

    /// What `packages` says of a snapshot.
    fn stated<'e>(&self, key: &str, packages: &'e BTreeMap<String, Entry>) -> Result<&'e Entry, Faulty> {
        let plain = key.split('(').next().unwrap_or(key);
        let why = || format!("`{key}` stands in its snapshots and not in its packages");
        let missing = || Faulty::at(self.path, Malformed::near(self.text, key, why()));
        packages.get(plain).ok_or_else(missing)
    }

    /// The place of the package at this key. One that is injected is the tree's own.
    fn place(&mut self, keys: Keys, key: &str, entry: &Entry) -> Result<usize, Faulty> {
        let directory = entry.resolution.directory.text();
        let directory = directory.and_then(|directory| beside(super::package_json::FILE, directory));
        if let Some(Needing::Package(place)) = directory.and_then(|one| self.members.get(&one).copied()) {
            return Ok(place);
        }
        let wrong = |error: Malformed| Faulty::at(self.path, Malformed::near(self.text, key, error.why));
        self.part.packages.push(package(keys, key, entry).map_err(wrong)?);
        Ok(self.part.packages.len() - 1)
    }

    /// Notes what a package of the tree needs; pnpm and its plug-ins only build it.
    fn import(
        &mut self,
        directory: &str,
        importer: &Importer,
        find: impl Fn(&str, &Wanted) -> Option<usize>,
    ) {
        let members = &self.members;
        let who = members.get(directory).copied().unwrap_or(Needing::Tree);
        let linked = |wanted: &Wanted| {
            let target = version(wanted)?.strip_prefix("link:")?;
            let target = beside(&format!("{directory}/{}", super::package_json::FILE), target)?;
            match members.get(if target.is_empty() { "." } else { &target })? {
                Needing::Package(place) => Some(*place),
                Needing::Tree => None,
            }
        };
        for (name, wanted) in importer.dependencies.iter().chain(&importer.optional_dependencies) {
            if let Some(what) = find(name, wanted).or_else(|| linked(wanted)) {
                self.part.needs(who, what);
            }
        }
        let tools = importer.config_dependencies.iter().chain(&importer.package_manager_dependencies);
        for (name, wanted) in importer.dev_dependencies.iter().chain(tools) {
            if let Some(what) = find(name, wanted).or_else(|| linked(wanted)) {
                self.part.needs_in_development(who, what);
            }
        }
    }
}

fn keys(version: &Version) -> Result<Keys, Malformed> {
    let text = match version {
        Version::Number(number) => number.to_string(),
        Version::Text(text) => text.clone(),
    };
    match text.split('.').next() {
        Some("5") => Ok(Keys::Slashes),
        Some("6" | "7") => Ok(Keys::SlashAt),
        Some("9") => Ok(Keys::At),
        _ => Err(Malformed::whole(format!("it has version {text}, and 5 to 9 are read"))),
    }
}

fn version(wanted: &Wanted) -> Option<&str> {
    match wanted {
        Wanted::Version(version) | Wanted::Specified { version } => Some(version),
        Wanted::Other(_) => None,
    }
}

/// The entry that a dependency means: by a whole key where it has another name than the package, else by name and version.
fn found(places: &HashMap<&str, usize>, keys: Keys, name: &str, wanted: &Wanted) -> Option<usize> {
    let version = version(wanted)?;
    let key = match keys {
        Keys::Slashes => format!("/{name}/{version}"),
        Keys::SlashAt => format!("/{name}@{version}"),
        Keys::At => format!("{name}@{version}"),
    };
    places.get(key.as_str()).or_else(|| places.get(version)).copied()
}

/// Name and version by the key.
fn named(keys: Keys, key: &str) -> Option<(&str, &str)> {
    match keys {
        Keys::Slashes => {
            let key = key.strip_prefix('/')?;
            let from = if key.starts_with('@') { key.find('/')? + 1 } else { 0 };
            let at = from + key[from..].find('/')?;
            let version = &key[at + 1..];
            Some((&key[..at], version.split('_').next().unwrap_or(version)))
        }
        Keys::SlashAt | Keys::At => {
            let plain = key.split('(').next().unwrap_or(key);
            split(plain.strip_prefix('/').unwrap_or(plain))
        }
    }
}

fn package(keys: Keys, key: &str, entry: &Entry) -> Result<Package, Malformed> {
    let by_key =
        named(keys, key).filter(|(_, version)| version.starts_with(|one: char| one.is_ascii_digit()));
    let name = entry.name.text().or_else(|| named(keys, key).map(|(name, _)| name));
    let name = name.ok_or_else(|| Malformed::whole(format!("`{key}` is the key of no package")))?;
    let version = entry.version.text().or(by_key.map(|(_, version)| version)).unwrap_or_default();
    let mut purl = Purl::new(PurlType::Npm, name)?.version(version);
    let Resolution { integrity, tarball, repo, commit, directory } = &entry.resolution;
    if let Some(repo) = repo.text() {
        purl = source::from_git(purl, repo, commit.text().unwrap_or_default());
    } else if let Some(tarball) = tarball.text() {
        purl = located(purl, name, tarball);
    }
    let mut package = if directory.text().is_some() { Package::member(purl) } else { Package::new(purl) };
    if let Some(integrity) = integrity.text() {
        let why = || Malformed::whole(format!("the integrity of `{key}` is none"));
        package.hashes.extend(Hash::integrity(integrity).ok_or_else(why)?);
    }
    Ok(package.named(name))
}

#[cfg(test)]
mod tests;
