//! Which releases one could go back to, in which order; pure, from the ledger alone.

use contract::EnvironmentName;
use ledger::{Entry, Event, History};

use crate::{args::To, error::Error};

/// The candidates, the preferred one first: the one that was named, the one that was restored already, or all that ran before.
pub(crate) fn candidates<'a>(
    environment: &EnvironmentName,
    history: &'a History,
    present: &Entry,
    to: Option<&To>,
) -> Result<Vec<&'a Entry>, Error> {
    let Some(to) = to else {
        return Ok(match restored(history) {
            Some((_, restored)) => vec![restored],
            None => history.earlier(present),
        });
    };
    let environment = || environment.clone();
    let is_meant = |entry: &&Entry| {
        entry.runs()
            && match to {
                To::Sequence(sequence) => entry.sequence == *sequence,
                To::Version(version) => entry.what.release.version.as_ref() == Some(version),
            }
    };
    let Some(entry) = history.entries().iter().rev().find(is_meant) else {
        return Err(Error::NeverRan { to: to.clone(), environment: environment() });
    };
    let digests = entry.what.digests();
    if let Some(by) = history.taken_back(&digests) {
        return Err(Error::KnownBad { to: to.clone(), environment: environment(), by: by.sequence });
    }
    let is_restored = restored(history).is_some_and(|(_, restored)| restored.what.digests() == digests);
    if present.what.digests() == digests && !is_restored {
        return Err(Error::IsPresent { to: to.clone(), environment: environment() });
    }
    Ok(vec![entry])
}

/// The way back that was gone last, if nothing happened since: the release that was left, and the one that was restored.
pub(crate) fn restored(history: &History) -> Option<(&Entry, &Entry)> {
    let Event::RolledBack(back) = history.last()?.what.event else { return None };
    Some((history.entry(back.from)?, history.entry(back.to)?))
}
