//! npm's `package-lock.json` and `npm-shrinkwrap.json`, versions 1, 2 and 3 (docs.npmjs.com, "package-lock.json"): every package at its
//! path, with its archive's hash, its licence and what it needs.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, de::IgnoredAny};

use super::{
    Faulty, Hash, Malformed, Origin, Package, Part, Purl, PurlType,
    package_json::{Keys, Manifest, Needing, Stated, Words, json, manifest, split},
    source,
    tree::Files,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LockFile {
    lockfile_version: Option<u64>,
    #[serde(default)]
    name: Words,
    #[serde(default)]
    version: Words,
    packages: Option<BTreeMap<String, Node>>,
    #[serde(default)]
    dependencies: BTreeMap<String, Old>,
}

/// A package at a path.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Node {
    name: Words,
    version: Words,
    resolved: Words,
    integrity: Words,
    link: bool,
    dev: bool,
    license: Stated,
    dependencies: Keys,
    optional_dependencies: Keys,
    peer_dependencies: Keys,
    dev_dependencies: Keys,
}

/// A package of version 1, with those that are below it.
#[derive(Deserialize)]
struct Old {
    #[serde(default)]
    version: Words,
    #[serde(default)]
    resolved: Words,
    #[serde(default)]
    integrity: Words,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    requires: Requires,
    #[serde(default)]
    dependencies: BTreeMap<String, Old>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Requires {
    Names(Keys),
    Other(IgnoredAny),
}

impl Default for Requires {
    fn default() -> Self {
        Self::Other(IgnoredAny)
    }
}

/// Reads the text of a lock file; version 1 needs the `package.json` beside it to know what the tree itself needs.
pub fn read(path: &str, text: &str, files: &dyn Files) -> Result<Part, Faulty> {
    let here = |source| Faulty::at(path, source);
    let file: LockFile = json(text).map_err(here)?;
    match (file.lockfile_version, file.packages) {
        (Some(2 | 3), Some(nodes)) => graph(text, &nodes, &file.name).map_err(here),
        (Some(2 | 3), None) => Err(here(Malformed::whole("it holds no packages"))),
        (Some(1), _) => {
            let mut nodes = BTreeMap::new();
            for (name, old) in file.dependencies {
                flatten("", &name, old, &mut nodes);
            }
            if let Some(manifest) = manifest(path, ".", files)? {
                nodes.insert(String::new(), of_manifest(manifest, file.version));
            }
            graph(text, &nodes, &file.name).map_err(here)
        }
        (Some(other), _) => {
            Err(here(Malformed::whole(format!("it has version {other}, and 1, 2 and 3 are read"))))
        }
        (None, _) => Err(here(Malformed::whole("it has no lockfileVersion"))),
    }
}

/// The packages of version 1 at the paths where later versions have them.
fn flatten(below: &str, name: &str, old: Old, nodes: &mut BTreeMap<String, Node>) {
    let path = installed(below, name);
    for (name, old) in old.dependencies {
        flatten(&path, &name, old, nodes);
    }
    let version = old.version.text().unwrap_or_default();
    // Here an alias, a repository and an archive stand where the version should.
    let (name, version, resolved) = match version.strip_prefix("npm:").and_then(split) {
        Some((name, version)) => (name, version, old.resolved.clone()),
        None if version.contains(':') => (name, "", Words(Some(version.to_owned()))),
        None => (name, version, old.resolved.clone()),
    };
    let dependencies = match old.requires {
        Requires::Names(names) => names,
        Requires::Other(_) => Keys::default(),
    };
    let node = Node {
        name: Words(Some(name.to_owned())),
        version: Words(Some(version.to_owned())),
        resolved,
        integrity: old.integrity,
        dev: old.dev,
        dependencies,
        ..Node::default()
    };
    nodes.insert(path, node);
}

fn of_manifest(manifest: Manifest, version: Words) -> Node {
    let names = |ranges: BTreeMap<String, Words>| Keys(ranges.into_keys().collect());
    Node {
        name: manifest.name,
        version,
        license: manifest.license,
        dependencies: names(manifest.dependencies),
        optional_dependencies: names(manifest.optional_dependencies),
        peer_dependencies: names(manifest.peer_dependencies),
        dev_dependencies: names(manifest.dev_dependencies),
        ..Node::default()
    }
}

fn installed(below: &str, name: &str) -> String {
    if below.is_empty() { format!("node_modules/{name}") } else { format!("{below}/node_modules/{name}") }
}

/// The packages, and what each of them finds by the names that it needs.
fn graph(text: &str, nodes: &BTreeMap<String, Node>, root: &Words) -> Result<Part, Malformed> {
    let near = |path: &str, why: String| Malformed::near(text, &format!("\"{path}\""), why);
    let mut part = Part::default();
    let mut places: HashMap<&str, Needing> = HashMap::new();
    for (path, node) in nodes.iter().filter(|(_, node)| !node.link) {
        let name = match path.as_str() {
            "" => root.text().or(node.name.text()),
            _ => node.name.text().or_else(|| last_name(path)),
        };
        let needing = match name {
            None => Needing::Tree,
            Some(name) => {
                let origin = if is_installed(path) { Origin::Elsewhere } else { Origin::Tree };
                let package = package(name, node, origin).map_err(|error| near(path, error.why))?;
                part.add_member(Some(package))
            }
        };
        places.insert(path, needing);
    }
    let links = nodes.iter().filter(|(_, node)| node.link);
    for (path, node) in links {
        let target = node.resolved.text().unwrap_or_default();
        let place = places
            .get(target)
            .copied()
            .ok_or_else(|| near(path, format!("{path} is a link to `{target}`, which is not in it")))?;
        places.insert(path, place);
    }
    let mut needed = vec![false; part.packages.len()];
    for (path, node) in nodes.iter().filter(|(_, node)| !node.link) {
        let Some(who) = places.get(path.as_str()).copied() else { continue };
        let all = node.dependencies.0.iter().chain(&node.optional_dependencies.0);
        for name in all.chain(&node.peer_dependencies.0) {
            if let Some(Needing::Package(place)) = find(&places, path, name) {
                needed[place] = true;
                part.needs(who, place);
            }
        }
        for name in &node.dev_dependencies.0 {
            if let Some(Needing::Package(place)) = find(&places, path, name) {
                needed[place] = true;
                part.needs_in_development(who, place);
            }
        }
    }
    if !nodes.contains_key("") {
        // Nothing says what the tree itself needs, but what is for development only is marked.
        let development = nodes.iter().filter(|(_, node)| node.dev).filter_map(|(path, _)| {
            let Some(Needing::Package(place)) = places.get(path.as_str()) else { return None };
            (!needed[*place]).then_some(*place)
        });
        part.development.extend(development);
    }
    Ok(part)
}

/// Whether a path is that of a package that was installed, rather than one of the tree.
fn is_installed(path: &str) -> bool {
    path.starts_with("node_modules/") || path.contains("/node_modules/")
}

/// The name by the path: all behind the last `node_modules/`, or a member's directory.
fn last_name(path: &str) -> Option<&str> {
    match path.rfind("node_modules/") {
        Some(at) => Some(&path[at + "node_modules/".len()..]),
        None => path.rsplit('/').find(|part| !matches!(*part, "" | "." | "..")),
    }
}

fn package(name: &str, node: &Node, origin: Origin) -> Result<Package, Malformed> {
    let purl = Purl::new(PurlType::Npm, name)?.version(node.version.text().unwrap_or_default());
    let mut package = if origin == Origin::Tree {
        Package::member(purl)
    } else {
        Package::new(located(purl, name, node.resolved.text().unwrap_or_default()))
    };
    package.licences.extend(node.license.licences());
    if let Some(integrity) = node.integrity.text() {
        let hashes = Hash::integrity(integrity);
        let why = || Malformed::whole(format!("the integrity of {name} is none"));
        package.hashes.extend(hashes.ok_or_else(why)?);
    }
    Ok(package.named(name))
}

/// With where it comes from, if that is not npm's own registry: another registry, a repository, or an archive somewhere.
pub(super) fn located(purl: Purl, name: &str, resolved: &str) -> Purl {
    if source::is_repository(resolved) {
        let (url, commit) = resolved.split_once('#').unwrap_or((resolved, ""));
        return source::from_git(purl, url, commit);
    }
    match resolved.split_once(&format!("/{name}/-/")) {
        Some((registry, _)) => source::from_index(purl, &format!("{registry}/")),
        None => source::from_archive(purl, resolved),
    }
}

/// What a package finds by this name: below itself, else below each directory that it is in (nodejs.org, "Loading from node_modules
/// folders").
fn find(places: &HashMap<&str, Needing>, from: &str, name: &str) -> Option<Needing> {
    let mut below = from;
    loop {
        if let Some(found) = places.get(installed(below, name).as_str()) {
            return Some(*found);
        }
        if below.is_empty() {
            return None;
        }
        below = below.rsplit_once('/').map_or("", |(above, _)| above);
        below = below.strip_suffix("node_modules").map_or(below, |above| above.trim_end_matches('/'));
    }
}

#[cfg(test)]
mod tests;
