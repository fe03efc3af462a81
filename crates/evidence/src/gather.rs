//! Reads an image and the evidence beside it from the repositories it lies in; never decides what that is good for.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use ci::{Failure, Kind};
use config::{Signer, Workload};
use contract::{Digest, ImageRef, Selector};
use oci::{Access, OciError, Repository};
use trust::{
    Authorities, PredicateType, PublicKey, SignerPolicy, TrustError, Verdict, Verified, Verifier,
    WorkloadPolicy,
    predicate::{Migration, Sbom, TestResult, Vulnerabilities},
};

use crate::claim::{Claim, Condition, Image, Says, Test};

/// Those whose statements count: the public keys by their files, the workloads, and the authorities that know them.
#[derive(Debug)]
pub struct Keyring {
    keys: BTreeMap<PathBuf, PublicKey>,
    workloads: Vec<WorkloadPolicy>,
    authorities: Option<Arc<Authorities>>,
}

impl Keyring {
    /// Reads the keys of these signers, and the trusted root if one of them is a workload.
    ///
    /// # Errors
    /// A key or the root can't be read or is none.
    pub fn read<'a>(
        signers: impl IntoIterator<Item = &'a Signer>,
        trusted_root: Option<&Path>,
    ) -> Result<Self, TrustError> {
        let mut keyring = Self { keys: BTreeMap::new(), workloads: Vec::new(), authorities: None };
        for signer in signers {
            match signer {
                Signer::Key(path) if keyring.keys.contains_key(path) => {}
                Signer::Key(path) => {
                    keyring.keys.insert(path.clone(), PublicKey::read_file(path)?);
                }
                Signer::Workload(workload) => keyring.workloads.push(policy_of(workload)),
            }
        }
        if !keyring.workloads.is_empty() {
            let root = trusted_root.map_or_else(Authorities::public, Authorities::read)?;
            keyring.authorities = Some(Arc::new(root));
        }
        Ok(keyring)
    }

    /// What a statement is held against that this signer must have made; nothing for one whose key was not read.
    pub fn policy(&self, signer: &Signer) -> Option<SignerPolicy> {
        match signer {
            Signer::Key(path) => Some(SignerPolicy::Key(self.keys.get(path)?.hint().to_owned())),
            Signer::Workload(workload) => Some(SignerPolicy::Workload(policy_of(workload))),
        }
    }

    fn verifier(&self) -> Verifier {
        let verifier = Verifier::new(self.keys.values().cloned());
        match &self.authorities {
            Some(authorities) => {
                verifier.with_workloads(Arc::clone(authorities), self.workloads.iter().cloned())
            }
            None => verifier,
        }
    }
}

fn policy_of(workload: &Workload) -> WorkloadPolicy {
    WorkloadPolicy {
        identity: workload.identity.clone(),
        issuer: workload.issuer.clone(),
        repository: workload.repository.clone(),
        repository_id: workload.repository_id.map(|number| number.to_string()),
        git_ref: workload.git_ref.clone(),
        commit: None,
        environment: workload.deployment_environment.as_ref().map(ToString::to_string),
    }
}

/// Looks at an image in the repository it was built into, whose copy must be whole, so that what is switched to is what was signed; and
/// collects what is claimed about it there and in the others, where a copy may lie.
pub fn gather(
    keys: &Keyring,
    access: &Arc<Access>,
    own: &ImageRef,
    others: &[&ImageRef],
    digest: Digest,
) -> Image {
    let verifier = keys.verifier();
    let mut image = match look(&verifier, own, access, digest, oci::validate) {
        Ok(image) => image,
        Err(condition) => return Image::without_claims(condition),
    };
    for other in others.iter().filter(|other| **other != own) {
        match look(&verifier, other, access, digest, |_, _| Ok(())) {
            Ok(more) => {
                let known: Vec<Digest> = image.claims.iter().map(|claim| claim.bundle).collect();
                image.claims.extend(more.claims.into_iter().filter(|claim| !known.contains(&claim.bundle)));
                image.doubts.extend(more.doubts);
            }
            Err(Condition::Absent(_) | Condition::Whole) => {}
            // What could not be read to its end may hold a test that failed.
            Err(Condition::Damaged(why) | Condition::Unknown(why)) => {
                image.condition = Condition::Unknown(format!("in {other}: {why}"));
            }
        }
    }
    image
}

fn look(
    verifier: &Verifier,
    repository: &ImageRef,
    access: &Arc<Access>,
    digest: Digest,
    check: impl Fn(&dyn Repository, Digest) -> Result<(), OciError>,
) -> Result<Image, Condition> {
    let repository = oci::open_with(repository.location(), access).map_err(|error| condition(&error))?;
    let found = repository.find(&Selector::Digest(digest)).and_then(|_| check(&*repository, digest));
    found.map_err(|error| condition(&error))?;
    // The image is whole: what fails now is the looking, whatever it was that failed.
    let found = verifier.evidence(&*repository, digest);
    let found = found.map_err(|error| Condition::Unknown(said(&error)))?;
    let mut image = Image::without_claims(Condition::Whole);
    for item in found.items {
        match item.verdict {
            Verdict::Verified(found) => match says(&found) {
                Some(says) => {
                    let Verified { signer, bundle, .. } = found;
                    image.claims.push(Claim { signer, bundle, says });
                }
                None => image.doubts.push(format!("a statement of type {}", found.predicate_type())),
            },
            Verdict::Foreign(why) => image.doubts.push(format!("a statement {why}")),
            Verdict::Invalid(why) => image.doubts.push(format!("a statement that does not hold: {why}")),
        }
    }
    Ok(image)
}

fn says(verified: &Verified) -> Option<Says> {
    if *verified.predicate_type() == PredicateType::SIGNATURE {
        return Some(Says::Signature);
    }
    if verified.read::<Sbom>().is_some() {
        return Some(Says::Sbom);
    }
    if let Some(scan) = verified.read::<Vulnerabilities>() {
        return Some(Says::Scan(Box::new(scan)));
    }
    if let Some(migration) = verified.read::<Migration>() {
        return Some(Says::Migration(Box::new(migration)));
    }
    let test = verified.read::<TestResult>()?;
    let ran = test.environment()?;
    let (suite, _) = test.suite()?;
    Some(Says::Test(Test {
        environment: ran.name,
        suite: suite.to_owned(),
        result: test.result,
        finished_on: ran.finished_on,
    }))
}

/// Tells "not there" and "not what it should be" from "could not look".
fn condition(error: &OciError) -> Condition {
    match error {
        OciError::ImageMissing(_) | OciError::LayoutMissing(_) => Condition::Absent(error.to_string()),
        OciError::ContentMissing { .. } | OciError::ManifestInvalid { .. } => Condition::Damaged(said(error)),
        error if error.kind() == Kind::Refused => Condition::Damaged(said(error)),
        _ => Condition::Unknown(said(error)),
    }
}

fn said(error: &dyn Failure) -> String {
    format!("{}: {error}", error.code().as_str())
}
