//! One run of a binary: who asks, what may be shown, where things are told; never what the run is about.

use std::{
    io::{Write, stderr},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use contract::{Commit, Release, Secret};
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    arguments::{Common, Format},
    env::{Env, InputError},
    mask::Masks,
    process::{Finished, Program},
    progress::Progress,
    record::{self, RecordError},
    report::Report,
    signals::{self, Interrupted},
    token::token,
    workflow,
};

/// Whether effects are carried out or only shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Carry them out.
    Apply,
    /// Show the plan (`--dry-run`).
    DryRun,
}

/// The GitHub runner that this run has around it.
#[derive(Clone, Debug, Default)]
pub struct Runner {
    pub(crate) output: Option<PathBuf>,
    pub(crate) environment: Option<PathBuf>,
    pub(crate) summary: Option<PathBuf>,
    run_url: Option<String>,
    actor: Option<String>,
    repository: Option<String>,
}

impl Runner {
    fn of(env: &Env) -> Option<Self> {
        let text = |name: &str| env.lossy(name);
        let run_url = || {
            let (server, repository, run) =
                (text("GITHUB_SERVER_URL")?, text("GITHUB_REPOSITORY")?, text("GITHUB_RUN_ID")?);
            Some(format!("{server}/{repository}/actions/runs/{run}"))
        };
        env.is_true("GITHUB_ACTIONS").then(|| Self {
            output: env.raw("GITHUB_OUTPUT").map(PathBuf::from),
            environment: env.raw("GITHUB_ENV").map(PathBuf::from),
            summary: env.raw("GITHUB_STEP_SUMMARY").map(PathBuf::from),
            run_url: run_url(),
            actor: text("GITHUB_ACTOR"),
            repository: text("GITHUB_REPOSITORY"),
        })
    }

    /// The page of this workflow run.
    pub fn run_url(&self) -> Option<&str> {
        self.run_url.as_deref()
    }

    /// Who started it.
    pub fn actor(&self) -> Option<&str> {
        self.actor.as_deref()
    }

    /// The repository, `owner/name`.
    pub fn repository(&self) -> Option<&str> {
        self.repository.as_deref()
    }
}

/// One run of a binary.
pub struct Session {
    env: Env,
    common: Common,
    runner: Option<Runner>,
    masks: Arc<Mutex<Masks>>,
    now: Timestamp,
}

impl Session {
    /// A run in this environment. `SEAWORTHY_CLOCK` (seconds since 1970) sets its clock, for tests and drills.
    pub fn new(env: Env, common: Common) -> Self {
        let now = seconds(&env, "SEAWORTHY_CLOCK").unwrap_or_else(Timestamp::now);
        Self { runner: Runner::of(&env), env, common, masks: Arc::default(), now }
    }

    /// The environment.
    pub fn env(&self) -> &Env {
        &self.env
    }

    /// Whether effects are carried out.
    pub fn mode(&self) -> Mode {
        if self.common.dry_run { Mode::DryRun } else { Mode::Apply }
    }

    /// What standard output carries.
    pub fn format(&self) -> Format {
        self.common.format
    }

    /// When the run began: what gates, ledgers and ages are reckoned by.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// When an artifact counts as made: `SOURCE_DATE_EPOCH` (reproducible-builds.org), else now. Never for a decision: a workflow that
    /// sets the variable for its builds would stop the clock of its gates.
    pub fn stamp(&self) -> Result<Timestamp, InputError> {
        Ok(self.env.source_date()?.unwrap_or(self.now))
    }

    /// The runner, on one.
    pub fn runner(&self) -> Option<&Runner> {
        self.runner.as_ref()
    }

    /// Who acts: the runner's actor, else the user of this machine.
    pub fn actor(&self) -> String {
        let runner = self.runner().and_then(Runner::actor).map(str::to_owned);
        runner.or_else(|| self.env.lossy("USER")).unwrap_or_else(|| "unknown".to_owned())
    }

    /// The commit this run is about: the runner's, else the one checked out here.
    pub fn commit(&self) -> Option<Commit> {
        if let Some(sha) = self.env.lossy("GITHUB_SHA") {
            return sha.parse().ok();
        }
        let head = Program::new("git").args(["rev-parse", "--verify", "HEAD"]).limit(Duration::from_secs(5));
        head.output().ok().filter(Finished::is_success)?.text().trim().parse().ok()
    }

    /// A variable that holds a secret; it is masked before anything can print it.
    pub fn secret(&self, name: &str) -> Result<Option<Secret>, InputError> {
        let secret = self.env.text(name)?.map(Secret::new);
        if let Some(secret) = &secret {
            self.mask(secret);
        }
        Ok(secret)
    }

    /// From now on this text is shown by nobody: every text that leaves through us is redacted, and the runner is told.
    pub fn mask(&self, secret: &Secret) {
        self.masker()(secret);
    }

    /// What does the same for whoever meets secrets later, such as a client that fetches tokens.
    pub fn masker(&self) -> impl Fn(&Secret) + Send + Sync + use<> {
        let (masks, on_runner) = (Arc::clone(&self.masks), self.runner.is_some());
        move |secret| {
            let new = masks.lock().unwrap_or_else(PoisonError::into_inner).add(secret.reveal());
            if on_runner {
                tell(&new.iter().map(|form| workflow::add_mask(form)).collect::<String>());
            }
        }
    }

    /// The text without any masked one.
    pub fn redact(&self, text: &str) -> String {
        self.masks().redact(text)
    }

    /// The report without any masked text. Most have none: that is seen by one search through all texts, which a thousand rows feel.
    pub(crate) fn redacted(&self, mut report: Report) -> Report {
        let masks = self.masks();
        if masks.is_empty() {
            return report;
        }
        let mut all = String::new();
        report.each_text(&mut |text| {
            all.push_str(text);
            all.push('\0');
        });
        if masks.is_in(&all) {
            report.each_text(&mut |text| *text = masks.redact(text));
        }
        report
    }

    /// What programs are told, made only if they listen: a history of a thousand rows is long.
    pub fn data(&self, make: impl FnOnce() -> Value) -> Value {
        match self.format() {
            Format::Json => make(),
            Format::Human => Value::Null,
        }
    }

    fn masks(&self) -> MutexGuard<'_, Masks> {
        self.masks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes foreign text on, redacted, so that it can command neither a terminal nor the runner.
    pub fn relay(&self, from: &str, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        let visible = |one: &char| !one.is_control() || matches!(one, '\n' | '\t');
        // Redacted last: a secret with a control character in it is none until that is gone.
        let text = self.redact(&text.chars().filter(visible).collect::<String>());
        let lines: String = text.lines().map(|line| format!("{from} | {line}\n")).collect();
        tell(&if self.runner.is_some() { workflow::stopped(&lines, &token()) } else { lines });
    }

    /// Says what goes on, for whoever waits longer than a second.
    pub fn progress(&self, text: impl Into<String>) -> Progress {
        Progress::start(text.into(), Arc::clone(&self.masks))
    }

    /// Whether the run was asked to end.
    pub fn interrupted(&self) -> bool {
        signals::asked()
    }

    /// Ends the run here if it was asked to: between two effects, never within one.
    pub fn check_interrupt(&self) -> Result<(), Interrupted> {
        if self.interrupted() { Err(Interrupted) } else { Ok(()) }
    }

    /// The release record of this run; an empty one where there is no file.
    pub fn release(&self) -> Result<Release, RecordError> {
        record::read(&self.common.release_file, self.commit())
    }

    /// Writes the release record back; a dry run leaves it alone.
    pub fn save(&self, release: &Release) -> Result<(), RecordError> {
        match self.mode() {
            Mode::Apply => record::write(&self.common.release_file, release),
            Mode::DryRun => Ok(()),
        }
    }
}

fn seconds(env: &Env, variable: &str) -> Option<Timestamp> {
    Timestamp::from_second(env.lossy(variable)?.parse().ok()?).ok()
}

/// Writes to standard error. Where nobody listens there is nobody to tell that.
pub(crate) fn tell(text: &str) {
    _ = stderr().write_all(text.as_bytes());
}
