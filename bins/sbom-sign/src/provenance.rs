//! How an image was built, from what GitHub's runner says about the running job: SLSA provenance v1 in the build type of GitHub's own workflows
//! (actions.github.io/buildtypes/workflow/v1), member for member as `actions/attest-build-provenance` writes it; never who signs it.

use ci::{Env, Session};
use contract::Commit;
use serde_json::{Value, json};
use trust::WorkloadPolicy;

use crate::error::Error;

/// The build type of a GitHub workflow.
const BUILD_TYPE: &str = "https://actions.github.io/buildtypes/workflow/v1";

/// The job that runs, as far as provenance tells it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Job {
    server: String,
    repository: String,
    repository_id: String,
    owner_id: String,
    workflow_path: String,
    workflow_ref: String,
    git_ref: String,
    commit: Commit,
    event: String,
    runner: String,
    run: String,
    attempt: String,
}

impl Job {
    /// The job around this run; refused off a runner, and where the runner does not tell all of it.
    pub fn of_run(session: &Session) -> Result<Self, Error> {
        if session.runner().is_none() {
            return Err(Error::OffRunner);
        }
        Self::read(session.env())
    }

    fn read(env: &Env) -> Result<Self, Error> {
        let text = |name: &'static str| env.text(name)?.ok_or(Error::ContextMissing(name));
        let number = |name: &'static str| {
            let text = text(name)?;
            let good = text.bytes().all(|byte| byte.is_ascii_digit());
            if good { Ok(text) } else { Err(Error::ContextMalformed { name, value: text }) }
        };
        let repository = text("GITHUB_REPOSITORY")?;
        let workflow = text("GITHUB_WORKFLOW_REF")?;
        let own = workflow.strip_prefix(&format!("{repository}/")).and_then(|own| own.split_once('@'));
        let Some((path, reference)) =
            own.filter(|(path, reference)| !path.is_empty() && !reference.is_empty())
        else {
            return Err(Error::ContextMalformed { name: "GITHUB_WORKFLOW_REF", value: workflow });
        };
        let server = text("GITHUB_SERVER_URL")?;
        if !server.starts_with("https://") || server.ends_with('/') {
            return Err(Error::ContextMalformed { name: "GITHUB_SERVER_URL", value: server });
        }
        let commit = text("GITHUB_SHA")?;
        let commit =
            commit.parse().map_err(|_| Error::ContextMalformed { name: "GITHUB_SHA", value: commit })?;
        Ok(Self {
            workflow_path: path.to_owned(),
            workflow_ref: reference.to_owned(),
            server,
            commit,
            repository_id: number("GITHUB_REPOSITORY_ID")?,
            owner_id: number("GITHUB_REPOSITORY_OWNER_ID")?,
            git_ref: text("GITHUB_REF")?,
            event: text("GITHUB_EVENT_NAME")?,
            runner: text("RUNNER_ENVIRONMENT")?,
            run: number("GITHUB_RUN_ID")?,
            attempt: number("GITHUB_RUN_ATTEMPT")?,
            repository,
        })
    }

    /// The workflow that was started. The one that the job is written in may be another, a reusable one; only the job's token names that.
    pub fn workflow(&self) -> String {
        format!("{}/{}/{}@{}", self.server, self.repository, self.workflow_path, self.workflow_ref)
    }

    /// The workflow that the job is written in, by the token that it signs with; and what both tell must be the same.
    pub fn builder(&self, token: &WorkloadPolicy) -> Result<String, Error> {
        // A token of a person, or of another service than GitHub's.
        if token.repository.is_none() {
            return Ok(self.workflow());
        }
        let told = [
            ("GITHUB_REPOSITORY", Some(self.repository.as_str()), token.repository.as_deref()),
            ("GITHUB_REPOSITORY_ID", Some(self.repository_id.as_str()), token.repository_id.as_deref()),
            ("GITHUB_REF", Some(self.git_ref.as_str()), token.git_ref.as_deref()),
            ("GITHUB_SHA", Some(self.commit.as_str()), token.commit.as_ref().map(Commit::as_str)),
        ];
        match told.into_iter().find(|(_, runner, token)| runner != token) {
            None => Ok(token.identity.clone()),
            Some((name, runner, _)) => {
                let value = runner.unwrap_or_default().to_owned();
                Err(Error::ContextContradicted { name, value })
            }
        }
    }

    /// The predicate, with the workflow that the job is written in as the builder.
    pub fn predicate(&self, builder: &str) -> Value {
        let source = format!("{}/{}", self.server, self.repository);
        json!({
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {
                    "workflow": {"ref": self.workflow_ref, "repository": source, "path": self.workflow_path},
                },
                "internalParameters": {
                    "github": {
                        "event_name": self.event,
                        "repository_id": self.repository_id,
                        "repository_owner_id": self.owner_id,
                        "runner_environment": self.runner,
                    },
                },
                "resolvedDependencies": [
                    {"uri": format!("git+{source}@{}", self.git_ref), "digest": {"gitCommit": self.commit.to_string()}},
                ],
            },
            "runDetails": {
                "builder": {"id": builder},
                "metadata": {"invocationId": format!("{source}/actions/runs/{}/attempts/{}", self.run, self.attempt)},
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use ci::Failure as _;

    use super::*;

    const JOB: [(&str, &str); 11] = [
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_REPOSITORY", "owner/repo"),
        ("GITHUB_REPOSITORY_ID", "123"),
        ("GITHUB_REPOSITORY_OWNER_ID", "45"),
        ("GITHUB_WORKFLOW_REF", "owner/repo/.github/workflows/main.yml@refs/tags/app@1.0.0"),
        ("GITHUB_REF", "refs/tags/app@1.0.0"),
        ("GITHUB_SHA", "babca52ab0c93ae16539e5923cb0d7403b9a093b"),
        ("GITHUB_EVENT_NAME", "push"),
        ("RUNNER_ENVIRONMENT", "github-hosted"),
        ("GITHUB_RUN_ID", "678"),
        ("GITHUB_RUN_ATTEMPT", "2"),
    ];

    /// The form that `buildSLSAProvenancePredicate` of actions/toolkit gives the same job.
    #[test]
    fn a_job_is_told_as_githubs_own_action_tells_it() {
        let job = Job::read(&Env::of(JOB)).unwrap();
        let builder = "https://github.com/owner/workflows/.github/workflows/publish.yml@refs/heads/main";
        let expected = json!({
            "buildDefinition": {
                "buildType": "https://actions.github.io/buildtypes/workflow/v1",
                "externalParameters": {"workflow": {
                    "ref": "refs/tags/app@1.0.0", "repository": "https://github.com/owner/repo", "path": ".github/workflows/main.yml",
                }},
                "internalParameters": {"github": {
                    "event_name": "push", "repository_id": "123", "repository_owner_id": "45", "runner_environment": "github-hosted",
                }},
                "resolvedDependencies": [{
                    "uri": "git+https://github.com/owner/repo@refs/tags/app@1.0.0",
                    "digest": {"gitCommit": "babca52ab0c93ae16539e5923cb0d7403b9a093b"},
                }],
            },
            "runDetails": {
                "builder": {"id": builder},
                "metadata": {"invocationId": "https://github.com/owner/repo/actions/runs/678/attempts/2"},
            },
        });
        assert_eq!(job.predicate(builder), expected);
        assert_eq!(
            job.workflow(),
            "https://github.com/owner/repo/.github/workflows/main.yml@refs/tags/app@1.0.0"
        );
        assert!(trust::PredicateType::PROVENANCE.check(&expected).is_ok());
    }

    #[test]
    fn the_builder_is_the_workflow_that_the_token_names_if_runner_and_token_agree() {
        let job = Job::read(&Env::of(JOB)).unwrap();
        let token = WorkloadPolicy {
            identity: "https://github.com/owner/workflows/.github/workflows/publish.yml@refs/heads/main"
                .to_owned(),
            repository: Some("owner/repo".to_owned()),
            repository_id: Some("123".to_owned()),
            git_ref: Some("refs/tags/app@1.0.0".to_owned()),
            commit: Some("babca52ab0c93ae16539e5923cb0d7403b9a093b".parse().unwrap()),
            ..WorkloadPolicy::default()
        };
        assert_eq!(job.builder(&token).unwrap(), token.identity);
        let person = WorkloadPolicy { identity: "ada@example.com".to_owned(), ..WorkloadPolicy::default() };
        assert_eq!(job.builder(&person).unwrap(), job.workflow());
        for other in [
            WorkloadPolicy { repository: Some("owner/other".to_owned()), ..token.clone() },
            WorkloadPolicy { repository_id: Some("124".to_owned()), ..token.clone() },
            WorkloadPolicy { git_ref: Some("refs/heads/main".to_owned()), ..token.clone() },
            WorkloadPolicy { commit: None, ..token.clone() },
        ] {
            let error = job.builder(&other).unwrap_err();
            assert_eq!(error.code().as_str(), "github-context-malformed", "{error}");
        }
    }

    #[test]
    fn a_job_that_is_not_told_in_full_has_no_provenance() {
        for (name, _) in JOB {
            let some = JOB.into_iter().filter(|(other, _)| *other != name);
            let error = Job::read(&Env::of(some)).unwrap_err();
            assert_eq!(error.code().as_str(), "github-context-missing", "{name}");
            assert!(error.to_string().contains(name), "{error}");
        }
        for (name, value) in [
            ("GITHUB_SERVER_URL", "http://github.com"),
            ("GITHUB_SERVER_URL", "https://github.com/"),
            ("GITHUB_WORKFLOW_REF", "other/repo/.github/workflows/main.yml@refs/heads/main"),
            ("GITHUB_WORKFLOW_REF", "owner/repo/.github/workflows/main.yml"),
            ("GITHUB_WORKFLOW_REF", "owner/repo/@refs/heads/main"),
            ("GITHUB_SHA", "babca52"),
            ("GITHUB_REPOSITORY_ID", "x"),
            ("GITHUB_RUN_ID", "1/../2"),
        ] {
            let changed =
                JOB.into_iter().map(|(known, text)| (known, if known == name { value } else { text }));
            let error = Job::read(&Env::of(changed)).unwrap_err();
            assert_eq!(error.code().as_str(), "github-context-malformed", "{name} {value}");
        }
    }
}
