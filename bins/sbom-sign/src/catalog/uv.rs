//! `uv.lock`, version 1 (docs.astral.sh/uv, "Locking and syncing"): the tree's own packages and all that they need, with the hashes of
//! their archives.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use toml::Spanned;

use super::{
    Malformed, Package, Part, Purl, PurlType,
    pyproject::{add_hashes, toml},
    source,
};

#[derive(Deserialize)]
struct LockFile {
    version: u64,
    #[serde(default)]
    package: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Entry {
    name: String,
    version: Option<String>,
    #[serde(default)]
    source: Source,
    #[serde(default)]
    dependencies: Vec<Needed>,
    #[serde(default)]
    optional_dependencies: BTreeMap<String, Vec<Needed>>,
    #[serde(default)]
    dev_dependencies: BTreeMap<String, Vec<Needed>>,
    sdist: Option<Archive>,
    #[serde(default)]
    wheels: Vec<Archive>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Source {
    registry: Option<String>,
    git: Option<String>,
    url: Option<String>,
    path: Option<String>,
    directory: Option<String>,
    editable: Option<String>,
    r#virtual: Option<String>,
}

#[derive(Deserialize)]
struct Needed {
    name: String,
    version: Option<String>,
}

#[derive(Deserialize)]
struct Archive {
    hash: Option<String>,
}

/// Reads the text of a lock file.
pub fn read(text: &str) -> Result<Part, Malformed> {
    let file: LockFile = toml(text)?;
    if file.version != 1 {
        return Err(Malformed::whole(format!("it has version {}, and 1 is read", file.version)));
    }
    let mut part = Part::default();
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for entry in &file.package {
        let package = package(entry.get_ref());
        part.packages.push(package.map_err(|error| Malformed::at(text, entry.span().start, error.why))?);
        places.entry(&entry.get_ref().name).or_default().push(part.packages.len() - 1);
    }
    let find = |needed: &Needed| {
        // Of several versions the one meant is named; without that each may be, on one system or another.
        let fits = |place: &usize| {
            let there = &file.package[*place].get_ref().version;
            needed.version.is_none() || *there == needed.version
        };
        let named = places.get(needed.name.as_str()).into_iter().flatten();
        named.copied().filter(|place| fits(place)).collect::<Vec<_>>()
    };
    for (place, entry) in file.package.iter().enumerate() {
        let entry = entry.get_ref();
        for needed in entry.dependencies.iter().chain(entry.optional_dependencies.values().flatten()) {
            let found = find(needed);
            if found.is_empty() {
                let why = format!("{} needs `{}`, which is not in it", entry.name, needed.name);
                return Err(Malformed::at(text, file.package[place].span().start, why));
            }
            part.packages[place].needs.extend(found);
        }
        let development = entry.dev_dependencies.values().flatten().flat_map(find);
        part.packages[place].development.extend(development);
    }
    Ok(part)
}

fn package(entry: &Entry) -> Result<Package, Malformed> {
    let purl = Purl::new(PurlType::Pypi, &entry.name)?.version(entry.version.as_deref().unwrap_or_default());
    let Source { registry, git, url, path, directory, editable, r#virtual } = &entry.source;
    let own = editable.is_some() || r#virtual.is_some() || directory.is_some();
    let mut package = match (git, url, registry) {
        _ if own => Package::member(purl),
        (Some(git), _, _) => {
            let (url, commit) = git.split_once('#').unwrap_or((git, ""));
            Package::new(source::from_git(purl, url, commit))
        }
        (_, Some(url), _) => Package::new(source::from_archive(purl, url)),
        (_, _, Some(index)) => Package::new(source::from_index(purl, index)),
        _ if path.is_some() => Package::member(purl),
        _ => Package::new(purl),
    };
    let archives = entry.sdist.iter().chain(&entry.wheels);
    add_hashes(&mut package, archives.filter_map(|archive| archive.hash.as_deref()))?;
    Ok(package.named(&entry.name))
}

#[cfg(test)]
mod tests;
