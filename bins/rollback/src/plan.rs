//! From facts to the way back: which release, what about the database, in which order; pure, and its Display is the dry run.

use std::fmt;

use contract::EnvironmentName;
use deploy::Wanted;
use ledger::{Draft, Entry, Event, GateRecord, Move, Schema, Verdict};

use crate::{
    choice,
    context::Context,
    database::{self, Decision},
    error::{Error, LookedAt, Unknown},
    facts::{Checked, Facts, Standing},
};

/// What one run decided, before anything is done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    /// Where.
    pub(crate) environment: EnvironmentName,
    /// The release that is left.
    pub(crate) from: Entry,
    /// The release that is restored.
    pub(crate) to: Entry,
    /// What its evidence says.
    pub(crate) checked: Checked,
    /// What happens to the database.
    pub(crate) database: Decision,
    /// What follows.
    pub(crate) action: Action,
}

/// What follows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    /// The ledger's newest entry says that it is done, and so does the target.
    Already,
    /// The code stays.
    Stay,
    /// It goes back.
    Restore(Steps),
}

/// How it goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Steps {
    /// The intent of an earlier run that died before it could tell the outcome, if this run continues it.
    pub(crate) continues: Option<u64>,
    /// Whether the target is switched; not if it runs this already.
    pub(crate) switch: bool,
}

/// Decides.
pub(crate) fn plan(context: &Context, facts: &Facts) -> Result<Plan, Error> {
    let (to, checked) = choose(context, facts)?;
    let restored = choice::restored(&facts.history);
    let restored = restored.filter(|(_, restored)| restored.what.digests() == to.what.digests());
    let (from, to) = restored.unwrap_or((&facts.present, to));
    let database = database::decide(&facts.history, from, to, context.way_down());
    let runs = facts.running == to.what.digests();
    let back = Some(Move { from: from.sequence, to: to.sequence });
    let continues =
        facts.history.unfinished().filter(|entry| entry.what.event == Event::Intent { rollback: back });
    let action = match &database {
        _ if restored.is_some() && runs => Action::Already,
        // What was decided when it was restored is not decided again by a schema that went down since.
        Decision::StayAndHotfix(_) if restored.is_none() => Action::Stay,
        _ => Action::Restore(Steps { continues: continues.map(|entry| entry.sequence), switch: !runs }),
    };
    Ok(Plan {
        environment: context.name.clone(),
        from: from.clone(),
        to: to.clone(),
        checked: checked.clone(),
        database,
        action,
    })
}

/// The first good candidate. One that was named need not have been verified, but its images must be whole and signed.
fn choose<'a>(context: &Context, facts: &'a Facts) -> Result<(&'a Entry, &'a Checked), Error> {
    // One that a person named, or that was restored already, need not have been verified.
    let chosen = context.to.is_some() || choice::restored(&facts.history).is_some();
    let good = |checked: &Checked| checked.is_good() || (chosen && checked.signed.holds());
    if let Some((entry, checked)) = facts.candidates.iter().find(|(_, checked)| good(checked)) {
        return Ok((entry, checked));
    }
    let standings = || {
        let both =
            |(entry, checked): &'a (Entry, Checked)| [(entry, &checked.signed), (entry, &checked.verified)];
        facts.candidates.iter().flat_map(both)
    };
    let unknown = standings().any(|(_, standing)| matches!(standing, Standing::Unknown(_)));
    let mut said: Vec<String> = standings()
        .filter_map(|(entry, standing)| match standing {
            Standing::Holds(_) => None,
            Standing::Lacks(why) | Standing::Unknown(why) => {
                Some(format!("{}, entry {}: {why}", entry.what.release, entry.sequence))
            }
        })
        .collect();
    said.dedup();
    Err(Error::NoneGood {
        environment: context.name.clone(),
        looked_at: LookedAt(said),
        unknown: if unknown { Unknown::Something } else { Unknown::Nothing },
    })
}

/// Who tells the ledger something, when and why.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) time: jiff::Timestamp,
    pub(crate) actor: String,
    pub(crate) run_url: Option<String>,
    pub(crate) reason: String,
}

impl Plan {
    /// The way back.
    pub(crate) fn way(&self) -> Move {
        Move { from: self.from.sequence, to: self.to.sequence }
    }

    /// What should run.
    pub(crate) fn wanted(&self) -> Wanted {
        let what = &self.to.what;
        Wanted {
            release: what.release.to_string(),
            commit: what.release.commit.clone(),
            images: what.components.iter().map(|(name, pinned)| (name.clone(), pinned.exact())).collect(),
        }
    }

    /// What the ledger will say of this event.
    pub(crate) fn draft(&self, event: Event, told: Told) -> Draft {
        let schema: Option<Schema> = match event {
            Event::RolledBack(_) => self.database.leaves(self.from.what.schema.as_ref()),
            _ => self.from.what.schema.clone(),
        };
        Draft {
            time: told.time,
            actor: told.actor,
            run_url: told.run_url,
            event,
            release: self.to.what.release.clone(),
            components: self.to.what.components.clone(),
            schema,
            gates: vec![
                record("signature", &self.checked.signed),
                record("verified", &self.checked.verified),
            ],
            overrides: Vec::new(),
            reason: Some(told.reason),
        }
    }
}

fn record(id: &str, standing: &Standing) -> GateRecord {
    let (verdict, reason, evidence) = match standing {
        Standing::Holds(bundles) if bundles.is_empty() => {
            (Verdict::Pass, "on the word of whoever adopted it", Vec::new())
        }
        Standing::Holds(bundles) => (Verdict::Pass, "by the evidence beside its images", bundles.clone()),
        Standing::Lacks(why) => (Verdict::Fail, why.as_str(), Vec::new()),
        Standing::Unknown(why) => (Verdict::Error, why.as_str(), Vec::new()),
    };
    GateRecord { id: id.to_owned(), verdict, reason: reason.to_owned(), evidence }
}

impl fmt::Display for Plan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (&self.from, &self.to);
        writeln!(
            out,
            "{}: from {}, entry {}, back to {}, entry {}",
            self.environment, from.what.release, from.sequence, to.what.release, to.sequence
        )?;
        if let Standing::Lacks(why) | Standing::Unknown(why) = &self.checked.verified {
            writeln!(out, "WARNING: {} was named and is not known to be good: {why}", to.what.release)?;
        }
        writeln!(out, "database: {}", self.database)?;
        let Action::Restore(Steps { continues, switch }) = &self.action else {
            return out.write_str(match self.action {
                Action::Already => "already rolled back: nothing to do\n",
                _ => "would write the incident and leave the code as it is\n",
            });
        };
        match continues {
            Some(sequence) => writeln!(out, "would continue the intent of ledger entry {sequence}")?,
            None => writeln!(out, "would record the intent")?,
        }
        writeln!(out, "would open the incident")?;
        if let Decision::Down { to, .. } = &self.database {
            writeln!(out, "would take the database down to {to}")?;
        }
        if *switch {
            for (component, image) in &self.wanted().images {
                writeln!(out, "would switch {component} to {image}")?;
            }
        } else {
            writeln!(out, "would not switch: exactly this runs already")?;
        }
        writeln!(out, "would record the outcome and complete the incident")
    }
}
