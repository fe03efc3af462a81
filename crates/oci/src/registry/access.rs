//! How registries are reached in one run: who we are, what we learnt about them, and how patient we are; never what is asked.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use ci::{Env, Session};
use contract::Secret;
use http::{Client, Limits, Retry, Url, is_loopback};

use super::{
    address::{Address, Wire},
    challenge::Challenge,
    credentials::{Credential, Store},
    error::RegistryError,
};
use crate::manifest::MANIFEST_BYTES_MAX;

/// The longest answer that is kept in memory, in bytes: a manifest.
const ANSWER_BYTES_MAX: usize = 4 << 20;
const _: () = assert!(ANSWER_BYTES_MAX as u64 == MANIFEST_BYTES_MAX);

/// What one question may cost, its repetitions included. Where bodies are streamed, `try_max` is how long a side may be silent.
pub(super) const LIMITS: Limits = Limits {
    try_max: Duration::from_secs(30),
    total_max: Duration::from_mins(2),
    body_bytes_max: ANSWER_BYTES_MAX,
};
/// How often a question is asked that was not answered, or answered with 429 or 5xx.
const RETRY: Retry = Retry { attempts_max: 5, backoff: Duration::from_millis(500) };

/// The way to registries. One for a whole run: it keeps connections, credentials and tokens.
pub struct Access {
    client: OnceLock<Client>,
    store: Option<Store>,
    plain_http: BTreeSet<String>,
    retry: Retry,
    mask: Box<dyn Fn(&Secret) + Send + Sync>,
    learnt: Mutex<Learnt>,
}

/// What was learnt on the way; hosts are named by their key.
#[derive(Default)]
pub(super) struct Learnt {
    pub(super) challenges: BTreeMap<String, Challenge>,
    pub(super) tokens: BTreeMap<(String, String), Token>,
    credentials: BTreeMap<String, Option<Credential>>,
}

/// A token and how long it counts.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) text: Secret,
    pub(super) until: Instant,
}

impl Default for Access {
    /// As anybody: without credentials.
    fn default() -> Self {
        Self {
            client: OnceLock::new(),
            store: None,
            plain_http: BTreeSet::new(),
            retry: RETRY,
            mask: Box::new(|_| {}),
            learnt: Mutex::default(),
        }
    }
}

impl Access {
    /// The one of a run, which shares connections and tokens: with Docker's credentials, masked by the session.
    pub fn of_run(session: &Session) -> Arc<Self> {
        Arc::new(Self::of(session.env(), session.masker()))
    }

    /// With the credentials that Docker's configuration holds (`DOCKER_CONFIG`, else `~/.docker`). Every secret is given to `mask`
    /// before it is used.
    pub fn of(env: &Env, mask: impl Fn(&Secret) + Send + Sync + 'static) -> Self {
        Self { store: Store::of(env), mask: Box::new(mask), ..Self::default() }
    }

    /// Speaks to this host (`HOST[:PORT]`, as images name it) without TLS, as is always done on this machine.
    #[must_use]
    pub fn plain_http(mut self, host: impl Into<String>) -> Self {
        self.plain_http.insert(host.into());
        self
    }

    /// Tries again in another rhythm.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    pub(super) fn address(&self, host: &str, repository: &str) -> Result<Address, RegistryError> {
        let wire = if self.plain_http.contains(host) { Wire::Plain } else { Wire::Tls };
        Address::of(host, repository, wire)
    }

    /// Whether something secret may be sent there.
    pub(super) fn is_private(&self, url: &Url) -> bool {
        match url.scheme() {
            "https" => true,
            "http" => is_loopback(url) || self.plain_http.contains(url.authority()),
            _ => false,
        }
    }

    pub(super) fn client(&self) -> Result<&Client, RegistryError> {
        match self.client.get() {
            Some(client) => Ok(client),
            None => Client::new(LIMITS).map(|client| self.client.get_or_init(|| client)).map_err(Into::into),
        }
    }

    pub(super) fn retries(&self) -> Retry {
        self.retry
    }

    pub(super) fn mask(&self, secret: &Secret) {
        (self.mask)(secret);
    }

    pub(super) fn learnt(&self) -> MutexGuard<'_, Learnt> {
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who we are at this registry, looked up once.
    pub(super) fn credential(&self, key: &str) -> Result<Option<Credential>, RegistryError> {
        if let Some(known) = self.learnt().credentials.get(key) {
            return Ok(known.clone());
        }
        let found = self.store.as_ref().map_or(Ok(None), |store| store.find(key))?;
        if let Some(found) = &found {
            self.mask(found.secret());
        }
        self.learnt().credentials.insert(key.to_owned(), found.clone());
        Ok(found)
    }
}
