//! Which packages a line of the policy is about, by package URL (ECMA-427); never what a database calls them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, de};

use crate::catalog::purl::Purl;

/// The text is no pattern.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NoPattern(String);

/// Which packages a line of the policy is about: all of a type (`pkg:generic`), all versions of one (`pkg:npm/lodash`), or one
/// version (`pkg:npm/lodash@4.17.20`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Pattern {
    /// A type.
    Kind(String),
    /// A package, and its version if one is named.
    Package(Box<Purl>),
}

impl FromStr for Pattern {
    type Err = NoPattern;

    fn from_str(text: &str) -> Result<Self, NoPattern> {
        let kind = text.strip_prefix("pkg:").filter(|kind| !kind.is_empty());
        let of_kind =
            |kind: &&str| kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-+".contains(&byte));
        if let Some(kind) = kind.filter(of_kind) {
            return Ok(Self::Kind(kind.to_ascii_lowercase()));
        }
        let purl: Purl = text.parse().map_err(|error| NoPattern(format!("{error}")))?;
        // Nobody could see from the line that it covers less than it seems to.
        if text.contains(['?', '#', '*']) {
            return Err(NoPattern(format!("`{text}` has qualifiers, a subpath or `*`, and here it can't")));
        }
        Ok(Self::Package(Box::new(purl)))
    }
}

impl Pattern {
    /// Whether it is about this package.
    pub(crate) fn covers(&self, purl: &Purl) -> bool {
        match self {
            Self::Kind(kind) => kind == purl.kind().word(),
            Self::Package(wanted) => {
                wanted.kind() == purl.kind()
                    && wanted.full_name() == purl.full_name()
                    && wanted.version_text().is_none_or(|version| purl.version_text() == Some(version))
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

    fn purl(text: &str) -> Purl {
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
        for text in [
            "",
            "pkg:",
            "npm/lodash",
            "lodash",
            "pkg:deb/debian/curl?distro=debian-12",
            "pkg:npm/*",
            "pkg:npm/a#b",
        ] {
            assert!(text.parse::<Pattern>().is_err(), "{text}");
        }
    }
}
