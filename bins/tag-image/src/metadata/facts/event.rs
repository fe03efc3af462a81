//! The event that started the workflow, as the runner tells it (variables `GITHUB_*` and the webhook payload); never git, never the network.

use std::path::Path;

use ci::files;
use jiff::Timestamp;
use serde::Deserialize;

use super::{Repository, RepositoryMembers};
use crate::metadata::{
    Manner,
    context::{Context, HeadOf},
    error::MetadataError,
};

/// The largest payload, in bytes: GitHub sends at most 25 MB.
const PAYLOAD_BYTES_MAX: u64 = 26 << 20;

/// What this run is about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Run {
    /// The name of the event, such as `push`.
    pub(crate) event: String,
    /// The full git reference, empty where there is none.
    pub(crate) reference: String,
    /// The commit, empty where there is none.
    pub(crate) sha: String,
    /// The default branch, as the payload has it.
    pub(crate) default_branch: Option<String>,
    base: Option<String>,
    pull_base: Option<String>,
    short: usize,
}

impl Run {
    /// What variables and payload say.
    pub(super) fn new(context: &Context, payload: &Payload) -> Self {
        let mut run = Self {
            event: context.event.clone(),
            reference: context.reference.clone(),
            sha: context.sha.clone(),
            default_branch: payload.repository.as_ref().and_then(|known| known.default_branch.clone()),
            base: payload.base_ref.clone(),
            pull_base: payload.pull_request.as_ref().and_then(|pull| pull.base.reference.clone()),
            short: context.short,
        };
        // The variables of this event name the branch that the request is for.
        if let Some(number) = payload.number.filter(|_| run.event.contains("pull_request_target")) {
            run.reference = format!("refs/pull/{number}/merge");
        }
        let head = payload.pull_request.as_ref().and_then(|pull| pull.head.sha.clone());
        if context.head_of == HeadOf::PullRequest && run.event.contains("pull_request") {
            run.sha = head.unwrap_or(run.sha);
        }
        run
    }

    /// The branch, if the run is about one.
    pub(crate) fn branch(&self) -> Option<&str> {
        self.reference.strip_prefix("refs/heads/")
    }

    /// The git tag, if the run is about one.
    pub(crate) fn tag(&self) -> Option<&str> {
        self.reference.strip_prefix("refs/tags/")
    }

    /// The pull request's number, if the run is about one.
    pub(crate) fn pull_request(&self) -> Option<&str> {
        let rest = self.reference.strip_prefix("refs/pull/")?;
        Some(rest.strip_suffix("/merge").unwrap_or(rest))
    }

    /// As many digits of the commit as are wanted.
    pub(crate) fn short_sha(&self) -> &str {
        self.sha.get(..self.short).unwrap_or(&self.sha)
    }

    /// The branch that a git tag was pushed from, or that a pull request is for.
    pub(crate) fn base_ref(&self) -> &str {
        let pushed = self.tag().and(self.base.as_deref());
        let pushed = pushed.map(|base| base.strip_prefix("refs/heads/").unwrap_or(base));
        pushed.or(self.pull_request().and(self.pull_base.as_deref())).unwrap_or_default()
    }
}

/// As much of a payload as names images.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Payload {
    repository: Option<RepositoryMembers>,
    number: Option<u64>,
    pull_request: Option<PullRequest>,
    base_ref: Option<String>,
    commits: Option<Vec<PushedCommit>>,
    head_commit: Option<PushedCommit>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PullRequest {
    head: Side,
    base: Side,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Side {
    sha: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PushedCommit {
    id: String,
    timestamp: String,
}

impl Payload {
    /// What the payload says about the repository, if it says it whole.
    pub(super) fn repository(&mut self) -> Option<Repository> {
        self.repository.take().filter(|known| known.html_url.is_some()).map(Repository::from)
    }

    /// When a commit of a push was made.
    pub(super) fn commit_date(&self, sha: &str) -> Option<Timestamp> {
        let mut pushed = self.commits.iter().flatten().chain(&self.head_commit);
        pushed.find(|commit| commit.id == sha)?.timestamp.parse().ok()
    }
}

/// Reads the payload; off a runner there is none.
pub(super) fn payload(file: Option<&Path>, manner: Manner) -> Result<Payload, MetadataError> {
    let Some(file) = file else { return Ok(Payload::default()) };
    let bytes = match files::read(file, PAYLOAD_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(files::FileError::Missing(_)) if manner == Manner::Compat => return Ok(Payload::default()),
        Err(source) => return Err(source.into()),
    };
    serde_json::from_slice(&bytes).map_err(|source| MetadataError::Event { file: file.to_owned(), source })
}
