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
    let url = url.strip_prefix("git+").unwrap_or(url);
    if !is_remote(url) {
        return purl;
    }
    let url = without_secrets(url);
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
        ] {
            assert_eq!(told, expected);
        }
    }
}
