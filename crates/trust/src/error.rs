//! What can go wrong with keys, statements and stored evidence, and how to mend it; a verdict on evidence is no error.

use std::{borrow::Cow, path::PathBuf};

use ci::{Code, Failure, InputError, Kind, files::FileError};
use contract::Digest;
use oci::OciError;

use crate::{KeySource, KeylessError, PredicateType};

/// Why a text is no key of ours.
#[derive(Debug, thiserror::Error)]
pub enum InvalidKey {
    /// No PEM block, or one whose content is not what its label says.
    #[error("it is not well-formed PEM of a key on a known curve")]
    Form,
    /// A private key on another curve.
    #[error("it is a key of another kind than ECDSA on P-256, the only one that signs here")]
    OtherCurve,
    /// A key of an algorithm we don't use.
    #[error("it is a key on neither P-256 nor P-384 nor Ed25519")]
    Algorithm,
    /// The variable it should come from.
    #[error("it is not set, or empty")]
    Unset,
    /// A label we don't read.
    #[error("its PEM label is `{0}`")]
    Label(String),
    /// The encrypted form has members we don't read.
    #[error("its encrypted form is not that of cosign: {0}")]
    Encryption(&'static str),
    /// Deriving its key would cost what no honest file asks for.
    #[error("it asks for scrypt with N={n}, r={r}, p={p}; cosign writes N up to 131072, r=8, p=1")]
    Cost {
        /// scrypt's processor and memory cost.
        n: u64,
        /// scrypt's block size.
        r: u64,
        /// scrypt's parallelism.
        p: u64,
    },
    /// The password opens nothing.
    #[error("the password in COSIGN_PASSWORD does not open it")]
    Password,
    /// Encrypted, and nobody told the password.
    #[error("it is encrypted and COSIGN_PASSWORD is not set")]
    NoPassword,
}

/// A failure of this crate.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The key can't be used.
    #[error("{key} is no usable key")]
    Key {
        /// Where it should come from.
        key: KeySource,
        /// Why not.
        source: InvalidKey,
    },
    /// The file holds no trusted roots.
    #[error("{} is no trusted root: {why}", .path.display())]
    Root {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Random,
    /// Signing, or writing what was signed, failed.
    #[error("the statement could not be signed")]
    Signing(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What is to be attested does not have the form of its type.
    #[error("the predicate does not have the form of {kind}")]
    Predicate {
        /// The type.
        kind: PredicateType,
        /// What is wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What is to be attested names other content than what it is attested to.
    #[error("the {kind} names {named}, and it is to be attested to {subject}")]
    OtherContent {
        /// The type.
        kind: PredicateType,
        /// What it names.
        named: Digest,
        /// What it is attested to.
        subject: Digest,
    },
    /// A bundle so large that a reader would refuse it.
    #[error("what is to be signed has {bytes} bytes, and at most {} are read", crate::STATEMENT_BYTES_MAX)]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// More evidence than anyone reads.
    #[error("{subject} has more evidence than is read: {what}")]
    TooMuch {
        /// The image.
        subject: Digest,
        /// Which limit.
        what: String,
    },
    /// Signing with a certificate.
    #[error(transparent)]
    Keyless(#[from] KeylessError),
    /// A file of the user.
    #[error(transparent)]
    File(#[from] FileError),
    /// A variable of the environment.
    #[error(transparent)]
    Variable(#[from] InputError),
    /// The repository that holds image and evidence.
    #[error(transparent)]
    Repository(#[from] OciError),
}

impl TrustError {
    pub(crate) fn signing(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Signing(source.into())
    }
}

impl Failure for TrustError {
    fn code(&self) -> Code {
        match self {
            Self::Key { source: InvalidKey::Password, .. } => Code::new("key-password-wrong"),
            Self::Key { source: InvalidKey::NoPassword, .. } => Code::new("key-password-missing"),
            Self::Key { source: InvalidKey::Cost { .. }, .. } => Code::new("key-derivation-too-costly"),
            Self::Key { .. } => Code::new("key-malformed"),
            Self::Root { .. } => Code::new("trusted-root-malformed"),
            Self::Random => Code::new("random-unavailable"),
            Self::Signing(_) => Code::new("signing-failed"),
            Self::Predicate { .. } => Code::new("predicate-malformed"),
            Self::OtherContent { .. } => Code::new("predicate-of-another"),
            Self::TooLarge { .. } => Code::new("bundle-too-large"),
            Self::TooMuch { .. } => Code::new("evidence-too-much"),
            Self::Keyless(error) => error.code(),
            Self::File(error) => error.code(),
            Self::Variable(error) => error.code(),
            Self::Repository(error) => error.code(),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Key { .. }
            | Self::Root { .. }
            | Self::Predicate { .. }
            | Self::OtherContent { .. }
            | Self::TooLarge { .. } => Kind::Input,
            Self::Random => Kind::World,
            Self::Signing(_) => Kind::Ours,
            Self::TooMuch { .. } => Kind::Refused,
            Self::Keyless(error) => error.kind(),
            Self::File(error) => error.kind(),
            Self::Variable(error) => error.kind(),
            Self::Repository(error) => error.kind(),
        }
    }

    fn fix(&self) -> Cow<'static, str> {
        match self {
            Self::Key { source: InvalidKey::Password | InvalidKey::NoPassword, .. } => {
                "set COSIGN_PASSWORD to the key's password; set it to nothing for a key without one"
            }
            Self::Key { source: InvalidKey::Unset, .. } => "set it from your secret store, or name a file",
            Self::Key { .. } => {
                "name a key that `sbom-sign keygen` or `cosign generate-key-pair` has made, a P-256 key in PKCS#8 or SEC1 PEM, or a public \
                 key on P-256, P-384 or Ed25519"
            }
            Self::Root { .. } => {
                "name a file that `cosign trusted-root create` or `gh attestation trusted-root` has written, or leave it out for the public Sigstore"
            }
            Self::Random => "run it on a system with a working random number generator",
            Self::Signing(_) => "please report it with the command line",
            Self::Predicate { .. } => "see docs/evidence.md for the form, with an example for each type",
            Self::OtherContent { .. } => "attest it to the image that it names, or have it made for this one",
            Self::TooLarge { .. } => "attest less at once: a smaller SBOM, for example without files",
            Self::TooMuch { .. } => "find out who attaches so much to this image, and remove it",
            Self::Keyless(error) => return error.fix(),
            Self::File(error) => return error.fix(),
            Self::Variable(error) => return error.fix(),
            Self::Repository(error) => return error.fix(),
        }
        .into()
    }

    fn place(&self) -> Option<ci::Place> {
        match self {
            Self::File(error) => error.place(),
            Self::Repository(error) => error.place(),
            _ => None,
        }
    }
}
