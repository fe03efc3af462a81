//! Where a release runs and what ran there before; ours. The members of GitHub's deployment record
//! (`POST /orgs/{org}/artifacts/metadata/deployment-record`) keep its names, so that they can be sent on as they are.

use contract::{Digest, EnvironmentName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Predicate, PredicateType};
use crate::Gist;

/// One deployment of one image.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Deployment {
    /// GitHub: the artifact, which is the component.
    pub name: String,
    /// GitHub: the image's digest.
    pub digest: Digest,
    /// GitHub: whether it runs.
    pub status: DeploymentStatus,
    /// GitHub: the environment.
    pub logical_environment: EnvironmentName,
    /// GitHub: what identifies this deployment among those of the artifact.
    pub deployment_name: String,
    /// GitHub: the release's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// GitHub: the region or site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub physical_environment: Option<String>,
    /// GitHub: the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// What ran there before; absent at the first deployment.
    #[serde(rename = "previousDigest", default, skip_serializing_if = "Option::is_none")]
    pub previous_digest: Option<Digest>,
    /// The database schema it runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Schema>,
    /// The ledger's entry that says the same.
    pub ledger: LedgerEntry,
    /// When.
    #[serde(rename = "finishedOn")]
    pub finished_on: Timestamp,
}

/// Whether a deployment runs; GitHub's two words.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeploymentStatus {
    /// It runs.
    Deployed,
    /// It ran.
    Decommissioned,
}

/// The database schema under a deployment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Schema {
    /// Its version.
    pub version: String,
    /// Whether the release before still works on it.
    pub compatible: bool,
    /// Whether it can be taken back.
    pub reversible: bool,
}

/// An entry of the ledger.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// Its number.
    pub sequence: u64,
    /// Its hash, which covers all before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
}

impl Predicate for Deployment {
    const TYPE: PredicateType = PredicateType::DEPLOYMENT;

    fn gist(&self) -> Gist {
        Gist {
            environment: Some(self.logical_environment.clone()),
            stated_on: Some(self.finished_on),
            about: self.deployment_name.clone(),
            content: Some(self.digest),
            objection: (self.status == DeploymentStatus::Decommissioned).then_some("says decommissioned"),
            ..Gist::default()
        }
    }
}
