//! The release manifest: which digests make a release, written once and never changed; never where it lies, nor what happened to it since.

use std::collections::BTreeMap;

use semver::Version;
use serde::{Deserialize, Serialize};

use crate::{Commit, Component, ComponentName, Digest, InvalidImage, InvalidRelease, Release, Tag};

/// The form of the manifest this code writes; `docs/release-manifest.schema.json` describes it.
const SCHEMA_VERSION: u64 = 1;

/// A release, by content. The same release is the same bytes: it holds no time, and nothing of the run that made it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseManifest {
    schema_version: u64,
    /// The release's version.
    pub version: Version,
    /// The commit all components were built from.
    pub commit: Commit,
    /// The deployables, by name.
    pub components: BTreeMap<ComponentName, Component>,
}

/// The record of a run does not hold a whole release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IncompleteRelease {
    /// It has no version.
    #[error("the release record names no version")]
    Version,
    /// It has no commit.
    #[error("the release record names no commit")]
    Commit,
    /// It has no component.
    #[error("the release record names no component")]
    Components,
}

impl ReleaseManifest {
    /// What the manifest is, as an artifact and as its one layer.
    pub const MEDIA_TYPE: &str = "application/vnd.seaworthy.release.v1+json";

    /// The release that the record of a run has come to.
    ///
    /// # Errors
    /// The record lacks a part of it.
    pub fn of(release: &Release) -> Result<Self, IncompleteRelease> {
        let version = release.version.clone().ok_or(IncompleteRelease::Version)?;
        let commit = release.commit.clone().ok_or(IncompleteRelease::Commit)?;
        if release.components.is_empty() {
            return Err(IncompleteRelease::Components);
        }
        let known = |(name, component): (&ComponentName, &Component)| (name.clone(), component.known());
        let components = release.components.iter().map(known).collect();
        Ok(Self { schema_version: SCHEMA_VERSION, version, commit, components })
    }

    /// Reads a manifest. Members that are not known are ignored.
    ///
    /// # Errors
    /// Not JSON, another form, a later version, or without a component.
    pub fn from_json(bytes: &[u8]) -> Result<Self, InvalidRelease> {
        let manifest: Self = serde_json::from_slice(bytes)?;
        match manifest.schema_version {
            SCHEMA_VERSION if manifest.components.is_empty() => Err(InvalidRelease::Empty),
            SCHEMA_VERSION => Ok(manifest),
            other => Err(InvalidRelease::Version(other)),
        }
    }

    /// The manifest as JSON, without white space.
    ///
    /// # Errors
    /// None in practice: all of its members can be written as JSON.
    pub fn to_json(&self) -> Result<Vec<u8>, InvalidRelease> {
        Ok(serde_json::to_vec(self)?)
    }

    /// The tag of the manifest of this version: `release-<version>`.
    ///
    /// # Errors
    /// A version with build metadata, whose `+` no tag can hold, and one that is too long.
    pub fn tag(version: &Version) -> Result<Tag, InvalidImage> {
        format!("release-{version}").parse()
    }

    /// By content.
    pub fn digests(&self) -> BTreeMap<&ComponentName, Digest> {
        self.components.iter().map(|(name, component)| (name, component.digest)).collect()
    }

    /// Whether both name one release: a tag that was given to a component later does not make it another one.
    pub fn is(&self, other: &Self) -> bool {
        (&self.version, &self.commit, self.digests()) == (&other.version, &other.commit, other.digests())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = r#"{
        "schemaVersion": 1, "commit": "860c1904a1ce19322e91ac35af1ab07466440c37", "version": "1.2.3", "x": 1,
        "components": {"app": {"image": "oci:registry/app", "tags": ["b", "a"], "platforms": ["linux/arm/v7"], "y": 2,
            "digest": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}},
        "environments": {"staging": {}}
    }"#;

    fn manifest() -> ReleaseManifest {
        ReleaseManifest::of(&Release::from_json(RECORD).unwrap()).unwrap()
    }

    #[test]
    fn a_manifest_holds_the_release_and_nothing_of_the_run() {
        let bytes = manifest().to_json().unwrap();
        assert_eq!(
            String::from_utf8(bytes.clone()).unwrap(),
            r#"{"schemaVersion":1,"version":"1.2.3","commit":"860c1904a1ce19322e91ac35af1ab07466440c37","components":{"app":{"image":"oci:registry/app","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","tags":["a","b"],"platforms":["linux/arm/v7"]}}}"#
        );
        assert_eq!(ReleaseManifest::from_json(&bytes).unwrap(), manifest());
    }

    #[test]
    fn a_record_that_lacks_a_part_makes_none() {
        let without = |part: &str| {
            let mut record: serde_json::Value = serde_json::from_str(RECORD).unwrap();
            record.as_object_mut().unwrap().remove(part);
            ReleaseManifest::of(&Release::from_json(&record.to_string()).unwrap())
        };
        assert_eq!(without("version"), Err(IncompleteRelease::Version));
        assert_eq!(without("commit"), Err(IncompleteRelease::Commit));
        assert_eq!(without("components"), Err(IncompleteRelease::Components));
    }

    #[test]
    fn a_later_tag_makes_no_other_release_and_another_digest_does() {
        let (mut tagged, mut rebuilt) = (manifest(), manifest());
        for component in tagged.components.values_mut() {
            component.tags.push("stable".parse().unwrap());
        }
        for component in rebuilt.components.values_mut() {
            component.digest = Digest::of(b"other");
        }
        assert!(manifest().is(&tagged));
        assert!(!manifest().is(&rebuilt));
    }

    #[test]
    fn what_is_no_manifest_is_refused() {
        let whole = String::from_utf8(manifest().to_json().unwrap()).unwrap();
        for (from, to) in [
            ("\"schemaVersion\":1", "\"schemaVersion\":2"),
            ("\"version\":\"1.2.3\",", ""),
            ("\"commit\":\"860c", "\"commit\":\"zz"),
            ("linux/arm/v7", "linux"),
            ("sha256:e3", "sha256:"),
        ] {
            assert!(ReleaseManifest::from_json(whole.replace(from, to).as_bytes()).is_err(), "{to}");
        }
        let empty = whole.split_once("\"components\"").unwrap().0.to_owned() + "\"components\":{}}";
        assert!(matches!(ReleaseManifest::from_json(empty.as_bytes()), Err(InvalidRelease::Empty)));
        assert!(ReleaseManifest::tag(&"1.2.3+5".parse().unwrap()).is_err());
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..64)) {
            let _ = ReleaseManifest::from_json(&bytes);
        }
    }
}
