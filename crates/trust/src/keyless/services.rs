//! Which servers are asked for what: Sigstore's signing configuration v0.2 (protobuf-specs, sigstore_trustroot.proto, `SigningConfig`);
//! never what they answer.

use std::{collections::BTreeSet, path::Path};

use ci::files;
use http::Url;
use sigstore_trust_root::{
    SIGSTORE_PRODUCTION_SIGNING_CONFIG, ServiceConfiguration, ServiceEndpoint, ServiceSelector, SigningConfig,
};

use super::KeylessError;
use crate::TrustError;

/// The largest signing configuration, in bytes.
const CONFIG_BYTES_MAX: u64 = 1 << 20;

/// The servers of one instance of Sigstore.
#[derive(Debug)]
pub(super) struct Services {
    /// Gives certificates.
    pub(super) authority: Url,
    /// Where signatures are entered.
    pub(super) logs: Vec<Log>,
    /// What gives signed timestamps.
    pub(super) timestamps: Vec<Url>,
}

/// A transparency log.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) url: Url,
    pub(super) version: Version,
}

/// The two interfaces of Rekor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Version {
    V1,
    V2,
}

impl Services {
    /// Sigstore's public instance, as it was when this program was built.
    pub(super) fn public() -> Result<Self, TrustError> {
        Ok(Self::parse(SIGSTORE_PRODUCTION_SIGNING_CONFIG).map_err(KeylessError::Services)?)
    }

    /// Reads a file as `cosign signing-config create` writes it.
    pub(super) fn read(path: &Path) -> Result<Self, TrustError> {
        let bytes = files::read(path, CONFIG_BYTES_MAX)?;
        let unusable = |why| KeylessError::Config { path: path.to_owned(), why };
        let json = std::str::from_utf8(&bytes).map_err(|error| unusable(error.to_string()))?;
        Ok(Self::parse(json).map_err(unusable)?)
    }

    fn parse(json: &str) -> Result<Self, String> {
        let config = SigningConfig::from_json(json).map_err(|error| error.to_string())?;
        let authority =
            config.fulcio_url().ok_or("it names no certificate authority (caUrls) that is valid now")?;
        let highest = config.eligible_rekor_urls(None).first().map(|log| log.major_api_version);
        let logs = selected(config.eligible_rekor_urls(highest), &config.rekor_tlog_config, "logs")?;
        let timestamps = selected(config.eligible_tsa_urls(), &config.tsa_config, "timestamp authorities")?;
        let log = |endpoint: &ServiceEndpoint| {
            let version = if endpoint.major_api_version == 1 { Version::V1 } else { Version::V2 };
            Ok::<_, String>(Log { url: url(endpoint)?, version })
        };
        let services = Self {
            authority: url(authority)?,
            logs: logs.into_iter().map(log).collect::<Result<_, _>>()?,
            timestamps: timestamps.into_iter().map(url).collect::<Result<_, _>>()?,
        };
        let timed =
            !services.timestamps.is_empty() || services.logs.iter().any(|log| log.version == Version::V1);
        // A certificate holds for ten minutes, and a log of version 2 states no time.
        timed.then_some(services).ok_or_else(|| {
            "nothing in it would prove when something was signed: it needs a timestamp authority, or a log of version 1".to_owned()
        })
    }
}

/// So many as the configuration wants, each of another operator.
fn selected<'c>(
    eligible: Vec<&'c ServiceEndpoint>,
    wanted: &ServiceConfiguration,
    what: &str,
) -> Result<Vec<&'c ServiceEndpoint>, String> {
    let mut operators = BTreeSet::new();
    let mut each: Vec<_> = eligible
        .into_iter()
        .filter(|one| one.operator.as_ref().is_none_or(|operator| operators.insert(operator.clone())))
        .collect();
    match wanted.selector {
        ServiceSelector::All => {}
        ServiceSelector::Any => each.truncate(1),
        ServiceSelector::Exact => {
            let count = wanted.count.unwrap_or(0) as usize;
            if count == 0 || each.len() < count {
                return Err(format!(
                    "it wants exactly {count} {what}, and names {} that are valid now",
                    each.len()
                ));
            }
            each.truncate(count);
        }
        _ => return Err(format!("it does not say how many {what} it wants")),
    }
    Ok(each)
}

/// Tokens and signatures go there, so it must be private on the way.
fn url(endpoint: &ServiceEndpoint) -> Result<Url, String> {
    let url = Url::parse(&endpoint.url).map_err(|error| format!("`{}`: {error}", endpoint.url))?;
    if url.scheme() == "https" || (url.scheme() == "http" && http::is_loopback(&url)) {
        Ok(url)
    } else {
        Err(format!("`{url}` is neither https nor on this machine"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(url: &str, version: u32, operator: &str) -> String {
        format!(
            r#"{{"url":"{url}","majorApiVersion":{version},"validFor":{{"start":"2020-01-01T00:00:00Z"}},"operator":"{operator}"}}"#
        )
    }

    fn config(authority: &str, logs: &str, log_config: &str, timestamps: &str) -> Result<Services, String> {
        Services::parse(&format!(
            r#"{{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","caUrls":[{authority}],
            "rekorTlogUrls":[{logs}],"rekorTlogConfig":{log_config},"tsaUrls":[{timestamps}],"tsaConfig":{{"selector":"ANY"}}}}"#
        ))
    }

    #[test]
    fn the_public_instance_is_one() {
        let public = Services::public().unwrap();
        assert_eq!(public.authority.host_str(), Some("fulcio.sigstore.dev"));
        assert_eq!(public.logs.len(), 1);
    }

    #[test]
    fn the_highest_version_is_taken_and_so_many_as_are_wanted() {
        let (one, two, other) = (
            endpoint("https://one.example", 1, "a"),
            endpoint("https://two.example", 2, "a"),
            endpoint("https://other.example", 2, "b"),
        );
        let (ca, tsa) = (endpoint("https://ca.example", 1, "a"), endpoint("https://tsa.example", 1, "a"));
        let all = [one.clone(), two.clone(), other].join(",");
        let hosts = |config: &str| -> Vec<String> {
            let services = self::config(&ca, &all, config, &tsa).unwrap();
            assert!(services.logs.iter().all(|log| log.version == Version::V2));
            services.logs.iter().map(|log| log.url.host_str().unwrap().to_owned()).collect()
        };
        assert_eq!(hosts(r#"{"selector":"ANY"}"#), ["two.example"]);
        assert_eq!(hosts(r#"{"selector":"ALL"}"#), ["two.example", "other.example"]);
        assert_eq!(hosts(r#"{"selector":"EXACT","count":2}"#), ["two.example", "other.example"]);
        let refused = |result: Result<Services, String>| result.unwrap_err();
        assert!(
            refused(config(&ca, &all, r#"{"selector":"EXACT","count":3}"#, &tsa)).contains("exactly 3 logs")
        );
        // A private authority without a log; without a timestamp authority nothing proves the time.
        assert!(config(&ca, "", "{}", &tsa).unwrap().logs.is_empty());
        assert!(config(&ca, &one, r#"{"selector":"ANY"}"#, "").is_ok());
        assert!(refused(config(&ca, "", "{}", "")).contains("nothing in it would prove"));
        assert!(
            refused(config(&ca, &two, r#"{"selector":"ANY"}"#, "")).contains("nothing in it would prove")
        );
        assert!(refused(config("", &all, "{}", &tsa)).contains("caUrls"));
        let plain = endpoint("http://ca.example", 1, "a");
        assert!(refused(config(&plain, "", "{}", &tsa)).contains("neither https"));
        let local = endpoint("http://127.0.0.1:1", 1, "a");
        assert!(config(&local, "", "{}", &tsa).is_ok());
    }
}
