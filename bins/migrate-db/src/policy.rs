//! When a contract step may run: once no release that can still come to run uses what goes, as the ledger says, or somebody approved; pure,
//! and never about what the step does.

mod error;

use ci::Place;
use contract::{EnvironmentName, Version as Release};
use ledger::{Entry, History};

use crate::{
    error::Error,
    facts::Facts,
    layout::{Migration, Phase, directive::Directives, judge},
    plan::{self, Plan},
};
pub use error::PolicyError;

/// A step that breaks the release before it, and what its file says of that.
#[derive(Debug)]
pub struct Contract {
    place: Place,
    version: String,
    said: Directives,
}

/// What is known of the releases of an environment.
#[derive(Debug)]
pub enum Known {
    /// Nobody said which environment it is, or which ledger it has.
    Nothing,
    /// What its ledger says.
    History(EnvironmentName, History),
}

/// The contract steps of a plan. On a database that nothing was applied to no release runs, and what came with a package can say nothing.
pub fn of_plan(plan: &Plan<'_>, facts: &Facts) -> Result<Vec<Contract>, Error> {
    if plan.before.is_none() || plan.goes_down() {
        return Ok(Vec::new());
    }
    let contracts = plan.steps.iter().filter(|step| step.phase == Phase::Contract);
    let files = contracts.filter_map(|step| facts.migrations.iter().find(|one| one.version == *step.version));
    files.filter(|one| !one.up.is_elsewhere()).map(|one| Contract::of(one, facts)).collect()
}

/// The contract steps of the files above a version, or of all.
pub fn of_files(facts: &Facts, since: Option<&str>) -> Result<Vec<Contract>, Error> {
    let versions = || facts.migrations.iter().map(|one| &one.version);
    let since = since.map(|typed| plan::meant(typed, versions())).transpose()?;
    let above = facts.migrations.iter().filter(|one| since.is_none_or(|since| one.version > *since));
    let contracts = above.filter(|one| {
        let (phase, _) = judge::stated(one, facts.layout, facts.place.dialect);
        phase == Phase::Contract && !one.up.is_elsewhere()
    });
    contracts.map(|one| Contract::of(one, facts)).collect()
}

impl Contract {
    fn of(one: &Migration, facts: &Facts) -> Result<Self, Error> {
        let said = judge::directives(one, facts.place.dialect)?;
        let place = Place { file: one.up.file.clone(), line: None };
        Ok(Self { place, version: one.version.to_string(), said })
    }

    /// The version of its file.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether only a ledger can let it in.
    pub fn needs_ledger(&self) -> bool {
        self.said.approval.is_none()
    }
}

/// The releases that run or can come to run without anybody deciding about the database again: the one that runs, the one that an unfinished
/// change may have left running, and the one that a rollback restores.
fn can_run(history: &History) -> Vec<&Entry> {
    let present = history.present();
    let before = present.and_then(|present| history.earlier(present).into_iter().next());
    present.into_iter().chain(history.running()).chain(before).collect()
}

/// Lets the steps in, or says which may not run yet.
pub fn judge(steps: &[Contract], known: &Known) -> Result<(), PolicyError> {
    for step in steps.iter().filter(|step| step.needs_ledger()) {
        let (place, version) = (|| step.place.clone(), || step.version.clone());
        match (&step.said.unused_since, known) {
            // Without a ledger the file's word that it is a contract step is all there is.
            (None, Known::Nothing) => {}
            (Some(_), Known::Nothing) => {
                return Err(PolicyError::NoLedger { place: place(), version: version() });
            }
            (None, Known::History(environment, _)) => {
                let environment = environment.clone();
                return Err(PolicyError::Unsaid { place: place(), version: version(), environment });
            }
            (Some(since), Known::History(environment, history)) => {
                if let Some(runs) = uses(since, history) {
                    let runs = format!("{runs} in {environment}");
                    let since = since.to_string();
                    return Err(PolicyError::TooEarly { place: place(), version: version(), since, runs });
                }
            }
        }
    }
    Ok(())
}

/// A release that can still come to run and may use what goes.
fn uses(since: &Release, history: &History) -> Option<String> {
    let can_run = can_run(history);
    if can_run.is_empty() {
        return Some("no release that the ledger knows".to_owned());
    }
    let is_older = |entry: &&Entry| entry.what.release.version.as_ref().is_none_or(|version| version < since);
    can_run.into_iter().find(is_older).map(|entry| entry.what.release.to_string())
}

#[cfg(test)]
mod tests;
