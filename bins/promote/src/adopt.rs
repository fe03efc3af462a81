//! `adopt`: records what runs today as known good, so that there is something to go back to; it switches nothing.

use std::{collections::BTreeMap, sync::Arc};

use ci::{Mode, Page, Report, Session, Stop};
use config::{Config, Environment, Gate};
use contract::{ComponentName, Digest, EnvironmentName, ImageRef, Selector};
use deploy::Running;
use evidence::Keyring;
use ledger::{Directory, Draft, Event, Head, History, Pinned, ReleaseId, Schema};
use oci::Access;
use serde_json::json;

use crate::{
    args::Adopt,
    error::Error,
    facts::{Candidate, release_of_record},
};

pub(crate) fn run(args: &Adopt, session: &Session) -> Result<Report, Stop> {
    if args.reason.trim().is_empty() {
        return Err(Error::AdoptWithoutReason.into());
    }
    let config = Config::load(&args.config)?;
    let environment = config.environment(&args.environment)?;
    let ledger = Directory::new(config.ledger_directory(session)?);
    let lock = match session.mode() {
        Mode::Apply => Some(ledger.lock(session, &args.environment)?),
        Mode::DryRun => None,
    };
    let history = ledger.read(&args.environment)?;
    let running = deploy::target(session, &args.environment, &environment.target).observe()?;
    let known = known(args, &running)?;
    let draft = draft(args, &config, environment, &running, known, session)?;
    match (current(&history, &running), lock) {
        (Some(sequence), _) => Ok(report(
            &args.environment,
            &draft,
            history.head(),
            &format!("is known already, entry {sequence}"),
        )),
        (None, None) => {
            Ok(report(&args.environment, &draft, history.head(), "would be recorded as known good"))
        }
        (None, Some(lock)) => {
            let (_, head) = lock.append(draft.clone())?;
            Ok(report(&args.environment, &draft, head, "is recorded as known good"))
        }
    }
}

/// What the record says about what runs; nothing is known without one.
fn known(args: &Adopt, running: &Running) -> Result<Option<Candidate>, Stop> {
    if running.is_empty() {
        return Err(Error::NothingToAdopt(args.environment.clone()).into());
    }
    let Some(path) = &args.release else { return Ok(None) };
    let candidate = release_of_record(path)?;
    if candidate.digests() == *running {
        Ok(Some(candidate))
    } else {
        Err(Error::AdoptsAnother { environment: args.environment.clone(), path: path.clone() }.into())
    }
}

/// The entry that says already that this runs.
fn current(history: &History, running: &Running) -> Option<u64> {
    let last = history.last().filter(|last| last.runs() && last.what.digests() == *running)?;
    Some(last.sequence)
}

fn draft(
    args: &Adopt,
    config: &Config,
    environment: &Environment,
    running: &Running,
    known: Option<Candidate>,
    session: &Session,
) -> Result<Draft, Stop> {
    let access = Access::of_run(session);
    let mut components = BTreeMap::new();
    for (name, digest) in running {
        let Some(image) = lies(config, environment, &access, name, *digest) else {
            return Err(Error::ReleaseIncomplete { missing: Vec::new(), extra: vec![name.clone()] }.into());
        };
        let tags = known.as_ref().and_then(|known| known.components.get(name));
        let tags = tags.map(|(_, tags)| tags.clone()).unwrap_or_default();
        components.insert(name.clone(), Pinned { image, digest: *digest, tags });
    }
    let release =
        known.map(|known| ReleaseId { version: known.version, commit: known.commit }).unwrap_or_default();
    Ok(Draft {
        time: session.now(),
        actor: session.actor(),
        run_url: session.runner().and_then(ci::Runner::run_url).map(str::to_owned),
        event: Event::Adopted,
        release,
        schema: schema(&args.environment, config, environment, &access, &components)?,
        components,
        gates: Vec::new(),
        overrides: Vec::new(),
        reason: Some(args.reason.clone()),
    })
}

/// Where the image can be had again: this environment's repository, unless only the component's own has it.
fn lies(
    config: &Config,
    environment: &Environment,
    access: &Arc<Access>,
    component: &ComponentName,
    digest: Digest,
) -> Option<ImageRef> {
    let here = config.image(environment, component)?;
    let has = |image: &ImageRef| {
        let found = oci::open_with(image.location(), access)
            .and_then(|there| there.resolve(&Selector::Digest(digest)));
        matches!(found, Ok(Some(_)))
    };
    let own = config.components.get(component).map(|component| &component.image);
    Some(own.filter(|own| !has(here) && has(own)).unwrap_or(here).clone())
}

/// The schema, if a signed migration happens to say it; adopting does not ask for evidence.
fn schema(
    name: &EnvironmentName,
    config: &Config,
    environment: &Environment,
    access: &Arc<Access>,
    components: &BTreeMap<ComponentName, Pinned>,
) -> Result<Option<Schema>, Stop> {
    let Some(signer) = config.signer(environment, &Gate::Migration) else { return Ok(None) };
    let keys = Keyring::read([&signer], config.release.trusted_root.as_deref())?;
    let Some(signer) = keys.policy(&signer) else { return Ok(None) };
    let images: Vec<_> = components
        .values()
        .map(|pinned| evidence::gather(&keys, access, &pinned.image, &[], pinned.digest))
        .collect();
    let moves = images.iter().flat_map(|image| image.migrations(&signer, name));
    Ok(evidence::schema(moves.map(|(_, migration)| migration), None))
}

fn report(environment: &EnvironmentName, draft: &Draft, head: Head, what: &str) -> Report {
    let rows = draft.components.iter().map(|(name, pinned)| [name.to_string(), pinned.exact().to_string()]);
    let page = Page::new()
        .heading(format!("{} in {environment} {what}", draft.release))
        .table(&["component", "image"], rows)
        .line(format!("ledger entry {}, head {}", head.sequence, head.digest));
    let version = draft.release.version.as_ref().map(ToString::to_string).unwrap_or_default();
    Report::new(page, json!({ "environment": environment, "components": draft.components }))
        .output("ledger-sequence", head.sequence.to_string())
        .output("ledger-head", head.digest.to_string())
        .output("version", version)
}
