//! What will be done and what was decided; pure. Its `Display` is the dry run.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use contract::{Digest, ImageRef, Secret};
use jiff::Timestamp;
use serde_json::Value;
use trust::{
    Blob, Evidence, Judgement, PredicateType, Requirement, Signatory, SigningKey, Statement, Verdict,
};

use crate::{
    bom,
    catalog::Malformed,
    context::{KeyFiles, Sbom, SignBlob},
    error::Error,
    facts::{Claimed, Clock, Found, Journey, KeyPair, Listed, Unsigned},
};

/// Whether there is something to write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// It was not there.
    New,
    /// It is there already.
    Unchanged,
}

impl State {
    /// The output `state`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Unchanged => "unchanged",
        }
    }

    /// [`State::Unchanged`] if there is something, and it will do.
    pub(crate) fn of<T>(there: Option<T>) -> Self {
        there.map_or(Self::New, |_| Self::Unchanged)
    }
}

/// What will be written.
pub enum Plan {
    /// A new key pair.
    NewKeys {
        /// Where.
        files: KeyFiles,
        /// What encrypts it.
        password: Secret,
    },
    /// The public key of a private one that is there.
    PublicKey {
        /// Where.
        files: KeyFiles,
        /// The key.
        key: Box<SigningKey>,
    },
    /// An SBOM.
    Sbom {
        /// Where.
        output: PathBuf,
        /// What.
        json: Vec<u8>,
        /// How many components it lists.
        components: usize,
        /// Files of an image that can't be read, and why.
        unread: Vec<[String; 2]>,
        /// Whether it is there.
        state: State,
    },
    /// Claims about images.
    Claims {
        /// Who claims.
        signatory: Signatory,
        /// What.
        kind: PredicateType,
        /// About which images.
        claims: Vec<Claimed>,
    },
    /// The signature of a file, or a statement about it.
    Blob {
        /// Where.
        output: PathBuf,
        /// Of which file.
        digest: Digest,
        /// What is stated about it; nothing where it is only signed.
        statement: Option<Box<Statement>>,
        /// Who signs.
        signatory: Signatory,
        /// The one that is there and will do.
        existing: Option<Digest>,
    },
    /// An image and all that refers to it.
    Copy(Box<Journey>),
}

/// Plans a key pair. A private key without its public one is what a run leaves that was cut off between the two.
pub fn keygen(files: KeyFiles, there: KeyPair) -> Result<Plan, Error> {
    match there {
        KeyPair::Neither(password) => Ok(Plan::NewKeys { files, password }),
        KeyPair::PrivateOnly(key) => Ok(Plan::PublicKey { files, key }),
        KeyPair::Taken if files.private.exists() => Err(Error::KeyExists(files.private)),
        KeyPair::Taken => Err(Error::KeyExists(files.public)),
    }
}

/// Plans an SBOM. One that says the same as the one that is there keeps its time, so that the same tree is attested once.
pub fn sbom(wanted: Sbom, listed: &Listed) -> Result<Plan, Error> {
    let Listed { catalog, unread, existing, now, clock } = listed;
    let kept = existing.as_ref().filter(|_| *clock == Clock::Running).and_then(|existing| existing.time);
    let json = bom::json(catalog, wanted.spec_version, kept.unwrap_or(*now))?;
    let state = State::of(existing.as_ref().filter(|existing| existing.digest == Digest::of(&json)));
    let json = if state == State::Unchanged { json } else { bom::json(catalog, wanted.spec_version, *now)? };
    Ok(Plan::Sbom {
        output: wanted.output,
        json,
        components: bom::component_count(catalog),
        unread: told(unread),
        state,
    })
}

fn told(unread: &[(String, Malformed)]) -> Vec<[String; 2]> {
    unread.iter().map(|(path, wrong)| [format!("/{path}"), wrong.to_string()]).collect()
}

/// Plans claims about images.
pub fn claims(kind: PredicateType, signatory: Signatory, claims: Vec<Claimed>) -> Plan {
    Plan::Claims { signatory, kind, claims }
}

/// Plans the signature of a file, or a statement about it. Any good one by the same signatory will do.
pub fn sign_blob(wanted: SignBlob, unsigned: Unsigned) -> Plan {
    let Unsigned { digest, statement, signatory, existing } = unsigned;
    let own = signatory.verifier();
    let good = |bundle: &Vec<u8>| match &statement {
        None => matches!(own.blob(bundle.clone(), &Blob::of(digest)), Verdict::Verified(_)),
        Some(wanted) => match own.statement(bundle.clone(), digest) {
            Verdict::Verified(there) => there.statement.claims_as(wanted),
            _ => false,
        },
    };
    let existing = existing.filter(good).map(|bundle| Digest::of(&bundle));
    Plan::Blob { output: wanted.bundle, digest, statement: statement.map(Box::new), signatory, existing }
}

/// Plans a copy.
pub fn copy(journey: Journey) -> Result<Plan, Error> {
    match journey.to.digest() {
        Some(to) if to != journey.from.digest => Err(Error::OtherDigest { from: journey.from.digest, to }),
        _ => Ok(Plan::Copy(Box::new(journey))),
    }
}

/// What was asked about one image or file, and the answer.
pub struct Judged<'e> {
    /// The image or file.
    pub subject: Subject<'e>,
    /// What it is.
    pub digest: Digest,
    /// The answer.
    pub judgement: Judgement<'e>,
}

/// What evidence is about.
#[derive(Clone, Copy)]
pub enum Subject<'e> {
    /// An image.
    Image(&'e ImageRef),
    /// A file.
    File(&'e Path),
}

/// Judges the evidence of each image.
pub fn judge<'e>(
    requirement: &Requirement,
    evidence: &'e [(Found, Evidence)],
    now: Timestamp,
) -> Vec<Judged<'e>> {
    let judge = |(found, evidence): &'e (Found, Evidence)| {
        judge_one(requirement, Subject::Image(&found.image), evidence, now)
    };
    evidence.iter().map(judge).collect()
}

/// Judges the evidence about one image or file.
pub fn judge_one<'e>(
    requirement: &Requirement,
    subject: Subject<'e>,
    evidence: &'e Evidence,
    now: Timestamp,
) -> Judged<'e> {
    Judged { subject, digest: evidence.subject, judgement: requirement.judge(evidence, now) }
}

impl Journey {
    /// Whether all names that it gets are there already.
    pub fn is_named(&self) -> bool {
        self.untagged.is_empty() && (self.to.tag().is_none() || self.tagged == Some(self.from.digest))
    }

    /// Everything but the image itself that goes along: referrers, and children of an index.
    pub fn companions(&self) -> Vec<Digest> {
        let all = self.transfer.manifests().map(oci::Manifest::digest);
        all.filter(|digest| *digest != self.from.digest).collect()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NewKeys { files, .. } => {
                writeln!(out, "make the key {}, encrypted", files.private.display())?;
                writeln!(out, "write its public key to {}", files.public.display())
            }
            Self::PublicKey { files, .. } => {
                writeln!(out, "keep the key {}", files.private.display())?;
                writeln!(out, "write its public key to {}", files.public.display())
            }
            Self::Sbom { output, components, unread, state: State::New, .. } => {
                writeln!(out, "write an SBOM of {components} components to {}", output.display())?;
                unread.iter().try_for_each(|[path, why]| writeln!(out, "  without {path}: {why}"))
            }
            Self::Sbom { output, .. } | Self::Blob { output, existing: Some(_), .. } => {
                writeln!(out, "keep {}: it says the same", output.display())
            }
            Self::Blob { output, signatory, statement, .. } => {
                match statement {
                    None => writeln!(out, "write a signature to {}", output.display())?,
                    Some(statement) => {
                        writeln!(out, "sign {} to {}", statement.predicate_type(), output.display())?;
                        built(statement, out)?;
                    }
                }
                traces(signatory, out)
            }
            Self::Claims { kind, claims, signatory } => {
                claims.iter().try_for_each(|claim| claimed(kind, claim, out))?;
                claims.first().map_or(Ok(()), |claim| built(&claim.statement, out))?;
                let new = claims.iter().any(|claim| claim.already.is_none());
                if new { traces(signatory, out) } else { Ok(()) }
            }
            Self::Copy(journey) => {
                let (from, to) = (&journey.from, &journey.to);
                writeln!(out, "copy {} ({}) to {to}", from.image, from.digest)?;
                let missing = journey.transfer.missing();
                let bytes: u64 = missing.iter().map(|blob| blob.size).sum();
                writeln!(out, "  {} blobs of {bytes} bytes are missing there", missing.len())?;
                let companions = journey.companions();
                companions.iter().try_for_each(|digest| writeln!(out, "  with {digest}"))?;
                journey.transfer.tags().iter().try_for_each(|(tag, _)| writeln!(out, "  with the tag {tag}"))
            }
        }
    }
}

/// How it was built, by a claim about that: what is to be vouched for should be seen before.
fn built(statement: &Statement, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    if *statement.predicate_type() != PredicateType::PROVENANCE {
        return Ok(());
    }
    let parts = [
        ("built by", "/runDetails/builder/id"),
        ("from", "/buildDefinition/resolvedDependencies/0/uri"),
        ("at commit", "/buildDefinition/resolvedDependencies/0/digest/gitCommit"),
        ("in the run", "/runDetails/metadata/invocationId"),
    ];
    parts.iter().try_for_each(|(what, place)| {
        match statement.predicate().pointer(place).and_then(Value::as_str) {
            Some(value) => writeln!(out, "  {what} {value}"),
            None => Ok(()),
        }
    })
}

fn claimed(kind: &PredicateType, claim: &Claimed, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Found { image, digest, .. } = &claim.found;
    match claim.already {
        Some(there) => writeln!(out, "keep {kind} of {image} ({digest}): {} holds it", there.manifest),
        None => writeln!(out, "sign {kind} of {image} ({digest}) and store it there"),
    }
}

/// What signing without a key leaves with others, for ever: whom it names is public then.
fn traces(signatory: &Signatory, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Signatory::Workload(keyless) = signatory else { return Ok(()) };
    writeln!(out, "  as {}", keyless.workload().identity)?;
    keyless.places().iter().try_for_each(|place| writeln!(out, "  asking {place}"))
}
