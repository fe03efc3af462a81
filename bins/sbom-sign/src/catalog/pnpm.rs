//! `pnpm-lock.yaml`, versions 5 to 9 (github.com/pnpm/spec, "lockfile"): what each package of the tree needs, and every package with its
//! archive's hash and what it needs.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, de::IgnoredAny};

use super::{
    Faulty, Hash, Malformed, Package, Part, Purl, PurlType, beside,
    npm::located,
    package_json::{Needing, Words, manifest, split},
    source,
    tree::Files,
    yarn::yaml,
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
    let file: LockFile = yaml(text).map_err(here)?;
    let keys = keys(&file.lockfile_version).map_err(here)?;
    let mut part = Part::default();
    let entries = file.snapshots.as_ref().unwrap_or(&file.packages);
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (key, entry) in entries {
        let base = file.snapshots.as_ref().map_or(Ok(entry), |_| {
            let plain = key.split('(').next().unwrap_or(key);
            let missing = || {
                Malformed::near(text, key, format!("`{key}` stands in its snapshots and not in its packages"))
            };
            file.packages.get(plain).ok_or_else(missing)
        });
        let package = base
            .and_then(|entry| package(keys, key, entry).map_err(|why| Malformed::near(text, key, why.why)));
        part.packages.push(package.map_err(here)?);
        places.insert(key, part.packages.len() - 1);
    }
    for (key, entry) in entries {
        for (name, wanted) in entry.dependencies.iter().chain(&entry.optional_dependencies) {
            if let (Some(who), Some(what)) = (places.get(key.as_str()), found(&places, keys, name, wanted)) {
                part.packages[*who].needs.insert(what);
            }
        }
    }
    let importers = file.importers.unwrap_or_else(|| [(".".to_owned(), file.alone)].into());
    let mut members: HashMap<String, Needing> = HashMap::new();
    for directory in importers.keys() {
        let manifest = manifest(path, directory, files)?.unwrap_or_default();
        let member = manifest.member(directory).map_err(here)?;
        members.insert(directory.clone(), part.add_member(member));
    }
    for (directory, importer) in &importers {
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
            if let Some(what) = found(&places, keys, name, wanted).or_else(|| linked(wanted)) {
                part.needs(who, what);
            }
        }
        for (name, wanted) in &importer.dev_dependencies {
            if let Some(what) = found(&places, keys, name, wanted).or_else(|| linked(wanted)) {
                part.needs_in_development(who, what);
            }
        }
    }
    Ok(part)
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
