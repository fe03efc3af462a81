//! From answers to what will be done: let in, refuse, or nothing to do; pure, and its Display is the dry run.

use std::{collections::BTreeMap, fmt};

use config::{Gate, Mode};
use contract::{ComponentName, Digest, EnvironmentName, ImageRef, Tag};
use deploy::Wanted;
use ledger::{Draft, Event, GateRecord, Override, Pinned, ReleaseId, Schema, Verdict};

use crate::{
    context::Context,
    facts::{Facts, Manifest},
    gates::{self, Answer},
};

/// What one run decided, before anything is done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    /// Where to.
    pub environment: EnvironmentName,
    /// What people call the release.
    pub title: String,
    /// The release manifest that says which images these are, if one does.
    pub manifest: Option<ImageRef>,
    /// Whether the gates decide here.
    pub mode: Mode,
    /// Every gate that was asked, and its answer.
    pub answers: Vec<Answer>,
    /// The gates that were not asked because their time comes later.
    pub skipped: Vec<Gate>,
    /// The answers that a person decided against, with the reason.
    pub overrides: Vec<Override>,
    /// What follows.
    pub decision: Decision,
}

/// What follows from the answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Decision {
    /// Nothing is done.
    Refuse(Verdict),
    /// It runs already, and the ledger's entry of this number says so.
    AlreadyRunning(u64),
    /// It goes in.
    Enter(Box<Entry>),
}

/// How a release goes in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// What is copied first.
    pub copies: Vec<Copy>,
    /// The intent of an earlier run that died before it could tell the outcome, if this run continues it.
    pub continues: Option<u64>,
    /// Whether the target is switched; not if it runs this already.
    pub switch: bool,
    /// What should run.
    pub wanted: Wanted,
    /// What the ledger will say, but for event and time.
    pub release: ReleaseId,
    /// The components as the ledger will name them.
    pub components: BTreeMap<ComponentName, Pinned>,
    /// The schema that the verified migrations prove.
    pub schema: Option<Schema>,
}

/// An image on its way into the environment's repository.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Copy {
    /// Whose.
    pub component: ComponentName,
    /// Which.
    pub digest: Digest,
    /// Where it and its evidence lie, its own repository first.
    pub from: Vec<ImageRef>,
    /// Where it goes.
    pub to: ImageRef,
    /// What it is called there.
    pub tags: Vec<Tag>,
}

/// Decides.
pub(crate) fn plan(context: &Context, facts: &Facts) -> Plan {
    let answers = gates::ask(context, facts);
    let reason = context.reason.clone().unwrap_or_default();
    let against =
        |answer: &&Answer| answer.verdict != Verdict::Pass && context.overrides.contains(&answer.gate);
    let overrides: Vec<Override> = answers
        .iter()
        .filter(against)
        .map(|answer| Override { gate: answer.gate.to_string(), reason: reason.clone() })
        .collect();
    let standing = answers.iter().filter(|answer| !against(answer)).map(|answer| answer.verdict).max();
    let verdict = standing.unwrap_or(Verdict::Pass);
    let decision = match (context.environment.mode, verdict) {
        (Mode::Observe, _) | (Mode::Enforce, Verdict::Pass) => enter(context, facts),
        (Mode::Enforce, verdict) => Decision::Refuse(verdict),
    };
    Plan {
        environment: context.name.clone(),
        title: facts.candidate.title(),
        manifest: facts.candidate.manifest.as_ref().map(Manifest::image),
        mode: context.environment.mode,
        answers,
        skipped: context.skipped.clone(),
        overrides,
        decision,
    }
}

fn enter(context: &Context, facts: &Facts) -> Decision {
    let digests = facts.candidate.digests();
    let runs = facts.running == digests;
    if let Some(entry) = facts.history.running()
        && runs
        && facts.history.last() == Some(entry)
        && entry.what.digests() == digests
    {
        return Decision::AlreadyRunning(entry.sequence);
    }
    let unfinished = facts.history.unfinished();
    let continues = unfinished.filter(|entry| {
        entry.what.digests() == digests && entry.what.event == Event::Intent { rollback: None }
    });
    let components = components(context, facts);
    let release =
        ReleaseId { version: facts.candidate.version.clone(), commit: facts.candidate.commit.clone() };
    let wanted = Wanted {
        release: release.to_string(),
        commit: release.commit.clone(),
        images: components.iter().map(|(name, pinned)| (name.clone(), pinned.exact())).collect(),
    };
    Decision::Enter(Box::new(Entry {
        copies: copies(context, &components),
        continues: continues.map(|entry| entry.sequence),
        switch: !runs,
        wanted,
        release,
        schema: schema(context, facts),
        components,
    }))
}

fn components(context: &Context, facts: &Facts) -> BTreeMap<ComponentName, Pinned> {
    let pinned = |(name, (digest, tags)): (&ComponentName, &(Digest, Vec<Tag>))| {
        let image = context.destination(name)?.clone();
        Some((name.clone(), Pinned { image, digest: *digest, tags: tags.clone() }))
    };
    facts.candidate.components.iter().filter_map(pinned).collect()
}

fn copies(context: &Context, components: &BTreeMap<ComponentName, Pinned>) -> Vec<Copy> {
    let mut copies = Vec::new();
    for (name, pinned) in components {
        let own = context.config.components.get(name).map(|component| &component.image);
        let upstream = context.upstream().into_iter();
        let elsewhere =
            upstream.filter_map(|other| context.config.image(context.config.environments.get(other)?, name));
        let mut from: Vec<ImageRef> = Vec::new();
        for image in own.into_iter().chain(elsewhere) {
            if *image != pinned.image && !from.contains(image) {
                from.push(image.clone());
            }
        }
        if !from.is_empty() {
            let (component, to) = (name.clone(), pinned.image.clone());
            copies.push(Copy { component, digest: pinned.digest, from, to, tags: pinned.tags.clone() });
        }
    }
    copies
}

fn schema(context: &Context, facts: &Facts) -> Option<Schema> {
    let signer = facts.signers.get(&Gate::Migration)?;
    let moves = facts.images.values().flat_map(|image| image.migrations(signer, &context.name));
    let since = facts.history.running().map(|entry| entry.what.time);
    evidence::schema(moves.map(|(_, migration)| migration), since)
}

impl Plan {
    /// Why a person let the release in against this gate.
    pub(crate) fn overridden(&self, gate: &Gate) -> Option<&Override> {
        let name = gate.to_string();
        self.overrides.iter().find(|one| one.gate == name)
    }

    /// The gates as the ledger keeps them.
    pub(crate) fn records(&self) -> Vec<GateRecord> {
        let record = |answer: &Answer| GateRecord {
            id: answer.gate.to_string(),
            verdict: answer.verdict,
            reason: answer.reason.clone(),
            evidence: answer.evidence.clone(),
        };
        self.answers.iter().map(record).collect()
    }

    /// The gates that stand in the way, in words.
    pub(crate) fn in_the_way(&self) -> String {
        let standing = self
            .answers
            .iter()
            .filter(|answer| answer.verdict != Verdict::Pass && self.overridden(&answer.gate).is_none());
        let said = standing.map(|answer| format!("{} says {}", answer.gate, answer.verdict.word()));
        said.collect::<Vec<_>>().join(", ")
    }
}

impl Entry {
    /// What the ledger will say of this event.
    pub(crate) fn draft(&self, plan: &Plan, event: Event, told: Told) -> Draft {
        Draft {
            time: told.time,
            actor: told.actor,
            run_url: told.run_url,
            event,
            release: self.release.clone(),
            components: self.components.clone(),
            schema: self.schema.clone(),
            gates: plan.records(),
            overrides: plan.overrides.clone(),
            reason: told.reason,
        }
    }
}

/// Who tells the ledger something, when and why.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// When.
    pub time: jiff::Timestamp,
    /// Who.
    pub actor: String,
    /// In which workflow run.
    pub run_url: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

impl fmt::Display for Plan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{} into {}", self.title, self.environment)?;
        if let Some(manifest) = &self.manifest {
            writeln!(out, "as the release manifest {manifest} says")?;
        }
        for answer in &self.answers {
            let overridden = if self.overridden(&answer.gate).is_some() { ", overridden" } else { "" };
            writeln!(
                out,
                "gate {} says {}{overridden}: {}",
                answer.gate,
                answer.verdict.word(),
                answer.reason
            )?;
        }
        for gate in &self.skipped {
            writeln!(out, "gate {gate} is not asked yet")?;
        }
        match &self.decision {
            Decision::Refuse(_) => writeln!(out, "would be refused: {}", self.in_the_way()),
            Decision::AlreadyRunning(sequence) => {
                writeln!(out, "runs already, ledger entry {sequence}: nothing to do")
            }
            Decision::Enter(entry) => entry.fmt(out),
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for copy in &self.copies {
            let tags: String = copy.tags.iter().map(|tag| format!(", tagged {tag}")).collect();
            writeln!(out, "would copy {} with its evidence to {}{tags}", copy.digest, copy.to)?;
        }
        match self.continues {
            Some(sequence) => writeln!(out, "would continue the intent of ledger entry {sequence}")?,
            None => writeln!(out, "would record the intent")?,
        }
        if self.switch {
            for (component, image) in &self.wanted.images {
                writeln!(out, "would switch {component} to {image}")?;
            }
        } else {
            writeln!(out, "would not switch: exactly this runs already")?;
        }
        writeln!(out, "would record the outcome")
    }
}
