//! What OSV calls the package of a package URL: its ecosystem, its name there, its version (ossf.github.io/osv-schema, "Defined ecosystems");
//! never whether that is affected.

mod distribution;

use std::borrow::Cow;

use super::versions::Scheme;
use crate::catalog::purl::{self, Purl};

/// A question to a database: one package in one version.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Question {
    /// Where it is from.
    pub(crate) ecosystem: Ecosystem,
    /// What it is called there; several names where databases differ. All are canonical.
    pub(crate) names: Vec<String>,
    /// Its version; empty where nobody tells it, as for the root of a tree: then it is clear only if no record is about it at all.
    pub(crate) version: String,
}

/// An ecosystem, of a distribution in one of its releases.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Ecosystem {
    base: &'static str,
    release: Option<String>,
    scheme: Scheme,
}

/// Where the source package of a distribution's package is told apart from it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Source {
    /// Its name.
    pub(crate) name: String,
    /// Its version, where it differs.
    pub(crate) version: Option<String>,
}

/// The types of package URLs that are an ecosystem each.
const LANGUAGES: [(&str, &str, Scheme); 18] = [
    ("cargo", "crates.io", Scheme::Semver),
    ("npm", "npm", Scheme::Semver),
    ("golang", "Go", Scheme::Semver),
    ("pypi", "PyPI", Scheme::Pep440),
    ("github", "GitHub Actions", Scheme::Tags),
    ("githubactions", "GitHub Actions", Scheme::Tags),
    ("hex", "Hex", Scheme::Semver),
    ("pub", "Pub", Scheme::Semver),
    ("swift", "SwiftURL", Scheme::Semver),
    ("julia", "Julia", Scheme::Semver),
    ("maven", "Maven", Scheme::Maven),
    ("nuget", "NuGet", Scheme::Nuget),
    ("gem", "RubyGems", Scheme::Gem),
    ("composer", "Packagist", Scheme::Composer),
    ("hackage", "Hackage", Scheme::Unknown),
    ("cran", "CRAN", Scheme::Unknown),
    ("conan", "ConanCenter", Scheme::Unknown),
    ("opam", "opam", Scheme::Unknown),
];

impl Ecosystem {
    /// How its versions are put in order.
    pub(crate) fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Its name without the release, which is what a database is exported by.
    pub(crate) fn base(&self) -> &'static str {
        self.base
    }

    /// Whether a record with this ecosystem is about it.
    pub(crate) fn is_meant_by(&self, text: &str) -> bool {
        let (base, release) = split(text);
        base == self.base
            && self.release.as_deref().is_none_or(|own| distribution::is_release(base, own, release))
    }

    /// How it is called in a question to the OSV API, if it has one name there.
    pub(crate) fn to_api(&self) -> Option<String> {
        match (self.base, &self.release) {
            ("Red Hat", _) => None,
            (base, None) => Some(base.to_owned()),
            ("Ubuntu", Some(release)) if distribution::is_long_term(release) => {
                Some(format!("Ubuntu:{release}:LTS"))
            }
            (base, Some(release)) => Some(format!("{base}:{release}")),
        }
    }
}

impl std::fmt::Display for Ecosystem {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.release {
            Some(release) => write!(out, "{}:{release}", self.base),
            None => out.pad(self.base),
        }
    }
}

/// The ecosystem and its release: `Debian` and `12`.
pub(crate) fn split(ecosystem: &str) -> (&str, Option<&str>) {
    ecosystem.split_once(':').map_or((ecosystem, None), |(base, release)| (base, Some(release)))
}

/// A name in the one form in which it is compared.
pub(crate) fn canonical<'n>(base: &str, name: &'n str) -> Cow<'n, str> {
    match base {
        "PyPI" => purl::pypi_name(name).into(),
        // Package URLs of these are in lower case, whatever the databases write.
        "npm" | "Go" | "GitHub Actions" | "NuGet" | "Packagist" | "Hex" | "Pub" | "SwiftURL" => {
            name.to_ascii_lowercase().into()
        }
        _ => name.into(),
    }
}

impl Question {
    /// The question for a package; or why there is none.
    ///
    /// `source` is the source package where something else than the package URL tells it.
    pub(crate) fn of(
        purl: &Purl,
        source: Option<&Source>,
        distribution: Option<&str>,
    ) -> Result<Self, String> {
        let version = purl.version_text().unwrap_or_default();
        if let Some((base, scheme)) = LANGUAGES
            .iter()
            .find_map(|(kind, base, scheme)| (*kind == purl.kind().word()).then_some((*base, *scheme)))
        {
            let name = match base {
                "Maven" => format!("{}:{}", purl.namespace(), purl.name()),
                _ => purl.full_name(),
            };
            return Ok(Self {
                ecosystem: Ecosystem { base, release: None, scheme },
                names: vec![canonical(base, &name).into_owned()],
                version: version.to_owned(),
            });
        }
        distribution::question(purl, version, source, distribution)
    }

    /// Its version, if a service that is asked about it can put it in order; else what is known of any version is asked for.
    pub(crate) fn placed_version(&self) -> Option<&str> {
        let version = self.version.as_str();
        (!version.is_empty() && self.ecosystem.scheme.places(version)).then_some(version)
    }

    /// Whether a record about this package of its ecosystem is meant.
    pub(crate) fn names(&self, name: &str) -> bool {
        let name = canonical(self.ecosystem.base, name);
        self.names.iter().any(|own| *own == name)
    }
}

#[cfg(test)]
mod tests;
