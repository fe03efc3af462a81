//! Keys, bundles, statements: what is signed, how it is stored beside an image, and whether it holds. No network, no policy.
//!
//! Formats: in-toto Statement v1, DSSE, Sigstore bundle v0.3, OCI referrers as cosign v3 writes them. One algorithm: ECDSA P-256
//! with SHA-256, deterministic by RFC 6979, so that the same statement signed twice is the same bundle.

pub mod blob;
mod bundle;
mod error;
mod evidence;
#[cfg(test)]
mod fixture;
mod hex;
mod keys;
mod legacy;
pub mod predicate;
mod requirement;
mod statement;
mod store;
mod verify;

pub use bundle::{BUNDLE_BYTES_MAX, Bundle, MEDIA_TYPE, STATEMENT_BYTES_MAX};
pub use error::{InvalidKey, TrustError};
pub use evidence::{EVIDENCE_BYTES_MAX, Evidence, Item, Origin, REFERRERS_MAX};
pub use keys::{PublicKey, SigningKey, password};
pub use predicate::{InvalidPredicateType, Predicate, PredicateType};
pub use requirement::{Gist, Judgement, Requirement, Shortfall};
pub use statement::Statement;
pub use store::{Attached, attach, attest};
pub use verify::{Foreign, Invalid, Verdict, Verified, Verifier};
