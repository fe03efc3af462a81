//! What one run of a binary left behind, and what a test may ask of it; never runs anything.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::child::Finished;
use crate::failure::Failure;
use crate::leak;
use crate::runner::Observed;
use crate::violation::Violation;

/// One finished run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The exit status; 128 + n if signal n ended it.
    pub status: i32,
    /// Standard output, with `U+FFFD` for what is not UTF-8.
    pub stdout: String,
    /// Standard error, with `U+FFFD` for what is not UTF-8.
    pub stderr: String,
    /// What a runner would have understood, if it ran on one.
    pub observed: Option<Observed>,
    line: String,
    leaks: Vec<Violation>,
    trouble: Option<String>,
    replacements: Vec<(String, String)>,
}

impl Run {
    pub(crate) fn new(
        line: String,
        finished: Finished,
        observed: Option<Observed>,
        secrets: &[String],
        places: &[(PathBuf, &str)],
    ) -> Self {
        let stdout = String::from_utf8_lossy(&finished.stdout).into_owned();
        let stderr = String::from_utf8_lossy(&finished.stderr).into_owned();
        let leaks = if observed.is_some() {
            Vec::new()
        } else {
            leaks(secrets, &[("stdout", &stdout), ("stderr", &stderr)])
        };
        let replacements =
            places.iter().map(|(path, name)| (path.display().to_string(), (*name).to_owned())).collect();
        Self {
            status: finished.status,
            stdout,
            stderr,
            observed,
            line,
            leaks,
            trouble: finished.trouble,
            replacements,
        }
    }

    /// Why the run counts for nothing: it never started, ran too long, or left a process behind.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Every rule broken: the runner's on a runner, leaks anywhere.
    pub fn violations(&self) -> &[Violation] {
        self.observed.as_ref().map_or(&self.leaks, |observed| &observed.violations)
    }

    /// What a runner would have understood.
    ///
    /// # Panics
    /// If it did not run on one.
    #[track_caller]
    pub fn observed(&self) -> &Observed {
        self.observed.as_ref().expect("this run was not .on_runner()")
    }

    /// Asserts status 0.
    ///
    /// # Panics
    /// With the whole transcript.
    #[track_caller]
    pub fn succeeds(self) -> Self {
        self.exits(0)
    }

    /// Asserts the exit status.
    ///
    /// # Panics
    /// With the whole transcript.
    #[track_caller]
    pub fn exits(self, status: i32) -> Self {
        assert!(self.status == status, "status {} instead of {status}\n{}", self.status, self.transcript());
        self
    }

    /// Asserts the exit status and a well-formed failure of this code on standard error.
    ///
    /// # Panics
    /// With the whole transcript.
    #[track_caller]
    pub fn fails(self, status: i32, code: &str) -> Self {
        let run = self.exits(status);
        let failure = run.failure();
        assert!(failure.code == code, "failure {} instead of {code}\n{}", failure.code, run.transcript());
        run
    }

    /// The failure on standard error.
    ///
    /// # Panics
    /// If there is none, or it lacks one of its parts.
    #[track_caller]
    pub fn failure(&self) -> Failure {
        Failure::read(&self.stderr).unwrap_or_else(|lacks| panic!("{lacks}\n{}", self.transcript()))
    }

    /// Standard output as JSON.
    ///
    /// # Panics
    /// If it is not exactly one document.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no JSON on stdout: {error}\n{}", self.transcript()))
    }

    /// Replaces texts in the transcript: versions, times, ports. The directories replace themselves.
    #[must_use]
    pub fn redacting(mut self, pairs: &[(&str, &str)]) -> Self {
        self.replacements.extend(pairs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())));
        self
    }

    /// All that was said, as one stable text for a snapshot; what is empty is left out.
    pub fn transcript(&self) -> String {
        let mut text = format!("$ {}\nstatus: {}\n", self.line, self.status);
        section(&mut text, "stdout", &self.stdout);
        section(&mut text, "stderr", &self.stderr);
        if let Some(observed) = &self.observed {
            for (title, entries) in
                [("outputs", &observed.outputs), ("env", &observed.env), ("state", &observed.state)]
            {
                let listed: String = entries.iter().fold(String::new(), |mut listed, (name, value)| {
                    let _ = writeln!(listed, "{name}: {}", value.replace('\n', "\n  "));
                    listed
                });
                section(&mut text, title, &listed);
            }
            section(&mut text, "summary", &observed.summary);
            let annotations: Vec<String> = observed.annotations.iter().map(ToString::to_string).collect();
            section(&mut text, "annotations", &annotations.join("\n"));
        }
        // The longest first: one directory may lie in another.
        let mut replacements: Vec<_> =
            self.replacements.iter().filter(|(from, _)| !from.is_empty()).collect();
        replacements.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
        replacements.iter().fold(text, |text, (from, to)| text.replace(from.as_str(), to))
    }
}

fn section(text: &mut String, title: &str, body: &str) {
    if !body.is_empty() {
        let _ = writeln!(text, "── {title}\n{}", body.strip_suffix('\n').unwrap_or(body));
    }
}

fn leaks(secrets: &[String], streams: &[(&str, &str)]) -> Vec<Violation> {
    let mut found = Vec::new();
    for (place, text) in streams {
        for (index, secret) in secrets.iter().enumerate() {
            if let Some(form) = leak::find(secret, text) {
                found.push(Violation::new("leak", *place, format!("secret {} is there, {form}", index + 1)));
            }
        }
    }
    found
}
