//! Package URLs (ECMA-427) as SBOMs and policies write them; never what a database calls the package.

use std::{fmt, str::FromStr};

use purl::GenericPurl;
use serde::{Deserialize, Deserializer, de};

/// The longest package URL that is read, in bytes.
const PURL_BYTES_MAX: usize = 4096;

/// A package URL.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PackageUrl {
    text: String,
    kind: String,
    parts: GenericPurl<String>,
}

/// The text is no package URL.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{text}` is no package URL: {why}")]
pub(crate) struct NoPackageUrl {
    text: String,
    why: String,
}

fn wrong(text: &str, why: impl fmt::Display) -> NoPackageUrl {
    NoPackageUrl { text: text.chars().take(80).collect(), why: why.to_string() }
}

impl FromStr for PackageUrl {
    type Err = NoPackageUrl;

    fn from_str(text: &str) -> Result<Self, NoPackageUrl> {
        if text.len() > PURL_BYTES_MAX {
            return Err(wrong(text, "it is longer than any that is read"));
        }
        let parts = GenericPurl::<String>::from_str(text).map_err(|error| wrong(text, error))?;
        let kind = parts.package_type().to_ascii_lowercase();
        Ok(Self { text: text.to_owned(), kind, parts })
    }
}

impl PackageUrl {
    /// The type, in lower case: `npm`, `deb`.
    pub(crate) fn kind(&self) -> &str {
        &self.kind
    }

    /// What stands before the name: a scope, a distribution.
    pub(crate) fn namespace(&self) -> Option<&str> {
        self.parts.namespace().filter(|namespace| !namespace.is_empty())
    }

    /// The name.
    pub(crate) fn name(&self) -> &str {
        self.parts.name()
    }

    /// The version.
    pub(crate) fn version(&self) -> Option<&str> {
        self.parts.version().filter(|version| !version.is_empty())
    }

    /// A qualifier.
    pub(crate) fn qualifier(&self, name: &str) -> Option<&str> {
        self.parts.qualifiers().get(name).filter(|value| !value.is_empty())
    }
}

impl fmt::Display for PackageUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.text)
    }
}

/// Which packages a line of the policy is about: all of a type (`pkg:generic`), all versions of one (`pkg:npm/lodash`), or one
/// version (`pkg:npm/lodash@4.17.20`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Pattern {
    /// A type.
    Kind(String),
    /// A package, and its version if one is named.
    Package(Box<PackageUrl>),
}

impl FromStr for Pattern {
    type Err = NoPackageUrl;

    fn from_str(text: &str) -> Result<Self, NoPackageUrl> {
        let kind = text.strip_prefix("pkg:").filter(|kind| !kind.is_empty());
        let of_kind = |kind: &&str| kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-+".contains(&byte));
        if let Some(kind) = kind.filter(of_kind) {
            return Ok(Self::Kind(kind.to_ascii_lowercase()));
        }
        let purl: PackageUrl = text.parse()?;
        // Nobody could see from the line that it covers less than it seems to.
        if !purl.parts.qualifiers().is_empty() || purl.parts.subpath().is_some() {
            return Err(wrong(text, "here it must have neither qualifiers nor a subpath"));
        }
        Ok(Self::Package(Box::new(purl)))
    }
}

impl Pattern {
    /// Whether it is about this package.
    pub(crate) fn covers(&self, purl: &PackageUrl) -> bool {
        match self {
            Self::Kind(kind) => kind == purl.kind(),
            Self::Package(wanted) => {
                wanted.kind() == purl.kind()
                    && wanted.namespace() == purl.namespace()
                    && wanted.name() == purl.name()
                    && wanted.version().is_none_or(|version| purl.version() == Some(version))
            }
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(kind) => write!(out, "pkg:{kind}"),
            Self::Package(purl) => purl.fmt(out),
        }
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purl(text: &str) -> PackageUrl {
        text.parse().unwrap()
    }

    #[test]
    fn a_pattern_covers_what_it_names_and_nothing_more() {
        let lodash = purl("pkg:npm/lodash@4.17.20");
        let scoped = purl("pkg:npm/%40acme/lodash@4.17.20");
        for (pattern, plain, with_scope) in [
            ("pkg:npm", true, true),
            ("pkg:NPM", true, true),
            ("pkg:cargo", false, false),
            ("pkg:npm/lodash", true, false),
            ("pkg:npm/%40acme/lodash", false, true),
            ("pkg:npm/lodash@4.17.20", true, false),
            ("pkg:npm/lodash@4.17.2", false, false),
            ("pkg:cargo/lodash", false, false),
        ] {
            let pattern: Pattern = pattern.parse().unwrap();
            assert_eq!((pattern.covers(&lodash), pattern.covers(&scoped)), (plain, with_scope), "{pattern}");
        }
    }

    #[test]
    fn a_pattern_that_says_less_than_it_seems_to_is_none() {
        for text in ["", "pkg:", "npm/lodash", "lodash", "pkg:deb/debian/curl?distro=debian-12", "pkg:npm/@acme/x", "pkg:npm/*"] {
            let parsed = text.parse::<Pattern>();
            // `*` is a name like any other, which no package has.
            assert!(parsed.is_err() || text.ends_with('*'), "{text}");
        }
    }
}
