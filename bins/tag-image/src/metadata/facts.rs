//! What the event, git and GitHub say about this run; never what follows from it.

mod event;
mod git;
mod github;

use ci::{Session, Stop};
use jiff::Timestamp;
use serde::Deserialize;

use crate::metadata::{
    Manner,
    context::{Context, Source},
    error::MetadataError,
};

pub(crate) use event::Run;
use github::GitHub;

/// Everything that rules and labels are worked out from.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) run: Run,
    pub(crate) now: Timestamp,
    /// When the commit was made, if anything asks for it.
    pub(crate) commit_date: Option<Timestamp>,
    pub(crate) repository: Repository,
}

/// What a repository says of itself (GitHub REST API, "Get a repository"; webhook payloads hold the same).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Repository {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) page: String,
    pub(crate) licence: String,
    pub(crate) default_branch: Option<String>,
}

/// The members of an answer or payload; GitHub sends `null` for what is not there.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct RepositoryMembers {
    name: Option<String>,
    description: Option<String>,
    html_url: Option<String>,
    license: Option<Licence>,
    default_branch: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Licence {
    spdx_id: Option<String>,
}

impl From<RepositoryMembers> for Repository {
    fn from(members: RepositoryMembers) -> Self {
        Self {
            name: members.name.unwrap_or_default(),
            description: members.description.unwrap_or_default(),
            page: members.html_url.unwrap_or_default(),
            licence: members.license.and_then(|licence| licence.spdx_id).unwrap_or_default(),
            default_branch: members.default_branch,
        }
    }
}

/// Reads the event; asks git and GitHub where something needs what the event does not say.
///
/// # Errors
/// [`MetadataError`] for a payload that can't be read and for what nobody could say.
pub(crate) fn read(context: &Context, session: &Session) -> Result<Facts, Stop> {
    let mut payload = event::payload(context.event_file.as_deref(), context.manner)?;
    let mut run = Run::new(context, &payload);
    if context.source == Source::Git {
        // A rule about the commit needs no reference, and a rule that lacks what it is about says so.
        run.sha = match (git::commit(), context.manner) {
            (None, Manner::Compat) => return Err(MetadataError::NoCommit.into()),
            (commit, _) => commit.unwrap_or_default(),
        };
        run.reference = git::reference().unwrap_or_default();
    }
    let github =
        context.repository.as_deref().map(|repository| GitHub::new(repository, context)).transpose()?;
    let mut repository = repository(context, payload.repository(), github.as_ref(), session)?;
    if context.source == Source::Git && repository.default_branch.is_none() {
        repository.default_branch = git::default_branch();
        run.default_branch = run.default_branch.or(repository.default_branch.clone());
    }
    let commit_date = if context.asks("commit_date") {
        commit_date(context, &payload, &run, github.as_ref())?
    } else {
        None
    };
    Ok(Facts { run, now: session.stamp()?, commit_date, repository })
}

/// The action always asks GitHub. The payload of most events holds the same, and then nobody has to be asked.
fn repository(
    context: &Context,
    of_event: Option<Repository>,
    github: Option<&GitHub<'_>>,
    session: &Session,
) -> Result<Repository, Stop> {
    match (context.manner, of_event, github) {
        (Manner::Strict, Some(of_event), _) => Ok(of_event),
        (Manner::Strict, None, _) if !context.needs_repository() => Ok(Repository::default()),
        (_, _, Some(github)) => {
            let _waiting = session.progress("asking GitHub for the repository");
            Ok(github.repository()?)
        }
        (_, of_event, None) => Ok(of_event.unwrap_or_default()),
    }
}

fn commit_date(
    context: &Context,
    payload: &event::Payload,
    run: &Run,
    github: Option<&GitHub<'_>>,
) -> Result<Option<Timestamp>, Stop> {
    if let Some(date) = payload.commit_date(&run.sha).filter(|_| context.source == Source::Event) {
        return Ok(Some(date));
    }
    // The action leaves git alone where the event is the source.
    if (context.source == Source::Git || context.manner == Manner::Strict)
        && let Some(date) = git::commit_date(&run.sha)
    {
        return Ok(Some(date));
    }
    match (github.map(|github| github.commit_date(&run.sha)), context.manner) {
        (Some(Ok(date)), _) => Ok(Some(date)),
        (_, Manner::Compat) => Ok(None),
        (Some(Err(error)), Manner::Strict) => Err(error.into()),
        (None, Manner::Strict) => Err(MetadataError::NoCommitDate.into()),
    }
}
