//! The token that says which workload this is: where it comes from, and what it says (OpenID Connect Core 1.0, section 2; GitHub's claims);
//! never whether it is genuine, which its readers check.

use std::path::PathBuf;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ci::{Session, files};
use contract::Secret;
use http::{Request, Url, header};
use serde::Deserialize;

use super::{KeylessError, wire};
use crate::{TrustError, WorkloadPolicy};

/// For whom the token is meant.
const AUDIENCE: &str = "sigstore";
/// What a token by any name is looked for in.
const VARIABLE: &str = "SIGSTORE_ID_TOKEN";
/// What GitHub sets where a job has the permission `id-token: write`.
const REQUEST_URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
const REQUEST_TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
/// The largest token, in bytes.
const TOKEN_BYTES_MAX: u64 = 64 << 10;
/// Where GitHub's workflows lie.
const GITHUB: &str = "https://github.com/";

/// A token and what it says.
#[derive(Debug)]
pub(super) struct IdentityToken {
    pub(super) text: Secret,
    claims: Claims,
}

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    email: Option<String>,
    job_workflow_ref: Option<String>,
    repository: Option<String>,
    repository_id: Option<String>,
    #[serde(rename = "ref")]
    git_ref: Option<String>,
    sha: Option<String>,
    environment: Option<String>,
}

#[derive(Deserialize)]
struct Given {
    value: String,
}

impl IdentityToken {
    /// The file's, else that of the variable, else GitHub is asked. Masked before anything can print it.
    pub(super) fn obtain(
        file: Option<&PathBuf>,
        session: &Session,
        client: &http::Client,
    ) -> Result<Self, TrustError> {
        let text = if let Some(path) = file {
            let bytes = files::read(path, TOKEN_BYTES_MAX)?;
            let text = String::from_utf8(bytes).map_err(|_| KeylessError::Token("it is no text"))?;
            Secret::new(text.trim())
        } else if let Some(secret) = session.secret(VARIABLE)? {
            Secret::new(secret.reveal().trim())
        } else {
            ask(session, client)?
        };
        session.mask(&text);
        Ok(Self { claims: claims(&text).map_err(KeylessError::Token)?, text })
    }

    /// What Fulcio wants signed with the new key, so that nobody gets a certificate for a key of others.
    pub(super) fn challenge(&self) -> &str {
        self.claims.email.as_deref().unwrap_or(&self.claims.sub)
    }

    /// Whom a certificate for this token will name, as Fulcio derives it for workflows of GitHub, and for people.
    pub(super) fn workload(&self) -> WorkloadPolicy {
        let claims = &self.claims;
        let workflow = claims.job_workflow_ref.as_ref().map(|path| format!("{GITHUB}{path}"));
        WorkloadPolicy {
            identity: workflow.or_else(|| claims.email.clone()).unwrap_or_else(|| claims.sub.clone()),
            issuer: claims.iss.clone(),
            repository: claims.repository.clone(),
            repository_id: claims.repository_id.clone(),
            git_ref: claims.git_ref.clone(),
            commit: claims.sha.as_ref().and_then(|sha| sha.parse().ok()),
            environment: claims.environment.clone(),
        }
    }
}

fn ask(session: &Session, client: &http::Client) -> Result<Secret, TrustError> {
    let (Some(url), Some(token)) = (session.env().text(REQUEST_URL)?, session.secret(REQUEST_TOKEN)?) else {
        return Err(KeylessError::NoToken.into());
    };
    let mut url = Url::parse(&url).map_err(|_| KeylessError::Address(REQUEST_URL.to_owned()))?;
    url.query_pairs_mut().append_pair("audience", AUDIENCE);
    let bearer = Secret::new(format!("Bearer {}", token.reveal()));
    let mut value = header::HeaderValue::from_str(bearer.reveal())
        .map_err(|_| KeylessError::Token("the one it is asked for with is none that a header can hold"))?;
    value.set_sensitive(true);
    let request = Request::get(url).header(header::AUTHORIZATION, value);
    let given: Given = wire::json("GitHub's token service", client, request)?;
    Ok(Secret::new(given.value))
}

/// The middle part of a JWT (RFC 7519, section 3).
fn claims(token: &Secret) -> Result<Claims, &'static str> {
    let mut parts = token.reveal().split('.');
    let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err("it is no JWT: it has not three parts");
    };
    let json = URL_SAFE_NO_PAD.decode(payload).map_err(|_| "it is no JWT: its claims are not base64url")?;
    serde_json::from_slice(&json).map_err(|_| "its claims have no issuer and subject")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> Result<IdentityToken, &'static str> {
        let text = Secret::new(format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims)));
        Ok(IdentityToken { claims: super::claims(&text)?, text })
    }

    #[test]
    fn a_workflow_a_person_and_a_robot_are_named_as_fulcio_names_them() {
        let workflow = token(
            r#"{"iss":"https://token.actions.githubusercontent.com","sub":"repo:acme/app:ref:refs/heads/main",
            "job_workflow_ref":"acme/ci/.github/workflows/sign.yml@refs/heads/main","repository":"acme/app",
            "repository_id":"1","ref":"refs/heads/main","sha":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","environment":"production"}"#,
        )
        .unwrap();
        assert_eq!(workflow.challenge(), "repo:acme/app:ref:refs/heads/main");
        let named = workflow.workload();
        assert_eq!(named.identity, "https://github.com/acme/ci/.github/workflows/sign.yml@refs/heads/main");
        assert_eq!(named.repository.as_deref(), Some("acme/app"));
        assert_eq!(named.commit.unwrap().to_string(), "a".repeat(40));
        let person =
            token(r#"{"iss":"https://accounts.example.com","sub":"1","email":"a@example.com"}"#).unwrap();
        assert_eq!(
            (person.challenge(), person.workload().identity.as_str()),
            ("a@example.com", "a@example.com")
        );
        let robot = token(r#"{"iss":"https://example.com","sub":"https://example.com/robot"}"#).unwrap();
        assert_eq!(robot.workload().identity, "https://example.com/robot");
    }

    #[test]
    fn what_is_no_token_is_refused_and_never_shown() {
        for text in ["", "a.b", "a.b.c.d", "a.!.c", "a.e30.c", "a.W10.c"] {
            assert!(claims(&Secret::new(text)).is_err(), "{text}");
        }
        let shown = format!("{:?}", token(r#"{"iss":"i","sub":"s"}"#).unwrap());
        assert!(shown.contains("***") && !shown.contains("c2ln"), "{shown}");
    }
}
