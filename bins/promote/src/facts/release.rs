//! Finds out which digests are meant: by a release record, by a release manifest, or by what the ledgers know.

use std::{collections::BTreeMap, path::Path};

use ci::{Session, Stop, files};
use contract::{Component, ComponentName, Digest, Release, ReleaseManifest, Tag, Version};
use ledger::Entry;
use oci::{OciError, StoredRelease};

use crate::{
    context::Context,
    error::Error,
    facts::{Candidate, Manifest},
    named::Named,
};

/// The release that was named, which must have exactly the configured components.
pub(super) fn candidate(context: &Context, session: &Session) -> Result<Candidate, Stop> {
    let candidate = match &context.release {
        Named::File(path) if *path == context.release_file && path.exists() => of(session.release()?),
        Named::File(path) => of(record(path)?),
        named => named_alone(context, named)?,
    };
    let configured = &context.config.components;
    let missing: Vec<ComponentName> =
        configured.keys().filter(|name| !candidate.components.contains_key(*name)).cloned().collect();
    let extra: Vec<ComponentName> =
        candidate.components.keys().filter(|name| !configured.contains_key(*name)).cloned().collect();
    if missing.is_empty() && extra.is_empty() {
        Ok(candidate)
    } else {
        Err(Error::ReleaseIncomplete { missing, extra }.into())
    }
}

/// Reads a release record that is not the one of this run.
pub(crate) fn record(path: &Path) -> Result<Release, Stop> {
    let text = files::read_text(path)?;
    let invalid = |source| Error::ReleaseInvalid { path: path.to_owned(), source };
    Ok(Release::from_json(&text).map_err(invalid)?)
}

pub(crate) fn of(release: Release) -> Candidate {
    Candidate {
        version: release.version,
        commit: release.commit,
        manifest: None,
        components: contents(release.components),
    }
}

/// What counts of components: digests, and the names that go along.
fn contents(components: BTreeMap<ComponentName, Component>) -> BTreeMap<ComponentName, (Digest, Vec<Tag>)> {
    components.into_iter().map(|(name, component)| (name, (component.digest, component.tags))).collect()
}

/// A name without a record: the manifest of that version says which digests are meant, else the ledgers do; and they never say two
/// different things.
fn named_alone(context: &Context, named: &Named) -> Result<Candidate, Stop> {
    let stored = match named {
        Named::Version(version) => stored(context, version)?,
        Named::Digest(_) | Named::File(_) => None,
    };
    match (stored, known(context, named)) {
        (None, known) => known,
        (Some(stored), Ok(known)) if stored.digests() != known.digests() => {
            Err(Error::ReleaseAmbiguous { named: named.clone() }.into())
        }
        (Some(stored), _) => Ok(stored),
    }
}

/// The release manifest of this version, if there is one.
fn stored(context: &Context, version: &Version) -> Result<Option<Candidate>, Stop> {
    let Some(repository) = context.config.release_image() else { return Ok(None) };
    // A version that no tag can hold has no manifest.
    let Ok(tag) = ReleaseManifest::tag(version) else { return Ok(None) };
    let from = match oci::open_with(repository.location(), &context.access) {
        Err(OciError::LayoutMissing(_)) => return Ok(None),
        opened => opened?,
    };
    let candidate = |StoredRelease { digest, release }: StoredRelease| Candidate {
        version: Some(release.version),
        commit: Some(release.commit),
        manifest: Some(Manifest { repository: repository.clone(), digest }),
        components: contents(release.components),
    };
    Ok(oci::release(from.as_ref(), &tag)?.map(candidate))
}

fn known(context: &Context, named: &Named) -> Result<Candidate, Stop> {
    let mut histories = Vec::new();
    for name in context.config.environments.keys() {
        histories.push(context.ledger.read(name)?);
    }
    let entries: Vec<&Entry> = histories.iter().flat_map(ledger::History::entries).collect();
    let is_meant = |entry: &&&Entry| match named {
        Named::Version(version) => entry.what.release.version.as_ref() == Some(version),
        Named::Digest(digest) => entry.what.components.values().any(|pinned| pinned.digest == *digest),
        Named::File(_) => false,
    };
    let mut meant: Vec<&Entry> = entries.iter().filter(is_meant).copied().collect();
    meant.sort_by_key(|entry| entry.what.time);
    let Some(newest) = meant.last() else {
        let mut known: Vec<String> = entries
            .iter()
            .filter_map(|entry| Some(entry.what.release.version.as_ref()?.to_string()))
            .collect();
        known.sort();
        known.dedup();
        return Err(Error::ReleaseUnknown { named: named.clone(), known }.into());
    };
    if meant.iter().any(|entry| entry.what.digests() != newest.what.digests()) {
        return Err(Error::ReleaseAmbiguous { named: named.clone() }.into());
    }
    let components: BTreeMap<ComponentName, (Digest, Vec<Tag>)> = newest
        .what
        .components
        .iter()
        .map(|(name, pinned)| (name.clone(), (pinned.digest, pinned.tags.clone())))
        .collect();
    let release = newest.what.release.clone();
    Ok(Candidate { version: release.version, commit: release.commit, manifest: None, components })
}
