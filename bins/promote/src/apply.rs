//! Carries a plan out: copy, intent, switch, outcome; the only room that writes, and it decides nothing.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ci::{Session, Stop};
use config::Gate;
use contract::ImageRef;
use deploy::DeployError;
use jiff::Timestamp;
use ledger::{Event, Head, Held, Verdict};
use oci::Access;

use crate::{
    context::Context,
    error::Error,
    facts::{self, Facts},
    gates,
    plan::{Copy, Entry, Plan, Told},
};

/// How a promotion ended.
pub(crate) struct Done {
    /// The ledger's newest entry.
    pub head: Head,
    /// When it was written.
    pub time: Timestamp,
    /// Why the switch failed, if it did.
    pub failure: Option<DeployError>,
}

/// Lets the release in. A run that was killed anywhere is continued by the next one.
pub(crate) fn apply(
    plan: &Plan,
    entry: &Entry,
    context: &Context,
    facts: &Facts,
    lock: &Held,
    session: &Session,
) -> Result<Done, Stop> {
    let begun = Instant::now();
    let tell = |reason: Option<String>| Told {
        time: session.now() + Duration::from_secs(begun.elapsed().as_secs()),
        actor: session.actor(),
        run_url: session.runner().and_then(ci::Runner::run_url).map(str::to_owned),
        reason,
    };
    for copy in &entry.copies {
        session.check_interrupt()?;
        bring(copy, &context.access, session)?;
    }
    if !entry.copies.is_empty() {
        verify(plan, context, facts)?;
    }
    session.check_interrupt()?;
    if entry.continues.is_none() {
        lock.append(entry.draft(plan, Event::Intent { rollback: None }, tell(context.reason.clone())))?;
    }
    let target = deploy::target(session, &context.name, &context.environment.target);
    let switched = if entry.switch { deploy::switch(&*target, &entry.wanted) } else { Ok(()) };
    let (event, reason) = match &switched {
        Ok(()) => (Event::Deployed, context.reason.clone()),
        Err(error) => (Event::Failed { rollback: None }, Some(session.redact(&error.to_string()))),
    };
    let told = tell(reason);
    let time = told.time;
    let (_, head) = lock.append(entry.draft(plan, event, told))?;
    Ok(Done { head, time, failure: switched.err() })
}

/// Copies an image with all that belongs to it, and gives it its names.
fn bring(copy: &Copy, access: &Arc<Access>, session: &Session) -> Result<(), Stop> {
    let _progress = session.progress(format!("copying {} to {}", copy.component, copy.to));
    let to = oci::open_or_new_with(copy.to.location(), access)?;
    for (from, at_home) in copy.from.iter().zip(std::iter::once(true).chain(std::iter::repeat(false))) {
        match copied(from, &*to, access, copy) {
            // Only the image's own repository must have it; the others may add evidence.
            Err(oci::OciError::ImageMissing(_) | oci::OciError::LayoutMissing(_)) if !at_home => {}
            other => other?,
        }
    }
    let manifest = to.find(&contract::Selector::Digest(copy.digest))?;
    for tag in &copy.tags {
        to.tag(tag, &manifest)?;
    }
    Ok(())
}

fn copied(
    from: &ImageRef,
    to: &dyn oci::Repository,
    access: &Arc<Access>,
    copy: &Copy,
) -> Result<(), oci::OciError> {
    let from = oci::open_with(from.location(), access)?;
    oci::copy(&*from, to, copy.digest).map(|_| ())
}

/// Asks the gates that stand on evidence again, about the copies alone: what passed must pass there too.
fn verify(plan: &Plan, context: &Context, facts: &Facts) -> Result<(), Stop> {
    let there = Facts { images: facts::arrived(context, &facts.candidate)?, ..facts.clone() };
    for answer in &plan.answers {
        let on_evidence = matches!(
            answer.gate,
            Gate::Signature | Gate::Sbom | Gate::Vulns | Gate::SmokeTest(_) | Gate::Migration
        );
        if !on_evidence || answer.verdict != Verdict::Pass {
            continue;
        }
        let again = gates::answer(answer.gate.clone(), context, &there);
        if again.verdict != Verdict::Pass {
            let why = format!("{} says {}: {}", again.gate, again.verdict.word(), again.reason);
            return Err(Error::LostOnTheWay { environment: context.name.clone(), why }.into());
        }
    }
    Ok(())
}
