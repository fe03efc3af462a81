//! Carries a plan out; the only room that writes. Each write is whole or not there, and a second run does what is left.

use std::path::PathBuf;

use ci::{Session, files};
use contract::{Digest, ImageRef};
use oci::Moved;
use trust::{Attached, Pen, PredicateType, PublicKey, SigningKey};

use crate::{
    context::KeyFiles,
    error::Error,
    facts::{self, Claimed, Journey},
    plan::{Plan, State},
};

/// What was done.
pub enum Done {
    /// A key pair is there.
    Keys {
        /// Where.
        files: KeyFiles,
        /// What bundles will call it.
        hint: String,
        /// Whether the private key is new.
        state: State,
    },
    /// An SBOM is there.
    Sbom {
        /// Where.
        output: PathBuf,
        /// What it is.
        digest: Digest,
        /// How many components it lists.
        components: usize,
        /// Files of an image that can't be read, and why.
        unread: Vec<[String; 2]>,
        /// Whether it is new.
        state: State,
    },
    /// Claims are stored beside their images.
    Claims {
        /// What is claimed.
        kind: PredicateType,
        /// About what, and where.
        claims: Vec<(ImageRef, Digest, Attached)>,
    },
    /// The signature of a file is there.
    Blob {
        /// Where.
        output: PathBuf,
        /// What it is.
        digest: Digest,
        /// Whether it is new.
        state: State,
    },
    /// An image and all that refers to it are at the destination.
    Copied {
        /// Where.
        to: ImageRef,
        /// What.
        digest: Digest,
        /// How many manifests came along.
        companions: usize,
        /// How much of it was new.
        moved: Moved,
        /// Whether anything was.
        state: State,
    },
}

/// Carries it out.
pub fn apply(plan: Plan, session: &Session) -> Result<Done, Error> {
    session.check_interrupt()?;
    match plan {
        Plan::NewKeys { files, password } => {
            let key = SigningKey::generate()?;
            // The private key first: from it the other can be made, and not the other way round.
            files::write_private(&files.private, key.to_encrypted_pem(&password)?.as_bytes())?;
            keys(files, key.public(), State::New)
        }
        Plan::PublicKey { files, key } => keys(files, key.public(), State::Unchanged),
        Plan::Sbom { output, json, components, unread, state } => {
            files::write(&output, &json)?;
            Ok(Done::Sbom { output, digest: Digest::of(&json), components, unread, state })
        }
        Plan::Claims { signatory, kind, claims } => {
            let new = claims.iter().any(|claim| claim.already.is_none());
            let pen = new.then(|| signatory.pen()).transpose()?;
            let claims = claims.into_iter().map(|claim| attach(pen.as_ref(), claim, session));
            Ok(Done::Claims { kind, claims: claims.collect::<Result<_, _>>()? })
        }
        Plan::Blob { output, existing: Some(digest), .. } => {
            Ok(Done::Blob { output, digest, state: State::Unchanged })
        }
        Plan::Blob { output, digest, statement, signatory, existing: None } => {
            let pen = signatory.pen()?;
            let bundle = match statement {
                Some(statement) => pen.statement(&statement, digest)?,
                None => pen.blob(digest)?,
            };
            files::write(&output, bundle.bytes())?;
            Ok(Done::Blob { output, digest: bundle.digest(), state: State::New })
        }
        Plan::Copy(journey) => copy(*journey),
    }
}

fn keys(files: KeyFiles, public: &PublicKey, state: State) -> Result<Done, Error> {
    let pem = public.to_pem().map_err(Error::bom)?;
    files::write(&files.public, pem.as_bytes())?;
    Ok(Done::Keys { hint: public.hint().to_owned(), files, state })
}

fn attach(
    pen: Option<&Pen<'_>>,
    claim: Claimed,
    session: &Session,
) -> Result<(ImageRef, Digest, Attached), Error> {
    let Claimed { found, statement, already } = claim;
    let pen = match (already, pen) {
        (None, Some(pen)) => pen,
        (Some(there), _) => return Ok((found.image, found.digest, there)),
        (None, None) => return Err(Error::bom("nobody signs")),
    };
    session.check_interrupt()?;
    let bundle = pen.statement(&statement, found.digest)?;
    let there = trust::attach(found.repository.as_ref(), found.digest, &bundle, &statement, session.now())?;
    Ok((found.image, found.digest, there))
}

fn copy(journey: Journey) -> Result<Done, Error> {
    let companions = journey.companions().len();
    let moved = journey.transfer.run(journey.from.repository.as_ref(), journey.destination.as_ref())?;
    let state = State::of((journey.is_named() && moved == Moved::default()).then_some(()));
    let absent = if state == State::New { facts::absent(&journey)? } else { Vec::new() };
    let Journey { from, to, destination, .. } = journey;
    // Before the tag moves there: what carries a name is whole.
    if let Some(missing) = absent.first() {
        return Err(Error::Incomplete { missing: *missing, to });
    }
    if let Some(tag) = to.tag().filter(|_| state == State::New) {
        destination.tag(tag, &destination.manifest(from.digest)?)?;
    }
    Ok(Done::Copied { to, digest: from.digest, companions, moved, state })
}
