//! `Cargo.lock`, versions 3 and 4 (cargo's `core/resolver/encode.rs` is its only specification): every package with its source and checksum.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;

use super::{Catalog, Malformed, Package, Root, encode, line_of};

/// The file's name.
pub const LOCK_FILE: &str = "Cargo.lock";

/// The most packages that are read.
const PACKAGES_MAX: usize = 100_000;

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
pub fn read(text: &str) -> Result<Catalog, Malformed> {
    let at = |byte: usize, why: String| Malformed { why, line: Some(line_of(text, byte)) };
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
            let why = "it has no version: cargo has written versions 3 and 4 since 2021".to_owned();
            return Err(Malformed { why, line: None });
        }
    }
    if file.package.is_empty() {
        return Err(Malformed { why: "it holds no package".to_owned(), line: None });
    }
    if file.package.len() > PACKAGES_MAX {
        let why = format!("it holds {} packages, and at most {PACKAGES_MAX} are read", file.package.len());
        return Err(Malformed { why, line: None });
    }
    let mut locked = file.package;
    locked.sort_by_cached_key(|package| package.get_ref().reference());
    let known = Known::of(&locked);
    let twice = locked.windows(2).find(|two| two[0].get_ref().reference() == two[1].get_ref().reference());
    if let Some([_, second]) = twice {
        let Locked { name, version, .. } = second.get_ref();
        return Err(at(second.span().start, format!("it holds {name} {version} twice")));
    }
    let mut packages = Vec::with_capacity(locked.len());
    for package in &locked {
        let start = package.span().start;
        let package = package.get_ref();
        let sha256 = match &package.checksum {
            Some(hex) => Some(format!("sha256:{hex}").parse().map_err(|_| {
                at(start, format!("the checksum of {} {} is no SHA-256", package.name, package.version))
            })?),
            None => None,
        };
        let need = |word: &Spanned<String>| {
            known.find(word.get_ref()).ok_or_else(|| {
                let why = format!("{} needs `{}`, which is not in it", package.name, word.get_ref());
                at(word.span().start, why)
            })
        };
        let needs: BTreeSet<usize> = package.dependencies.iter().map(need).collect::<Result<_, _>>()?;
        packages.push(Package {
            reference: package.reference(),
            name: package.name.clone(),
            version: package.version.clone(),
            purl: package.purl(),
            sha256,
            needs: needs.into_iter().collect(),
        });
    }
    Ok(Catalog { root: root(&locked, &packages), packages })
}

impl Locked {
    /// The package URL, and for a package of the tree itself a name that no package URL has: a member and a package of crates.io may
    /// share name and version.
    fn reference(&self) -> String {
        if self.source.is_some() { self.purl() } else { format!("member:{}@{}", self.name, self.version) }
    }

    fn purl(&self) -> String {
        let plain = format!("pkg:cargo/{}@{}", encode(&self.name), encode(&self.version));
        match self.source.as_deref().and_then(qualifier) {
            Some((name, value)) => format!("{plain}?{name}={}", encode(&value)),
            None => plain,
        }
    }
}

/// What tells a source from crates.io, in the words of the package URL specification. A path of this machine says nothing elsewhere.
fn qualifier(source: &str) -> Option<(&'static str, String)> {
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
            Some(("vcs_url", format!("git+{url}{at}{commit}")))
        }
        _ => Some(("repository_url", without_user(url))),
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

/// The members that nothing needs, and whatever can't be reached from them: members in a circle, or all of a tree without members.
fn root(locked: &[Spanned<Locked>], packages: &[Package]) -> Root {
    let needed: BTreeSet<usize> = packages.iter().flat_map(|package| package.needs.iter().copied()).collect();
    let is_member = |place: &usize| locked[*place].get_ref().source.is_none();
    let all = || 0..packages.len();
    let tops = all().filter(|place| is_member(place) && !needed.contains(place));
    let others = all().filter(is_member).chain(all().filter(|place| !needed.contains(place))).chain(all());
    let mut reached = vec![false; packages.len()];
    let mut roots = Vec::new();
    for place in tops.chain(others) {
        if reached[place] {
            continue;
        }
        roots.push(place);
        let mut next = vec![place];
        while let Some(place) = next.pop() {
            if !std::mem::replace(&mut reached[place], true) {
                next.extend(&packages[place].needs);
            }
        }
    }
    match roots.as_slice() {
        [one] => Root::Package(*one),
        _ => Root::Workspace(roots),
    }
}

#[cfg(test)]
mod tests;
