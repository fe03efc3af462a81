//! A GitHub runner as a binary sees it: its variables and files before, its strict reading after; never starts a
//! process. The rules are those of the runner's source (2026-08), and stricter where a rule of ours asks for more.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::env_file::EnvFile;
use crate::leak;
use crate::log::{self, Annotation, Level};
use crate::violation::Violation;

/// A step summary above this is not uploaded.
pub const SUMMARY_BYTES_MAX: usize = 1_048_576;
/// The commit of the fake run.
pub const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

/// What an earlier process of the same step wrote: whoever truncates instead of appending loses it.
const EARLIER_ENTRY: &str = "earlier<<ghadelimiter_5f2d3c1b0a9e8d7c\nkept\nghadelimiter_5f2d3c1b0a9e8d7c\n";
const EARLIER_SUMMARY: &str = "<!-- earlier -->\n";

/// Everything a runner would have understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// `GITHUB_OUTPUT`.
    pub outputs: BTreeMap<String, String>,
    /// `GITHUB_ENV`.
    pub env: BTreeMap<String, String>,
    /// `GITHUB_STATE`.
    pub state: BTreeMap<String, String>,
    /// `GITHUB_STEP_SUMMARY`.
    pub summary: String,
    /// Errors, warnings and notices, standard output's first.
    pub annotations: Vec<Annotation>,
    /// Every value given to `add-mask`, and each line of it.
    pub masks: Vec<String>,
    /// Lines between stop-commands and its token, which the runner did not read.
    pub relayed: Vec<String>,
    /// Every rule broken; a test wants none.
    pub violations: Vec<Violation>,
}

impl Observed {
    /// Whether a rule of this name was broken.
    pub fn breaks(&self, rule: &str) -> bool {
        self.violations.iter().any(|violation| violation.rule == rule)
    }
}

/// The bytes of one step, before they are understood.
#[derive(Clone, Debug, Default)]
pub struct Raw {
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
    /// The file `GITHUB_OUTPUT` names.
    pub output: Vec<u8>,
    /// The file `GITHUB_ENV` names.
    pub env: Vec<u8>,
    /// The file `GITHUB_STATE` names.
    pub state: Vec<u8>,
    /// The file `GITHUB_PATH` names.
    pub path: Vec<u8>,
    /// The file `GITHUB_STEP_SUMMARY` names.
    pub summary: Vec<u8>,
}

/// Reads a step's bytes. `secrets` must not occur in any of them, in any form.
pub fn observe(raw: &Raw, secrets: &[String]) -> Observed {
    let (stdout, stderr) = (log::read("stdout", &raw.stdout), log::read("stderr", &raw.stderr));
    let mut violations = [&stdout, &stderr].iter().flat_map(|log| log.violations.clone()).collect::<Vec<_>>();
    if (stdout.stops > 0 && stderr.commands > 0) || (stderr.stops > 0 && stdout.commands > 0) {
        let what = "the runner reads both streams in no fixed order, so a fence on one swallows commands on the other";
        violations.push(Violation::new("two-streams", "stdout and stderr", what));
    }
    let mut file = |file: EnvFile, bytes: &[u8]| {
        let (entries, found) = file.parse(bytes);
        violations.extend(found);
        entries
    };
    let mut observed = Observed {
        outputs: file(EnvFile::Output, &raw.output),
        env: file(EnvFile::Env, &raw.env),
        state: file(EnvFile::State, &raw.state),
        summary: String::from_utf8_lossy(&raw.summary).into_owned(),
        annotations: [stdout.annotations, stderr.annotations].concat(),
        masks: [stdout.masks, stderr.masks].concat(),
        relayed: [stdout.relayed, stderr.relayed].concat(),
        violations,
    };
    limits(&mut observed, raw);
    leaks(&mut observed, secrets, &[("stdout", &stdout.said), ("stderr", &stderr.said)]);
    observed
}

fn limits(observed: &mut Observed, raw: &Raw) {
    let mut note =
        |rule, place: &str, what: String| observed.violations.push(Violation::new(rule, place, what));
    if std::str::from_utf8(&raw.summary).is_err() {
        note("not-utf8", "summary", "the summary is not UTF-8".to_owned());
    }
    if raw.summary.len() > SUMMARY_BYTES_MAX {
        note("too-large", "summary", format!("{} bytes: the runner drops it whole", raw.summary.len()));
    }
    if !raw.path.is_empty() {
        note("path-changed", "GITHUB_PATH", "no binary of ours changes PATH for later steps".to_owned());
    }
    for level in [Level::Error, Level::Warning, Level::Notice] {
        let count = observed.annotations.iter().filter(|annotation| annotation.level == level).count();
        if count > log::ANNOTATIONS_MAX {
            note("too-many-annotations", level.name(), format!("{count}, and the runner shows ten"));
        }
    }
}

/// Looks through everything as it was written, and through annotations as they will be read.
fn leaks(observed: &mut Observed, secrets: &[String], streams: &[(&str, &str)]) {
    let mut texts: Vec<(String, String)> =
        streams.iter().map(|(place, text)| ((*place).to_owned(), (*text).to_owned())).collect();
    texts.push(("summary".to_owned(), observed.summary.clone()));
    let files = [
        ("GITHUB_OUTPUT", &observed.outputs),
        ("GITHUB_ENV", &observed.env),
        ("GITHUB_STATE", &observed.state),
    ];
    for (file, entries) in files {
        texts.extend(entries.iter().map(|(name, value)| (format!("{file} {name}"), value.clone())));
    }
    texts.extend(observed.annotations.iter().map(|one| ("annotation".to_owned(), one.to_string())));
    for (kind, values) in [("masked value", &observed.masks[..]), ("secret", secrets)] {
        for (index, value) in values.iter().enumerate() {
            let found = texts.iter().filter_map(|(place, text)| Some((place, leak::find(value, text)?)));
            observed.violations.extend(found.map(|(place, form)| {
                Violation::new("leak", place.as_str(), format!("{kind} {} is there, {form}", index + 1))
            }));
        }
    }
}

/// The runner's files on disk for one step.
#[derive(Clone, Debug)]
pub struct Runner {
    dir: PathBuf,
}

impl Runner {
    /// Lays the files out in `dir`, each with what an earlier process of the step wrote.
    pub fn new(dir: &Path) -> Self {
        fs::create_dir_all(dir.join("temp")).expect("the runner's directory can be made");
        for (name, text) in [
            ("output", EARLIER_ENTRY),
            ("env", EARLIER_ENTRY),
            ("state", EARLIER_ENTRY),
            ("path", ""),
            ("summary", EARLIER_SUMMARY),
            ("event.json", "{}\n"),
        ] {
            fs::write(dir.join(name), text).expect("the runner's files can be written");
        }
        Self { dir: dir.to_owned() }
    }

    /// The variables of a push to `main` of `acme/app`.
    pub fn variables(&self, workspace: &Path) -> Vec<(&'static str, OsString)> {
        let path = |name: &str| self.dir.join(name).into_os_string();
        let texts = [
            ("CI", "true"),
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_ACTION", "__run"),
            ("GITHUB_ACTOR", "octocat"),
            ("GITHUB_API_URL", "https://api.github.com"),
            ("GITHUB_EVENT_NAME", "push"),
            ("GITHUB_JOB", "release"),
            ("GITHUB_REF", "refs/heads/main"),
            ("GITHUB_REF_NAME", "main"),
            ("GITHUB_REF_TYPE", "branch"),
            ("GITHUB_REPOSITORY", "acme/app"),
            ("GITHUB_REPOSITORY_ID", "123456"),
            ("GITHUB_REPOSITORY_OWNER", "acme"),
            ("GITHUB_RUN_ATTEMPT", "1"),
            ("GITHUB_RUN_ID", "987654321"),
            ("GITHUB_RUN_NUMBER", "42"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_SHA", SHA),
            ("GITHUB_WORKFLOW", "release"),
            ("GITHUB_WORKFLOW_REF", "acme/app/.github/workflows/release.yml@refs/heads/main"),
            ("RUNNER_ARCH", "X64"),
            ("RUNNER_ENVIRONMENT", "github-hosted"),
            ("RUNNER_NAME", "testkit"),
            ("RUNNER_OS", "Linux"),
        ];
        let paths = [
            ("GITHUB_ENV", path("env")),
            ("GITHUB_EVENT_PATH", path("event.json")),
            ("GITHUB_OUTPUT", path("output")),
            ("GITHUB_PATH", path("path")),
            ("GITHUB_STATE", path("state")),
            ("GITHUB_STEP_SUMMARY", path("summary")),
            ("GITHUB_WORKSPACE", workspace.as_os_str().to_owned()),
            ("RUNNER_TEMP", path("temp")),
        ];
        texts.into_iter().map(|(name, value)| (name, OsString::from(value))).chain(paths).collect()
    }

    /// Reads what the step left behind.
    pub fn observe(&self, stdout: &[u8], stderr: &[u8], secrets: &[String]) -> Observed {
        let mut truncated = Vec::new();
        let mut appended = |name: &str, earlier: &str| {
            let bytes = fs::read(self.dir.join(name)).unwrap_or_default();
            if let Some(rest) = bytes.strip_prefix(earlier.as_bytes()) {
                return rest.to_vec();
            }
            truncated.push(Violation::new(
                "truncated",
                name,
                "what an earlier process of the step wrote is gone",
            ));
            bytes
        };
        let raw = Raw {
            stdout: stdout.to_vec(),
            stderr: stderr.to_vec(),
            output: appended("output", EARLIER_ENTRY),
            env: appended("env", EARLIER_ENTRY),
            state: appended("state", EARLIER_ENTRY),
            path: appended("path", ""),
            summary: appended("summary", EARLIER_SUMMARY),
        };
        let mut observed = observe(&raw, secrets);
        observed.violations.extend(truncated);
        observed
    }
}
