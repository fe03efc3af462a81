//! Who has signed something, and who was asked for; never how it is proven.

use std::fmt;

use contract::Commit;
use jiff::Timestamp;
use sigstore_crypto::CertificateInfo;

/// Where GitHub's repositories lie: a policy names them `owner/name`, a certificate by their whole address.
const GITHUB: &str = "https://github.com/";

/// How much of what an unchecked certificate says is told, in characters.
const SAID_CHARS_MAX: usize = 300;

/// Who has signed something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Signer {
    /// The holder of the key with this hint.
    Key(String),
    /// A workload, or a person, that an authority has vouched for.
    Workload(Box<Workload>),
}

/// What a Fulcio certificate says of its holder (sigstore/fulcio, docs/oid-info.md, 1.3.6.1.4.1.57264.1), and how its moment is proven.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Workload {
    /// The subject alternative name: for GitHub the workflow that ran, which a reusable one is for all who call it.
    pub identity: String,
    /// Who has issued the token (.8).
    pub issuer: String,
    /// The repository that ran it, as an address (.12).
    pub repository: Option<String>,
    /// The number of that repository, which outlives its name (.15).
    pub repository_id: Option<String>,
    /// The branch or tag (.14).
    pub git_ref: Option<String>,
    /// The commit (.13).
    pub commit: Option<String>,
    /// The deployment environment of the job (.23).
    pub environment: Option<String>,
    /// The page of the run (.21).
    pub run_url: Option<String>,
    /// What proves the moment of the signature; empty as long as nothing was checked.
    pub proof: Proof,
}

/// What proves when a certificate's holder has signed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Proof {
    /// The proven moments: of log entries (Rekor v1) and of signed timestamps (RFC 3161).
    pub times: Vec<Timestamp>,
    /// Whether a transparency log holds the signature.
    pub logged: bool,
    /// Whether a certificate transparency log has promised to hold the certificate.
    pub certificate_logged: bool,
}

impl Workload {
    pub(crate) fn of(certificate: &CertificateInfo) -> Result<Self, String> {
        let claims = &certificate.ci_claims;
        let identity = certificate.identity.as_ref().ok_or("its certificate names no identity")?;
        Ok(Self {
            identity: identity.as_str().to_owned(),
            issuer: certificate.issuer.clone().ok_or("its certificate names no issuer")?,
            repository: claims.source_repository_uri.clone(),
            repository_id: claims.source_repository_identifier.clone(),
            git_ref: claims.source_repository_ref.clone(),
            commit: claims.source_repository_digest.clone(),
            environment: claims.deployment_environment.clone(),
            run_url: claims.run_invocation_uri.clone(),
            proof: Proof::default(),
        })
    }
}

impl fmt::Display for Signer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(hint) => out.write_str(hint),
            Self::Workload(workload) => out.write_str(&workload.identity),
        }
    }
}

/// Who must have signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SignerPolicy {
    /// The holder of the key with this hint.
    Key(String),
    /// A workload.
    Workload(WorkloadPolicy),
}

/// Which workload must have signed: all that is named must be exactly so. Identity and issuer alone say little where a reusable workflow has
/// signed, whose identity all share who call it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WorkloadPolicy {
    /// The subject alternative name.
    pub identity: String,
    /// The issuer of its token.
    pub issuer: String,
    /// The repository: `owner/name` on GitHub, or an address.
    pub repository: Option<String>,
    /// Its number.
    pub repository_id: Option<String>,
    /// The branch or tag, whole: `refs/heads/main`.
    pub git_ref: Option<String>,
    /// The commit.
    pub commit: Option<Commit>,
    /// The deployment environment.
    pub environment: Option<String>,
}

impl SignerPolicy {
    /// Whether this is who was asked for.
    pub fn admits(&self, signer: &Signer) -> bool {
        match (self, signer) {
            (Self::Key(asked), Signer::Key(hint)) => asked == hint,
            (Self::Workload(policy), Signer::Workload(workload)) => policy.refusal(workload).is_none(),
            _ => false,
        }
    }
}

impl WorkloadPolicy {
    /// Why this is not the workload that was asked for.
    pub fn refusal(&self, workload: &Workload) -> Option<String> {
        let address = |name: &String| {
            if name.contains("://") { name.clone() } else { format!("{GITHUB}{name}") }
        };
        let some = |text: &str| Some(text.to_owned());
        let rules = [
            ("issuer", some(&self.issuer), some(&workload.issuer)),
            ("identity", some(&self.identity), some(&workload.identity)),
            ("repository", self.repository.as_ref().map(address), workload.repository.clone()),
            ("repository number", self.repository_id.clone(), workload.repository_id.clone()),
            ("ref", self.git_ref.clone(), workload.git_ref.clone()),
            ("commit", self.commit.as_ref().map(ToString::to_string), workload.commit.clone()),
            ("deployment environment", self.environment.clone(), workload.environment.clone()),
        ];
        rules.into_iter().find_map(|(name, asked, said)| match (asked, said) {
            (None, _) => None,
            (Some(asked), Some(said)) if asked == said => None,
            (Some(_), Some(said)) => Some(format!("its {name} is {}", visible(&said))),
            (Some(_), None) => Some(format!("its certificate names no {name}")),
        })
    }
}

/// A certificate that nobody has checked yet may say anything, at any length.
fn visible(said: &str) -> String {
    said.chars().filter(|one| !one.is_control()).take(SAID_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Change = fn(&mut Workload);

    fn workload() -> Workload {
        let some = |text: &str| Some(text.to_owned());
        Workload {
            identity: "https://github.com/acme/ci/.github/workflows/sign.yml@refs/heads/main".to_owned(),
            issuer: "https://token.actions.githubusercontent.com".to_owned(),
            repository: some("https://github.com/acme/app"),
            repository_id: some("123456"),
            git_ref: some("refs/heads/main"),
            commit: some("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
            environment: some("production"),
            ..Workload::default()
        }
    }

    fn policy() -> WorkloadPolicy {
        let Workload { identity, issuer, repository_id, git_ref, environment, .. } = workload();
        WorkloadPolicy {
            identity,
            issuer,
            repository: Some("acme/app".to_owned()),
            repository_id,
            git_ref,
            commit: Some("a".repeat(40).parse().unwrap()),
            environment,
        }
    }

    #[test]
    fn a_workload_is_the_one_asked_for_only_if_all_that_is_named_is_so() {
        assert_eq!(policy().refusal(&workload()), None);
        let whole = WorkloadPolicy { repository: Some("https://github.com/acme/app".to_owned()), ..policy() };
        assert_eq!(whole.refusal(&workload()), None);
        for (change, refusal) in [
            ((|w| w.identity.push('x')) as Change, "its identity is "),
            (|w| w.issuer.clear(), "its issuer is "),
            (|w| w.repository = Some("https://github.com/acme/app2".to_owned()), "its repository is "),
            (
                |w| w.repository = Some("https://github.com.evil.example/acme/app".to_owned()),
                "its repository is ",
            ),
            (|w| w.repository_id = Some("1234567".to_owned()), "its repository number is 1234567"),
            (|w| w.git_ref = Some("refs/heads/main2".to_owned()), "its ref is refs/heads/main2"),
            (|w| w.commit = Some("b".repeat(40)), "its commit is b"),
            (|w| w.environment = Some("staging".to_owned()), "its deployment environment is staging"),
            (|w| w.repository = None, "its certificate names no repository"),
            (|w| w.repository_id = None, "its certificate names no repository number"),
            (|w| w.git_ref = None, "its certificate names no ref"),
            (|w| w.commit = None, "its certificate names no commit"),
            (|w| w.environment = None, "its certificate names no deployment environment"),
        ] {
            let mut changed = workload();
            change(&mut changed);
            let said = policy().refusal(&changed).unwrap();
            assert!(said.starts_with(refusal), "{refusal}: {said}");
        }
    }

    #[test]
    fn a_certificate_nobody_has_checked_commands_no_terminal() {
        let hostile = Workload { identity: format!("\u{1b}[2J{}", "x".repeat(9999)), ..workload() };
        let said = policy().refusal(&hostile).unwrap();
        assert!(!said.contains('\u{1b}') && said.len() < 400, "{said}");
    }

    #[test]
    fn what_is_not_named_may_be_anything() {
        let Workload { identity, issuer, .. } = workload();
        let policy = WorkloadPolicy { identity, issuer, ..WorkloadPolicy::default() };
        assert_eq!(policy.refusal(&workload()), None);
        assert!(SignerPolicy::Workload(policy).admits(&Signer::Workload(Box::new(workload()))));
    }

    #[test]
    fn a_key_is_no_workload_and_the_other_way_round() {
        let key = Signer::Key("k".to_owned());
        assert!(SignerPolicy::Key("k".to_owned()).admits(&key));
        assert!(!SignerPolicy::Key("j".to_owned()).admits(&key));
        assert!(!SignerPolicy::Workload(policy()).admits(&key));
        assert!(!SignerPolicy::Key("k".to_owned()).admits(&Signer::Workload(Box::new(workload()))));
    }
}
