//! What happens to the database when the code goes back: a pure function of the ledger's schema records, with its table in docs/rollback.md.

use std::fmt;

use ledger::{Entry, History, Phase, Schema, Step};

/// What an empty database is called.
const EMPTY: &str = "0";

/// What happens to the database, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It stays as it is: the earlier code works with it.
    Keep(Kept),
    /// It is taken down to this version, before the code is switched.
    Down {
        /// The version.
        to: String,
        /// The steps that are undone, the newest first.
        undone: Vec<String>,
    },
    /// The code stays too, and the fault is mended forwards.
    StayAndHotfix(Obstacle),
}

/// Why the earlier code works with the database as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// No release has a schema record.
    NoDatabase,
    /// Both releases have one version.
    SameSchema,
    /// Everything in between only added.
    OnlyExpanded,
}

/// Why the database can't be taken down, although the earlier code does not work with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// It is not known what lies between the two schemas.
    Unknown,
    /// These steps have no way down.
    Irreversible(Vec<String>),
    /// No verified backup was recorded when the steps were applied.
    NoBackup,
    /// The configuration does not say how.
    NoCommand,
}

/// Whether release.toml says how the schema goes down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WayDown {
    /// It does.
    Configured,
    /// It does not.
    Missing,
}

/// Decides for the way back from one entry to an earlier one.
pub(crate) fn decide(history: &History, from: &Entry, to: &Entry, way_down: WayDown) -> Decision {
    let unknown = Decision::StayAndHotfix(Obstacle::Unknown);
    let Some(present) = &from.what.schema else {
        return if to.what.schema.is_none() { Decision::Keep(Kept::NoDatabase) } else { unknown };
    };
    let Some(wanted) = version(history, from, to) else { return unknown };
    if wanted == present.version {
        return Decision::Keep(Kept::SameSchema);
    }
    match between(history, from, to, present, &wanted) {
        Some(steps) => judge(&steps, &wanted, present, way_down),
        None => unknown,
    }
}

/// The rule itself: steps that the earlier code does not know, oldest first.
fn judge(steps: &[Step], wanted: &str, present: &Schema, way_down: WayDown) -> Decision {
    let Some(first) = steps.iter().position(|step| step.phase == Phase::Contract) else {
        return Decision::Keep(Kept::OnlyExpanded);
    };
    // Steps come off from the top, and no further than to the one that breaks: what was only added before it stays, with its data.
    let undone = &steps[first..];
    let names = |steps: &mut dyn Iterator<Item = &Step>| -> Vec<String> {
        steps.map(|step| step.version.clone()).collect()
    };
    let stuck = names(&mut undone.iter().filter(|step| !step.reversible));
    if !stuck.is_empty() {
        return Decision::StayAndHotfix(Obstacle::Irreversible(stuck));
    }
    if !present.backup.as_ref().is_some_and(|backup| backup.verified) {
        return Decision::StayAndHotfix(Obstacle::NoBackup);
    }
    if way_down == WayDown::Missing {
        return Decision::StayAndHotfix(Obstacle::NoCommand);
    }
    let to = first.checked_sub(1).and_then(|before| steps.get(before));
    let to = to.map_or_else(|| wanted.to_owned(), |step| step.version.clone());
    Decision::Down { to, undone: names(&mut undone.iter().rev()) }
}

/// The schema that the earlier release ran on: its own record or, lacking one, what the next release found before its migrations.
fn version(history: &History, from: &Entry, to: &Entry) -> Option<String> {
    if let Some(schema) = &to.what.schema {
        return Some(schema.version.clone());
    }
    let next = later(history, from, to).find_map(|entry| entry.what.schema.as_ref())?;
    Some(next.before.clone().unwrap_or_else(|| EMPTY.to_owned()))
}

/// The steps between two schemas, oldest first; nothing if the records leave a gap.
fn between(history: &History, from: &Entry, to: &Entry, present: &Schema, wanted: &str) -> Option<Vec<Step>> {
    if let Some(at) = present.steps.iter().position(|step| step.version == wanted) {
        return Some(present.steps[at + 1..].to_vec());
    }
    // Records that hold only what was applied are laid end to end.
    let mut steps: Vec<Step> = Vec::new();
    let mut reached = wanted.to_owned();
    for schema in later(history, from, to).filter_map(|entry| entry.what.schema.as_ref()) {
        if schema.version == reached {
            continue;
        }
        if schema.before.as_deref().unwrap_or(EMPTY) != reached {
            return None;
        }
        steps.extend(schema.steps.iter().cloned());
        reached.clone_from(&schema.version);
    }
    let complete = reached == present.version && steps.last().is_some_and(|step| step.version == reached);
    complete.then_some(steps)
}

/// The entries behind `to`, up to `from`.
fn later<'a>(history: &'a History, from: &Entry, to: &Entry) -> impl Iterator<Item = &'a Entry> {
    let range = to.sequence + 1..=from.sequence;
    history.entries().iter().filter(move |entry| range.contains(&entry.sequence))
}

impl Decision {
    /// The decision as one word, as outputs spell it.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Keep(_) => "keep",
            Self::Down { .. } => "down",
            Self::StayAndHotfix(_) => "stay-and-hotfix",
        }
    }

    /// The schema that the database has afterwards.
    pub(crate) fn leaves(&self, present: Option<&Schema>) -> Option<Schema> {
        let present = present?.clone();
        let Self::Down { to, .. } = self else { return Some(present) };
        let kept = present.steps.iter().position(|step| step.version == *to).map_or(0, |at| at + 1);
        Some(Schema {
            version: to.clone(),
            steps: present.steps.into_iter().take(kept).collect(),
            before: None,
            backup: present.backup,
        })
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep(Kept::NoDatabase) => out.write_str("keep: the ledger knows no database here"),
            Self::Keep(Kept::SameSchema) => out.write_str("keep: both releases have the same schema"),
            Self::Keep(Kept::OnlyExpanded) => {
                out.write_str("keep: everything in between only added, so the earlier code works with it")
            }
            Self::Down { to, undone } => {
                write!(out, "down: to {to}, undoing {}, before the code is switched", undone.join(", "))
            }
            Self::StayAndHotfix(obstacle) => write!(out, "stay and hotfix: {obstacle}"),
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => out.write_str("the ledger does not prove what lies between the two schemas"),
            Self::Irreversible(steps) => {
                write!(out, "the earlier code breaks on the schema, and {} has no way down", steps.join(", "))
            }
            Self::NoBackup => {
                out.write_str("the earlier code breaks on the schema, and no verified backup is recorded")
            }
            Self::NoCommand => {
                out.write_str("the earlier code breaks on the schema, and release.toml has no database.down")
            }
        }
    }
}

#[cfg(test)]
mod table;
