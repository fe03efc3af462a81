//! One line of the ledger, as JSON; never how lines are tied together.

use std::{collections::BTreeMap, fmt};

use contract::{Commit, ComponentName, Digest, ImageRef, Tag, Version};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The form of the lines that this code writes.
pub(crate) const SCHEMA_VERSION: u64 = 1;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    pub(crate) schema_version: u64,
    /// Its number, counted from 1 in each environment.
    pub sequence: u64,
    /// The SHA-256 of the line before, without its line end; of the environment's name for the first.
    pub previous: Digest,
    /// What it says.
    #[serde(flatten)]
    pub what: Draft,
}

/// What a line says, before it has its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Draft {
    /// When it was written.
    pub time: Timestamp,
    /// Who acted.
    pub actor: String,
    /// The page of the workflow run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_url: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// Of which release.
    pub release: ReleaseId,
    /// What it consists of.
    pub components: BTreeMap<ComponentName, Pinned>,
    /// The schema the environment's database has with it, where it is proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Schema>,
    /// The questions that were asked, and their answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<GateRecord>,
    /// The answers that a person overrode.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
    /// Why, in a person's words, or what failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What happened. Each change is told twice, its intent and its outcome; an intent without outcome is a run that died.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// It ran here before we came, and counts as good.
    Adopted,
    /// The environment is about to be switched to it.
    Intent {
        /// Where this is a way back: from where to where.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rollback: Option<Move>,
    },
    /// It runs here: the target said so afterwards.
    Deployed,
    /// The switch failed, and what runs is uncertain.
    Failed {
        /// Where this was a way back: from where to where.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rollback: Option<Move>,
    },
    /// It runs here again.
    RolledBack(Move),
}

/// A way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// The entry whose release was bad.
    pub from: u64,
    /// The entry whose release is restored.
    pub to: u64,
}

/// Which release, for people; the components' digests are what counts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReleaseId {
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// The commit it was built from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Commit>,
}

/// One component, by content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinned {
    /// The repository it lies in for this environment.
    pub image: ImageRef,
    /// What it is.
    pub digest: Digest,
    /// What it is called there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

/// A database's schema and how it came to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// The version before this release's migrations; absent on an empty database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The version it has.
    pub version: String,
    /// The steps to it, in order: all from the first one on or, where only those are known, the ones applied for this release.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// The backup made before them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<Backup>,
}

/// One migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its version.
    pub version: String,
    /// What it does to code that does not know it.
    pub phase: Phase,
    /// Whether there is a way down.
    pub reversible: bool,
}

/// What a migration does to code that does not know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Adds only: earlier code goes on working.
    Expand,
    /// Takes away or changes: earlier code breaks.
    Contract,
}

/// A copy of the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Where it lies.
    pub uri: String,
    /// What it is.
    pub digest: Digest,
    /// Whether it was read back and found whole.
    pub verified: bool,
}

/// One question and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateRecord {
    /// The question's name.
    pub id: String,
    /// The answer.
    pub verdict: Verdict,
    /// Why, for a person.
    pub reason: String,
    /// The signed statements it stands on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Digest>,
}

/// An answer. Only `pass` lets a release in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Yes.
    Pass,
    /// Not yet, and time alone will tell.
    Pending,
    /// Looked, and it can't be told.
    Inconclusive,
    /// Could not look.
    Error,
    /// No.
    Fail,
}

/// A person's decision against a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// The gate.
    pub gate: String,
    /// The person's reason.
    pub reason: String,
}

impl Draft {
    /// The components' digests, by which releases are compared.
    pub fn digests(&self) -> BTreeMap<ComponentName, Digest> {
        self.components.iter().map(|(name, pinned)| (name.clone(), pinned.digest)).collect()
    }
}

impl Pinned {
    /// The exact image.
    pub fn exact(&self) -> ImageRef {
        self.image.with_digest(self.digest)
    }
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.version, &self.commit) {
            (Some(version), _) => write!(out, "{version}"),
            (None, Some(commit)) => write!(out, "commit {}", commit.short()),
            (None, None) => out.write_str("a release without a version"),
        }
    }
}

impl Verdict {
    /// The verdict as one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Pending => "pending",
            Self::Inconclusive => "inconclusive",
            Self::Error => "error",
            Self::Fail => "fail",
        }
    }
}

impl Event {
    /// The event as one word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Adopted => "adopted",
            Self::Intent { .. } => "intent",
            Self::Deployed => "deployed",
            Self::Failed { .. } => "failed",
            Self::RolledBack(_) => "rolled-back",
        }
    }
}
