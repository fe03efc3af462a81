//! Everything that can go wrong with a registry, told once; never how it is shown.

use std::borrow::Cow;

use ci::{Code, Failure, Kind, process::ProcessError};
use contract::{Digest, ImageRef};
use http::{HttpError, RedactedUrl};

/// A registry did not answer, or not what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The host can't be part of an address.
    #[error("`{0}` is no host of a registry")]
    Host(String),
    /// It wants to know who asks, or does not want this one.
    #[error("{url} was denied with status {status}{why}")]
    Denied {
        /// What was asked for.
        url: RedactedUrl,
        /// 401 or 403.
        status: u16,
        /// What the registry said about it, with a colon before it.
        why: String,
    },
    /// No answer at all.
    #[error(transparent)]
    Unanswered(#[from] HttpError),
    /// An answer nobody can go on with.
    #[error("{url} was answered with status {status}{why}")]
    Status {
        /// What was asked for.
        url: RedactedUrl,
        /// The status.
        status: u16,
        /// What the registry said about it, with a colon before it.
        why: String,
    },
    /// An answer that breaks the protocol.
    #[error("the answer of {url} {why}")]
    Answer {
        /// What was asked for.
        url: RedactedUrl,
        /// The end of the sentence.
        why: &'static str,
    },
    /// Credentials would travel in clear.
    #[error("{host} wants tokens to be fetched from {realm}, which is no https address")]
    Realm {
        /// The registry.
        host: String,
        /// The token server.
        realm: String,
    },
    /// Docker's configuration, or one of its helpers.
    #[error("no credentials for {host}: {why}")]
    Credentials {
        /// The registry.
        host: String,
        /// What is wrong.
        why: String,
    },
    /// A credential helper.
    #[error("no credentials for {host}: its credential helper did not answer")]
    Helper {
        /// The registry.
        host: String,
        /// What happened to it.
        source: ProcessError,
    },
    /// The tag that should list referrers is an image.
    #[error("{0} should list what refers to an image, and is an image itself")]
    FallbackTaken(Box<ImageRef>),
    /// Other writers were faster each time.
    #[error("{image} was overwritten by somebody else {attempts} times")]
    Contended {
        /// The tag that lists referrers.
        image: Box<ImageRef>,
        /// How often it was tried.
        attempts: u32,
    },
    /// Another writer gave the name to something else at the same moment.
    #[error("{image} was given to {ours}, and then somebody else gave it to {found}")]
    TagLost {
        /// Which name.
        image: Box<ImageRef>,
        /// What we gave it to.
        ours: Digest,
        /// What carries it now.
        found: Digest,
    },
}

impl Failure for RegistryError {
    fn code(&self) -> Code {
        match self {
            Self::Host(_) => Code::new("registry-host"),
            Self::Denied { .. } => Code::new("registry-denied"),
            Self::Unanswered(HttpError::BodyTooLarge { .. }) => Code::new("content-too-large"),
            Self::Unanswered(_) => Code::new("registry-unreachable"),
            Self::Status { .. } => Code::new("registry-status"),
            Self::Answer { .. } => Code::new("registry-answer"),
            Self::Realm { .. } => Code::new("registry-token-realm"),
            Self::Credentials { .. } | Self::Helper { .. } => Code::new("registry-credentials"),
            Self::FallbackTaken(_) => Code::new("referrers-tag-taken"),
            Self::Contended { .. } => Code::new("referrers-contended"),
            Self::TagLost { .. } => Code::new("tag-lost"),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Host(_) | Self::Credentials { .. } | Self::Unanswered(HttpError::BodyTooLarge { .. }) => {
                Kind::Input
            }
            Self::TagLost { .. } => Kind::Refused,
            _ => Kind::World,
        }
    }

    fn fix(&self) -> Cow<'static, str> {
        match self {
            Self::Host(_) => "write the image as HOST[:PORT]/REPOSITORY",
            Self::Denied { .. } => {
                "run `docker login` for this host, or let this account read (and, to write, write) the repository"
            }
            Self::Unanswered(HttpError::BodyTooLarge { .. }) => {
                "check that this is the image you meant; no ordinary one is like this"
            }
            Self::Unanswered(HttpError::Tls { .. }) => {
                "name the registry's own authority in SSL_CERT_FILE, or install it on this machine"
            }
            Self::Unanswered(_) => "check the host's name and the network, then run again; what is already there is kept",
            Self::Status { .. } => "run again later; if it stays, ask whoever runs the registry",
            Self::Answer { .. } => "check that this host is a registry, and that no proxy answers in its place",
            Self::Realm { .. } => "let the registry name an https address for its tokens",
            Self::Credentials { .. } | Self::Helper { .. } => {
                "run `docker login` for this host again, or mend Docker's config.json"
            }
            Self::FallbackTaken(_) => {
                "remove this tag or give the image another one; copying with `cosign copy` may have made it"
            }
            Self::Contended { .. } => "run again when nobody else writes",
            Self::TagLost { .. } => {
                "find out who else writes this name; let the registry make tags immutable, and give the content a new version"
            }
        }
        .into()
    }
}
