//! Takes the schema down by the configured command, `--to VERSION` appended; a sibling of this binary is found beside it.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use ci::{Session, Stop, process::Program};

use crate::error::Error;

/// How long the schema may take to go down.
const DOWN_DURATION_MAX: Duration = Duration::from_mins(30);

/// Variables that mean this step and must not reach another program: its inputs, and the files its outputs go to.
const OURS: [&str; 7] = [
    "INPUT_",
    "GITHUB_ACTIONS",
    "GITHUB_OUTPUT",
    "GITHUB_STEP_SUMMARY",
    "GITHUB_ENV",
    "GITHUB_PATH",
    "GITHUB_STATE",
];

/// Runs the command. It may be run again: it undoes what is above the version, and nothing if nothing is.
pub(super) fn run(command: &config::Program, to: &str, session: &Session) -> Result<(), Stop> {
    let _progress = session.progress(format!("database: {command} --to {to}"));
    let theirs = session.env().all().filter(|(name, _)| !OURS.iter().any(|ours| name.starts_with(ours)));
    let program = Program::new(found(&command.name))
        .args(&command.arguments)
        .args(["--to", to])
        .only_env(theirs.map(|(name, value)| (OsString::from(name), OsString::from(value))))
        .limit(DOWN_DURATION_MAX);
    let done = program.output().map_err(Error::DownProcess)?;
    session.relay(&command.name, &done.all_text());
    if done.is_success() { Ok(()) } else { Err(Error::DownStatus(done.status).into()) }
}

/// A plain name is looked for beside this binary before PATH is: the seven are installed together.
fn found(name: &str) -> PathBuf {
    let beside = || {
        let sibling = std::env::current_exe().ok()?.with_file_name(name);
        sibling.is_file().then_some(sibling)
    };
    let plain = !name.contains('/');
    plain.then(beside).flatten().unwrap_or_else(|| PathBuf::from(name))
}
