//! Whether a bundle holds: signed by a key we trust, about exactly the content we ask for; never whether what it says is good enough.

use std::{path::Path, sync::Arc};

use ci::files::FileError;
use contract::Digest;
use serde_json::Value;

use crate::{
    Authorities, Blob, Bundle, Gist, Predicate, PredicateType, PublicKey, Signer, Statement, WorkloadPolicy,
    authorities::{self, Content},
    blob::Reads,
    bundle::Claimed,
};

/// What a bundle is to whoever trusts some keys.
#[derive(Clone, PartialEq, Debug)]
pub enum Verdict<T = Verified> {
    /// One of the keys has signed it, and it is about the content.
    Verified(T),
    /// None of our business: neither for nor against anything.
    Foreign(Foreign),
    /// It claims one of the keys, or can't be told from such a claim, and does not hold.
    Invalid(Invalid),
}

/// A statement that holds.
#[derive(Clone, PartialEq, Debug)]
pub struct Verified {
    /// What is stated.
    pub statement: Statement,
    /// Who has signed it.
    pub signer: Signer,
    /// The bundle it came in.
    pub bundle: Digest,
}

impl Verified {
    /// The type of the statement.
    pub fn predicate_type(&self) -> &PredicateType {
        self.statement.predicate_type()
    }

    /// The claim.
    pub fn predicate(&self) -> &Value {
        self.statement.predicate()
    }

    /// What a gate reads of the claim; nothing if it does not have the form of its type.
    pub fn gist(&self) -> Option<Gist> {
        self.predicate_type().gist(self.predicate()).ok()
    }

    /// The claim, as this type; see [`Statement::read`].
    pub fn read<P: Predicate>(&self) -> Option<P> {
        self.statement.read()
    }
}

/// Why a referrer is none of our business.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Foreign {
    /// Signed with a key nobody asked about.
    #[error("signed with another key, {0}")]
    AnotherKey(String),
    /// Signed with a certificate, and nobody asked for one.
    #[error("signed with a certificate, and a key was asked for")]
    Certificate,
    /// A signature of an older form, which names no key, and that none of the keys has made.
    #[error("a signature of cosign before version 3 that none of the keys has made")]
    Legacy,
    /// A signature of an older form, with a certificate.
    #[error(
        "a signature of cosign before version 3 with a certificate, which is not read: sign again with a newer cosign"
    )]
    LegacyCertificate,
    /// Signed by somebody nobody asked about.
    #[error("signed by another: {0}")]
    AnotherWorkload(String),
    /// Something else that refers to the image.
    #[error("no Sigstore bundle but `{0}`")]
    AnotherKind(String),
}

/// Why a bundle does not hold.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Invalid {
    /// Bytes that are no bundle, or not the bytes they are called.
    #[error("malformed: {0}")]
    Malformed(String),
    /// The key has not signed this.
    #[error("names this key and does not hold: {0}")]
    Signature(String),
    /// The one whom its certificate names has not signed this, or not while the certificate held.
    #[error("its certificate names this identity and does not hold: {0}")]
    Certificate(String),
    /// A good signature of a statement about something else.
    #[error("about other content than {0}")]
    Subject(Digest),
    /// The manifest around the bundle says something else than the bundle.
    #[error("its manifest does not fit it: {0}")]
    Manifest(String),
}

/// Some public keys, and some workloads with the authorities that are believed about them.
#[derive(Clone, Debug)]
pub struct Verifier {
    keys: Vec<PublicKey>,
    workloads: Option<(Arc<Authorities>, Vec<WorkloadPolicy>)>,
    /// Whom entries and timestamps beside a key's signature must hold by, too.
    witnesses: Option<Arc<Authorities>>,
}

impl Verifier {
    /// Trusts these keys.
    pub fn new(keys: impl IntoIterator<Item = PublicKey>) -> Self {
        Self { keys: keys.into_iter().collect(), workloads: None, witnesses: None }
    }

    /// Trusts these workloads too, as far as these authorities know them.
    pub fn with_workloads(
        mut self,
        authorities: Arc<Authorities>,
        policies: impl IntoIterator<Item = WorkloadPolicy>,
    ) -> Self {
        self.workloads = Some((authorities, policies.into_iter().collect()));
        self
    }

    /// Demands that log entries and timestamps beside the signature of a key hold by these authorities; there need not be any.
    pub fn with_witnesses(mut self, authorities: Arc<Authorities>) -> Self {
        self.witnesses = Some(authorities);
        self
    }

    /// Judges a bundle that should hold a statement about this content.
    pub fn statement(&self, bundle: Vec<u8>, subject: Digest) -> Verdict {
        let bundle = match Bundle::parse(bundle) {
            Ok(bundle) => bundle,
            Err(why) => return Verdict::Invalid(Invalid::Malformed(why)),
        };
        let statement = |bundle: &Bundle, key: Option<&PublicKey>| match key {
            Some(key) => bundle.statement(key).map_err(Invalid::Signature),
            None => bundle.statement_unchecked().map_err(Invalid::Certificate),
        };
        self.judge(&bundle, &Content::Image(subject), statement).and(|signer, statement| {
            if statement.is_about(subject) {
                Verdict::Verified(Verified { statement, signer, bundle: bundle.digest() })
            } else {
                Verdict::Invalid(Invalid::Subject(subject))
            }
        })
    }

    /// Judges a bundle that should sign this file; tells who has.
    pub fn blob(&self, bundle: Vec<u8>, blob: &Blob) -> Verdict<Signer> {
        match Bundle::parse(bundle) {
            Ok(bundle) => self.signature(&bundle, blob),
            Err(why) => Verdict::Invalid(Invalid::Malformed(why)),
        }
    }

    /// As [`Self::blob`], of a file that is read as far as this signature needs it; tells what the file is, too.
    pub fn file(&self, bundle: Vec<u8>, path: &Path) -> Result<(Digest, Verdict<Signer>), FileError> {
        let bundle = match Bundle::parse(bundle) {
            Ok(bundle) => bundle,
            Err(why) => return Ok((Blob::read(path)?.sha256(), Verdict::Invalid(Invalid::Malformed(why)))),
        };
        let reads = match bundle.claimed() {
            Claimed::Key(hint) => self.key(hint).map_or(Reads::Sha256, PublicKey::reads),
            Claimed::Certificate if self.workloads.is_some() => authorities::reads(bundle.content()),
            Claimed::Certificate => Reads::Sha256,
        };
        let blob = Blob::read_for(path, reads)?;
        Ok((blob.sha256(), self.signature(&bundle, &blob)))
    }

    fn signature(&self, bundle: &Bundle, blob: &Blob) -> Verdict<Signer> {
        let signs = |bundle: &Bundle, key: Option<&PublicKey>| match key {
            Some(key) => bundle.signs(blob, key).map_err(Invalid::Signature),
            None => bundle.is_of_blob().map_err(Invalid::Certificate),
        };
        self.judge(bundle, &Content::File(blob), signs).and(|signer, ()| Verdict::Verified(signer))
    }

    /// The hint chooses the key: a bundle that was made with a key of ours names it, and one that names another is not tried. In the same
    /// way a certificate is checked only if it names a workload that was asked for.
    fn judge<T>(
        &self,
        bundle: &Bundle,
        content: &Content<'_>,
        read: impl FnOnce(&Bundle, Option<&PublicKey>) -> Result<T, Invalid>,
    ) -> Verdict<(Signer, T)> {
        let hint = match bundle.claimed() {
            Claimed::Key(hint) => hint,
            Claimed::Certificate => {
                return match self.workload(bundle, content) {
                    Verdict::Verified(signer) => read(bundle, None)
                        .map_or_else(Verdict::Invalid, |what| Verdict::Verified((signer, what))),
                    Verdict::Foreign(why) => Verdict::Foreign(why),
                    Verdict::Invalid(why) => Verdict::Invalid(why),
                };
            }
        };
        let Some(key) = self.key(hint) else {
            return Verdict::Foreign(Foreign::AnotherKey(hint.to_owned()));
        };
        let signer = Signer::Key(key.hint().to_owned());
        if let Some(Err(why)) = self.witnesses.as_ref().map(|one| one.witness(bundle.content(), content, key))
        {
            return Verdict::Invalid(Invalid::Signature(why));
        }
        read(bundle, Some(key)).map_or_else(Verdict::Invalid, |what| Verdict::Verified((signer, what)))
    }

    /// Which of the keys has signed this; there is nothing that names it.
    pub(crate) fn key_of(&self, message: &[u8], signature: &[u8]) -> Option<&PublicKey> {
        self.keys.iter().find(|key| key.verifies(message, signature))
    }

    /// Whom entries and timestamps beside a key's signature must hold by.
    pub(crate) fn witnesses(&self) -> Option<&Authorities> {
        self.witnesses.as_deref()
    }

    fn key(&self, hint: &str) -> Option<&PublicKey> {
        self.keys.iter().find(|key| key.hint() == hint)
    }

    fn workload(&self, bundle: &Bundle, content: &Content<'_>) -> Verdict<Signer> {
        let Some((authorities, policies)) = &self.workloads else {
            return Verdict::Foreign(Foreign::Certificate);
        };
        let mut workload = match authorities::claimed(bundle.content()) {
            Ok(workload) => workload,
            Err(why) => return Verdict::Invalid(Invalid::Malformed(why)),
        };
        let refusals: Option<Vec<String>> = policies.iter().map(|policy| policy.refusal(&workload)).collect();
        // One policy without a refusal and there is no list of refusals.
        if let Some(refusals) = refusals {
            return Verdict::Foreign(Foreign::AnotherWorkload(refusals.join("; ")));
        }
        match authorities.check(bundle.content(), content) {
            Ok(proof) => {
                workload.proof = proof;
                Verdict::Verified(Signer::Workload(Box::new(workload)))
            }
            Err(why) => Verdict::Invalid(Invalid::Certificate(why)),
        }
    }
}

impl<A, B> Verdict<(A, B)> {
    fn and<T>(self, then: impl FnOnce(A, B) -> Verdict<T>) -> Verdict<T> {
        match self {
            Self::Verified((a, b)) => then(a, b),
            Self::Foreign(why) => Verdict::Foreign(why),
            Self::Invalid(why) => Verdict::Invalid(why),
        }
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod workloads;

#[cfg(test)]
mod logs;
