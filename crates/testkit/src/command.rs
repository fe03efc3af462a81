//! A binary under test: what it is given, in an environment with nothing else in it; judges nothing itself.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::child::{self, Signal, Watch};
use crate::run::Run;
use crate::runner::Runner;

/// Generous, for two cores shared by many; a test that must be faster says so.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A binary to be run: `testkit::bin(env!("CARGO_BIN_EXE_promote"))`.
pub fn bin(program: impl Into<PathBuf>) -> Cmd {
    Cmd {
        program: program.into(),
        args: Vec::new(),
        variables: BTreeMap::new(),
        stdin: None,
        dir: None,
        place: Place::Laptop,
        secrets: Vec::new(),
        timeout: TIMEOUT,
        signals: Vec::new(),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Laptop,
    Runner,
}

/// What a binary is given. Nothing of the test's own environment reaches it. Can be run more than once; each run has a
/// new home and new runner files.
#[derive(Clone, Debug)]
pub struct Cmd {
    program: PathBuf,
    args: Vec<OsString>,
    variables: BTreeMap<OsString, Option<OsString>>,
    stdin: Option<Vec<u8>>,
    dir: Option<PathBuf>,
    place: Place,
    secrets: Vec<String>,
    timeout: Duration,
    signals: Vec<(String, Signal)>,
}

impl Cmd {
    /// One more argument; need not be UTF-8.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// More arguments.
    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// A variable; stands above what [`Cmd::on_runner`] sets. Need not be UTF-8.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.variables.insert(name.as_ref().to_owned(), Some(value.as_ref().to_owned()));
        self
    }

    /// A variable whose value is these bytes.
    #[must_use]
    pub fn env_bytes(self, name: &str, value: &[u8]) -> Self {
        self.env(name, <OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(value))
    }

    /// Takes away a variable that would be set, `GITHUB_SHA` for example.
    #[must_use]
    pub fn without_env(mut self, name: &str) -> Self {
        self.variables.insert(name.into(), None);
        self
    }

    /// What it reads from standard input, which is empty otherwise.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// The directory it runs in; an empty one of its own otherwise.
    #[must_use]
    pub fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.dir = Some(dir.as_ref().to_owned());
        self
    }

    /// Runs it as a step of a push to `main` of `acme/app`, and reads its output as a runner does.
    #[must_use]
    pub fn on_runner(mut self) -> Self {
        self.place = Place::Runner;
        self
    }

    /// A value that must not show in anything it says, in any form.
    #[must_use]
    pub fn secret(mut self, value: impl Into<String>) -> Self {
        self.secrets.push(value.into());
        self
    }

    /// How long it may run before it is killed and the test fails.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sends it the signal as soon as `text` has appeared on either stream. Given twice: one after the other.
    #[must_use]
    pub fn signal_after_output(mut self, text: impl Into<String>, signal: Signal) -> Self {
        self.signals.push((text.into(), signal));
        self
    }

    /// Runs it and keeps all it said.
    ///
    /// # Panics
    /// If it breaks a rule of the runner, lets a secret out, outlives its time or leaves a process behind.
    #[track_caller]
    pub fn run(&self) -> Run {
        let run = self.run_unchecked();
        assert!(run.trouble().is_none(), "{}\n{}", run.trouble().unwrap_or_default(), run.transcript());
        let violations: Vec<String> = run.violations().iter().map(ToString::to_string).collect();
        assert!(violations.is_empty(), "rules broken:\n  {}\n{}", violations.join("\n  "), run.transcript());
        run
    }

    /// Runs it without judging: for tests that look at violations themselves.
    pub fn run_unchecked(&self) -> Run {
        if self.signals.is_empty() {
            return self.run_under(&[]);
        }
        // Whoever was started behind a `&` in a script ignores SIGINT, and so would a shell under test.
        self.run_under(&["/usr/bin/env", "--default-signal=INT,TERM"].map(OsString::from))
    }

    /// Runs it as the last arguments of another command.
    pub(crate) fn run_under(&self, wrapper: &[OsString]) -> Run {
        let temp = tempfile::tempdir().expect("a temporary directory can be made");
        let home = temp.path().join("home");
        let dir = self.dir.clone().unwrap_or_else(|| temp.path().join("work"));
        for made in [&home, &temp.path().join("work")] {
            std::fs::create_dir(made).expect("a temporary directory can be filled");
        }
        let runner = (self.place == Place::Runner).then(|| Runner::new(&temp.path().join("runner")));
        let words: Vec<&OsStr> = wrapper
            .iter()
            .map(OsString::as_os_str)
            .chain([self.program.as_os_str()])
            .chain(self.args.iter().map(OsString::as_os_str))
            .collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).current_dir(&dir).env_clear();
        command.env("PATH", "/usr/bin:/bin").env("HOME", &home).env("LANG", "C.UTF-8");
        // Where a coverage build is measured, its counters must not land in the directory under test.
        if let Some(profile) = std::env::var_os("LLVM_PROFILE_FILE") {
            command.env("LLVM_PROFILE_FILE", profile);
        }
        command.envs(runner.iter().flat_map(|runner| runner.variables(&dir)));
        for (name, value) in &self.variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let watch = Watch { stdin: self.stdin.as_deref(), timeout: self.timeout, signals: &self.signals };
        let finished = child::watch(&mut command, &watch);
        let observed = runner.map(|runner| runner.observe(&finished.stdout, &finished.stderr, &self.secrets));
        let places = [(dir, "[DIR]"), (home, "[HOME]"), (temp.path().to_owned(), "[TEMP]")];
        Run::new(self.line(), finished, observed, &self.secrets, &places)
    }

    /// The command as it would be typed.
    fn line(&self) -> String {
        let name = self.program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        std::iter::once(name)
            .chain(self.args.iter().map(|arg| quoted(&arg.to_string_lossy())))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@,+%[]".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
