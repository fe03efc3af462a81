//! Runs a workflow under act, on this machine and without a container, and reads what it did from act's JSON.
//!
//! act is more lenient than GitHub: undeclared outputs leave a composite action there, and inputs reach a step unasked. The first is
//! left out here; the second is why `agreement` looks at each `env:`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::stage::{PASSWORD, Stage};
use crate::{BINARIES, binary};

const TIMEOUT: Duration = Duration::from_mins(3);

/// What a run of a workflow left behind.
pub(crate) struct Log {
    lines: Vec<Value>,
    text: String,
}

/// An annotation of a step.
#[derive(Debug)]
pub(crate) struct Annotation {
    pub(crate) level: String,
    pub(crate) title: String,
    pub(crate) message: String,
}

impl Log {
    /// Runs a workflow of a stage with the binaries of this build; `event` are act's own words for what sets it off.
    ///
    /// # Panics
    /// If a job does not end well.
    pub(crate) fn of(stage: &Stage, workflow: &str, event: &[&str]) -> Self {
        let binaries = BINARIES.map(binary::program);
        let directory = binaries[0].parent().unwrap().display().to_string();
        let (ours, stubs) = (stage.outside.join("seaworthy"), stage.outside.join("bin"));
        let key = stage.outside.bytes("release.key").unwrap_or_else(|| b"none".to_vec());
        let run = testkit::bin(testkit::tools::tool("act"))
            .args(event)
            .args([
                "--json",
                "--platform",
                "ubuntu-latest=-self-hosted",
                "--platform",
                "self-hosted=-self-hosted",
            ])
            .args(["--workflows", &format!(".github/workflows/{workflow}")])
            .args([
                "--local-repository",
                &format!("seaworthy-dev/seaworthy@{}={}", "0".repeat(40), ours.display()),
            ])
            .args(["--env", &format!("SEAWORTHY_BIN_DIR={directory}")])
            .args(["--var", &format!("BASE_URL=http://{}", stage.addresses[0])])
            .args(["--secret", "COSIGN_PASSWORD", "--secret", "COSIGN_KEY"])
            .env("COSIGN_PASSWORD", PASSWORD)
            .env_bytes("COSIGN_KEY", &key)
            .env("PATH", format!("{}:/usr/bin:/bin", stubs.display()))
            .dir(stage.team.path())
            .timeout(TIMEOUT)
            .run_unchecked();
        let lines: Vec<Value> =
            run.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let log = Self { text: said(&lines) + &run.stderr, lines };
        assert!(run.trouble().is_none(), "{:?}\n{}", run.trouble(), log.text);
        assert_eq!(run.status, 0, "{}", log.text);
        let mut jobs = log.lines.iter().filter_map(|line| line["jobResult"].as_str()).peekable();
        assert!(jobs.peek().is_some() && jobs.all(|result| result == "success"), "{}", log.text);
        log
    }

    /// Everything that a person would read in the log.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// How a step ended.
    pub(crate) fn result(&self, step: &str) -> &str {
        let result = self.lines[self.end(step)]["stepResult"].as_str();
        result.expect("a step ends with a word")
    }

    /// The outputs of an action's step, with the empty ones.
    pub(crate) fn outputs(&self, step: &str) -> BTreeMap<&str, &str> {
        // What act tells after the step's end are outputs of its inner steps.
        let lines = self.lines[..self.end(step)].iter();
        let outputs = lines.filter(|line| line["command"] == "set-output" && path(line) == [step]);
        outputs.filter_map(|line| Some((line["name"].as_str()?, line["arg"].as_str()?))).collect()
    }

    /// The annotations of a step and of what it is made of.
    pub(crate) fn annotations(&self, step: &str) -> Vec<Annotation> {
        let of_step = self.lines.iter().filter(|line| path(line).first() == Some(&step));
        of_step
            .filter_map(|line| {
                let level =
                    line["command"].as_str().filter(|one| ["error", "warning", "notice"].contains(one))?;
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let (title, message) = (text(&line["kvPairs"]["title"]), text(&line["arg"]));
                Some(Annotation { level: level.to_owned(), title, message })
            })
            .collect()
    }

    /// The summary of the job, as far as a step wrote it.
    pub(crate) fn summary(&self, step: &str) -> String {
        let of_step = self
            .lines
            .iter()
            .filter(|line| line["command"] == "summary" && path(line).first() == Some(&step));
        of_step.filter_map(|line| line["content"].as_str()).collect()
    }

    fn end(&self, step: &str) -> usize {
        let ends =
            |line: &Value| line["stage"] == "Main" && !line["stepResult"].is_null() && path(line) == [step];
        self.lines.iter().position(ends).unwrap_or_else(|| panic!("no step `{step}` ended\n{}", self.text))
    }
}

/// The ids of a step, from the job's own to the innermost.
fn path(line: &Value) -> Vec<&str> {
    line["stepID"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The texts of all lines. A mask is told to the runner in plain; only act's JSON shows it.
fn said(lines: &[Value]) -> String {
    let lines = lines.iter().filter(|line| line["command"] != "add-mask");
    lines
        .flat_map(|line| [&line["msg"], &line["content"]])
        .filter_map(Value::as_str)
        .fold(String::new(), |text, one| text + one.trim_end() + "\n")
}
