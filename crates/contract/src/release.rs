//! `release.json`: the working copy of one run, handed from step to step; no gate takes a fact from it.

use std::collections::BTreeMap;

use semver::Version;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Commit, ComponentName, Digest, EnvironmentName, EnvironmentRecord, ImageRef, Platform, Tag};

/// The form of the record this code writes; `docs/release.schema.json` describes it.
const SCHEMA_VERSION: u64 = 1;

/// What one run knows of the release it handles. Every binary reads it, adds its own part and writes it back;
/// members that this version does not know survive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    schema_version: u64,
    /// The commit all components were built from. A record of another commit is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Commit>,
    /// The release's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// The release manifest, by digest, once it was stored: see [`ReleaseManifest`](crate::ReleaseManifest).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<ImageRef>,
    /// The deployables, by name.
    #[serde(default)]
    pub components: BTreeMap<ComponentName, Component>,
    /// What happened to the release in each environment, by name.
    #[serde(default)]
    pub environments: BTreeMap<EnvironmentName, EnvironmentRecord>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

/// One deployable of a release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Component {
    /// The repository it lies in, without tag or digest.
    pub image: ImageRef,
    /// What it is.
    pub digest: Digest,
    /// What it is called.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// What it runs on, where it says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "crate::platform::texts")]
    pub platforms: Vec<Platform>,
    /// Its own version, where components are versioned apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

/// The text is no release record.
#[derive(Debug, thiserror::Error)]
pub enum InvalidRelease {
    /// Not JSON, or a member of the wrong type.
    #[error("the release record does not have its form")]
    Form(#[from] serde_json::Error),
    /// Written by a later version, in a form we might destroy.
    #[error("the release record has schemaVersion {0}; this version reads {SCHEMA_VERSION}")]
    Version(u64),
    /// A release of nothing.
    #[error("the release has no component")]
    Empty,
}

impl Release {
    /// A record that holds nothing but the commit.
    pub fn of(commit: Option<Commit>) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            commit,
            version: None,
            manifest: None,
            components: BTreeMap::new(),
            environments: BTreeMap::new(),
            unknown: Map::new(),
        }
    }

    /// Reads a record.
    pub fn from_json(text: &str) -> Result<Self, InvalidRelease> {
        let release: Self = serde_json::from_str(text)?;
        match release.schema_version {
            SCHEMA_VERSION => Ok(release),
            other => Err(InvalidRelease::Version(other)),
        }
    }

    /// The record as indented JSON with a line end.
    pub fn to_json(&self) -> Result<String, InvalidRelease> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// The part of this environment, made empty where there is none.
    pub fn environment(&mut self, name: &EnvironmentName) -> &mut EnvironmentRecord {
        self.environments.entry(name.clone()).or_default()
    }
}

impl Component {
    /// A component known by its digest.
    pub fn new(image: ImageRef, digest: Digest) -> Self {
        Self { image, digest, tags: Vec::new(), platforms: Vec::new(), version: None, unknown: Map::new() }
    }

    /// What this version knows of it, in one order.
    pub(crate) fn known(&self) -> Self {
        let mut known = Self { unknown: Map::new(), ..self.clone() };
        known.tags.sort();
        known.tags.dedup();
        known
    }

    /// The exact image.
    pub fn pinned(&self) -> ImageRef {
        self.image.with_digest(self.digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_members_survive_at_every_level() {
        let text = r#"{
            "schemaVersion": 1, "x": 1,
            "components": {"app": {"image": "oci:registry", "digest": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "y": [2]}},
            "environments": {"staging": {"z": {"deep": true}, "database": {"after": "2", "w": null}}}
        }"#;
        let written: Value =
            serde_json::from_str(&Release::from_json(text).unwrap().to_json().unwrap()).unwrap();
        assert_eq!(written["x"], 1);
        assert_eq!(written["components"]["app"]["y"][0], 2);
        assert_eq!(written["environments"]["staging"]["z"]["deep"], true);
        assert!(written["environments"]["staging"]["database"].as_object().unwrap().contains_key("w"));
    }

    #[test]
    fn a_later_form_and_a_wrong_type_are_refused() {
        for text in [
            r#"{"schemaVersion": 2}"#,
            r#"{"schemaVersion": 1, "commit": "main"}"#,
            r#"{"schemaVersion": 1, "components": []}"#,
            "{}",
            "",
            "null",
        ] {
            assert!(Release::from_json(text).is_err(), "{text}");
        }
    }
}
