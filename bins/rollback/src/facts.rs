//! Reads the world: the ledger, the evidence of the releases one could go back to, what runs; never writes, never decides.

use std::collections::BTreeMap;

use ci::{Session, Stop};
use config::{Gate, Signer};
use contract::{ComponentName, Digest, Release};
use deploy::Running;
use evidence::{Bar, Condition, Image, Keyring, Says, Terms};
use jiff::Timestamp;
use ledger::{Entry, History, Pinned};
use trust::SignerPolicy;

use crate::{choice, context::Context, error::Error};

/// How many releases are looked at: further back nobody goes without naming one.
const CANDIDATES_MAX: usize = 20;

/// What there is to decide on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Facts {
    /// The clock at the beginning of the run.
    pub(crate) now: Timestamp,
    /// The history of the environment.
    pub(crate) history: History,
    /// The release that runs, or may run.
    pub(crate) present: Entry,
    /// The releases one could go back to, the preferred one first, with what their evidence says. Nothing is looked at behind a good one.
    pub(crate) candidates: Vec<(Entry, Checked)>,
    /// What runs.
    pub(crate) running: Running,
    /// The record of this run, where there is one.
    pub(crate) record: Option<Release>,
}

/// What the evidence says about a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checked {
    /// Whether its images are whole and signed.
    pub(crate) signed: Standing,
    /// Whether it was verified when it ran here.
    pub(crate) verified: Standing,
}

/// Whether something holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It does, by these bundles.
    Holds(Vec<Digest>),
    /// It does not.
    Lacks(String),
    /// That could not be seen.
    Unknown(String),
}

impl Standing {
    pub(crate) fn holds(&self) -> bool {
        matches!(self, Self::Holds(_))
    }
}

impl Checked {
    /// Whether one may go back to it without having named it.
    pub(crate) fn is_good(&self) -> bool {
        self.signed.holds() && self.verified.holds()
    }
}

/// Reads everything that the plan needs.
pub(crate) fn read(context: &Context, session: &Session) -> Result<Facts, Stop> {
    let history = context.ledger.read(&context.name)?;
    let present = history.present().ok_or_else(|| Error::NothingRan(context.name.clone()))?.clone();
    let record = context.release_file.exists().then(|| session.release()).transpose()?;
    let target = deploy::target(session, &context.name, &context.environment.target);
    target.check()?;
    let candidates = candidates(context, &history, &present, session)?;
    let running = target.observe()?;
    Ok(Facts { now: session.now(), history, present, candidates, running, record })
}

fn candidates(
    context: &Context,
    history: &History,
    present: &Entry,
    session: &Session,
) -> Result<Vec<(Entry, Checked)>, Stop> {
    let _progress = session.progress("looking for the last verified release");
    let config = &context.config;
    let image = config.signer(&context.environment, &Gate::Signature);
    let test = config.signer(&context.environment, &Gate::SmokeTest(context.name.clone()));
    // Where nobody is named for all evidence, whoever signs the images is the only one there is.
    let test = test.or_else(|| image.clone());
    let keys = Keyring::read(image.iter().chain(&test), config.release.trusted_root.as_deref())?;
    let policy = |signer: Option<Signer>| keys.policy(&signer?);
    let signers = Signers { keys: &keys, image: policy(image), test: policy(test) };
    let mut looked_at = Vec::new();
    for entry in choice::candidates(&context.name, history, present, context.to.as_ref())? {
        let checked = check(context, history, entry, &signers, session.now());
        let enough = checked.is_good() || looked_at.len() + 1 == CANDIDATES_MAX;
        looked_at.push((entry.clone(), checked));
        if enough {
            break;
        }
    }
    Ok(looked_at)
}

/// Those who count, and who must have signed.
struct Signers<'k> {
    keys: &'k Keyring,
    /// The images.
    image: Option<SignerPolicy>,
    /// The tests.
    test: Option<SignerPolicy>,
}

fn check(
    context: &Context,
    history: &History,
    entry: &Entry,
    signers: &Signers<'_>,
    now: Timestamp,
) -> Checked {
    // The image runs from this environment's repository; what was found out about it may have been attached where it was built.
    let built = |name: &ComponentName| context.config.components.get(name).map(|component| &component.image);
    let look = |(name, pinned): (_, &Pinned)| {
        let others: Vec<_> = built(name).into_iter().collect();
        (name, evidence::gather(signers.keys, &context.access, &pinned.image, &others, pinned.digest))
    };
    let images: BTreeMap<&ComponentName, Image> = entry.what.components.iter().map(look).collect();
    let digests = entry.what.digests();
    let adopted = history.adopted(&digests);
    let asked = context.environment.require.signature.is_some() && !adopted;
    let whole_and_signed = each(&images, |image| {
        let mut claims = signers.image.iter().flat_map(|signer| image.signed_by(signer));
        match claims.find(|claim| claim.says == Says::Signature) {
            Some(claim) => Ok(Some(claim.bundle)),
            None if asked => Err("no signature by the required signer".to_owned()),
            None => Ok(None),
        }
    });
    let since = history.first_ran(&digests).unwrap_or(entry.what.time);
    let terms = Terms { since, now, bar: Bar::Passed };
    let verified = each(&images, |image| {
        if adopted {
            return Ok(None);
        }
        let Some(signer) = &signers.test else { return Err("nobody is named whose tests count".to_owned()) };
        evidence::verified(image, signer, &context.name, terms).map(Some)
    });
    Checked { signed: whole_and_signed, verified }
}

/// Asks about each image that can be used; one that can't answers for itself.
fn each(
    images: &BTreeMap<&ComponentName, Image>,
    ask: impl Fn(&Image) -> Result<Option<Digest>, String>,
) -> Standing {
    let mut bundles = Vec::new();
    for (name, image) in images {
        match &image.condition {
            Condition::Unknown(why) => return Standing::Unknown(format!("could not look at {name}: {why}")),
            Condition::Absent(why) => return Standing::Lacks(format!("{name} is not there: {why}")),
            Condition::Damaged(why) => {
                return Standing::Lacks(format!("{name} is damaged or was tampered with: {why}"));
            }
            Condition::Whole => {}
        }
        match ask(image) {
            Ok(bundle) => bundles.extend(bundle),
            Err(why) => return Standing::Lacks(format!("{name}: {why}")),
        }
    }
    Standing::Holds(bundles)
}
