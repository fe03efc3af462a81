//! Who let an image into an environment, until when and in place of what; ours, because there is no vetted type.

use contract::{Digest, EnvironmentName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Contradiction, Predicate, PredicateType};
use crate::Gist;

/// One decision of one person.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Approval {
    /// What was decided.
    pub decision: Decision,
    /// The environment it is let into.
    pub environment: EnvironmentName,
    /// What it may replace; absent where nothing ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_digest: Option<Digest>,
    /// What may enter.
    pub to_digest: Digest,
    /// Who decided.
    pub approver: Approver,
    /// Why.
    pub reason: String,
    /// When.
    pub created_on: Timestamp,
    /// Until when it may be used.
    pub expires_on: Timestamp,
}

/// A decision.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// It may enter.
    Approved,
    /// It may not.
    Rejected,
}

/// A person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Approver {
    /// As the issuer names it.
    pub id: String,
    /// Who vouches for the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

impl Predicate for Approval {
    const TYPE: PredicateType = PredicateType::APPROVAL;

    fn check(&self) -> Result<(), Contradiction> {
        if self.approver.id.trim().is_empty() || self.reason.trim().is_empty() {
            return Err(Contradiction("approver.id and reason must say something"));
        }
        if self.expires_on <= self.created_on {
            return Err(Contradiction("it expires before it is made"));
        }
        Ok(())
    }

    fn gist(&self) -> Gist {
        Gist {
            environment: Some(self.environment.clone()),
            stated_on: Some(self.created_on),
            expires_on: Some(self.expires_on),
            about: self.approver.id.clone(),
            content: Some(self.to_digest),
            objection: (self.decision == Decision::Rejected).then_some("says rejected"),
        }
    }
}
