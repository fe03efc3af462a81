//! `pyproject.toml` (packaging.python.org, "pyproject.toml specification", and Poetry's own tables): what a Python project says about
//! itself, as far as its lock file leaves it out.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Value;

use super::{
    Faulty, Hash, Licence, Malformed, Package, Part, Purl, PurlType, beside, line_of, package_json::Keys,
    purl::pypi_name, tree::Files,
};

/// The file's name.
pub const FILE: &str = "pyproject.toml";

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
struct File {
    project: Project,
    dependency_groups: BTreeMap<String, Vec<Value>>,
    tool: Tool,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
struct Project {
    name: Option<String>,
    version: Option<String>,
    license: Option<Value>,
    dependencies: Vec<String>,
    optional_dependencies: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Tool {
    poetry: Poetry,
    pdm: Pdm,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
struct Poetry {
    name: Option<String>,
    version: Option<String>,
    license: Option<String>,
    dependencies: Keys,
    dev_dependencies: Keys,
    group: BTreeMap<String, Group>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Group {
    dependencies: Keys,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
struct Pdm {
    dev_dependencies: BTreeMap<String, Vec<String>>,
}

/// What a project says about itself.
pub struct Manifest {
    /// Its package, if it has a name.
    pub member: Option<Package>,
    /// The normalised names that it needs, extras included.
    pub needed: Vec<String>,
    /// The normalised names that it needs for development only.
    pub development: Vec<String>,
}

/// Any TOML, with the line of what is wrong.
pub(super) fn toml<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, Malformed> {
    toml::from_str(text).map_err(|error| Malformed {
        why: error.message().to_owned(),
        line: error.span().map(|span| line_of(text, span.start)),
    })
}

/// The project beside the file at `path`; nothing where there is none.
pub(super) fn manifest(path: &str, files: &dyn Files) -> Result<Option<Manifest>, Faulty> {
    let Some(path) = beside(path, FILE) else { return Ok(None) };
    let Some(text) = files.text(&path)? else { return Ok(None) };
    read(&text).map(Some).map_err(|source| Faulty::at(&path, source))
}

/// Reads the text of a `pyproject.toml`.
pub fn read(text: &str) -> Result<Manifest, Malformed> {
    let File { project, dependency_groups, tool: Tool { poetry, pdm } } = toml(text)?;
    let named = |requirement: &String| Some(pypi_name(requirement_name(requirement)?));
    let keys = |keys: Keys| keys.0.into_iter().map(|name| pypi_name(&name)).filter(|name| name != "python");
    let extras = project.optional_dependencies.values().flatten();
    let mut needed: Vec<String> = project.dependencies.iter().chain(extras).filter_map(named).collect();
    needed.extend(keys(poetry.dependencies));
    let mut development: Vec<String> = keys(poetry.dev_dependencies).collect();
    development.extend(poetry.group.into_values().flat_map(|group| keys(group.dependencies)));
    development.extend(pdm.dev_dependencies.values().flatten().filter_map(named));
    let grouped = dependency_groups.into_values().flatten();
    development.extend(grouped.filter_map(|one| Some(pypi_name(requirement_name(one.as_str()?)?))));
    let version = project.version.or(poetry.version).unwrap_or_default();
    let member = match project.name.or(poetry.name) {
        None => None,
        Some(name) => {
            let purl = Purl::new(PurlType::Pypi, &name)?.version(&version);
            let mut package = Package::member(purl).named(&name);
            let stated = match &project.license {
                Some(Value::String(text)) => Some(text.clone()),
                Some(Value::Table(table)) => table.get("text").and_then(Value::as_str).map(str::to_owned),
                _ => poetry.license,
            };
            // A licence's whole text is no name of one.
            let stated = stated.filter(|text| !text.contains('\n'));
            package.licences.extend(stated.as_deref().and_then(Licence::of));
            Some(package)
        }
    };
    Ok(Manifest { member, needed, development })
}

/// The name that a requirement begins with (PEP 508): `name`, `name[extra]>=1; marker`, `name @ url`.
pub(super) fn requirement_name(requirement: &str) -> Option<&str> {
    let text = requirement.trim_start();
    let legal = |one: char| one.is_ascii_alphanumeric() || matches!(one, '.' | '_' | '-');
    let end = text.find(|one| !legal(one)).unwrap_or(text.len());
    let name = text[..end].trim_end_matches(['.', '_', '-']);
    name.starts_with(|one: char| one.is_ascii_alphanumeric()).then_some(name)
}

/// What a Python lock file holds, as far as all of them are alike.
#[derive(Default)]
pub(super) struct Locked {
    /// The packages, and what each needs by normalised names.
    pub packages: Vec<(Package, Vec<String>)>,
    /// Places of those that the lock file itself marks as needed for development only.
    pub marked: Vec<usize>,
}

impl Locked {
    /// As a graph, below the project if there is one. Of several versions of one name, for several systems, each may be the one needed.
    pub(super) fn graph(self, manifest: Option<Manifest>) -> Part {
        let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (place, (package, _)) in self.packages.iter().enumerate() {
            places.entry(pypi_name(&package.name)).or_default().push(place);
        }
        let find = |name: &String| places.get(name).into_iter().flatten().copied();
        let (packages, needs): (Vec<Package>, Vec<Vec<String>>) = self.packages.into_iter().unzip();
        let mut part = Part { packages, ..Part::default() };
        let mut needed = vec![false; part.packages.len()];
        for (place, names) in needs.iter().enumerate() {
            for what in names.iter().flat_map(find).filter(|what| *what != place) {
                part.packages[place].needs.insert(what);
                needed[what] = true;
            }
        }
        let marked = |place: &usize| self.marked.contains(place);
        match manifest {
            None => part.development.extend(self.marked.iter().filter(|place| !needed[**place])),
            Some(manifest) => {
                let who = part.add_member(manifest.member);
                for what in manifest.needed.iter().flat_map(find).filter(|place| !marked(place)) {
                    part.needs(who, what);
                    needed[what] = true;
                }
                for what in manifest.development.iter().flat_map(find) {
                    part.needs_in_development(who, what);
                    needed[what] = true;
                }
                for what in self.marked.iter().filter(|place| !needed[**place]) {
                    part.needs_in_development(who, *what);
                }
            }
        }
        part
    }
}

/// Adds the hashes of a package's archives, each as `sha256:…`. One of an algorithm that is not known is left out; one that is malformed
/// is refused.
pub(super) fn add_hashes<'h>(
    package: &mut Package,
    hashes: impl Iterator<Item = &'h str>,
) -> Result<(), Malformed> {
    for text in hashes {
        match (Hash::prefixed(text), text.split_once(':')) {
            (Some(hash), _) => {
                package.hashes.insert(hash);
            }
            (None, Some((algorithm, _))) if super::Algorithm::named(algorithm).is_none() => {}
            _ => return Err(Malformed::whole(format!("a hash of {} is none: `{text}`", package.name))),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
