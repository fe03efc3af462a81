//! Reads the world: the release, the ledgers, the images with their evidence, what runs; never writes, never judges.

mod release;

use std::{collections::BTreeMap, path::Path};

use ci::{Session, Stop};
use config::{Gate, Signer};
use contract::{Commit, ComponentName, Digest, EnvironmentName, ImageRef, Tag, Version};
use deploy::Running;
use evidence::{Image, Keyring};
use jiff::Timestamp;
use ledger::History;
use trust::SignerPolicy;

use crate::context::Context;

/// What there is to judge.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Facts {
    /// The clock at the beginning of the run.
    pub now: Timestamp,
    /// Which release.
    pub candidate: Candidate,
    /// What is known of the release manifest that names it, if one does.
    pub manifest: Option<Image>,
    /// What is known of its images.
    pub images: BTreeMap<ComponentName, Image>,
    /// Who must have signed each gate's evidence.
    pub signers: BTreeMap<Gate, SignerPolicy>,
    /// The history of this environment.
    pub history: History,
    /// The histories of the environments the gates ask about.
    pub upstream: BTreeMap<EnvironmentName, History>,
    /// What runs.
    pub running: Running,
}

/// A release that asks to be let in: which digests are meant, and nothing that is believed about them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Candidate {
    /// Its version.
    pub version: Option<Version>,
    /// Its commit.
    pub commit: Option<Commit>,
    /// The release manifest that says so, if it was named by a version that has one.
    pub manifest: Option<Manifest>,
    /// Its components.
    pub components: BTreeMap<ComponentName, (Digest, Vec<Tag>)>,
}

/// A release manifest, and where it lies.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Manifest {
    /// The repository.
    pub repository: ImageRef,
    /// The manifest.
    pub digest: Digest,
}

impl Manifest {
    /// By digest.
    pub(crate) fn image(&self) -> ImageRef {
        self.repository.with_digest(self.digest)
    }
}

impl Candidate {
    /// By content.
    pub(crate) fn digests(&self) -> Running {
        self.components.iter().map(|(name, (digest, _))| (name.clone(), *digest)).collect()
    }

    /// What people call it.
    pub(crate) fn title(&self) -> String {
        ledger::ReleaseId { version: self.version.clone(), commit: self.commit.clone() }.to_string()
    }
}

/// The release that a record names.
pub(crate) fn release_of_record(path: &Path) -> Result<Candidate, Stop> {
    Ok(release::of(release::record(path)?))
}

/// Whether this record holds exactly the digests of the release.
pub(crate) fn is_about(record: &contract::Release, candidate: &Candidate) -> bool {
    let digests: Running =
        record.components.iter().map(|(name, component)| (name.clone(), component.digest)).collect();
    digests == candidate.digests()
}

/// Reads everything that the plan needs.
pub(crate) fn read(context: &Context, session: &Session) -> Result<Facts, Stop> {
    let progress = session.progress("reading ledgers and evidence");
    let history = context.ledger.read(&context.name)?;
    let upstream = context
        .upstream()
        .into_iter()
        .map(|name| Ok((name.clone(), context.ledger.read(name)?)))
        .collect::<Result<BTreeMap<_, _>, Stop>>()?;
    let candidate = release::candidate(context, session)?;
    let keys = keyring(context)?;
    let images = images(context, &keys, &candidate);
    let about = |manifest: &Manifest| {
        evidence::gather(&keys, &context.access, &manifest.repository, &[], manifest.digest)
    };
    let manifest = candidate.manifest.as_ref().map(about);
    drop(progress);
    let target = deploy::target(session, &context.name, &context.environment.target);
    target.check()?;
    let running = target.observe()?;
    let signers = signers(context, &keys, &candidate);
    Ok(Facts { now: session.now(), candidate, manifest, images, signers, history, upstream, running })
}

/// The gates whose evidence is read: all that are asked, and the two that are used though nobody asks.
fn gates(context: &Context) -> Vec<Gate> {
    let mut gates = context.environment.gates();
    gates.push(Gate::Migration);
    gates.extend(context.upstream().into_iter().cloned().map(Gate::SmokeTest));
    gates
}

fn keyring(context: &Context) -> Result<Keyring, Stop> {
    let signers: Vec<Signer> = gates(context).iter().filter_map(|gate| signer(context, gate)).collect();
    Ok(Keyring::read(&signers, context.config.release.trusted_root.as_deref())?)
}

fn signer(context: &Context, gate: &Gate) -> Option<Signer> {
    context.config.signer(&context.environment, gate)
}

/// What says how an image was built must come from the commit of the release; what says how it was tested may come from a later one.
fn signers(context: &Context, keys: &Keyring, candidate: &Candidate) -> BTreeMap<Gate, SignerPolicy> {
    let policy = |gate: &Gate| {
        let mut policy = keys.policy(&signer(context, gate)?)?;
        if let (SignerPolicy::Workload(workload), Gate::Signature | Gate::Sbom) = (&mut policy, gate) {
            workload.commit.clone_from(&candidate.commit);
        }
        Some(policy)
    };
    gates(context).into_iter().filter_map(|gate| Some((gate.clone(), policy(&gate)?))).collect()
}

fn images(context: &Context, keys: &Keyring, candidate: &Candidate) -> BTreeMap<ComponentName, Image> {
    let config = &context.config;
    let at = |name: &EnvironmentName| config.environments.get(name);
    let environments: Vec<_> =
        std::iter::once(&context.environment).chain(context.upstream().into_iter().filter_map(at)).collect();
    let mut images = BTreeMap::new();
    for (name, (digest, _)) in &candidate.components {
        let Some(component) = config.components.get(name) else { continue };
        let others: Vec<_> =
            environments.iter().filter_map(|environment| config.image(environment, name)).collect();
        images.insert(
            name.clone(),
            evidence::gather(keys, &context.access, &component.image, &others, *digest),
        );
    }
    images
}

/// Looks at the images again where they were copied to, and only there.
pub(crate) fn arrived(
    context: &Context,
    candidate: &Candidate,
) -> Result<BTreeMap<ComponentName, Image>, Stop> {
    let keys = keyring(context)?;
    let look = |(name, (digest, _)): (&ComponentName, &(Digest, Vec<Tag>))| {
        let image = evidence::gather(&keys, &context.access, context.destination(name)?, &[], *digest);
        Some((name.clone(), image))
    };
    Ok(candidate.components.iter().filter_map(look).collect())
}
