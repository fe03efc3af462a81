//! Keys, certificates, bundles, statements: what is signed, how it is stored beside an image, and whether it holds. No policy, and no
//! network but in `keyless`, which signs.
//!
//! Formats: in-toto Statement v1, DSSE, Sigstore bundle v0.3, OCI referrers as cosign v3 writes them. Signatures are made by one algorithm:
//! ECDSA P-256 with SHA-256, deterministic by RFC 6979, so that the same statement signed twice with one key is the same bundle.

mod authorities;
mod blob;
mod bundle;
mod crypto;
mod error;
mod evidence;
#[cfg(test)]
mod fixture;
mod hex;
mod keyless;
mod keys;
mod legacy;
pub mod predicate;
mod requirement;
mod signer;
mod statement;
mod store;
mod verify;

pub use authorities::Authorities;
pub use blob::{BLOB_BYTES_MAX, Blob, WHOLE_BYTES_MAX};
pub use bundle::{BUNDLE_BYTES_MAX, Bundle, MEDIA_TYPE, STATEMENT_BYTES_MAX};
pub use error::{InvalidKey, TrustError};
pub use evidence::{EVIDENCE_BYTES_MAX, Evidence, Item, Origin, REFERRERS_MAX};
pub use keyless::{Certified, Keyless, KeylessError, LOG_BYTES_MAX, Pen, Signatory, Sources};
pub use keys::{KeySource, PublicKey, SigningKey, password};
pub use predicate::{InvalidPredicateType, Predicate, PredicateType};
pub use requirement::{Gist, Judgement, Requirement, Shortfall};
pub use signer::{Proof, Signer, SignerPolicy, Workload, WorkloadPolicy};
pub use statement::Statement;
pub use store::{Attached, attach, attest};
pub use verify::{Foreign, Invalid, Verdict, Verified, Verifier};
