//! Where a package comes from, as the qualifiers of its package URL; never a password, and never a path of this machine.

use super::{Purl, Qualifier};

/// Registries whose packages need no qualifier, by what their addresses begin with: the ecosystem's own, as the tools write it.
const OWN: [&str; 5] = [
    "https://registry.npmjs.org/",
    "http://registry.npmjs.org/",
    "https://registry.yarnpkg.com/",
    "https://pypi.org/simple",
    "https://files.pythonhosted.org/",
];

/// The URL without a user, a password, or parameters, which may be tokens.
pub fn without_secrets(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or(url);
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    path.map_or_else(|| format!("{scheme}://{host}"), |path| format!("{scheme}://{host}/{path}"))
}

/// Hosts that npm and its kin have a short form for (docs.npmjs.com, "package.json", "Git URLs as dependencies").
const SHORT: [(&str, &str); 4] = [
    ("github:", "https://github.com/"),
    ("gitlab:", "https://gitlab.com/"),
    ("bitbucket:", "https://bitbucket.org/"),
    ("gist:", "https://gist.github.com/"),
];

/// The address of a repository as a URL: also of `github:owner/name`, and of `user@host:path` (git-scm.com, "GIT URLS"). `None` if it is a
/// path of this machine.
fn repository(address: &str) -> Option<String> {
    let address = address.strip_prefix("git+").unwrap_or(address);
    if let Some((short, host)) = SHORT.iter().find(|(short, _)| address.starts_with(short)) {
        return Some(format!("{host}{}", &address[short.len()..]));
    }
    let rest = match address.split_once("://") {
        Some(_) if !is_remote(address) => return None,
        Some(("ssh", rest)) => rest.get(rest.split('/').next()?.rfind('@').map_or(0, |at| at + 1)..)?,
        Some(_) => return Some(address.to_owned()),
        None => {
            let host = address.split_once(':').map(|(host, _)| host).filter(|host| !host.contains('/'))?;
            host.find('@').map_or(address, |at| &address[at + 1..])
        }
    };
    match rest.split_once(':').filter(|(host, _)| !host.contains('/')) {
        Some((_, path)) if address.contains("://") && path.starts_with(|one: char| one.is_ascii_digit()) => {
            Some(format!("ssh://{rest}"))
        }
        // A drive has one letter.
        Some((host, _)) if host == "file" || host.len() < 2 => None,
        Some((host, path)) => Some(format!("ssh://{host}/{}", path.trim_start_matches('/'))),
        None => address.contains("://").then(|| format!("ssh://{rest}")),
    }
}

/// Whether an address is that of a repository rather than of an archive, as npm and its kin write both.
pub fn is_repository(address: &str) -> bool {
    let address = address.split('#').next().unwrap_or(address);
    let by_user = address.split_once(':').is_some_and(|(host, _)| host.contains('@') && !host.contains('/'));
    let schemes = ["git+", "git:", "ssh:"];
    by_user
        || is_remote(address) && address.rsplit('.').next() == Some("git")
        || schemes.iter().chain(SHORT.iter().map(|(short, _)| short)).any(|start| address.starts_with(start))
}

/// Whether this is the address of something in a network, rather than a path.
fn is_remote(url: &str) -> bool {
    url.split_once("://").is_some_and(|(scheme, _)| !scheme.ends_with("file"))
}

/// From this index, unless it is the ecosystem's own.
pub fn from_index(purl: Purl, url: &str) -> Purl {
    if !is_remote(url) || OWN.iter().any(|own| url.starts_with(own)) {
        return purl;
    }
    purl.qualifier(Qualifier::RepositoryUrl, without_secrets(url).trim_end_matches('/'))
}

/// From this one archive, unless it is one of the ecosystem's own registry.
pub fn from_archive(purl: Purl, url: &str) -> Purl {
    if !is_remote(url) || OWN.iter().any(|own| url.starts_with(own)) {
        return purl;
    }
    purl.qualifier(Qualifier::DownloadUrl, &without_secrets(url))
}

/// From a commit of a git repository.
pub fn from_git(purl: Purl, url: &str, commit: &str) -> Purl {
    let Some(url) = repository(url) else { return purl };
    let url = without_secrets(&url);
    let at = if commit.is_empty() { "" } else { "@" };
    purl.qualifier(Qualifier::VcsUrl, &format!("git+{url}{at}{commit}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::PurlType;

    #[test]
    fn no_password_token_or_path_is_told() {
        let purl = || Purl::new(PurlType::Pypi, "a").unwrap();
        let index = |url| from_index(purl(), url).to_string();
        let archive = |url| from_archive(purl(), url).to_string();
        let git = |url| from_git(purl(), url, "0123").to_string();
        for (told, expected) in [
            (index("https://pypi.org/simple"), "pkg:pypi/a"),
            (
                index("https://me:secret@example.com/simple/?token=1"),
                "pkg:pypi/a?repository_url=https:%2F%2Fexample.com%2Fsimple",
            ),
            (index("/srv/wheels"), "pkg:pypi/a"),
            (index("file:///srv/wheels"), "pkg:pypi/a"),
            (
                archive("https://example.com/a.whl?token=secret#sha256=1"),
                "pkg:pypi/a?download_url=https:%2F%2Fexample.com%2Fa.whl",
            ),
            (archive("git+file:///srv/a"), "pkg:pypi/a"),
            (
                git("git+ssh://git:secret@example.com/a.git"),
                "pkg:pypi/a?vcs_url=git%2Bssh:%2F%2Fexample.com%2Fa.git%400123",
            ),
            (git("git+file:///srv/a"), "pkg:pypi/a"),
            (git("/srv/a"), "pkg:pypi/a"),
            (git("../a"), "pkg:pypi/a"),
            (git("../a@example.com:b"), "pkg:pypi/a"),
            (git("file:../a"), "pkg:pypi/a"),
            (git(r"C:\a"), "pkg:pypi/a"),
        ] {
            assert_eq!(told, expected);
        }
    }

    #[test]
    fn a_repository_with_a_short_address_once_became_a_public_package() {
        for (address, expected) in [
            ("git@github.com:u/b.git", "ssh://github.com/u/b.git"),
            ("git+git@github.com:u/b.git", "ssh://github.com/u/b.git"),
            ("git+ssh://git@github.com:u/b.git", "ssh://github.com/u/b.git"),
            ("git+ssh://git@example.com:2222/u/b.git", "ssh://example.com:2222/u/b.git"),
            ("work:/u/b.git", "ssh://work/u/b.git"),
            ("github:u/b", "https://github.com/u/b"),
            ("gitlab:g/u/b", "https://gitlab.com/g/u/b"),
            ("git://example.com/b.git", "git://example.com/b.git"),
            ("ssh://git@example.com/b.git", "ssh://example.com/b.git"),
        ] {
            let purl = from_git(Purl::new(PurlType::Pypi, "b").unwrap(), address, "0123");
            assert_eq!(purl.qualified("vcs_url"), Some(format!("git+{expected}@0123").as_str()), "{address}");
        }
    }

    #[test]
    fn a_repository_is_told_from_an_archive() {
        for address in [
            "git+https://example.com/b",
            "git://example.com/b",
            "ssh://git@example.com/b",
            "git@github.com:u/b.git#0123",
            "github:u/b#0123",
            "https://example.com/b.git#0123",
        ] {
            assert!(is_repository(address), "{address}");
        }
        for address in [
            "https://registry.npmjs.org/a/-/a-1.0.0.tgz#0123",
            "https://me:secret@example.com/a.tgz",
            "file:../a.git",
            "../a.git",
            "npm:@s/a@1.0.0",
            "1.0.0",
        ] {
            assert!(!is_repository(address), "{address}");
        }
    }
}
