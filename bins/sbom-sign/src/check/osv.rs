//! Records of vulnerabilities in the OSV format (ossf.github.io/osv-schema, 1.7.4), as far as a decision needs them; never a verdict.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

/// The largest record that is read, in bytes: the largest of the distributions' have a few million.
pub(crate) const RECORD_BYTES_MAX: u64 = 32 << 20;

/// As much of a record as says whether anybody asks about it.
#[derive(Debug, Deserialize)]
pub(crate) struct Head<'t> {
    #[serde(borrow, rename = "id")]
    _id: Cow<'t, str>,
    pub(crate) modified: Timestamp,
    #[serde(borrow, default)]
    schema_version: Option<Cow<'t, str>>,
    #[serde(default)]
    withdrawn: Option<IgnoredAny>,
    #[serde(borrow, default)]
    affected: Vec<HeadOfAffected<'t>>,
}

#[derive(Debug, Deserialize)]
struct HeadOfAffected<'t> {
    #[serde(borrow, default)]
    package: Option<PackageName<'t>>,
}

/// Whose vulnerability it is.
#[derive(Debug, Deserialize)]
pub(crate) struct PackageName<'t> {
    /// `npm`, `Debian:12`
    #[serde(borrow)]
    pub(crate) ecosystem: Cow<'t, str>,
    /// As the ecosystem calls it.
    #[serde(borrow)]
    pub(crate) name: Cow<'t, str>,
}

/// Bytes that are no record.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoRecord {
    /// Not of the form.
    #[error(transparent)]
    Form(#[from] serde_json::Error),
    /// A version of the schema whose words may mean something else.
    #[error("it is written in version {0} of the schema, and only 1 is read")]
    Schema(String),
}

impl<'t> Head<'t> {
    /// Reads the head of a record.
    pub(crate) fn parse(json: &'t [u8]) -> Result<Self, NoRecord> {
        let head: Self = serde_json::from_slice(json)?;
        match head.schema_version.as_deref() {
            Some(version) if !version.starts_with("1.") => Err(NoRecord::Schema(version.to_owned())),
            _ => Ok(head),
        }
    }

    /// Whether it was taken back.
    pub(crate) fn is_withdrawn(&self) -> bool {
        self.withdrawn.is_some()
    }

    /// The packages it is about.
    pub(crate) fn packages(&self) -> impl Iterator<Item = &PackageName<'t>> {
        self.affected.iter().filter_map(|affected| affected.package.as_ref())
    }
}

/// A record.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Record {
    /// What its database calls it.
    pub(crate) id: String,
    /// When it was changed last.
    pub(crate) modified: Timestamp,
    #[serde(default)]
    withdrawn: Option<IgnoredAny>,
    /// What other databases call it.
    #[serde(default)]
    pub(crate) aliases: Vec<String>,
    /// What it was made from.
    #[serde(default)]
    pub(crate) upstream: Vec<String>,
    /// How bad it is.
    #[serde(default)]
    pub(crate) severity: Vec<Rating>,
    /// What it is in.
    #[serde(default)]
    pub(crate) affected: Vec<Affected>,
    /// What its database says beside that.
    #[serde(default)]
    pub(crate) database_specific: Value,
}

/// A rating: the name of a method and what that says.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Rating {
    /// `CVSS_V3`, `Ubuntu`
    #[serde(rename = "type")]
    pub(crate) method: String,
    /// A vector or a word.
    pub(crate) score: String,
}

/// A package and its affected versions.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Affected {
    #[serde(default)]
    pub(crate) package: Option<Package>,
    #[serde(default)]
    pub(crate) severity: Vec<Rating>,
    #[serde(default)]
    pub(crate) ranges: Vec<Range>,
    #[serde(default)]
    pub(crate) versions: Vec<String>,
    #[serde(default)]
    pub(crate) ecosystem_specific: Value,
    #[serde(default)]
    pub(crate) database_specific: Value,
}

/// A package.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) ecosystem: String,
    pub(crate) name: String,
}

/// Changes of state along one line of versions.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Range {
    #[serde(rename = "type")]
    pub(crate) kind: RangeKind,
    pub(crate) events: Vec<Event>,
}

/// What the versions of a range are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
pub(crate) enum RangeKind {
    /// Semantic versions.
    #[serde(rename = "SEMVER")]
    Semver,
    /// Whatever the ecosystem has.
    #[serde(rename = "ECOSYSTEM")]
    Ecosystem,
    /// Commits, which nobody can put in order without the repository.
    #[serde(rename = "GIT")]
    Git,
}

/// One change of state; a record that puts two into one event is no record.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Event {
    /// Affected from here on; `0` is before everything.
    Introduced(String),
    /// Not affected from here on.
    Fixed(String),
    /// Not affected behind this.
    LastAffected(String),
    /// The line ends before this; `*` is behind everything.
    Limit(String),
}

impl Record {
    /// Reads a record.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, NoRecord> {
        Head::parse(json)?;
        Ok(serde_json::from_slice(json)?)
    }

    /// Whether it was taken back.
    pub(crate) fn is_withdrawn(&self) -> bool {
        self.withdrawn.is_some()
    }

    /// Whether it is about a package made to do harm (OpenSSF's malicious-packages, whose records carry no rating).
    pub(crate) fn is_malicious(&self) -> bool {
        self.id.starts_with("MAL-")
    }

    /// The other names of the same vulnerability. What a distribution says about exactly one CVE is that CVE; an advisory about several
    /// is none of them.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let upstream = match self.upstream.as_slice() {
            [one] => Some(one),
            _ => None,
        };
        std::iter::once(&self.id).chain(&self.aliases).chain(upstream).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_record_is_told_from_one_that_is() {
        let bad = [
            "",
            "{}",
            "[]",
            "null",
            r#"{"id": "A-1"}"#,
            r#"{"id": "A-1", "modified": "yesterday"}"#,
            r#"{"id": 1, "modified": "2026-01-01T00:00:00Z"}"#,
            r#"{"id": "A-1", "modified": "2026-01-01T00:00:00Z", "schema_version": "2.0.0"}"#,
            r#"{"id": "A-1", "modified": "2026-01-01T00:00:00Z", "affected": [{"ranges": [{"type": "GUESS", "events": []}]}]}"#,
            r#"{"id": "A-1", "modified": "2026-01-01T00:00:00Z", "affected": [{"ranges": [{"type": "SEMVER",
                "events": [{"introduced": "1", "fixed": "2"}]}]}]}"#,
            r#"{"id": "A-1", "modified": "2026-01-01T00:00:00Z", "affected": [{"ranges": [{"type": "SEMVER", "events": [{"until": "2"}]}]}]}"#,
        ];
        for json in bad {
            assert!(Record::parse(json.as_bytes()).is_err(), "{json}");
        }
        let least =
            Record::parse(br#"{"id": "A-1", "modified": "2026-01-01T00:00:00Z", "more": [1]}"#).unwrap();
        assert_eq!(least.names().collect::<Vec<_>>(), ["A-1"]);
    }

    #[test]
    fn an_advisory_about_several_vulnerabilities_is_none_of_them() {
        let names = |upstream: &str| {
            let json = format!(
                r#"{{"id": "D-1", "modified": "2026-01-01T00:00:00Z", "aliases": ["X"], "upstream": [{upstream}]}}"#
            );
            Record::parse(json.as_bytes()).unwrap().names().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(names(r#""CVE-1""#), ["D-1", "X", "CVE-1"]);
        assert_eq!(names(r#""CVE-1", "CVE-2""#), ["D-1", "X"]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            _ = Record::parse(&bytes);
        }
    }
}
