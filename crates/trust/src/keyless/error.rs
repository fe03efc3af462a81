//! What can go wrong between a workload and its certificate, log entry and timestamp, and how to mend it.

use std::{borrow::Cow, path::PathBuf};

use ci::{Code, Failure, Kind};
use http::HttpError;

/// Signing with a certificate failed.
#[derive(Debug, thiserror::Error)]
pub enum KeylessError {
    /// Nothing says who this is.
    #[error("no key is given, and nothing says who this is: no identity token was found")]
    NoToken,
    /// The token is none.
    #[error("the identity token can't be used: {0}")]
    Token(&'static str),
    /// A variable of the runner holds no address.
    #[error("{0} holds no address")]
    Address(String),
    /// The signing configuration is none.
    #[error("{} is no signing configuration that can be used: {why}", .path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The built-in one has expired.
    #[error("the built-in signing configuration can't be used: {0}")]
    Services(String),
    /// A server gave no answer.
    #[error("{service} gave no answer")]
    Unreachable {
        /// Which.
        service: &'static str,
        /// Why.
        source: HttpError,
    },
    /// A server said no.
    #[error("{service} refused with status {status}: {said}")]
    Refused {
        /// Which.
        service: &'static str,
        /// The status of HTTP.
        status: u16,
        /// What it said.
        said: String,
    },
    /// A server's answer is not what it should be.
    #[error("the answer of {service} can't be read: {why}")]
    Answer {
        /// Which.
        service: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// No log takes as much.
    #[error("the statement has {bytes} bytes, and at most {} are entered into a log", super::LOG_BYTES_MAX)]
    TooLargeForLog {
        /// Its size.
        bytes: usize,
    },
    /// What came out would be refused by everybody who checks it.
    #[error("the new signature does not hold by the trusted root: {0}")]
    Unproven(String),
}

impl Failure for KeylessError {
    fn code(&self) -> Code {
        match self {
            Self::NoToken => Code::new("identity-token-missing"),
            Self::Token(_) => Code::new("identity-token-malformed"),
            Self::Address(_) | Self::Config { .. } => Code::new("signing-config-malformed"),
            Self::Services(_) => Code::new("signing-config-expired"),
            Self::Unreachable { .. } => Code::new("sigstore-unreachable"),
            Self::Refused { .. } => Code::new("sigstore-refused"),
            Self::Answer { .. } => Code::new("sigstore-answer"),
            Self::TooLargeForLog { .. } => Code::new("log-entry-too-large"),
            Self::Unproven(_) => Code::new("signature-unproven"),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::NoToken
            | Self::Token(_)
            | Self::Address(_)
            | Self::Config { .. }
            | Self::Services(_)
            | Self::TooLargeForLog { .. } => Kind::Input,
            Self::Unreachable { .. } | Self::Refused { .. } | Self::Answer { .. } | Self::Unproven(_) => {
                Kind::World
            }
        }
    }

    fn fix(&self) -> Cow<'static, str> {
        match self {
            Self::NoToken => {
                "give the job the permission `id-token: write`, set SIGSTORE_ID_TOKEN or --identity-token, or pass --key"
            }
            Self::Token(_) => "get a new one for the audience sigstore",
            Self::Address(_) => "unset it, and set SIGSTORE_ID_TOKEN instead",
            Self::Config { .. } => "write it anew with `cosign signing-config create`",
            Self::Services(_) => "use a newer version, or name one with --signing-config",
            Self::Unreachable { .. } => "check the network and run it again; nothing was stored",
            Self::Refused { .. } => "read what the server says; a token is good for some minutes and for one instance only",
            Self::Answer { .. } => "check the addresses in the signing configuration",
            Self::TooLargeForLog { .. } => "attest less at once, or sign with --key, which enters nothing into a log",
            Self::Unproven(_) => "name the trusted root of the instance that signs with --trusted-root; nothing was stored",
        }
        .into()
    }
}
