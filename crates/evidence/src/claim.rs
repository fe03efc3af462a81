//! One image and all that is claimed about it by keys we trust, as plain values; never a repository.

use contract::{Digest, EnvironmentName, TestResult};
use jiff::Timestamp;
use trust::{
    Signer, SignerPolicy,
    predicate::{Migration, Vulnerabilities},
};

/// What is known of one image.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// Whether it is there, every byte of it.
    pub condition: Condition,
    /// The statements about it that hold.
    pub claims: Vec<Claim>,
    /// What else lies beside it, in words: signed by others, or not holding.
    pub doubts: Vec<String>,
}

/// Whether an image can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// It is there, and every byte of it is what its digest says.
    Whole,
    /// It is not there.
    Absent(String),
    /// It is there, and not what its digest says, or not all of it.
    Damaged(String),
    /// It could not be looked at; nothing follows from that.
    Unknown(String),
}

/// A statement that holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// Who has signed it.
    pub signer: Signer,
    /// The bundle it came in.
    pub bundle: Digest,
    /// What it says.
    pub says: Says,
}

/// What a statement says, as far as a gate asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Says {
    /// This very content was signed.
    Signature,
    /// What it contains.
    Sbom,
    /// Which vulnerabilities a scan has found in it.
    Scan(Box<Vulnerabilities>),
    /// How it was tested.
    Test(Test),
    /// How a database was moved for it.
    Migration(Box<Migration>),
}

/// A test of the running release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// Where.
    pub environment: EnvironmentName,
    /// By which suite.
    pub suite: String,
    /// What came out.
    pub result: TestResult,
    /// When it ended.
    pub finished_on: Timestamp,
}

impl Image {
    /// An image that could not be used, about which nothing is known.
    pub(crate) fn without_claims(condition: Condition) -> Self {
        Self { condition, claims: Vec::new(), doubts: Vec::new() }
    }

    /// The statements whose signer is whom this asks for.
    pub fn signed_by<'a>(&'a self, signer: &'a SignerPolicy) -> impl Iterator<Item = &'a Claim> {
        self.claims.iter().filter(move |claim| signer.admits(&claim.signer))
    }

    /// The moves of this environment's database that this signer has stated.
    pub fn migrations<'a>(
        &'a self,
        signer: &'a SignerPolicy,
        environment: &'a EnvironmentName,
    ) -> impl Iterator<Item = (&'a Claim, &'a Migration)> {
        self.signed_by(signer).filter_map(move |claim| match &claim.says {
            Says::Migration(migration) if migration.environment == *environment => {
                Some((claim, migration.as_ref()))
            }
            _ => None,
        })
    }
}
