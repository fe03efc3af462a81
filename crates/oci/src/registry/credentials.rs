//! Who we are at a registry, out of Docker's `config.json` and its credential helpers: what people have set up already; never written.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use ci::{
    Env,
    files::{self, FileError},
    process::Program,
};
use contract::Secret;
use serde::Deserialize;

use super::error::RegistryError;

/// The largest `config.json`, in bytes.
const CONFIG_BYTES_MAX: u64 = 1 << 20;
/// How long a helper may take: some ask a cloud.
const HELPER_MAX: Duration = Duration::from_secs(30);
/// What Docker's helpers call a user that has an identity token for a password.
const TOKEN_USER: &str = "<token>";
/// What helpers say where they know nobody (docker-credential-helpers, `ErrCredentialsNotFound`).
const NOT_FOUND: &str = "credentials not found in native keychain";

/// What shows who we are.
#[derive(Clone, Debug)]
pub(super) enum Credential {
    /// A user and a password.
    Password { user: String, password: Secret },
    /// What an OAuth 2 server takes as a refresh token.
    Identity(Secret),
    /// A token that the registry itself takes.
    Bearer(Secret),
}

impl Credential {
    /// What must not be shown.
    pub(super) fn secret(&self) -> &Secret {
        match self {
            Self::Password { password: secret, .. } | Self::Identity(secret) | Self::Bearer(secret) => secret,
        }
    }

    /// The value of `Authorization` for a user and a password (RFC 7617).
    pub(super) fn basic(user: &str, password: &Secret) -> Secret {
        Secret::new(format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{}", password.reveal()))))
    }
}

/// Docker's configuration, as much of it as is about credentials.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ConfigFile {
    auths: BTreeMap<String, Entry>,
    cred_helpers: BTreeMap<String, String>,
    creds_store: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "lowercase")]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
    registrytoken: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HelperAnswer {
    username: String,
    secret: String,
}

/// Where credentials are looked for.
#[derive(Clone, Debug)]
pub(super) struct Store(PathBuf);

impl Store {
    /// `$DOCKER_CONFIG/config.json`, else the one in the home directory.
    pub(super) fn of(env: &Env) -> Option<Self> {
        let directory = env.raw("DOCKER_CONFIG").map(PathBuf::from);
        let directory = directory.or_else(|| Some(PathBuf::from(env.raw("HOME")?).join(".docker")))?;
        Some(Self(directory.join("config.json")))
    }

    /// The credential for a registry; nothing where there is none. A helper for this host comes before the store for all, and that
    /// before the file, as in Docker.
    pub(super) fn find(&self, key: &str) -> Result<Option<Credential>, RegistryError> {
        let wrong = |why: String| RegistryError::Credentials { host: name_of(key).to_owned(), why };
        let bytes = match files::read(&self.0, CONFIG_BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(FileError::Missing(_)) => return Ok(None),
            Err(error) => return Err(wrong(error.to_string())),
        };
        // The parser's own message might quote a password.
        let config: ConfigFile = serde_json::from_slice(&bytes).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            wrong(format!("{} is not understood at line {line}, column {column}", self.0.display()))
        })?;
        let named = config.cred_helpers.iter().find(|(host, _)| name_of(host) == name_of(key));
        if let Some(helper) = named.map(|(_, helper)| helper).or(config.creds_store.as_ref())
            && let Some(found) = ask(helper, key)?
        {
            return Ok(Some(found));
        }
        let entries = config.auths.get_key_value(key).into_iter().chain(&config.auths);
        let mut entries = entries.filter(|(host, _)| name_of(host) == name_of(key)).map(|(_, entry)| entry);
        entries
            .find_map(|entry| entry.credential().transpose())
            .transpose()
            .map_err(|why| wrong(why.to_owned()))
    }
}

impl Entry {
    fn credential(&self) -> Result<Option<Credential>, &'static str> {
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        if let Some(token) = filled(&self.registrytoken) {
            return Ok(Some(Credential::Bearer(Secret::new(token))));
        }
        if let Some(token) = filled(&self.identitytoken) {
            return Ok(Some(Credential::Identity(Secret::new(token))));
        }
        if let Some(auth) = filled(&self.auth) {
            let bytes = BASE64_STANDARD.decode(auth).map_err(|_| "`auth` in config.json is no base64")?;
            let text = String::from_utf8(bytes).map_err(|_| "`auth` in config.json is no text")?;
            let (user, password) =
                text.trim_end_matches('\0').split_once(':').ok_or("`auth` in config.json has no `:`")?;
            return Ok(Some(credential(user.to_owned(), password)));
        }
        Ok(filled(&self.username)
            .zip(filled(&self.password))
            .map(|(user, password)| credential(user, password)))
    }
}

fn credential(user: String, password: impl Into<String>) -> Credential {
    let password = Secret::new(password);
    if user == TOKEN_USER { Credential::Identity(password) } else { Credential::Password { user, password } }
}

/// The host that an entry of the configuration is about: some are written as URLs.
fn name_of(key: &str) -> &str {
    let key = key.split_once("://").map_or(key, |(_, rest)| rest);
    key.split('/').next().unwrap_or(key)
}

/// Asks `docker-credential-<helper>` (docker-credential-helpers, "Development"): the host on stdin, JSON on stdout.
fn ask(helper: &str, key: &str) -> Result<Option<Credential>, RegistryError> {
    let host = || name_of(key).to_owned();
    let wrong = |why: String| RegistryError::Credentials { host: host(), why };
    let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if helper.is_empty() || !helper.bytes().all(word) {
        return Err(wrong("config.json names a credential helper that can't be a program".to_owned()));
    }
    let program = Program::new(format!("docker-credential-{helper}")).arg("get");
    let done = program
        .input(key)
        .limit(HELPER_MAX)
        .output()
        .map_err(|source| RegistryError::Helper { host: host(), source })?;
    if !done.is_success() {
        // By its protocol a helper says on stdout what went wrong.
        let said = done.text();
        let said = said.trim();
        return if said == NOT_FOUND {
            Ok(None)
        } else {
            Err(wrong(format!(
                "docker-credential-{helper} said `{}`",
                said.chars().take(200).collect::<String>()
            )))
        };
    }
    let answer: HelperAnswer = serde_json::from_slice(&done.stdout)
        .map_err(|_| wrong(format!("docker-credential-{helper} did not answer as helpers do")))?;
    Ok((!answer.secret.is_empty()).then(|| credential(answer.username, answer.secret)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(config: &str, key: &str) -> Result<Option<Credential>, RegistryError> {
        let directory = tempfile::tempdir().unwrap();
        files::write(&directory.path().join("config.json"), config.as_bytes()).unwrap();
        Store::of(&Env::of([("DOCKER_CONFIG", directory.path())])).unwrap().find(key)
    }

    fn shown(found: Option<Credential>) -> String {
        match found {
            Some(Credential::Password { user, password }) => format!("{user}:{}", password.reveal()),
            Some(Credential::Identity(token)) => format!("identity {}", token.reveal()),
            Some(Credential::Bearer(token)) => format!("bearer {}", token.reveal()),
            None => "none".to_owned(),
        }
    }

    #[test]
    fn each_form_of_an_entry_is_read() {
        let config = r#"{"auths": {
            "ghcr.io": {"auth": "bWU6YTpi"},
            "https://index.docker.io/v1/": {"username": "me", "password": "p"},
            "a.azurecr.io": {"auth": "MDAwMDo=", "identitytoken": "it"},
            "https://old.example/v1/": {"registrytoken": "rt"},
            "empty.example": {}
        }, "HttpHeaders": {"x": "y"}}"#;
        let of = |key: &str| shown(find(config, key).unwrap());
        assert_eq!(of("ghcr.io"), "me:a:b");
        assert_eq!(of("https://index.docker.io/v1/"), "me:p");
        assert_eq!(of("a.azurecr.io"), "identity it");
        assert_eq!(of("old.example"), "bearer rt");
        assert_eq!(of("empty.example"), "none");
        assert_eq!(of("ghcr.io.evil.example"), "none");
        assert_eq!(of("ghcr.io:8443"), "none");
    }

    #[test]
    fn a_broken_file_is_told_without_quoting_it() {
        let error = find(r#"{"auths": {"ghcr.io": "hunter2"}}"#, "ghcr.io").unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
        assert!(find(r#"{"auths": {"ghcr.io": {"auth": "%"}}}"#, "ghcr.io").is_err());
        assert!(find(r#"{"credsStore": "../evil"}"#, "ghcr.io").is_err());
        assert!(find(r#"{"credHelpers": {"ghcr.io": "is-not-there"}}"#, "ghcr.io").is_err());
        assert_eq!(
            shown(find(r#"{"credHelpers": {"ghcr.io": "is-not-there"}}"#, "quay.io").unwrap()),
            "none"
        );
    }
}
