//! What is there: keys, lock files, images and the evidence beside them; nothing is written.

mod existing;

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    path::{Path, PathBuf},
    sync::Arc,
};

use ci::{Session, files};
use contract::{Digest, EnvironmentName, ImageRef, Location, Secret, Selector, Tag};
use jiff::Timestamp;
use oci::{Access, MANIFESTS_MAX, Manifest, OciError, Repository, Transfer};
use serde_json::Value;
use trust::{
    Attached, Authorities, BUNDLE_BYTES_MAX, Blob, Evidence, Keyless, PredicateType, PublicKey,
    STATEMENT_BYTES_MAX, Signatory, Signer, SigningKey, Statement, TrustError, Verdict, Verifier,
    predicate::TestResult,
};

use crate::{
    catalog::{Catalog, Malformed, tree},
    context::{
        Attest, Claim, Copy, KeyFiles, Reach, Sbom, SignBlob, SignatorySource, Signers, Subject, Verify,
        VerifyBlob, WantedImage,
    },
    error::Error,
    image,
};

pub use existing::{Existing, check_result};

/// What lies where a key pair should go.
pub enum KeyPair {
    /// Nothing; and the password for a new key.
    Neither(Secret),
    /// Only the private key: a run was cut off, and the public key can be made from it.
    PrivateOnly(Box<SigningKey>),
    /// At least a public key.
    Taken,
}

/// Looks for a key pair.
pub fn key_pair(files: &KeyFiles, session: &Session) -> Result<KeyPair, Error> {
    let there = |path: &PathBuf| path.symlink_metadata().is_ok();
    Ok(match (there(&files.private), there(&files.public)) {
        (false, false) => KeyPair::Neither(trust::password(session)?.ok_or(Error::NoPassword)?),
        (true, false) => {
            KeyPair::PrivateOnly(Box::new(SigningKey::read(&files.private.clone().into(), session)?))
        }
        (_, true) => KeyPair::Taken,
    })
}

/// A catalog and the SBOM that is there.
pub struct Listed {
    /// What the tree is made of.
    pub catalog: Catalog,
    /// Files of single packages in an image that can't be read, by path.
    pub unread: Vec<(String, Malformed)>,
    /// The file that will be replaced.
    pub existing: Option<Existing>,
    /// The time of this run.
    pub now: Timestamp,
    /// Whether that time was given, so that an older one can't stand in for it.
    pub clock: Clock,
}

/// Where the time of this run comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Clock {
    /// The machine.
    Running,
    /// `SOURCE_DATE_EPOCH`.
    Fixed,
}

/// Reads what is listed.
pub fn listed(wanted: &Sbom, session: &Session) -> Result<Listed, Error> {
    let existing = existing::sbom(&wanted.output)?;
    let (catalog, unread) = match &wanted.subject {
        Subject::Tree(path) => (Catalog::of_tree(tree::read(path, &wanted.exclude)?), Vec::new()),
        Subject::Image(wanted) => {
            let WantedImage { image, platform, scope } = wanted.as_ref();
            let (manifest, repository) = open(image, &Access::of_run(session))?;
            let contents = image::read(image, repository.as_ref(), manifest, platform, *scope)?;
            (contents.catalog, contents.unread)
        }
    };
    let fixed = session.env().raw("SOURCE_DATE_EPOCH").is_some();
    Ok(Listed {
        catalog,
        unread,
        existing,
        now: session.stamp()?,
        clock: if fixed { Clock::Fixed } else { Clock::Running },
    })
}

/// An image and where it lies.
pub struct Found {
    /// As it was named.
    pub image: ImageRef,
    /// What it is.
    pub digest: Digest,
    /// Where it lies.
    pub repository: Box<dyn Repository>,
}

/// Finds an image; its manifest is read and checked.
pub fn find(image: &ImageRef, access: &Arc<Access>) -> Result<Found, Error> {
    let (manifest, repository) = open(image, access)?;
    Ok(Found { image: image.clone(), digest: manifest.digest(), repository })
}

fn open(image: &ImageRef, access: &Arc<Access>) -> Result<(Manifest, Box<dyn Repository>), Error> {
    let selector = image.selector().ok_or_else(|| Error::NoSelector(image.clone()))?;
    let repository = oci::open_with(image.location(), access)?;
    Ok((repository.find(selector)?, repository))
}

/// Images and everything in those that are indexes, each once.
fn with_children(found: Vec<Found>, access: &Arc<Access>) -> Result<Vec<Found>, Error> {
    let mut all = Vec::new();
    let mut seen = BTreeSet::new();
    let mut next: Vec<Found> = found.into_iter().rev().collect();
    while let Some(one) = next.pop() {
        if !seen.insert((one.image.location().clone(), one.digest)) {
            continue;
        }
        if seen.len() > MANIFESTS_MAX {
            let (digest, limit) = (one.digest, MANIFESTS_MAX);
            return Err(OciError::Endless { digest, limit, what: "manifests" }.into());
        }
        let manifest = one.repository.manifest(one.digest)?;
        for child in manifest.children().iter().rev() {
            let image = ImageRef::repository(one.image.location().clone()).with_digest(child.digest);
            next.push(find(&image, access)?);
        }
        all.push(one);
    }
    Ok(all)
}

/// A claim about one image, and whether it was made already.
pub struct Claimed {
    /// The image.
    pub found: Found,
    /// The claim.
    pub statement: Statement,
    /// Where it lies, if the same key has made it.
    pub already: Option<Attached>,
}

/// Reads the key, the predicate, the images and what this signatory has said about them.
pub fn claims(wanted: &Attest, session: &Session) -> Result<(Signatory, Vec<Claimed>), Error> {
    let predicate = predicate(&wanted.claim)?;
    // Judged before the key is opened, which takes a while and a password.
    let form = statement(predicate.as_ref(), Digest::of(b""), None)?;
    if let Some(environment) = tested_in(&form).filter(|name| wanted.taken_back_from.contains(name)) {
        return Err(Error::TakenBack(environment));
    }
    let access = Access::of_run(session);
    let found = wanted.images.iter().map(|image| find(image, &access));
    let mut found: Vec<Found> = found.collect::<Result<_, _>>()?;
    if wanted.reach == Reach::Recursive {
        found = with_children(found, &access)?;
    }
    let signatory = signatory(&wanted.signatory, session)?;
    let predicate = by(&wanted.claim, &signatory, predicate)?;
    let own = signatory.verifier();
    let claimed = found.into_iter().map(|found| {
        let statement = statement(predicate.as_ref(), found.digest, name_of(&found.image).as_deref())?;
        let evidence = own.evidence(found.repository.as_ref(), found.digest)?;
        let already = evidence.claiming(&statement).map(|(manifest, verified)| Attached {
            manifest,
            bundle: verified.bundle,
            unchanged: true,
        });
        Ok(Claimed { found, statement, already })
    });
    Ok((signatory, claimed.collect::<Result<_, Error>>()?))
}

/// What is claimed, and of which type; nothing where it is only signed.
type Stated = Option<(PredicateType, Value)>;

fn predicate(claim: &Claim) -> Result<Stated, Error> {
    Ok(match claim {
        Claim::Signature => None,
        Claim::Predicate(kind, path) => Some((kind.clone(), json(path)?)),
        Claim::Provenance(job) => Some((PredicateType::PROVENANCE, job.predicate(&job.workflow()))),
    })
}

/// Who builds is told by who signs, where that is a workload.
fn by(claim: &Claim, signatory: &Signatory, predicate: Stated) -> Result<Stated, Error> {
    Ok(match (claim, signatory) {
        (Claim::Provenance(job), Signatory::Workload(keyless)) => {
            Some((PredicateType::PROVENANCE, job.predicate(&job.builder(&keyless.workload())?)))
        }
        _ => predicate,
    })
}

/// As cosign has it, a signature alone names nothing.
fn statement(
    predicate: Option<&(PredicateType, Value)>,
    digest: Digest,
    name: Option<&str>,
) -> Result<Statement, TrustError> {
    match predicate {
        None => Ok(Statement::signature(digest)),
        Some((kind, predicate)) => Ok(Statement::of(digest, kind.clone(), predicate.clone())?.called(name)),
    }
}

/// What an image is called: its repository, or the directory of its layout; never a path of this machine.
fn name_of(image: &ImageRef) -> Option<String> {
    match image.location() {
        repository @ Location::Registry { .. } => Some(repository.to_string()),
        Location::Layout(path) => file_name(path),
    }
}

fn file_name(path: &Path) -> Option<String> {
    Some(path.file_name()?.to_string_lossy().into_owned())
}

/// The environment that a test result is about.
fn tested_in(statement: &Statement) -> Option<EnvironmentName> {
    Some(statement.read::<TestResult>()?.environment()?.name)
}

fn json(path: &Path) -> Result<Value, Error> {
    // Twice as much as can be signed: indented JSON is as long as that.
    let bytes = files::read(path, 2 * STATEMENT_BYTES_MAX)?;
    serde_json::from_slice(&bytes).map_err(|source| Error::NotJson { path: path.to_owned(), source })
}

/// A file to sign.
pub struct Unsigned {
    /// What the file is.
    pub digest: Digest,
    /// What is stated about it; nothing where it is only signed.
    pub statement: Option<Statement>,
    /// Who signs.
    pub signatory: Signatory,
    /// The bundle that is there.
    pub existing: Option<Vec<u8>>,
}

/// Reads the file, the predicate and the key.
pub fn unsigned(wanted: &SignBlob, session: &Session) -> Result<Unsigned, Error> {
    let existing = existing::bundle(wanted)?;
    let predicate = predicate(&wanted.claim)?;
    // Judged before the key is opened, as for images.
    statement(predicate.as_ref(), Digest::of(b""), None)?;
    let digest = Blob::read(&wanted.blob)?.sha256();
    let signatory = signatory(&wanted.signatory, session)?;
    let predicate = by(&wanted.claim, &signatory, predicate)?;
    let statement = predicate.map(|(kind, predicate)| Statement::of(digest, kind, predicate)).transpose()?;
    let statement = statement.map(|statement| statement.called(file_name(&wanted.blob).as_deref()));
    Ok(Unsigned { digest, statement, signatory, existing })
}

/// Reads the keys, the images and all evidence beside them.
pub fn evidence(wanted: &Verify, session: &Session) -> Result<Vec<(Found, Evidence)>, Error> {
    let verifier = verifier(&wanted.signers, session)?;
    let access = Access::of_run(session);
    let look = |image| {
        let found = find(image, &access)?;
        let evidence = verifier.evidence(found.repository.as_ref(), found.digest)?;
        Ok((found, evidence))
    };
    wanted.images.iter().map(look).collect()
}

/// Reads a file's signature and judges it; tells who has signed it.
pub fn signature(wanted: &VerifyBlob, session: &Session) -> Result<(Digest, Verdict<Signer>), Error> {
    let verifier = verifier(&wanted.signers, session)?;
    let bundle = files::read(&wanted.bundle, BUNDLE_BYTES_MAX)?;
    Ok(verifier.file(bundle, &wanted.blob)?)
}

/// Reads a statement about a file and judges whether it holds.
pub fn statement_about(wanted: &VerifyBlob, session: &Session) -> Result<Evidence, Error> {
    let verifier = verifier(&wanted.signers, session)?;
    let bundle = files::read(&wanted.bundle, BUNDLE_BYTES_MAX)?;
    Ok(verifier.evidence_in(bundle, Blob::read(&wanted.blob)?.sha256()))
}

fn signatory(source: &SignatorySource, session: &Session) -> Result<Signatory, Error> {
    Ok(match source {
        SignatorySource::Key(key) => Signatory::Key(Box::new(SigningKey::read(key, session)?)),
        SignatorySource::Workload(sources) => {
            Signatory::Workload(Box::new(Keyless::prepare(sources, session)?))
        }
    })
}

fn verifier(signers: &Signers, session: &Session) -> Result<Verifier, Error> {
    let keys = signers.keys.iter().map(|source| PublicKey::read(source, session));
    let verifier = Verifier::new(keys.collect::<Result<Vec<_>, _>>()?);
    let believed =
        |root: Option<&Path>| root.map_or_else(Authorities::public, Authorities::read).map(Arc::new);
    let root = signers.trusted_root.as_deref();
    Ok(match &signers.workload {
        Some(policy) => verifier.with_workloads(believed(root)?, [policy.clone()]),
        None if root.is_some() => verifier.with_witnesses(believed(root)?),
        None => verifier,
    })
}

/// An image on its way.
pub struct Journey {
    /// The image.
    pub from: Found,
    /// As the destination was named.
    pub to: ImageRef,
    /// The destination.
    pub destination: Box<dyn Repository>,
    /// All that goes along.
    pub transfer: Transfer,
    /// What the destination's tag carries now.
    pub tagged: Option<Digest>,
    /// Which of the tags that go along are not there yet.
    pub untagged: Vec<Tag>,
}

/// Surveys both ends of a copy.
pub fn journey(wanted: Copy, session: &Session) -> Result<Journey, Error> {
    let access = Access::of_run(session);
    let from = find(&wanted.from, &access)?;
    let destination = oci::open_or_new_with(wanted.to.location(), &access)?;
    let transfer = Transfer::survey(from.repository.as_ref(), destination.as_ref(), from.digest)?;
    // Said before anything is copied: names never move.
    let mut untagged = Vec::new();
    for (tag, to) in transfer.tags() {
        match destination.resolve(&Selector::Tag(tag.clone()))? {
            Some(there) if there.digest != *to => {
                let image =
                    Box::new(ImageRef::repository(wanted.to.location().clone()).with_tag(tag.clone()));
                return Err(OciError::TagWouldMove { image, from: there.digest, to: *to }.into());
            }
            Some(_) => {}
            None => untagged.push(tag.clone()),
        }
    }
    let tag = wanted.to.tag().map(|tag| Selector::Tag(tag.clone()));
    let tagged = tag.map(|tag| destination.resolve(&tag)).transpose()?.flatten().map(|there| there.digest);
    Ok(Journey { from, to: wanted.to, destination, transfer, tagged, untagged })
}

/// What of a copy did not arrive: what the destination lacked before is looked for again, and so are the tags that it gets; and every
/// referrer must be found from its subject, whoever has stored it.
pub fn absent(journey: &Journey) -> Result<Vec<Digest>, Error> {
    let Journey { transfer, destination, untagged, .. } = journey;
    let mut absent = Vec::new();
    let mut found: BTreeMap<Digest, BTreeSet<Digest>> = BTreeMap::new();
    for manifest in transfer.manifests() {
        let Some(subject) = manifest.subject().map(|subject| subject.digest) else { continue };
        if let Entry::Vacant(place) = found.entry(subject) {
            let referrers = destination.referrers(subject)?;
            place.insert(referrers.iter().map(|referrer| referrer.digest).collect());
        }
        if !found[&subject].contains(&manifest.digest()) {
            absent.push(manifest.digest());
        }
    }
    for manifest in transfer.lacking() {
        if destination.resolve(&Selector::Digest(manifest.digest()))?.is_none() {
            absent.push(manifest.digest());
        }
    }
    for blob in transfer.missing() {
        if !destination.has_blob(blob)? {
            absent.push(blob.digest);
        }
    }
    for (tag, digest) in transfer.tags().iter().filter(|(tag, _)| untagged.contains(tag)) {
        let there = destination.resolve(&Selector::Tag(tag.clone()))?;
        if there.is_none_or(|there| there.digest != *digest) {
            absent.push(*digest);
        }
    }
    Ok(absent)
}
