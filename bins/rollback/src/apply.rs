//! Goes back: intent, incident, database, switch, outcome; the only room that writes, and it decides nothing.

mod down;

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use ci::{Session, Stop, files};
use jiff::Timestamp;
use ledger::{Entry, Event, Head, Held, History};

use crate::{
    context::Context,
    database::Decision,
    facts::Facts,
    incident::{self, Incident},
    plan::{Plan, Steps, Told},
};

/// How a way back ended.
pub(crate) struct Done {
    /// The ledger's newest entry.
    pub(crate) entry: Entry,
    /// Its number and digest.
    pub(crate) head: Head,
    /// The incident file.
    pub(crate) incident: PathBuf,
    /// Why it failed, if it did.
    pub(crate) failure: Option<Stop>,
}

/// Goes back. The schema goes down first: the earlier code must never meet a schema that breaks it, and of the two it is the one that is
/// meant to stay; the release that is left, which is known to be bad, may stumble for the moment in between.
pub(crate) fn restore(
    plan: &Plan,
    steps: Steps,
    context: &Context,
    lock: &Held,
    session: &Session,
) -> Result<Done, Stop> {
    let begun = Instant::now();
    let tell = |reason: String| Told {
        time: session.now() + Duration::from_secs(begun.elapsed().as_secs()),
        actor: session.actor(),
        run_url: session.runner().and_then(ci::Runner::run_url).map(str::to_owned),
        reason,
    };
    session.check_interrupt()?;
    if steps.continues.is_none() {
        let intent = Event::Intent { rollback: Some(plan.way()) };
        lock.append(plan.draft(intent, tell(context.reason.clone())))?;
    }
    write_incident(plan, context, &lock.read()?, session)?;
    let (event, failure) = match go(plan, steps, context, session) {
        Ok(()) => (Event::RolledBack(plan.way()), None),
        Err(stop) => (Event::Failed { rollback: Some(plan.way()) }, Some(stop)),
    };
    let reason = failure.as_ref().map_or_else(|| context.reason.clone(), |stop| stop.failure.to_string());
    let (entry, head) = lock.append(plan.draft(event, tell(session.redact(&reason))))?;
    let incident = write_incident(plan, context, &lock.read()?, session)?;
    Ok(Done { entry, head, incident, failure })
}

fn go(plan: &Plan, steps: Steps, context: &Context, session: &Session) -> Result<(), Stop> {
    if let (Decision::Down { to, .. }, Some(database)) = (&plan.database, &context.environment.database)
        && let Some(command) = &database.down
    {
        down::run(command, to, session)?;
    }
    session.check_interrupt()?;
    if steps.switch {
        let target = deploy::target(session, &context.name, &context.environment.target);
        deploy::switch(&*target, &plan.wanted())?;
    }
    Ok(())
}

/// Writes the incident of a way back as the ledger tells it: open while there is an intent, completed by the outcome. Written again it is
/// the same.
pub(crate) fn write_incident(
    plan: &Plan,
    context: &Context,
    history: &History,
    session: &Session,
) -> Result<PathBuf, Stop> {
    let way = plan.way();
    let intent = Event::Intent { rollback: Some(way) };
    let is_done = |entry: &&Entry| entry.what.event == Event::RolledBack(way);
    let done = history.entries().iter().rev().find(is_done);
    // The first intent: going the same way again, after a reboot say, is the same incident.
    let opened = history.entries().iter().find(|entry| entry.what.event == intent).or(done);
    let Some(opened) = opened.map(|entry| &entry.what) else {
        return stay(plan, context, history, session);
    };
    let incident = Incident {
        environment: &context.name,
        url: context.environment.url.as_deref(),
        opened: opened.time,
        actor: &opened.actor,
        run_url: opened.run_url.as_deref(),
        reason: opened.reason.as_deref().unwrap_or_default(),
        bad: &plan.from,
        restored: Some(&plan.to),
        database: Some(&plan.database),
        done,
        history,
    };
    save(&incident, context, session)
}

/// Writes the incident of a release that stays. One that is open already says so since its first day.
pub(crate) fn stay(
    plan: &Plan,
    context: &Context,
    history: &History,
    session: &Session,
) -> Result<PathBuf, Stop> {
    open(&plan.from, Some(&plan.database), context, history, session)
}

/// Opens an incident about this release, unless one is open.
pub(crate) fn open(
    bad: &Entry,
    database: Option<&Decision>,
    context: &Context,
    history: &History,
    session: &Session,
) -> Result<PathBuf, Stop> {
    if let Some(path) = existing(context, bad)? {
        return Ok(path);
    }
    let actor = session.actor();
    let incident = Incident {
        environment: &context.name,
        url: context.environment.url.as_deref(),
        opened: session.now(),
        actor: &actor,
        run_url: session.runner().and_then(ci::Runner::run_url),
        reason: &context.reason,
        bad,
        restored: None,
        database,
        done: None,
        history,
    };
    save(&incident, context, session)
}

fn save(incident: &Incident<'_>, context: &Context, session: &Session) -> Result<PathBuf, Stop> {
    let path = path(incident.bad, incident.opened, context)?;
    let told = session.redact(&incident.markdown());
    let written = files::read_text_if_there(&path)?;
    files::write(&path, incident::keeping_what_people_wrote(&told, written.as_deref()).as_bytes())?;
    Ok(path)
}

/// Where the incident with this release lies, or would lie if it were opened at this time.
pub(crate) fn path(bad: &Entry, opened: Timestamp, context: &Context) -> Result<PathBuf, Stop> {
    let name = format!("{}-{}-{}.md", incident::day(opened), context.name, bad.sequence);
    Ok(existing(context, bad)?.unwrap_or_else(|| context.incidents.join(name)))
}

/// The file of the incident with this release, whatever day it was opened.
fn existing(context: &Context, bad: &Entry) -> Result<Option<PathBuf>, Stop> {
    let end = format!("-{}-{}.md", context.name, bad.sequence);
    let found = match fs::read_dir(&context.incidents) {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(files::FileError::Unreadable { path: context.incidents.clone(), source }.into());
        }
    };
    let mut names: Vec<PathBuf> = found.filter_map(|entry| Some(entry.ok()?.path())).collect();
    names.sort();
    // The length is compared too, so that `eu-production` is not taken for `production`.
    let is_it = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.len() == incident::DATE_CHARACTERS + end.len() && name.ends_with(&end)
    };
    Ok(names.into_iter().find(is_it))
}

/// The newest entry, when there was nothing to do.
pub(crate) fn nothing(
    plan: &Plan,
    context: &Context,
    facts: &Facts,
    session: &Session,
) -> Result<Done, Stop> {
    let incident = write_incident(plan, context, &facts.history, session)?;
    let entry = facts.history.last().unwrap_or(&plan.to).clone();
    Ok(Done { entry, head: facts.history.head(), incident, failure: None })
}
