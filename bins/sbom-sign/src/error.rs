//! What can go wrong here, and how to mend it; what goes wrong with keys, evidence and images is told by the crates that own them.

use std::{borrow::Cow, fmt, path::PathBuf};

use ci::{Code, Failure, InputError, Kind, Place, files::FileError};
use contract::{Digest, EnvironmentName, ImageRef};
use oci::OciError;
use trust::{PredicateType, Shortfall, TrustError};

use crate::{catalog::tree::TreeError, image::Unreadable};

/// A failure of sbom-sign.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Anybody may sign anything: without a name a signature proves nothing.
    #[error("nobody is named who must have signed")]
    NoSigner,
    /// What only a network can do.
    #[error("--offline is given, and {0} needs the network")]
    Offline(String),
    /// A key pair is never replaced.
    #[error("{} is there already, and a key pair is never replaced", .0.display())]
    KeyExists(PathBuf),
    /// A key that only an attacker would want.
    #[error("a new key needs a password, and COSIGN_PASSWORD is not set")]
    NoPassword,
    /// Nothing is stated.
    #[error("nothing is stated: {0} needs a predicate")]
    NoPredicate(PredicateType),
    /// Provenance that nobody could vouch for.
    #[error("this is no GitHub runner, and provenance tells how a job of one builds")]
    OffRunner,
    /// A runner that does not tell all.
    #[error("the runner does not tell {0}, and provenance needs it")]
    ContextMissing(&'static str),
    /// A runner and a token that do not tell the same.
    #[error("the runner tells {name} as `{value}`, and the token that is to sign tells something else")]
    ContextContradicted {
        /// The variable.
        name: &'static str,
        /// What it holds.
        value: String,
    },
    /// A runner that tells something else.
    #[error("the runner tells {name} as `{value}`, which it can't be")]
    ContextMalformed {
        /// The variable.
        name: &'static str,
        /// What it holds.
        value: String,
    },
    /// Nothing to work on.
    #[error("no IMAGE is named, and the release record holds no component")]
    NoImage,
    /// The test was of another release than the one of the record.
    #[error("a test in {0} says nothing about the release of the record, which was taken back from there")]
    TakenBack(EnvironmentName),
    /// A repository instead of an image.
    #[error("{0} names a repository and no image in it")]
    NoSelector(ImageRef),
    /// The predicate is no JSON.
    #[error("{} is no JSON", .path.display())]
    NotJson {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// A run that would destroy what it works from.
    #[error("{} would be written over, and it is read by the same command", .0.display())]
    OutputIsInput(PathBuf),
    /// A file of somebody else.
    #[error("{} is there already, and it is no {wanted}", .path.display())]
    OutputTaken {
        /// The file.
        path: PathBuf,
        /// What it would have to be.
        wanted: Written,
    },
    /// The tree can't be catalogued.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A name that means two things.
    #[error("{} is there, and it names an image as well", .0.display())]
    PathOrImage(PathBuf),
    /// A flag that says nothing about a tree.
    #[error("--platform and --scope are about images, and {} is none", .0.display())]
    OfImagesOnly(PathBuf),
    /// A flag that says nothing about an image.
    #[error("--exclude is about trees, and {} is an image", .0.display())]
    OfTreesOnly(PathBuf),
    /// A suite where no test is asked for.
    #[error("--suite is about test results")]
    OfTestsOnly,
    /// An image whose contents would be told wrongly.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The SBOM could not be written as JSON.
    #[error("the SBOM could not be written: {0}")]
    Bom(String),
    /// An image or a file lacks evidence.
    #[error("{subject} lacks good evidence of type {kind}{more}", more = and_more(*others))]
    Unmet {
        /// The image or file.
        subject: String,
        /// What was asked for.
        kind: PredicateType,
        /// Why it is not enough.
        #[source]
        shortfall: Shortfall,
        /// How many other images lack it, too.
        others: usize,
    },
    /// A file's signature is of another.
    #[error("{} is not signed by whom was asked for", .blob.display())]
    BlobForeign {
        /// The file.
        blob: PathBuf,
        /// Who has signed it instead.
        source: trust::Foreign,
    },
    /// A file's signature does not hold.
    #[error("the signature of {} does not hold", .blob.display())]
    BlobInvalid {
        /// The file.
        blob: PathBuf,
        /// Why not.
        source: trust::Invalid,
    },
    /// A copy to a digest that is not the image's.
    #[error("{from} cannot be copied to {to}: they are not the same content")]
    OtherDigest {
        /// What was to be copied.
        from: Digest,
        /// What it was to be.
        to: Digest,
    },
    /// Not all of it arrived.
    #[error("{missing} did not arrive at {to}")]
    Incomplete {
        /// What is missing.
        missing: Digest,
        /// The destination.
        to: ImageRef,
    },
    /// Keys, bundles, evidence.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// Images.
    #[error(transparent)]
    Image(#[from] OciError),
    /// Files.
    #[error(transparent)]
    File(#[from] FileError),
    /// Variables.
    #[error(transparent)]
    Variable(#[from] InputError),
    /// The release record.
    #[error(transparent)]
    Record(#[from] ci::record::RecordError),
    /// Asked to end.
    #[error(transparent)]
    Interrupted(#[from] ci::signals::Interrupted),
}

/// What this binary writes over, and nothing else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Written {
    /// A signature.
    Bundle,
    /// An SBOM.
    Sbom,
    /// What a check found.
    CheckResult,
}

impl fmt::Display for Written {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Bundle => "bundle",
            Self::Sbom => "SBOM in CycloneDX's JSON",
            Self::CheckResult => "result of a check",
        })
    }
}

fn and_more(count: usize) -> String {
    if count == 0 { String::new() } else { format!(", and {count} more") }
}

impl Error {
    pub(crate) fn bom(error: impl fmt::Display) -> Self {
        Self::Bom(error.to_string())
    }

    /// The failure of another crate that this one only passes on.
    fn inner(&self) -> Option<&dyn Failure> {
        Some(match self {
            Self::Tree(TreeError::File(error)) | Self::File(error) => error,
            Self::Trust(error) => error,
            Self::Image(error) => error,
            Self::Unreadable(error) => error,
            Self::Variable(error) => error,
            Self::Record(error) => error,
            Self::Interrupted(error) => error,
            _ => return None,
        })
    }
}

fn tree_code(error: &TreeError) -> Code {
    match error {
        TreeError::Nothing(_) => Code::new("lock-file-missing"),
        TreeError::Empty(_) => Code::new("lock-file-empty"),
        TreeError::Unknown(_) => Code::new("lock-file-unknown"),
        TreeError::Outside(_) => Code::new("lock-file-outside"),
        TreeError::TooLarge { .. } => Code::new("tree-too-large"),
        TreeError::Malformed { .. } => Code::new("lock-file-malformed"),
        TreeError::File(error) => error.code(),
    }
}

fn tree_fix(error: &TreeError) -> Cow<'static, str> {
    match error {
        TreeError::Nothing(_) => {
            "name the directory with the lock file, or let the package manager write one; docs/sbom-sign.md lists those that are read"
        }
        TreeError::Empty(_) => "check that this is the tree you meant; an SBOM of nothing says nothing",
        TreeError::Unknown(_) => {
            "name the directory it is in, or give the file the name that its tool gives it; docs/sbom-sign.md lists those that are read"
        }
        TreeError::Outside(_) => "put the file where the link is",
        TreeError::TooLarge { .. } => "name the directory of one project in it",
        TreeError::Malformed { .. } => "let the tool that wrote it write it again",
        TreeError::File(error) => return error.fix(),
    }
    .into()
}

impl Failure for Error {
    fn code(&self) -> Code {
        match self {
            Self::NoSigner => Code::new("signer-unnamed"),
            Self::Offline(_) => Code::new("offline-needs-network"),
            Self::KeyExists(_) => Code::new("key-exists"),
            Self::NoPassword => Code::new("key-password-missing"),
            Self::NoPredicate(_) => Code::new("predicate-missing"),
            Self::OffRunner => Code::new("provenance-off-runner"),
            Self::ContextMissing(_) => Code::new("github-context-missing"),
            Self::ContextMalformed { .. } | Self::ContextContradicted { .. } => {
                Code::new("github-context-malformed")
            }
            Self::NoImage => Code::new("image-unnamed"),
            Self::TakenBack(_) => Code::new("test-of-another-release"),
            Self::NoSelector(_) => Code::new("image-incomplete"),
            Self::NotJson { .. } => Code::new("predicate-not-json"),
            Self::OutputIsInput(_) => Code::new("output-is-input"),
            Self::OutputTaken { .. } => Code::new("output-taken"),
            Self::Tree(error) => tree_code(error),
            Self::PathOrImage(_) => Code::new("path-or-image"),
            Self::OfImagesOnly(_) => Code::new("flag-of-images"),
            Self::OfTreesOnly(_) => Code::new("flag-of-trees"),
            Self::OfTestsOnly => Code::new("flag-of-tests"),
            Self::Bom(_) => Code::new("sbom-unwritable"),
            Self::Unmet { shortfall, .. } => match shortfall {
                Shortfall::Missing => Code::new("evidence-missing"),
                Shortfall::Invalid => Code::new("evidence-invalid"),
                Shortfall::Negative => Code::new("evidence-negative"),
                Shortfall::Stale => Code::new("evidence-stale"),
            },
            Self::BlobForeign { .. } => Code::new("evidence-missing"),
            Self::BlobInvalid { .. } => Code::new("evidence-invalid"),
            Self::OtherDigest { .. } => Code::new("copy-other-digest"),
            Self::Incomplete { .. } => Code::new("copy-incomplete"),
            other => other.inner().map_or(Code::new("defect"), Failure::code),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Unmet { .. } | Self::BlobForeign { .. } | Self::BlobInvalid { .. } => Kind::Refused,
            Self::Incomplete { .. } => Kind::World,
            Self::Bom(_) => Kind::Ours,
            other => other.inner().map_or(Kind::Input, Failure::kind),
        }
    }

    fn fix(&self) -> Cow<'static, str> {
        match self {
            Self::NoSigner => "pass --key, or --identity and --issuer",
            Self::Offline(_) => {
                "leave --offline out; or sign with --key, and take images from an `oci:` directory"
            }
            Self::KeyExists(_) => {
                "choose another prefix, or keep using the key; remove it only if nothing trusts it any more"
            }
            Self::NoPassword => {
                "set COSIGN_PASSWORD from your secret store; set it to nothing for a key without a password"
            }
            Self::NoPredicate(_) => "pass --predicate; docs/evidence.md shows the forms",
            Self::OffRunner => "run it in a workflow, or pass --predicate with what your builder says",
            Self::ContextMissing(_) | Self::ContextMalformed { .. } | Self::ContextContradicted { .. } => {
                "run it on a runner of GitHub, or on one that tells what GitHub's do, and let no step change that"
            }
            Self::NoImage => "name an image, or run tag-image first so that the release record names it",
            Self::TakenBack(_) => "name the image that was tested: rollback's output restored-images",
            Self::NoSelector(_) => "add :TAG or @DIGEST",
            Self::NotJson { .. } => "check that this is the file you meant; docs/evidence.md shows the forms",
            Self::OutputIsInput(_) => "name another file for the output",
            Self::OutputTaken { .. } => "name another file for the output; or remove this one, if nobody needs it",
            Self::Tree(error) => return tree_fix(error),
            Self::PathOrImage(_) => {
                "write ./ before a path; name an image from another directory, or by its digest"
            }
            Self::OfImagesOnly(_) => "leave the flag out, or name an image",
            Self::OfTreesOnly(_) => "leave the flag out: an SBOM of an image lists all of it",
            Self::OfTestsOnly => "pass --type test-result, or leave --suite out",
            Self::Bom(_) => "please report it with the lock file",
            Self::Unmet { shortfall, .. } => match shortfall {
                Shortfall::Missing => {
                    "have the step that makes it run on this very digest, and check with which key it signs"
                }
                Shortfall::Invalid => {
                    "find out who stored it; then have the step that makes it run on this very digest"
                }
                Shortfall::Negative => "mend what failed, build anew and let it pass",
                Shortfall::Stale => "have the step that makes it run again",
            },
            Self::BlobForeign { .. } => "check who has signed the file",
            Self::BlobInvalid { .. } => {
                "do not use the file: get file and bundle again from where they were made"
            }
            Self::OtherDigest { .. } => "name the destination by a tag, or by the same digest",
            Self::Incomplete { .. } => "run it again: it copies only what is missing",
            other => return other.inner().map_or("please report it".into(), Failure::fix),
        }
        .into()
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::NotJson { path, source } => Some(Place { file: path.clone(), line: Some(source.line()) }),
            Self::Tree(TreeError::Malformed { path, source }) => {
                Some(Place { file: path.clone(), line: source.line })
            }
            other => other.inner().and_then(Failure::place),
        }
    }
}
