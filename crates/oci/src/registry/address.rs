//! Where a registry's repository is asked for: hosts, ports and paths; never a request.

use contract::Location;
use http::{Url, is_loopback};

use super::error::RegistryError;

/// Docker Hub has three names: what people write, where its interface is, and where Docker's configuration keeps its password.
const HUB_NAMES: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];
const HUB_HOST: &str = "registry-1.docker.io";
const HUB_KEY: &str = "https://index.docker.io/v1/";

/// How a host is spoken to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wire {
    /// Encrypted, except within this machine.
    Tls,
    /// In clear, because somebody asked for it.
    Plain,
}

/// A repository of a registry as the network knows it.
#[derive(Clone, Debug)]
pub(super) struct Address {
    base: Url,
    /// The name under which credentials for it are kept.
    pub(super) key: String,
    /// The path of the repository.
    pub(super) repository: String,
}

impl Address {
    /// The address of this repository; without TLS on this machine, and where that was asked for.
    pub(super) fn of(host: &str, repository: &str, wire: Wire) -> Result<Self, RegistryError> {
        let hub = HUB_NAMES.contains(&host);
        let repository = match repository {
            official if hub && !official.contains('/') => format!("library/{official}"),
            other => other.to_owned(),
        };
        let wrong = || RegistryError::Host(host.to_owned());
        let at = |scheme: &str| Url::parse(&format!("{scheme}://{}/", if hub { HUB_HOST } else { host }));
        let secure = at("https").map_err(|_| wrong())?;
        if secure.path() != "/" || secure.host_str().is_none_or(str::is_empty) {
            return Err(wrong());
        }
        let base = if wire == Wire::Plain || is_loopback(&secure) {
            at("http").map_err(|_| wrong())?
        } else {
            secure
        };
        Ok(Self { base, key: if hub { HUB_KEY.to_owned() } else { host.to_owned() }, repository })
    }

    /// The address of something in the repository; `path` begins behind its name.
    pub(super) fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        url.set_path(&format!("/v2/{}/{path}", self.repository));
        url.set_query(query);
        url
    }

    /// Whether a request to this URL goes to the registry itself, which alone gets credentials.
    pub(super) fn is_own(&self, url: &Url) -> bool {
        self.base.origin() == url.origin()
    }

    /// The path of another repository of the same host, from which blobs can be mounted.
    pub(super) fn neighbour(&self, location: &Location) -> Option<String> {
        let Location::Registry { host, repository } = location else { return None };
        let wire = if self.base.scheme() == "http" { Wire::Plain } else { Wire::Tls };
        let other = Self::of(host, repository, wire).ok()?;
        (other.base == self.base && other.repository != self.repository).then_some(other.repository)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(host: &str, repository: &str) -> String {
        Address::of(host, repository, Wire::Tls).unwrap().url("tags/list?n=5").into()
    }

    #[test]
    fn docker_hub_is_where_docker_finds_it() {
        assert_eq!(url("docker.io", "nginx"), "https://registry-1.docker.io/v2/library/nginx/tags/list?n=5");
        assert_eq!(url("docker.io", "acme/app"), "https://registry-1.docker.io/v2/acme/app/tags/list?n=5");
        assert_eq!(Address::of("docker.io", "nginx", Wire::Tls).unwrap().key, "https://index.docker.io/v1/");
        assert_eq!(Address::of("ghcr.io", "a/b", Wire::Tls).unwrap().key, "ghcr.io");
    }

    #[test]
    fn only_this_machine_is_spoken_to_in_clear() {
        for host in ["localhost:5000", "127.0.0.1:5000", "127.9.9.9:1", "[::1]:5000"] {
            assert!(url(host, "a").starts_with("http://"), "{host}");
        }
        for host in ["localhost.example.com", "127.0.0.1.example.com", "10.0.0.1:5000", "ghcr.io"] {
            assert!(url(host, "a").starts_with("https://"), "{host}");
        }
        assert!(
            Address::of("10.0.0.1:5000", "a", Wire::Plain).unwrap().url("").as_str().starts_with("http://")
        );
    }

    #[test]
    fn a_host_that_is_none_is_refused() {
        for host in ["a.b:x", "[::1", "", "a.b:99999"] {
            assert!(Address::of(host, "a", Wire::Tls).is_err(), "{host}");
        }
    }

    #[test]
    fn only_another_repository_of_the_same_host_is_a_neighbour() {
        let address = Address::of("ghcr.io", "a/b", Wire::Tls).unwrap();
        let at = |host: &str, repository: &str| {
            address
                .neighbour(&Location::Registry { host: host.to_owned(), repository: repository.to_owned() })
        };
        assert_eq!(at("ghcr.io", "a/c").as_deref(), Some("a/c"));
        assert_eq!(at("ghcr.io", "a/b"), None);
        assert_eq!(at("quay.io", "a/c"), None);
    }
}
