//! What a history answers: what runs, what was bad, how long something stayed; pure, and never about evidence.

use std::collections::BTreeMap;

use contract::{ComponentName, Digest};
use jiff::Timestamp;

use crate::{
    chain::{self, Head},
    entry::{Draft, Entry, Event, Move},
    error::LedgerError,
};

/// A release by its content.
pub type Digests = BTreeMap<ComponentName, Digest>;

/// The verified entries of one environment, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    head: Head,
    entries: Vec<Entry>,
}

impl History {
    pub(crate) fn new(head: Head, entries: Vec<Entry>) -> Self {
        Self { head, entries }
    }

    /// A history without entries.
    pub fn empty() -> Self {
        Self::new(Head::EMPTY, Vec::new())
    }

    /// The history that these entries would make, written one after the other; for whoever reasons about a ledger without a disk.
    ///
    /// # Errors
    /// [`LedgerError::Unwritable`], which no entry causes.
    pub fn of(drafts: impl IntoIterator<Item = Draft>) -> Result<Self, LedgerError> {
        let mut history = Self::empty();
        for draft in drafts {
            let (entry, line) = chain::next(history.head, draft).map_err(LedgerError::Unwritable)?;
            history.head = Head { sequence: entry.sequence, digest: chain::digest(&line) };
            history.entries.push(entry);
        }
        Ok(history)
    }

    /// Its head, for whoever wants to remember it.
    pub fn head(&self) -> Head {
        self.head
    }

    /// All entries, oldest first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The newest entry.
    pub fn last(&self) -> Option<&Entry> {
        self.entries.last()
    }

    /// The entry of this number.
    pub fn entry(&self, sequence: u64) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.sequence == sequence)
    }

    /// The newest entry that says what runs.
    pub fn running(&self) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.runs())
    }

    /// The newest entry if it is an intent: its run died before it could tell the outcome.
    pub fn unfinished(&self) -> Option<&Entry> {
        self.last().filter(|entry| matches!(entry.what.event, Event::Intent { .. }))
    }

    /// The entry whose release runs or, after a change that failed or died, may run. While a way back is unfinished, that is the release
    /// that is being left.
    pub fn present(&self) -> Option<&Entry> {
        let last = self.last()?;
        match last.what.event {
            Event::Intent { rollback: Some(back) } | Event::Failed { rollback: Some(back) } => {
                self.entry(back.from)
            }
            _ => Some(last),
        }
    }

    /// The releases that ran here before the one of this entry and were not taken back, the last one first, each by its newest entry.
    pub fn earlier(&self, present: &Entry) -> Vec<&Entry> {
        let mut seen = vec![present.what.digests()];
        let mut earlier = Vec::new();
        for entry in self.entries.iter().rev().filter(|entry| entry.runs()) {
            let digests = entry.what.digests();
            if !seen.contains(&digests) {
                if self.taken_back(&digests).is_none() {
                    earlier.push(entry);
                }
                seen.push(digests);
            }
        }
        earlier
    }

    /// When exactly these digests first came to run here.
    pub fn first_ran(&self, digests: &Digests) -> Option<Timestamp> {
        let mut running =
            self.entries.iter().filter(|entry| entry.runs() && entry.what.digests() == *digests);
        running.next().map(|entry| entry.what.time)
    }

    /// Whether someone gave their word for exactly these digests.
    pub fn adopted(&self, digests: &Digests) -> bool {
        let adopted = |entry: &&Entry| entry.what.event == Event::Adopted;
        self.entries.iter().filter(adopted).any(|entry| entry.what.digests() == *digests)
    }

    /// The newest entry with which exactly these digests came to run.
    pub fn deployed(&self, digests: &Digests) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.runs() && entry.what.digests() == *digests)
    }

    /// The rollback that took exactly these digests away, or set out to, if nobody let them in again since, knowing that.
    pub fn taken_back(&self, digests: &Digests) -> Option<&Entry> {
        self.entries.iter().rev().find_map(|entry| match entry.what.event {
            Event::RolledBack(Move { from, .. })
            | Event::Intent { rollback: Some(Move { from, .. }) }
            | Event::Failed { rollback: Some(Move { from, .. }) }
                if self.was(from, digests) =>
            {
                Some(Some(entry))
            }
            _ if entry.runs() && entry.what.digests() == *digests => Some(None),
            _ => None,
        })?
    }

    fn was(&self, sequence: u64, digests: &Digests) -> bool {
        self.entry(sequence).is_some_and(|entry| entry.what.digests() == *digests)
    }

    /// When the release of this entry was replaced; nothing while it still runs.
    pub fn replaced(&self, entry: &Entry) -> Option<Timestamp> {
        let later = self.entries.iter().filter(|later| later.sequence > entry.sequence);
        let mut changes = later
            .filter(|later| (later.runs() || later.failed()) && later.what.digests() != entry.what.digests());
        changes.next().map(|later| later.what.time)
    }
}

impl Entry {
    /// Whether it says that its release runs.
    pub fn runs(&self) -> bool {
        matches!(self.what.event, Event::Adopted | Event::Deployed | Event::RolledBack(_))
    }

    fn failed(&self) -> bool {
        matches!(self.what.event, Event::Failed { .. })
    }
}
