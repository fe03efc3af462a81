//! `pdm.lock`, lock versions 4.x (pdm-project.org, "Lock file"; its `pdm/formats` is the only specification): every package with the hashes
//! of its archives, its groups and what it needs.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::{
    Faulty, Malformed, Package, Part, Purl, PurlType,
    purl::pypi_name,
    pyproject::{Locked, add_hashes, manifest, requirement_name, toml},
    source,
    tree::Files,
};

#[derive(Deserialize)]
struct LockFile {
    #[serde(default)]
    package: Vec<Spanned<Entry>>,
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    lock_version: String,
    /// Of lock version 4.0 and 4.1.
    #[serde(default)]
    files: BTreeMap<String, Vec<Archive>>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    version: String,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    dependencies: Vec<String>,
    #[serde(default)]
    files: Vec<Archive>,
    git: Option<String>,
    revision: Option<String>,
    url: Option<String>,
    path: Option<String>,
}

#[derive(Deserialize)]
struct Archive {
    hash: Option<String>,
}

/// Reads the text of a lock file; what the project itself needs stands in its `pyproject.toml`.
pub fn read(path: &str, text: &str, files: &dyn Files) -> Result<Part, Faulty> {
    let here = |source| Faulty::at(path, source);
    let file: LockFile = toml(text).map_err(here)?;
    let version = &file.metadata.lock_version;
    if version.split('.').next() != Some("4") {
        return Err(here(Malformed::whole(format!("it has lock version `{version}`, and 4 is read"))));
    }
    let manifest = manifest(path, files)?;
    let mut locked = Locked::default();
    for entry in &file.package {
        let start = entry.span().start;
        let entry = entry.get_ref();
        let older =
            file.metadata.files.get(&format!("{} {}", entry.name, entry.version)).into_iter().flatten();
        let hashes = entry.files.iter().chain(older).filter_map(|archive| archive.hash.as_deref());
        let package = package(entry).and_then(|mut package| {
            add_hashes(&mut package, hashes)?;
            Ok(package)
        });
        let package = package.map_err(|error| here(Malformed::at(text, start, error.why)))?;
        // Groups of extras and of development look alike; a project that says nothing leaves it open.
        if entry.groups == ["dev"] {
            locked.marked.push(locked.packages.len());
        }
        let needs = entry.dependencies.iter().filter_map(|one| Some(pypi_name(requirement_name(one)?)));
        locked.packages.push((package, needs.collect()));
    }
    Ok(locked.graph(manifest))
}

fn package(entry: &Entry) -> Result<Package, Malformed> {
    let purl = Purl::new(PurlType::Pypi, &entry.name)?.version(&entry.version);
    let package = match (&entry.git, &entry.url, &entry.path) {
        (Some(url), _, _) => {
            Package::new(source::from_git(purl, url, entry.revision.as_deref().unwrap_or_default()))
        }
        (_, Some(url), _) => Package::new(source::from_archive(purl, url)),
        (_, _, Some(_)) => Package::member(purl),
        _ => Package::new(purl),
    };
    Ok(package.named(&entry.name))
}

#[cfg(test)]
mod tests;
