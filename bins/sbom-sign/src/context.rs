//! What the inputs mean: which files, which images, what is asked of them; nothing of it is opened yet but the release record.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use ci::Session;
use contract::{Component, EnvironmentName, ImageRef, Location, Platform, Release};
use trust::{KeySource, PredicateType, Requirement, Sources, WorkloadPolicy};

use crate::{
    args::{self, Check, Command},
    bom::SpecVersion,
    error::Error,
    image::Scope,
    provenance::Job,
};

/// What is to be done.
pub enum Task {
    /// Make a key pair.
    Keygen(KeyFiles),
    /// List what a tree or an image is made of.
    Sbom(Sbom),
    /// Check what an SBOM lists.
    Check(Box<Check>),
    /// State something about images.
    Attest(Attest),
    /// Sign a file, or a statement about it.
    SignBlob(SignBlob),
    /// Ask for evidence about images.
    Verify(Verify),
    /// Check the signature of a file.
    VerifyBlob(VerifyBlob),
    /// Ask for a statement about a file.
    VerifyStatement(VerifyBlob, Requirement),
    /// Copy an image.
    Copy(Copy),
}

/// The two files of a key pair.
pub struct KeyFiles {
    /// `PREFIX.key`
    pub private: PathBuf,
    /// `PREFIX.pub`
    pub public: PathBuf,
}

/// What is listed, and where its SBOM goes.
pub struct Sbom {
    /// What is listed.
    pub subject: Subject,
    /// The SBOM.
    pub output: PathBuf,
    /// Paths below the tree that are left out.
    pub exclude: Vec<String>,
    /// The version of CycloneDX that it is written in.
    pub spec_version: SpecVersion,
}

/// What an SBOM is about.
pub enum Subject {
    /// A directory with lock files, or one of them.
    Tree(PathBuf),
    /// An image.
    Image(Box<WantedImage>),
}

/// An image whose contents are listed.
pub struct WantedImage {
    /// Which.
    pub image: ImageRef,
    /// Which of an index.
    pub platform: Platform,
    /// Which of its files.
    pub scope: Scope,
}

/// A claim about images.
pub struct Attest {
    /// The images, each once.
    pub images: Vec<ImageRef>,
    /// Whether the images of an index are meant, too.
    pub reach: Reach,
    /// What is claimed.
    pub claim: Claim,
    /// Who signs.
    pub signatory: SignatorySource,
    /// Where the release record says that its release no longer runs; empty if the images were named.
    pub taken_back_from: Vec<EnvironmentName>,
}

/// Which images are meant by the name of an index.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// The index.
    Itself,
    /// The index and everything in it.
    Recursive,
}

/// What is claimed about an image or a file.
pub enum Claim {
    /// That it is ours.
    Signature,
    /// What the file says.
    Predicate(PredicateType, PathBuf),
    /// How the job that runs builds.
    Provenance(Box<Job>),
}

/// A file and where its signature goes.
pub struct SignBlob {
    /// The file.
    pub blob: PathBuf,
    /// Its bundle.
    pub bundle: PathBuf,
    /// What is claimed about it.
    pub claim: Claim,
    /// Who signs.
    pub signatory: SignatorySource,
}

/// Who signs.
pub enum SignatorySource {
    /// The holder of a key.
    Key(KeySource),
    /// A workload.
    Workload(Sources),
}

/// Who may have signed.
pub struct Signers {
    /// The public keys.
    pub keys: Vec<KeySource>,
    /// A workload.
    pub workload: Option<WorkloadPolicy>,
    /// Whom to believe about it, and about entries and timestamps beside the signature of a key.
    pub trusted_root: Option<PathBuf>,
}

/// A question about images.
pub struct Verify {
    /// The images, each once.
    pub images: Vec<ImageRef>,
    /// What is asked.
    pub requirement: Requirement,
    /// Who may have signed.
    pub signers: Signers,
}

/// A file and its signature.
pub struct VerifyBlob {
    /// The file.
    pub blob: PathBuf,
    /// Its bundle.
    pub bundle: PathBuf,
    /// Who may have signed.
    pub signers: Signers,
}

/// An image and its destination.
pub struct Copy {
    /// The image.
    pub from: ImageRef,
    /// Where to.
    pub to: ImageRef,
}

/// Reads what was typed.
pub fn read(command: Command, session: &Session) -> Result<Task, Error> {
    Ok(match command {
        Command::Keygen { output_prefix } => Task::Keygen(KeyFiles {
            private: with_ending(&output_prefix, ".key"),
            public: with_ending(&output_prefix, ".pub"),
        }),
        Command::Check(args) => Task::Check(args),
        Command::Sbom(args) => sbom(args)?,
        Command::Sign(args::Sign { signatory, blob: Some(blob), bundle: Some(bundle), .. }) => {
            let signatory = signatory_of(signatory)?;
            Task::SignBlob(SignBlob { blob, bundle, claim: Claim::Signature, signatory })
        }
        Command::Sign(args::Sign { images, recursive, signatory, .. }) => Task::Attest(Attest {
            reach: if recursive { Reach::Recursive } else { Reach::Itself },
            taken_back_from: Vec::new(),
            images: signatory.network().reaches(signed_or_release(images, session)?)?,
            signatory: signatory_of(signatory)?,
            claim: Claim::Signature,
        }),
        Command::Attest(args::Attest {
            kind,
            predicate,
            signatory,
            blob: Some(blob),
            bundle: Some(bundle),
            ..
        }) => {
            let claim = claim(kind, predicate, session)?;
            Task::SignBlob(SignBlob { blob, bundle, claim, signatory: signatory_of(signatory)? })
        }
        Command::Attest(args::Attest { images, kind, predicate, recursive, signatory, .. }) => {
            Task::Attest(Attest {
                reach: if recursive { Reach::Recursive } else { Reach::Itself },
                taken_back_from: if images.is_empty() { taken_back(&session.release()?) } else { Vec::new() },
                images: signatory.network().reaches(images_or_release(images, session)?)?,
                signatory: signatory_of(signatory)?,
                claim: claim(kind, predicate, session)?,
            })
        }
        Command::Verify(args) => verify(args, session)?,
        Command::Copy { from, to } => Task::Copy(Copy { from, to }),
    })
}

/// What is stated: by a file, or for provenance by the runner.
fn claim(kind: PredicateType, predicate: Option<PathBuf>, session: &Session) -> Result<Claim, Error> {
    match predicate {
        Some(path) => Ok(Claim::Predicate(kind, path)),
        None if kind == PredicateType::PROVENANCE => Ok(Claim::Provenance(Box::new(Job::of_run(session)?))),
        None => Err(Error::NoPredicate(kind)),
    }
}

fn signatory_of(args: args::Signatory) -> Result<SignatorySource, Error> {
    let args::Signatory { key, identity_token, signing_config, trusted_root, offline } = args;
    match key {
        Some(key) => Ok(SignatorySource::Key(key)),
        None if offline => Err(Error::Offline("signing without --key".to_owned())),
        None => Ok(SignatorySource::Workload(Sources { signing_config, trusted_root, identity_token })),
    }
}

/// A path that is there is a tree, and any other text that names an image is one. What could be either is for the user to say.
fn sbom(args: args::Sbom) -> Result<Task, Error> {
    let args::Sbom { path, output, exclude, spec_version, platform, scope } = args;
    let image = path.to_str().and_then(|text| text.parse::<ImageRef>().ok());
    let spelled_as_path = path.is_absolute() || path.starts_with(".") || path.starts_with("..");
    let image = image.filter(|_| !spelled_as_path);
    let subject = match (path.symlink_metadata().is_ok(), image) {
        (true, Some(image)) if image.selector().is_some() => return Err(Error::PathOrImage(path)),
        (false, Some(_)) if !exclude.is_empty() => return Err(Error::OfTreesOnly(path)),
        (false, Some(image)) => Subject::Image(Box::new(WantedImage {
            image,
            platform: platform.unwrap_or_else(Platform::host),
            scope: match scope {
                Some(args::Scope::AllLayers) => Scope::AllLayers,
                Some(args::Scope::Squashed) | None => Scope::Squashed,
            },
        })),
        _ if platform.is_some() || scope.is_some() => return Err(Error::OfImagesOnly(path)),
        _ => Subject::Tree(path),
    };
    Ok(Task::Sbom(Sbom { subject, output, exclude, spec_version }))
}

fn verify(args: args::Verify, session: &Session) -> Result<Task, Error> {
    let args::Verify { images, kind, key: keys, workload, environment, max_age, suite, blob, bundle } = args;
    if suite.is_some() && kind != Some(PredicateType::TEST_RESULT) {
        return Err(Error::OfTestsOnly);
    }
    let network = workload.network();
    let trusted_root = workload.trusted_root.clone();
    let signers = Signers { keys, workload: policy_of(workload), trusted_root };
    if signers.keys.is_empty() && signers.workload.is_none() {
        return Err(Error::NoSigner);
    }
    if let (Some(blob), Some(bundle)) = (blob, bundle) {
        let wanted = VerifyBlob { blob, bundle, signers };
        return Ok(match kind.filter(|kind| *kind != PredicateType::SIGNATURE) {
            Some(kind) => Task::VerifyStatement(wanted, Requirement { kind, environment, max_age, suite }),
            None => Task::VerifyBlob(wanted),
        });
    }
    // clap demands a type wherever there is no --blob.
    let kind = kind.unwrap_or(PredicateType::SIGNATURE);
    let images = if kind == PredicateType::SIGNATURE {
        signed_or_release(images, session)?
    } else {
        images_or_release(images, session)?
    };
    let requirement = Requirement { kind, environment, max_age, suite };
    let images = network.reaches(images_or_release(images, session)?)?;
    Ok(Task::Verify(Verify { images, requirement, signers }))
}

/// As [`images_or_release`], with the release manifest: it is signed like an image, and nothing else is stated about it.
fn signed_or_release(named: Vec<ImageRef>, session: &Session) -> Result<Vec<ImageRef>, Error> {
    let manifest = if named.is_empty() { session.release()?.manifest } else { None };
    let mut images = images_or_release(named, session)?;
    images.extend(manifest);
    Ok(images)
}

fn policy_of(args: args::Workload) -> Option<WorkloadPolicy> {
    Some(WorkloadPolicy {
        identity: args.identity?,
        issuer: args.issuer?,
        repository: args.source_repository,
        repository_id: args.source_repository_id.map(|number| number.to_string()),
        git_ref: args.git_ref,
        commit: args.commit,
        environment: args.deployment_environment,
    })
}

/// Whether there is a network.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Network {
    /// As far as it is needed.
    Used,
    /// By `--offline`.
    Refused,
}

impl args::Signatory {
    const fn network(&self) -> Network {
        if self.offline { Network::Refused } else { Network::Used }
    }
}

impl args::Workload {
    const fn network(&self) -> Network {
        if self.offline { Network::Refused } else { Network::Used }
    }
}

impl Network {
    /// Without one only images that lie in directories are to be reached.
    fn reaches(self, images: Vec<ImageRef>) -> Result<Vec<ImageRef>, Error> {
        let far = |image: &&ImageRef| matches!(image.location(), Location::Registry { .. });
        match images.iter().find(far).filter(|_| self == Self::Refused) {
            Some(image) => Err(Error::Offline(image.to_string())),
            None => Ok(images),
        }
    }
}

/// The images named, else every component of the release, by digest; each once.
fn images_or_release(named: Vec<ImageRef>, session: &Session) -> Result<Vec<ImageRef>, Error> {
    let images = if named.is_empty() {
        session.release()?.components.values().map(Component::pinned).collect()
    } else {
        named
    };
    let mut seen = BTreeSet::new();
    let images: Vec<_> = images.into_iter().filter(|image| seen.insert(image.clone())).collect();
    if images.is_empty() { Err(Error::NoImage) } else { Ok(images) }
}

fn taken_back(release: &Release) -> Vec<EnvironmentName> {
    let left = release.environments.iter().filter(|(_, record)| record.rolled_back.is_some());
    left.map(|(name, _)| name.clone()).collect()
}

fn with_ending(prefix: &Path, ending: &str) -> PathBuf {
    let mut path = prefix.as_os_str().to_owned();
    path.push(ending);
    path.into()
}
