//! What ends a check, and how to mend it; what goes wrong with files and requests is told by the crates that own them.

use std::{borrow::Cow, io, path::PathBuf};

use ci::{Code, Failure, Kind, Place, files::FileError};
use http::{HttpError, RedactedUrl};

use super::{bill::NoBill, osv::NoRecord, policy::NoPolicy};

/// A failure of `check`.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Something is in it.
    #[error("{first}{}", and_more(*.others))]
    Vulnerable {
        /// The worst.
        first: String,
        /// How many more fail.
        others: usize,
    },
    /// A licence that is not taken.
    #[error("{first}{}", and_more(*.others))]
    Licence {
        /// One package.
        first: String,
        /// How many more.
        others: usize,
    },
    /// Not everything could be looked at.
    #[error("not everything in the SBOM could be looked at; {first}{}", and_more(*.others))]
    Inconclusive {
        /// One reason.
        first: String,
        /// How many more.
        others: usize,
    },
    /// The records are too old.
    #[error("the database is too old to tell; {first}{}", and_more(*.others))]
    Stale {
        /// One ecosystem.
        first: String,
        /// How many more reasons.
        others: usize,
    },
    /// Nothing to ask.
    #[error("neither --database nor --osv-api is given")]
    NoDatabase,
    /// No SBOM.
    #[error("{} is no SBOM that can be checked", .path.display())]
    Bill {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No policy.
    #[error("{} is no policy", .path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: PolicyFlaw,
    },
    /// A directory without records.
    #[error("{} holds no record of a vulnerability", .0.display())]
    DatabaseEmpty(PathBuf),
    /// The system refused.
    #[error("cannot read {}", .path.display())]
    DatabaseUnreadable {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Directories without end.
    #[error("{} lies too deep", .0.display())]
    DatabaseDeep(PathBuf),
    /// More than anybody reads.
    #[error("the database has more records about this SBOM, or ecosystems, than are read ({0})")]
    DatabaseTooLarge(u64),
    /// JSON that is no record.
    #[error("{place} is no OSV record")]
    RecordMalformed {
        /// The file, or the address.
        place: String,
        /// What is wrong.
        source: RecordFlaw,
    },
    /// A record that is larger than any.
    #[error("{0} is larger than any OSV record")]
    RecordTooLarge(String),
    /// An archive that is none.
    #[error("{} is no zip archive that can be read", .path.display())]
    ArchiveBroken {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: zip::result::ZipError,
    },
    /// A reader ended by itself.
    #[error("a reader of the database ended before its time")]
    Reader,
    /// An address that is not asked.
    #[error(
        "`{0}` is no address of an OSV API: expected https, or http on this machine, without user or query"
    )]
    ApiAddress(String),
    /// The API refused.
    #[error("{url} was answered with status {status}")]
    ApiStatus {
        /// What was asked.
        url: RedactedUrl,
        /// The status.
        status: u16,
    },
    /// The API said something else.
    #[error("the answer of {url} {why}")]
    ApiAnswer {
        /// What was asked.
        url: RedactedUrl,
        /// What is wrong.
        why: &'static str,
    },
    /// The API said something that is no answer.
    #[error("{url} did not answer as an OSV API does")]
    ApiMalformed {
        /// What was asked.
        url: RedactedUrl,
        /// What is wrong.
        source: RecordFlaw,
    },
    /// Pages without end.
    #[error("the OSV API has more than {0} pages of answers to one question")]
    ApiEndless(usize),
    /// No answer at all.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// Files.
    #[error(transparent)]
    File(#[from] FileError),
    /// Asked to end.
    #[error(transparent)]
    Interrupted(#[from] ci::signals::Interrupted),
    /// The result could not be written as JSON.
    #[error("the result could not be written")]
    Predicate(#[source] serde_json::Error),
}

/// What is wrong with a policy, and where.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct PolicyFlaw(NoPolicy);

/// What is wrong with a record.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct RecordFlaw(NoRecord);

fn and_more(count: usize) -> String {
    if count == 0 { String::new() } else { format!(", and {count} more") }
}

impl CheckError {
    pub(super) fn bill(path: PathBuf, source: NoBill) -> Self {
        Self::Bill { path, source: source.into() }
    }

    pub(super) fn policy(path: PathBuf, source: NoPolicy) -> Self {
        Self::Policy { path, source: PolicyFlaw(source) }
    }

    pub(super) fn answer(url: RedactedUrl, source: NoRecord) -> Self {
        Self::ApiMalformed { url, source: RecordFlaw(source) }
    }

    pub(super) fn record(place: String, source: NoRecord) -> Self {
        Self::RecordMalformed { place, source: RecordFlaw(source) }
    }
}

impl Failure for CheckError {
    fn code(&self) -> Code {
        match self {
            Self::Vulnerable { .. } => Code::new("vulnerability-found"),
            Self::Licence { .. } => Code::new("licence-denied"),
            Self::Inconclusive { .. } => Code::new("check-inconclusive"),
            Self::Stale { .. } => Code::new("database-stale"),
            Self::NoDatabase => Code::new("input-missing"),
            Self::Bill { .. } => Code::new("sbom-malformed"),
            Self::Policy { .. } => Code::new("policy-malformed"),
            Self::DatabaseEmpty(_) => Code::new("database-without-records"),
            Self::DatabaseUnreadable { .. } | Self::DatabaseDeep(_) => Code::new("file-unreadable"),
            Self::DatabaseTooLarge(_) | Self::RecordTooLarge(_) => Code::new("database-too-large"),
            Self::RecordMalformed { .. } | Self::ArchiveBroken { .. } => Code::new("database-malformed"),
            Self::ApiAddress(_) => Code::new("osv-api-address"),
            Self::ApiStatus { .. }
            | Self::ApiAnswer { .. }
            | Self::ApiMalformed { .. }
            | Self::ApiEndless(_) => Code::new("osv-api-answer"),
            Self::Http(_) => Code::new("osv-api-unreachable"),
            Self::File(error) => error.code(),
            Self::Interrupted(error) => error.code(),
            Self::Reader | Self::Predicate(_) => Code::new("defect"),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Vulnerable { .. } | Self::Licence { .. } => Kind::Refused,
            Self::Inconclusive { .. } | Self::Stale { .. } => Kind::NotYet,
            Self::ApiStatus { .. }
            | Self::ApiAnswer { .. }
            | Self::ApiMalformed { .. }
            | Self::ApiEndless(_)
            | Self::Http(_) => Kind::World,
            Self::File(error) => error.kind(),
            Self::Interrupted(error) => error.kind(),
            Self::Reader | Self::Predicate(_) => Kind::Ours,
            _ => Kind::Input,
        }
    }

    fn fix(&self) -> Cow<'static, str> {
        match self {
            Self::Vulnerable { .. } => {
                "update the package, or say in the policy why it does not count and until when ([[ignore]])"
            }
            Self::Licence { .. } => "replace the package, or add its licence or an exception to the policy",
            Self::Inconclusive { .. } => {
                "complete the database or the SBOM; what no database knows is named in the policy ([[unchecked]])"
            }
            Self::Stale { .. } => "fetch the database anew, or allow more with --max-database-age",
            Self::NoDatabase => "name a directory of OSV records with --database, or a service with --osv-api",
            Self::Bill { .. } => "name an SBOM in CycloneDX JSON, 1.4 to 1.7, or have it made again",
            Self::Policy { .. } => "mend the line; docs/sbom-sign.md shows a policy",
            Self::DatabaseEmpty(_) => "name the directory that holds the exports, such as npm/all.zip",
            Self::DatabaseUnreadable { .. } => "check the path and its permissions",
            Self::DatabaseDeep(_) => "check that no link of the directory leads back into it",
            Self::DatabaseTooLarge(_) | Self::RecordTooLarge(_) => "check that this is the database you meant",
            Self::RecordMalformed { .. } | Self::ArchiveBroken { .. } => {
                "fetch the database anew, and keep other JSON out of its directory"
            }
            Self::ApiAddress(_) => "name the service by https://host",
            Self::ApiStatus { .. } | Self::ApiAnswer { .. } | Self::ApiMalformed { .. } | Self::ApiEndless(_) => {
                "run again later; a directory of records (--database) needs no service"
            }
            Self::Http(_) => "check the network, or use a directory of records (--database)",
            Self::File(error) => return error.fix(),
            Self::Interrupted(error) => return error.fix(),
            Self::Reader | Self::Predicate(_) => "please report it with the command line",
        }
        .into()
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Policy { path, source } => Some(Place { file: path.clone(), line: source.0.line }),
            Self::File(error) => error.place(),
            _ => None,
        }
    }
}
