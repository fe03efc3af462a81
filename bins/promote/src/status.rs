//! `status`: what each environment runs, by its ledger and by its own word; writes nothing.

use ci::{Page, Report, Session, Stop};
use config::{Config, Environment};
use contract::EnvironmentName;
use deploy::{DeployError, Running};
use ledger::{Directory, History};
use serde_json::{Value, json};

use crate::args;

pub(crate) fn run(args: &args::Status, session: &Session) -> Result<Report, Stop> {
    let config = Config::load(&args.config)?;
    let ledger = Directory::new(config.ledger_directory(session)?);
    let mut rows = Vec::new();
    for (name, environment) in &config.environments {
        let history = ledger.read(name)?;
        let observed = observe(session, name, environment);
        rows.push(row(name, &history, &observed.as_ref().map_err(ToString::to_string)));
    }
    let page = Page::new().table(
        &["environment", "release", "since", "entry", "last event", "the target says"],
        rows.iter().map(|row| row.cells.clone()),
    );
    Ok(Report::new(page, rows.into_iter().map(|row| row.data).collect()))
}

fn observe(session: &Session, name: &EnvironmentName, at: &Environment) -> Result<Running, DeployError> {
    deploy::target(session, name, &at.target).observe()
}

struct Row {
    cells: [String; 6],
    data: Value,
}

fn row(name: &EnvironmentName, history: &History, observed: &Result<&Running, String>) -> Row {
    let running = history.running();
    let said = match (observed, running) {
        (Err(error), _) => format!("could not be asked: {error}"),
        (Ok(observed), Some(entry)) if **observed == entry.what.digests() => "the same".to_owned(),
        (Ok(observed), _) if observed.is_empty() => "nothing runs".to_owned(),
        (Ok(_), None) => "something runs that the ledger does not know: see `promote adopt`".to_owned(),
        (Ok(_), Some(_)) => "something else runs".to_owned(),
    };
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "none".to_owned());
    let data = json!({
        "environment": name,
        "release": running.map(|entry| &entry.what.release),
        "components": running.map(|entry| &entry.what.components),
        "since": running.map(|entry| entry.what.time),
        "sequence": running.map(|entry| entry.sequence),
        "lastEvent": history.last().map(|entry| entry.what.event.word()),
        "head": history.head(),
        "observed": observed.as_ref().ok(),
        "target": said,
    });
    let cells = [
        name.to_string(),
        or_none(running.map(|entry| entry.what.release.to_string())),
        or_none(running.map(|entry| entry.what.time.to_string())),
        or_none(running.map(|entry| entry.sequence.to_string())),
        or_none(history.last().map(|entry| entry.what.event.word().to_owned())),
        said,
    ];
    Row { cells, data }
}
