//! Bundles beside an image: an OCI referrer with the annotations that cosign v3.1.3 gives it; never a bundle that is there already.

use std::collections::BTreeMap;

use contract::Digest;
use jiff::{Timestamp, tz::TimeZone};
use oci::{Artifact, Repository};

use crate::{Bundle, MEDIA_TYPE, SigningKey, Statement, TrustError, Verifier};

/// Says of a referrer what its statement is about, before the bundle is read.
pub(crate) const PREDICATE_TYPE: &str = "dev.sigstore.bundle.predicateType";
const CONTENT: &str = "dev.sigstore.bundle.content";
const CREATED: &str = "org.opencontainers.image.created";

/// Where a claim lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attached {
    /// The referrer.
    pub manifest: Digest,
    /// The bundle in it.
    pub bundle: Digest,
    /// Whether it was already there.
    pub unchanged: bool,
}

/// Stores a bundle that holds a statement of this type as a referrer of an image that is there.
pub fn attach(
    repository: &dyn Repository,
    subject: Digest,
    bundle: &Bundle,
    statement: &Statement,
    created: Timestamp,
) -> Result<Attached, TrustError> {
    let created = created.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let artifact = Artifact {
        artifact_type: MEDIA_TYPE.to_owned(),
        content: bundle.bytes().to_vec(),
        annotations: BTreeMap::from([
            (CONTENT.to_owned(), "dsse-envelope".to_owned()),
            (PREDICATE_TYPE.to_owned(), statement.predicate_type().uri().to_owned()),
            (CREATED.to_owned(), created),
        ]),
    };
    let referrer = oci::attach(repository, subject, &artifact)?;
    Ok(Attached { manifest: referrer.digest, bundle: bundle.digest(), unchanged: false })
}

/// Signs a statement about an image and stores it, unless the same key has made the same claim about it already.
pub fn attest(
    repository: &dyn Repository,
    key: &SigningKey,
    subject: Digest,
    statement: &Statement,
    created: Timestamp,
) -> Result<Attached, TrustError> {
    let own = Verifier::new([key.public().clone()]);
    if let Some((manifest, verified)) = own.evidence(repository, subject)?.claiming(statement) {
        return Ok(Attached { manifest, bundle: verified.bundle, unchanged: true });
    }
    let bundle = Bundle::of_statement(key, statement)?;
    attach(repository, subject, &bundle, statement, created)
}
