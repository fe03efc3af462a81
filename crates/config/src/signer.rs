//! Who must have signed evidence, as `release.toml` says it: a key or a workload, never both; never how that is checked.

use std::{path::PathBuf, time::Duration};

use contract::{EnvironmentName, Severity, Span};
use serde::Deserialize;

use crate::{Accepted, Plain, SmokeTest, Unrated, Vulns};

/// GitHub's issuer of tokens for workflows.
const GITHUB: &str = "https://token.actions.githubusercontent.com";

/// Who must have signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// The holder of this public key.
    Key(PathBuf),
    /// A workload with a certificate.
    Workload(Workload),
}

/// `{ issuer = …, identity = …, … }`: what a certificate must say, each to the letter.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Members")]
pub struct Workload {
    /// Who issued the token.
    pub issuer: String,
    /// The workflow.
    pub identity: String,
    /// The repository that ran it.
    pub repository: Option<String>,
    /// Its number.
    pub repository_id: Option<u64>,
    /// The branch or tag.
    pub git_ref: Option<String>,
    /// The deployment environment of the job.
    pub deployment_environment: Option<EnvironmentName>,
}

/// The keys of a requirement about who has signed.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Members {
    key: Option<PathBuf>,
    issuer: Option<String>,
    identity: Option<String>,
    repository: Option<String>,
    repository_id: Option<u64>,
    #[serde(rename = "ref")]
    git_ref: Option<String>,
    deployment_environment: Option<EnvironmentName>,
}

/// The keys of a smoke test: serde can't flatten and refuse unknown keys at once.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct SmokeTestMembers {
    key: Option<PathBuf>,
    issuer: Option<String>,
    identity: Option<String>,
    repository: Option<String>,
    repository_id: Option<u64>,
    #[serde(rename = "ref")]
    git_ref: Option<String>,
    deployment_environment: Option<EnvironmentName>,
    max_age: Option<Span>,
    suite: Option<String>,
    accept: Vec<Accepted>,
}

/// The keys of the scan for vulnerabilities.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct VulnsMembers {
    key: Option<PathBuf>,
    issuer: Option<String>,
    identity: Option<String>,
    repository: Option<String>,
    repository_id: Option<u64>,
    #[serde(rename = "ref")]
    git_ref: Option<String>,
    deployment_environment: Option<EnvironmentName>,
    max_age: Option<Span>,
    fail_on: Option<Severity>,
    allow_unknown_severity: bool,
}

/// How old a scan may be, where the file does not say.
const SCAN_AGE_MAX: Span = Span::of(Duration::from_hours(7 * 24));

impl Members {
    fn signer(self) -> Result<Option<Signer>, String> {
        let Self { key, issuer, identity, repository, repository_id, git_ref, deployment_environment } = self;
        let narrowed = repository.is_some() || repository_id.is_some() || git_ref.is_some();
        match (key, issuer, identity) {
            (Some(key), None, None) if !narrowed && deployment_environment.is_none() => {
                Ok(Some(Signer::Key(key)))
            }
            (None, None, None) if !narrowed && deployment_environment.is_none() => Ok(None),
            (Some(_), ..) => {
                Err("a key has no issuer, identity, repository or ref: name one or the other".to_owned())
            }
            (None, Some(issuer), Some(identity)) => {
                if issuer == GITHUB && (repository.is_none() || repository_id.is_none()) {
                    return Err(
                        "an identity on GitHub needs repository and repository-id: all who call a reusable workflow share its identity"
                            .to_owned(),
                    );
                }
                let git_ref_whole = git_ref.as_deref().is_none_or(|name| name.starts_with("refs/"));
                if !git_ref_whole {
                    return Err("ref is written whole, such as refs/heads/main".to_owned());
                }
                Ok(Some(Signer::Workload(Workload {
                    issuer,
                    identity,
                    repository,
                    repository_id,
                    git_ref,
                    deployment_environment,
                })))
            }
            (None, ..) => {
                Err("issuer and identity are named together: anybody may issue a token for any identity"
                    .to_owned())
            }
        }
    }
}

impl TryFrom<Members> for Workload {
    type Error = String;

    fn try_from(members: Members) -> Result<Self, String> {
        match members.signer()? {
            Some(Signer::Workload(workload)) => Ok(workload),
            _ => Err("it names neither issuer nor identity".to_owned()),
        }
    }
}

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let signer = Members::deserialize(from)?.signer().map_err(serde::de::Error::custom)?;
        Ok(Self { signer })
    }
}

impl TryFrom<SmokeTestMembers> for SmokeTest {
    type Error = String;

    fn try_from(members: SmokeTestMembers) -> Result<Self, String> {
        let SmokeTestMembers { key, issuer, identity, repository, repository_id, .. } = members;
        let (git_ref, deployment_environment) = (members.git_ref, members.deployment_environment);
        let signer =
            Members { key, issuer, identity, repository, repository_id, git_ref, deployment_environment }
                .signer()?;
        Ok(Self { signer, max_age: members.max_age, suite: members.suite, accept: members.accept })
    }
}

impl TryFrom<VulnsMembers> for Vulns {
    type Error = String;

    fn try_from(members: VulnsMembers) -> Result<Self, String> {
        let VulnsMembers { key, issuer, identity, repository, repository_id, .. } = members;
        let (git_ref, deployment_environment) = (members.git_ref, members.deployment_environment);
        let signer =
            Members { key, issuer, identity, repository, repository_id, git_ref, deployment_environment }
                .signer()?;
        let fail_on = members.fail_on.unwrap_or(Severity::High);
        if fail_on == Severity::None {
            return Err(
                "fail-on is low, medium, high or critical: what does no harm refuses nothing".to_owned()
            );
        }
        let unrated = if members.allow_unknown_severity { Unrated::Allowed } else { Unrated::Refused };
        Ok(Self { signer, max_age: members.max_age.unwrap_or(SCAN_AGE_MAX), fail_on, unrated })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(toml: &str) -> Result<Option<Signer>, String> {
        toml::from_str::<Plain>(toml).map(|plain| plain.signer).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn who_must_have_signed_is_a_key_or_a_workload() {
        assert_eq!(plain(""), Ok(None));
        assert_eq!(plain("key = \"k.pub\""), Ok(Some(Signer::Key("k.pub".into()))));
        let github = format!("issuer = \"{GITHUB}\"\nidentity = \"i\"\n");
        let whole =
            github.clone() + "repository = \"acme/app\"\nrepository-id = 1\nref = \"refs/heads/main\"";
        let Ok(Some(Signer::Workload(workload))) = plain(&whole) else { panic!("{:?}", plain(&whole)) };
        assert_eq!((workload.repository_id, workload.git_ref.as_deref()), (Some(1), Some("refs/heads/main")));
        assert!(plain("issuer = \"https://example.com\"\nidentity = \"i\"").is_ok());
        for (toml, said) in [
            (&*github, "repository-id"),
            (&(github.clone() + "repository = \"acme/app\""), "repository-id"),
            ("identity = \"i\"", "together"),
            ("issuer = \"i\"", "together"),
            ("ref = \"refs/heads/main\"", "together"),
            ("key = \"k.pub\"\nissuer = \"i\"\nidentity = \"i\"", "one or the other"),
            ("key = \"k.pub\"\nrepository-id = 1", "one or the other"),
            (&whole.replace("refs/heads/", ""), "whole"),
            ("issuers = \"i\"", "unknown field"),
        ] {
            let refusal = plain(toml).unwrap_err();
            assert!(refusal.contains(said), "{toml}: {refusal}");
        }
    }
}
