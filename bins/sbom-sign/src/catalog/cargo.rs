//! `Cargo.lock`, versions 3 and 4 (cargo's `core/resolver/encode.rs` is its only specification): every package with its source and checksum.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;

use super::{Algorithm, Hash, InvalidPurl, Malformed, Package, Part, Purl, PurlType, Qualifier, line_of};

/// The file's name.
pub const LOCK_FILE: &str = "Cargo.lock";

/// What cargo writes for crates.io, whichever of its indexes it asked.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

#[derive(Deserialize)]
struct LockFile {
    version: Option<Spanned<i64>>,
    #[serde(default)]
    package: Vec<Spanned<Locked>>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
    #[serde(default)]
    dependencies: Vec<Spanned<String>>,
}

/// Reads the text of a `Cargo.lock`.
pub fn read(text: &str) -> Result<Part, Malformed> {
    let at = |byte: usize, why: String| Malformed::at(text, byte, why);
    let file: LockFile = toml::from_str(text).map_err(|error| Malformed {
        why: error.message().to_owned(),
        line: error.span().map(|span| line_of(text, span.start)),
    })?;
    match &file.version {
        Some(version) if matches!(version.get_ref(), 3 | 4) => {}
        Some(version) => {
            let why = format!("it has version {}, and 3 and 4 are read", version.get_ref());
            return Err(at(version.span().start, why));
        }
        None => {
            return Err(Malformed::whole("it has no version: cargo has written versions 3 and 4 since 2021"));
        }
    }
    if file.package.is_empty() {
        return Err(Malformed::whole("it holds no package"));
    }
    let locked = file.package;
    let known = Known::of(&locked);
    let mut packages: Vec<Package> = Vec::with_capacity(locked.len());
    let mut references = BTreeSet::new();
    for package in &locked {
        let start = package.span().start;
        let package = package.get_ref();
        let Locked { name, version, .. } = package;
        let mut found = package.package().map_err(|error| at(start, error.to_string()))?;
        if !references.insert(found.reference.clone()) {
            return Err(at(start, format!("it holds {name} {version} twice")));
        }
        if let Some(digits) = &package.checksum {
            let hash = Hash::hex(Algorithm::Sha256, digits);
            found.hashes.insert(
                hash.ok_or_else(|| at(start, format!("the checksum of {name} {version} is no SHA-256")))?,
            );
        }
        packages.push(found);
    }
    for (found, package) in packages.iter_mut().zip(&locked) {
        let Locked { name, dependencies, .. } = package.get_ref();
        let need = |word: &Spanned<String>| {
            known.find(word.get_ref()).ok_or_else(|| {
                at(word.span().start, format!("{name} needs `{}`, which is not in it", word.get_ref()))
            })
        };
        found.needs = dependencies.iter().map(need).collect::<Result<_, _>>()?;
    }
    Ok(Part { packages, ..Part::default() })
}

impl Locked {
    fn package(&self) -> Result<Package, InvalidPurl> {
        let purl = Purl::new(PurlType::Cargo, &self.name)?.version(&self.version);
        let Some(source) = &self.source else { return Ok(Package::member(purl)) };
        Ok(Package::new(match qualifier(source) {
            Some((key, value)) => purl.qualifier(key, &value),
            None => purl,
        }))
    }
}

/// What tells a source from crates.io, in the words of the package URL specification. A path of this machine says nothing elsewhere.
fn qualifier(source: &str) -> Option<(Qualifier, String)> {
    if source == CRATES_IO {
        return None;
    }
    let (kind, url) = source.split_once('+')?;
    if url.starts_with("file:") {
        return None;
    }
    match kind {
        "git" => {
            let (url, commit) = url.split_once('#').unwrap_or((url, ""));
            let url = without_user(url.split('?').next().unwrap_or(url));
            let at = if commit.is_empty() { "" } else { "@" };
            Some((Qualifier::VcsUrl, format!("git+{url}{at}{commit}")))
        }
        _ => Some((Qualifier::RepositoryUrl, without_user(url))),
    }
}

/// The URL without what may be a password.
fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    path.map_or_else(|| format!("{scheme}://{host}"), |path| format!("{scheme}://{host}/{path}"))
}

/// The packages by what a dependency may call them: `name`, `name version` or `name version (source)`, as short as is unique.
struct Known<'l>(BTreeMap<&'l str, Vec<(usize, &'l Locked)>>);

impl<'l> Known<'l> {
    fn of(locked: &'l [Spanned<Locked>]) -> Self {
        let mut known: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (place, package) in locked.iter().enumerate() {
            let package = package.get_ref();
            known.entry(package.name.as_str()).or_default().push((place, package));
        }
        Self(known)
    }

    fn find(&self, called: &str) -> Option<usize> {
        let mut words = called.splitn(3, ' ');
        let named = self.0.get(words.next()?)?;
        let (version, source) = (words.next(), words.next());
        let source = source.map(|source| source.trim_start_matches('(').trim_end_matches(')'));
        let mut fitting = named.iter().filter(|(_, package)| {
            version.is_none_or(|version| package.version == version)
                && source.is_none_or(|source| package.source.as_deref() == Some(source))
        });
        // Where a member and a package of a registry share name and version, the short form means the member.
        let member = || {
            named
                .iter()
                .find(|(_, package)| package.source.is_none() && Some(package.version.as_str()) == version)
        };
        match (fitting.next(), fitting.next()) {
            (Some((place, _)), None) => Some(*place),
            (Some(_), Some(_)) => member().map(|(place, _)| *place),
            (None, _) => None,
        }
    }
}

#[cfg(test)]
mod tests;
