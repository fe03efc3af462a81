//! The live schema beside the one that the applied migrations give: built anew from the files in a database of its own; never a change
//! to the live one.

use std::collections::BTreeSet;

use ci::Session;

use crate::{
    apply::{self, Bounds, Done},
    context::{Change, Target, Up},
    database::{self, Access, Database, DatabaseError, Url},
    error::Error,
    facts::{self, Turn},
    layout::progress,
    plan::{self, Plan},
};

/// What is in one schema and not in the other, one line each.
#[derive(Default, Debug)]
pub struct Drift {
    /// Only in the live one.
    pub live: Vec<String>,
    /// Only in the one that the migrations give.
    pub files: Vec<String>,
}

impl Drift {
    /// Whether both are the same.
    pub fn is_none(&self) -> bool {
        self.live.is_empty() && self.files.is_empty()
    }
}

/// Runs all applied migrations on an empty database beside the live one, and compares.
pub fn look(target: &Target, change: Change, session: &Session) -> Result<Drift, Error> {
    let (facts, mut database) = facts::look_at_existing(target, Access::Write, Turn::Anyones)?;
    plan::compare(&facts)?;
    let head = plan::head(&facts.history);
    let wanted =
        Up { change, to: Some(head.text().to_owned()), queries: Vec::new(), judge: None, predicate: None };
    let failed = |source| Error::Database { doing: "building the schema anew", source };
    let beside = database.empty_beside().map_err(failed)?;
    let built = if head.is_none() { Ok(()) } else { build(&beside, target, &wanted, session) };
    let compared = built.and_then(|()| compare(database.as_mut(), &beside, target, &facts.place.table));
    let discarded = database.discard(&beside);
    database.close();
    let drift = compared?;
    discarded.map_err(failed)?;
    Ok(drift)
}

fn build(beside: &Url, target: &Target, wanted: &Up, session: &Session) -> Result<(), Error> {
    let connecting = |source| Error::Database { doing: "connecting to the new schema", source };
    let mut database = database::open(beside, Access::Create, target.lock_timeout).map_err(connecting)?;
    let facts = facts::ask(target, database.as_mut(), beside, Turn::Anyones)?;
    let plan = Plan { backup: None, ..plan::up(beside, wanted, &facts)? };
    let bounds = Bounds { budget: wanted.change.budget, patience: target.lock_timeout, keep: None };
    let done = apply::apply(&plan, &facts, database.as_mut(), bounds, session, &mut Done::default());
    database.close();
    done
}

/// What is in one schema and not in the other. The history is its tool's, which may have made it otherwise.
fn compare(live: &mut dyn Database, beside: &Url, target: &Target, history: &str) -> Result<Drift, Error> {
    let failed = |source: DatabaseError| Error::Database { doing: "comparing the schemas", source };
    let mut built = database::open(beside, Access::Read, target.lock_timeout).map_err(failed)?;
    let files = built.definitions();
    built.close();
    let (live, files) = (live.definitions().map_err(failed)?, files.map_err(failed)?);
    let only = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
        let kept = |line: &&String| !line.contains(progress::TABLE) && !line.contains(history);
        one.difference(other).filter(kept).cloned().collect()
    };
    Ok(Drift { live: only(&live, &files), files: only(&files, &live) })
}
