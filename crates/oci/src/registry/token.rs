//! How a challenge is answered: passwords to their own host, tokens from the host's token server (distribution, "Token
//! Authentication Specification" and "OAuth2 Token Authentication"); never the request that was challenged.
//!
//! Credentials go to the token server that a registry names, wherever it is, as docker sends them; but only over https or within this
//! machine. They never follow a redirect to another host: the HTTP client drops them.

use std::time::{Duration, Instant};

use contract::Secret;
use http::{HeaderValue, Method, Request, Response, Url, header};
use serde::Deserialize;

use super::{
    access::{Access, Token},
    address::Address,
    challenge::Challenge,
    connection::failed,
    credentials::Credential,
    error::RegistryError,
};

/// How long a token counts that does not say it, in seconds.
const TOKEN_SECONDS: u64 = 60;
/// How long before its end a token is not used any more.
const TOKEN_MARGIN: Duration = Duration::from_secs(10);
/// How many redirects a token server may need.
const REDIRECTS_MAX: u8 = 3;
/// What we are called where tokens are given out.
const CLIENT: &str = "seaworthy";

/// What a request needs to be allowed, each part as `repository:<path>:<actions>`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Scope(Vec<String>);

impl Scope {
    /// To read.
    pub(super) fn pull(repository: &str) -> Self {
        Self(vec![format!("repository:{repository}:pull")])
    }

    /// To read and write.
    pub(super) fn push(repository: &str) -> Self {
        Self(vec![format!("repository:{repository}:pull,push")])
    }

    /// To read another repository too.
    pub(super) fn and_pull(mut self, repository: &str) -> Self {
        self.0.push(format!("repository:{repository}:pull"));
        self
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

impl Access {
    /// What to show with a request; nothing where nobody has asked yet.
    pub(super) fn authorization(
        &self,
        address: &Address,
        scope: &Scope,
    ) -> Result<Option<HeaderValue>, RegistryError> {
        let challenge = self.learnt().challenges.get(&address.key).cloned();
        let credential = |key: &str| self.credential(key);
        let text = match challenge {
            None => return Ok(None),
            Some(Challenge::Basic) => match credential(&address.key)? {
                Some(Credential::Password { user, password }) => Credential::basic(&user, &password),
                _ => return Ok(None),
            },
            Some(Challenge::Bearer { realm, service, .. }) => {
                let token = match credential(&address.key)? {
                    Some(Credential::Bearer(token)) => token,
                    other => self.token(address, &realm, service.as_deref(), scope, other.as_ref())?,
                };
                Secret::new(format!("Bearer {}", token.reveal()))
            }
        };
        let wrong = || RegistryError::Credentials {
            host: address.key.clone(),
            why: "they hold what no header can".to_owned(),
        };
        let mut value = HeaderValue::from_str(text.reveal()).map_err(|_| wrong())?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    /// Learns from an answer with 401 what this host wants; `false` if it does not say.
    pub(super) fn learn(&self, address: &Address, scope: &Scope, answer: &Response) -> bool {
        let Some(challenge) = Challenge::of(answer) else { return false };
        let mut learnt = self.learnt();
        // A token that was refused is spent.
        learnt.tokens.remove(&key(address, scope));
        learnt.challenges.insert(address.key.clone(), challenge);
        true
    }

    fn token(
        &self,
        address: &Address,
        realm: &str,
        service: Option<&str>,
        scope: &Scope,
        credential: Option<&Credential>,
    ) -> Result<Secret, RegistryError> {
        let now = Instant::now();
        if let Some(token) = self.learnt().tokens.get(&key(address, scope)).filter(|token| token.until > now)
        {
            return Ok(token.text.clone());
        }
        let url = Url::parse(realm)
            .ok()
            .filter(|url| self.is_private(url))
            .ok_or_else(|| RegistryError::Realm { host: address.key.clone(), realm: realm.to_owned() })?;
        let request = match credential {
            Some(Credential::Identity(token)) => refresh(url, service, scope, token),
            other => ask(url, service, scope, other)?,
        };
        let answer = self.client()?.send(&request.follow(REDIRECTS_MAX).retry(self.retries()))?;
        if !answer.status.is_success() {
            return Err(failed(&answer));
        }
        let odd = |why| RegistryError::Answer { url: (&answer.url).into(), why };
        let given: TokenAnswer = serde_json::from_slice(&answer.body).map_err(|_| odd("is no token"))?;
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        let text = filled(given.token).or(filled(given.access_token)).ok_or_else(|| odd("holds no token"))?;
        let text = Secret::new(text);
        self.mask(&text);
        let seconds = Duration::from_secs(given.expires_in.unwrap_or(TOKEN_SECONDS).min(24 * 3600));
        let until = now + seconds.saturating_sub(TOKEN_MARGIN);
        self.learnt().tokens.insert(key(address, scope), Token { text: text.clone(), until });
        Ok(text)
    }
}

fn key(address: &Address, scope: &Scope) -> (String, String) {
    (address.key.clone(), scope.0.join(" "))
}

/// Asks for a token as anybody, or with user and password.
fn ask(
    mut url: Url,
    service: Option<&str>,
    scope: &Scope,
    credential: Option<&Credential>,
) -> Result<Request, RegistryError> {
    {
        let mut query = url.query_pairs_mut();
        query.extend_pairs(service.map(|service| ("service", service)));
        query.extend_pairs(scope.0.iter().map(|scope| ("scope", scope)));
    }
    let request = Request::get(url);
    let Some(Credential::Password { user, password }) = credential else { return Ok(request) };
    let basic = HeaderValue::from_str(Credential::basic(user, password).reveal());
    let wrong =
        |_| RegistryError::Credentials { host: user.clone(), why: "no header can hold them".to_owned() };
    let mut basic = basic.map_err(wrong)?;
    basic.set_sensitive(true);
    Ok(request.header(header::AUTHORIZATION, basic))
}

/// Asks for a token with an identity token.
fn refresh(url: Url, service: Option<&str>, scope: &Scope, token: &Secret) -> Request {
    let mut form = url.clone();
    form.set_query(None);
    form.query_pairs_mut()
        .append_pair("grant_type", "refresh_token")
        .append_pair("service", service.unwrap_or_default())
        .append_pair("client_id", CLIENT)
        .append_pair("scope", &scope.0.join(" "))
        .append_pair("refresh_token", token.reveal());
    Request::new(Method::POST, url)
        .header(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))
        .body(form.query().unwrap_or_default())
}
