//! The two questions GitHub is asked, and only where nobody else could answer; never a write.

use std::time::Duration;

use http::{Client, HeaderValue, Limits, Request, Retry, Url, header};
use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};

use super::{Repository, RepositoryMembers};
use crate::metadata::{context::Context, error::MetadataError};

const LIMITS: Limits =
    Limits { try_max: Duration::from_secs(10), total_max: Duration::from_secs(30), body_bytes_max: 4 << 20 };
const RETRY: Retry = Retry { attempts_max: 3, backoff: Duration::from_millis(500) };
const REDIRECTS_MAX: u8 = 3;

/// One repository at GitHub, or at a server that speaks like it.
pub(super) struct GitHub<'c> {
    base: Url,
    context: &'c Context,
}

/// As much of "Get a commit" as is needed.
#[derive(Deserialize)]
struct Answer {
    commit: CommitMembers,
}

#[derive(Deserialize)]
struct CommitMembers {
    committer: Option<Committer>,
}

#[derive(Deserialize)]
struct Committer {
    date: Option<Timestamp>,
}

impl<'c> GitHub<'c> {
    pub(super) fn new(repository: &str, context: &'c Context) -> Result<Self, MetadataError> {
        let address = format!("{}/repos/{repository}", context.api.trim_end_matches('/'));
        let base = Url::parse(&address).map_err(|_| MetadataError::Variable {
            name: "GITHUB_API_URL",
            value: context.api.clone(),
            wanted: "the address of GitHub's API",
        })?;
        Ok(Self { base, context })
    }

    pub(super) fn repository(&self) -> Result<Repository, MetadataError> {
        Ok(self.ask::<RepositoryMembers>(self.base.clone())?.into())
    }

    pub(super) fn commit_date(&self, sha: &str) -> Result<Timestamp, MetadataError> {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(["commits", sha]);
        }
        let committer = self.ask::<Answer>(url)?.commit.committer;
        committer.and_then(|committer| committer.date).ok_or(MetadataError::NoCommitDate)
    }

    fn ask<A: DeserializeOwned>(&self, url: Url) -> Result<A, MetadataError> {
        let accept = HeaderValue::from_static("application/vnd.github+json");
        let mut request = Request::get(url).header(header::ACCEPT, accept).follow(REDIRECTS_MAX).retry(RETRY);
        if let Some(token) = &self.context.token {
            let value = HeaderValue::from_str(&format!("Bearer {}", token.reveal()));
            let mut value = value.map_err(|_| MetadataError::Token)?;
            value.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, value);
        }
        let answer = Client::new(LIMITS)?.send(&request)?;
        if !answer.status.is_success() {
            return Err(MetadataError::Answer { status: answer.status.as_u16() });
        }
        serde_json::from_slice(&answer.body).map_err(MetadataError::NotGitHub)
    }
}
