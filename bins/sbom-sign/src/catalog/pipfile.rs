//! `Pipfile.lock` (github.com/pypa/pipfile, "Pipfile.lock"): packages with the hashes of their archives, and whether they are for
//! development; it holds no graph.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    Malformed, Package, Part, Purl, PurlType,
    package_json::{Words, json},
    pyproject::add_hashes,
    source,
};

/// Beside these two a lock file may have groups of the user's own.
const PRODUCTION: &str = "default";

#[derive(Deserialize, Default)]
#[serde(default)]
struct Entry {
    version: Words,
    hashes: Vec<String>,
    git: Words,
    r#ref: Words,
    file: Words,
    path: Words,
}

/// Reads the text of a lock file.
pub fn read(text: &str) -> Result<Part, Malformed> {
    let mut file: BTreeMap<String, BTreeMap<String, serde_json::Value>> = json(text)?;
    if file.remove("_meta").is_none() {
        return Err(Malformed::whole("it has no _meta, which pipenv writes into every lock file"));
    }
    let mut part = Part::default();
    for (group, packages) in file {
        for (name, entry) in packages {
            let near = |why: String| Malformed::near(text, &format!("\"{name}\""), why);
            let entry: Entry = serde_json::from_value(entry).map_err(|error| near(error.to_string()))?;
            part.packages.push(package(&name, &entry).map_err(|error| near(error.why))?);
            let place = part.packages.len() - 1;
            if group == PRODUCTION {
                part.tops.insert(place)
            } else {
                part.development.insert(place)
            };
        }
    }
    Ok(part)
}

fn package(name: &str, entry: &Entry) -> Result<Package, Malformed> {
    let version = entry.version.text().unwrap_or_default().trim_start_matches('=');
    let purl = Purl::new(PurlType::Pypi, name)?.version(version);
    let mut package = match (entry.git.text(), entry.file.text(), entry.path.text()) {
        (Some(url), _, _) => {
            Package::new(source::from_git(purl, url, entry.r#ref.text().unwrap_or_default()))
        }
        (_, Some(url), _) => Package::new(source::from_archive(purl, url)),
        (_, _, Some(_)) => Package::member(purl),
        _ => Package::new(purl),
    };
    add_hashes(&mut package, entry.hashes.iter().map(String::as_str))?;
    Ok(package.named(name))
}

#[cfg(test)]
mod tests;
