//! `yarn.lock` of yarn 2 and later (yarnpkg.com, "Lockfiles"): packages by their descriptors, the tree's own among them.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::{
    super::{
        Faulty, Malformed, Package, Part, Purl, PurlType,
        package_json::{manifest, split},
        source,
        tree::Files,
    },
    yaml,
};

/// The property with yarn's own checksum: that of the archive in its cache, which is not the registry's.
const CHECKSUM: &str = "seaworthy:yarn:checksum";

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Entry {
    version: String,
    resolution: String,
    checksum: String,
    dependencies: BTreeMap<String, String>,
    peer_dependencies: BTreeMap<String, String>,
}

/// Reads the text of a lock file; names, versions and what is for development stand in the tree's `package.json`.
pub fn read(path: &str, text: &str, files: &dyn Files) -> Result<Part, Faulty> {
    let here = |source| Faulty::at(path, source);
    let mut entries: BTreeMap<String, Entry> = yaml(text).map_err(here)?;
    entries.remove("__metadata");
    let mut part = Part::default();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut development: Vec<Vec<String>> = Vec::with_capacity(entries.len());
    for (descriptors, entry) in &entries {
        let wrong = |error: Malformed| here(Malformed::near(text, descriptors, error.why));
        let resolution = &entry.resolution;
        let unnamed = || wrong(Malformed::whole(format!("`{descriptors}` has no resolution")));
        let (name, reference) = split(resolution).ok_or_else(unnamed)?;
        let (package, names) = match reference.strip_prefix("workspace:") {
            Some(directory) => {
                let manifest = manifest(path, directory, files)?.unwrap_or_default();
                let version = manifest.version.text().unwrap_or_default();
                let purl = Purl::new(PurlType::Npm, name).map_err(|error| wrong(error.into()))?;
                let mut package = Package::member(purl.version(version)).named(name);
                package.licences.extend(manifest.license.licences());
                (package, manifest.dev_dependencies.into_keys().collect())
            }
            None => (package(name, reference, entry).map_err(wrong)?, Vec::new()),
        };
        part.packages.push(package);
        development.push(names);
        places.extend(descriptors.split(", ").map(|one| (one, part.packages.len() - 1)));
    }
    for (place, entry) in entries.values().enumerate() {
        for (name, range) in entry.dependencies.iter().chain(&entry.peer_dependencies) {
            let Some(what) = find(&places, name, range) else { continue };
            if development[place].contains(name) {
                part.packages[place].development.insert(what);
            } else {
                part.packages[place].needs.insert(what);
            }
        }
    }
    Ok(part)
}

/// Since yarn 4 a range says its protocol; before, `npm:` goes without saying.
fn find(places: &HashMap<&str, usize>, name: &str, range: &str) -> Option<usize> {
    let said = places.get(format!("{name}@{range}").as_str());
    said.or_else(|| places.get(format!("{name}@npm:{range}").as_str())).copied()
}

fn package(name: &str, reference: &str, entry: &Entry) -> Result<Package, Malformed> {
    let version = &entry.version;
    let purl = Purl::new(PurlType::Npm, name)?.version(version);
    let mut package = match reference.split_once(':') {
        Some(("link" | "portal", _)) => Package::member(purl),
        Some(("npm" | "patch" | "file", _)) => Package::new(match reference.split_once("::__archiveUrl=") {
            Some((_, url)) => {
                let url = percent_encoding::percent_decode_str(url).decode_utf8_lossy();
                super::super::npm::located(purl, name, &url)
            }
            None => purl,
        }),
        _ => match reference.split_once("#commit=") {
            Some((url, commit)) => Package::new(source::from_git(purl, url, commit)),
            None => Package::new(source::from_archive(purl, reference)),
        },
    };
    if !entry.checksum.is_empty() {
        package.properties.insert(CHECKSUM.to_owned(), entry.checksum.clone());
    }
    Ok(package.named(name))
}
