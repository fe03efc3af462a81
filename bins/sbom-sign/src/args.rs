//! What was typed; never what it means.

use std::path::PathBuf;

use contract::{Commit, EnvironmentName, ImageRef, Platform, Span};
use trust::{KeySource, PredicateType};

use crate::bom::SpecVersion;
pub use crate::check::Check;

/// What is inside, who made it, and can anyone check that?
#[derive(clap::Parser)]
#[command(name = "sbom-sign", version, about = "What is inside, who made it, and can anyone check that?")]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    common: ci::Common,
}

/// The commands. Without an IMAGE, those about images take every component of the release record.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Make a key pair: PREFIX.key, encrypted with COSIGN_PASSWORD, and PREFIX.pub
    Keygen {
        /// Where the two files go
        #[arg(long, value_name = "PREFIX")]
        output_prefix: PathBuf,
    },
    /// List what a source tree or an image is made of, as CycloneDX
    Sbom(Sbom),
    /// Refuse what an SBOM lists: known vulnerabilities, licences that are not taken
    Check(Box<Check>),
    /// Sign images, or a file
    Sign(Sign),
    /// Sign a statement about images and store it beside them, or one about a file
    Attest(Attest),
    /// Check what was signed, by a key or an identity you trust
    Verify(Verify),
    /// Copy an image with everything that refers to it, and check that all of it arrived
    Copy {
        /// The image
        from: ImageRef,
        /// Where to, with the tag it gets there, if any
        to: ImageRef,
    },
}

/// The inputs of `sbom`.
#[derive(clap::Args)]
pub struct Sbom {
    /// A directory with lock files, one of them, or an image
    #[arg(default_value = ".", value_name = "PATH")]
    pub path: PathBuf,
    /// Where the SBOM goes
    #[arg(long, value_name = "FILE")]
    pub output: PathBuf,
    /// A directory or file of the tree to leave out, such as test data; repeatable
    #[arg(long, value_name = "PATH")]
    pub exclude: Vec<String>,
    /// The version of CycloneDX
    #[arg(long, value_enum, value_name = "1.5|1.6|1.7", default_value = "1.5", hide_possible_values = true)]
    pub spec_version: SpecVersion,
    /// Which image of an index; this machine's otherwise
    #[arg(long, value_name = "OS/ARCH")]
    pub platform: Option<Platform>,
    /// What of an image: its final files, or those that later layers remove as well [default: squashed]
    #[arg(long, value_name = "squashed|all-layers", value_enum, hide_possible_values = true)]
    pub scope: Option<Scope>,
}

/// Which files of an image count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Scope {
    /// Those of the final file system
    Squashed,
    /// Those of any layer
    AllLayers,
}

/// The inputs of `sign`.
#[derive(clap::Args)]
pub struct Sign {
    /// Images
    #[arg(value_name = "IMAGE")]
    pub images: Vec<ImageRef>,
    /// Who signs.
    #[command(flatten)]
    pub signatory: Signatory,
    /// And all images of an index
    #[arg(long, conflicts_with = "blob")]
    pub recursive: bool,
    /// Sign this file instead of images
    #[arg(long, value_name = "FILE", requires = "bundle", conflicts_with = "images")]
    pub blob: Option<PathBuf>,
    /// Where the signature of the file goes
    #[arg(long, value_name = "FILE", requires = "blob")]
    pub bundle: Option<PathBuf>,
}

/// The inputs of `attest`.
#[derive(clap::Args)]
pub struct Attest {
    /// Images
    #[arg(value_name = "IMAGE")]
    pub images: Vec<ImageRef>,
    /// cyclonedx, vulns, test-result, migration, slsaprovenance1, vsa, deployment, approval, or a URI
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: PredicateType,
    /// What is stated, as JSON in the form of the type [of slsaprovenance1 default: this GitHub job]
    #[arg(long, value_name = "FILE")]
    pub predicate: Option<PathBuf>,
    /// And all images of an index
    #[arg(long, conflicts_with = "blob")]
    pub recursive: bool,
    /// About this file instead of images
    #[arg(long, value_name = "FILE", requires = "bundle", conflicts_with = "images")]
    pub blob: Option<PathBuf>,
    /// Where the statement about the file goes
    #[arg(long, value_name = "FILE", requires = "blob")]
    pub bundle: Option<PathBuf>,
    /// Who signs.
    #[command(flatten)]
    pub signatory: Signatory,
}

/// Who signs: with a key, or without one as the workload that a token names.
#[derive(clap::Args)]
pub struct Signatory {
    /// The private key, a file or env://NAME; without one this run's identity signs
    #[arg(long, value_name = "KEY")]
    pub key: Option<KeySource>,
    /// The identity's token [default: of this GitHub job]
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    pub identity_token: Option<PathBuf>,
    /// Its servers, as cosign writes them [default: Sigstore's public ones]
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    pub signing_config: Option<PathBuf>,
    /// Whom to believe, as cosign writes it [default: Sigstore's public root]
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    pub trusted_root: Option<PathBuf>,
    /// Refuse whatever would need a network
    #[arg(long)]
    pub offline: bool,
}

/// The inputs of `verify`.
#[derive(clap::Args)]
pub struct Verify {
    /// Images
    #[arg(value_name = "IMAGE")]
    pub images: Vec<ImageRef>,
    /// What there must be: signature, or a type that `attest` knows [of a file default: signature]
    #[arg(long = "type", value_name = "TYPE", required_unless_present = "blob")]
    pub kind: Option<PredicateType>,
    /// A public key that may have signed it, a file or env://NAME; repeatable
    #[arg(long, value_name = "KEY")]
    pub key: Vec<KeySource>,
    /// Who may have signed without a key.
    #[command(flatten)]
    pub workload: Workload,
    /// The environment it must be about
    #[arg(long, short = 'e', value_name = "NAME", requires = "kind")]
    pub environment: Option<EnvironmentName>,
    /// How old it may be
    #[arg(long, value_name = "TIME", requires = "kind")]
    pub max_age: Option<Span>,
    /// Which suite a test-result must be of
    #[arg(long, value_name = "NAME", requires = "kind")]
    pub suite: Option<String>,
    /// Ask about this file instead
    #[arg(long, value_name = "FILE", requires = "bundle", conflicts_with = "images")]
    pub blob: Option<PathBuf>,
    /// The signature of the file, or the statement about it
    #[arg(long, value_name = "FILE", requires = "blob")]
    pub bundle: Option<PathBuf>,
}

/// The workload that may have signed it; all that is named must be exactly so.
#[derive(clap::Args)]
pub struct Workload {
    /// Who may have signed it without a key: for GitHub the workflow, whole
    #[arg(long, value_name = "IDENTITY", requires = "issuer")]
    pub identity: Option<String>,
    /// Who has issued its token
    #[arg(long, value_name = "URL", requires = "identity")]
    pub issuer: Option<String>,
    /// The repository that ran it: owner/name, or an address
    #[arg(long, value_name = "REPOSITORY", requires = "identity")]
    pub source_repository: Option<String>,
    /// The number of that repository
    #[arg(long, value_name = "N", requires = "identity")]
    pub source_repository_id: Option<u64>,
    /// The branch or tag, whole: refs/heads/main
    #[arg(long = "ref", value_name = "REF", requires = "identity")]
    pub git_ref: Option<String>,
    /// The commit
    #[arg(long, value_name = "SHA", requires = "identity")]
    pub commit: Option<Commit>,
    /// The deployment environment of the job
    #[arg(long, value_name = "NAME", requires = "identity")]
    pub deployment_environment: Option<String>,
    /// Whom to believe [default: Sigstore's public root]
    #[arg(long, value_name = "FILE")]
    pub trusted_root: Option<PathBuf>,
    /// Refuse whatever would need a network
    #[arg(long)]
    pub offline: bool,
}

impl ci::Arguments for Args {
    fn common(&self) -> &ci::Common {
        &self.common
    }
}
