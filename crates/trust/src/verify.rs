//! Whether a bundle holds: signed by a key we trust, about exactly the content we ask for; never whether what it says is good enough.

use contract::Digest;
use serde_json::Value;

use crate::{Bundle, Gist, Predicate, PredicateType, PublicKey, Statement, bundle::Signer};

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
    /// The hint of the key that has signed it.
    pub signer: String,
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
    /// Signed with a certificate; this version checks keys.
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
    /// A good signature of a statement about something else.
    #[error("about other content than {0}")]
    Subject(Digest),
    /// The manifest around the bundle says something else than the bundle.
    #[error("its manifest does not fit it: {0}")]
    Manifest(String),
}

/// Some public keys.
#[derive(Clone, Debug)]
pub struct Verifier {
    keys: Vec<PublicKey>,
}

impl Verifier {
    /// Trusts these keys.
    pub fn new(keys: impl IntoIterator<Item = PublicKey>) -> Self {
        Self { keys: keys.into_iter().collect() }
    }

    /// Judges a bundle that should hold a statement about this content.
    pub fn statement(&self, bundle: Vec<u8>, subject: Digest) -> Verdict {
        self.judge(bundle, |bundle, key| {
            let statement = bundle.statement(key).map_err(Invalid::Signature)?;
            if !statement.is_about(subject) {
                return Err(Invalid::Subject(subject));
            }
            Ok(Verified { statement, signer: key.hint().to_owned(), bundle: bundle.digest() })
        })
    }

    /// Judges a bundle that should sign the file with this digest; gives the hint of the key.
    pub fn blob(&self, bundle: Vec<u8>, blob: Digest) -> Verdict<String> {
        self.judge(bundle, |bundle, key| {
            bundle.signs(blob, key).map_err(Invalid::Signature).map(|()| key.hint().to_owned())
        })
    }

    /// Which of the keys has signed this; there is nothing that names it.
    pub(crate) fn signer_of(&self, message: &[u8], signature: &[u8]) -> Option<String> {
        let key = self.keys.iter().find(|key| key.verifies(message, signature))?;
        Some(key.hint().to_owned())
    }

    /// The hint chooses the key: a bundle that was made with a key of ours names it, and one that names another is not tried.
    fn judge<T>(
        &self,
        bundle: Vec<u8>,
        check: impl FnOnce(&Bundle, &PublicKey) -> Result<T, Invalid>,
    ) -> Verdict<T> {
        let bundle = match Bundle::parse(bundle) {
            Ok(bundle) => bundle,
            Err(why) => return Verdict::Invalid(Invalid::Malformed(why)),
        };
        let hint = match bundle.signer() {
            Signer::Key(hint) => hint,
            Signer::Certificate => return Verdict::Foreign(Foreign::Certificate),
        };
        match self.keys.iter().find(|key| key.hint() == hint) {
            Some(key) => check(&bundle, key).map_or_else(Verdict::Invalid, Verdict::Verified),
            None => Verdict::Foreign(Foreign::AnotherKey(hint.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests;
