//! How the database schema was moved for a release, and whether one can go back; ours, because there is no vetted type.
//!
//! migrate-db writes this JSON without this crate; docs/evidence.md shows it whole. In short:
//! `{"environment", "before"?, "after", "applied": [{"version", "description", "checksum", "phase": "expand"|"contract"}],
//! "compatible", "reversible", "steps"?: [… "reversible", "approval"?], "backup"?: {"uri", "sha256", "verified"}, "finishedOn"}`.

use contract::{Digest, EnvironmentName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Contradiction, Predicate, PredicateType};
use crate::{Gist, hex};

/// One move of a schema.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Migration {
    /// Whose database.
    pub environment: EnvironmentName,
    /// The version before; absent or `0` on an empty database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The version after.
    pub after: String,
    /// What was applied, in order; empty where the schema was already there.
    pub applied: Vec<AppliedMigration>,
    /// Whether the previous release still works on the new schema: no applied migration contracts.
    pub compatible: bool,
    /// Whether each applied migration has a step down.
    pub reversible: bool,
    /// All steps from the first one to `after`, so that any range between two releases can be judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// What was saved before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<Backup>,
    /// When it ended.
    pub finished_on: Timestamp,
}

/// One applied migration.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AppliedMigration {
    /// Its number or time stamp, as its file has it.
    pub version: String,
    /// What it does, in the words of its file's name.
    pub description: String,
    /// The checksum that the history records.
    pub checksum: String,
    /// What it does to the previous release.
    pub phase: Phase,
}

/// One step on the way to a schema.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Step {
    /// Its number or time stamp.
    pub version: String,
    /// What it does.
    pub description: String,
    /// The checksum of its file.
    pub checksum: String,
    /// What it does to the release before it.
    pub phase: Phase,
    /// Whether it has a step down.
    pub reversible: bool,
    /// Who let it in, where it contracts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<String>,
}

/// Whether the previous release survives a migration.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// It only adds: the previous release still works.
    Expand,
    /// It takes away or changes: the previous release does not work any more.
    Contract,
}

/// A copy of the database as it was before.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Backup {
    /// Where it lies.
    pub uri: String,
    /// What it is, in hexadecimal digits.
    #[serde(with = "hex")]
    pub sha256: Digest,
    /// Whether it was read back.
    pub verified: bool,
}

impl Predicate for Migration {
    const TYPE: PredicateType = PredicateType::MIGRATION;

    fn check(&self) -> Result<(), Contradiction> {
        if self.compatible && self.applied.iter().any(|one| one.phase == Phase::Contract) {
            return Err(Contradiction("it says it is compatible, and has applied a contracting migration"));
        }
        Ok(())
    }

    fn gist(&self) -> Gist {
        let (environment, stated_on) = (Some(self.environment.clone()), Some(self.finished_on));
        Gist { environment, stated_on, ..Gist::default() }
    }
}
