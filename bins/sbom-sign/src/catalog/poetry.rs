//! `poetry.lock`, lock versions 1 and 2 (python-poetry.org; `poetry/packages/locker.py` is its only specification): every package with the
//! hashes of its archives and the names that it needs.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::{
    Faulty, Malformed, Package, Part, Purl, PurlType,
    package_json::Keys,
    purl::pypi_name,
    pyproject::{Locked, add_hashes, manifest, toml},
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
#[serde(rename_all = "kebab-case")]
struct Metadata {
    lock_version: Option<String>,
    /// Of lock version 1.
    #[serde(default)]
    files: BTreeMap<String, Vec<Archive>>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    version: String,
    /// Up to lock version 1.
    category: Option<String>,
    /// Since lock version 2.1.
    groups: Option<Vec<String>>,
    #[serde(default)]
    files: Vec<Archive>,
    #[serde(default)]
    dependencies: Keys,
    source: Option<Source>,
}

#[derive(Deserialize)]
struct Archive {
    hash: Option<String>,
}

#[derive(Deserialize)]
struct Source {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    url: String,
    resolved_reference: Option<String>,
}

/// Reads the text of a lock file; what the project itself needs stands in its `pyproject.toml`.
pub fn read(path: &str, text: &str, files: &dyn Files) -> Result<Part, Faulty> {
    let here = |source| Faulty::at(path, source);
    let file: LockFile = toml(text).map_err(here)?;
    let version = file.metadata.lock_version.unwrap_or_default();
    if !matches!(version.split('.').next(), Some("1" | "2")) {
        return Err(here(Malformed::whole(format!("it has lock version `{version}`, and 1 and 2 are read"))));
    }
    let mut locked = Locked::default();
    for entry in &file.package {
        let start = entry.span().start;
        let entry = entry.get_ref();
        let older = file.metadata.files.get(&entry.name).into_iter().flatten();
        let hashes = entry.files.iter().chain(older).filter_map(|archive| archive.hash.as_deref());
        let package = package(entry).and_then(|mut package| {
            add_hashes(&mut package, hashes)?;
            Ok(package)
        });
        let package = package.map_err(|error| here(Malformed::at(text, start, error.why)))?;
        let main = |group: &String| group == "main" || group == "default";
        let development = match (&entry.groups, &entry.category) {
            (Some(groups), _) => !groups.iter().any(main),
            (None, Some(category)) => category == "dev",
            (None, None) => false,
        };
        if development {
            locked.marked.push(locked.packages.len());
        }
        locked.packages.push((package, entry.dependencies.0.iter().map(|name| pypi_name(name)).collect()));
    }
    Ok(locked.graph(manifest(path, files)?))
}

fn package(entry: &Entry) -> Result<Package, Malformed> {
    let purl = Purl::new(PurlType::Pypi, &entry.name)?.version(&entry.version);
    let Some(Source { kind, url, resolved_reference }) = &entry.source else {
        return Ok(Package::new(purl).named(&entry.name));
    };
    let package = match kind.as_deref() {
        Some("directory" | "file") => Package::member(purl),
        Some("git") => {
            Package::new(source::from_git(purl, url, resolved_reference.as_deref().unwrap_or_default()))
        }
        Some("url") => Package::new(source::from_archive(purl, url)),
        _ => Package::new(source::from_index(purl, url)),
    };
    Ok(package.named(&entry.name))
}

#[cfg(test)]
mod tests;
