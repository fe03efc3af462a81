//! The naming standard, `<semver>-<short sha>` and never `latest`: texts in, names out; never git, never an image.

use contract::{Commit, ComponentName, Tag, Version};

use crate::error::TagError;

/// Reads the version of a release: `major.minor.patch`, with or without a `v` before it.
///
/// # Errors
/// [`TagError::Latest`], [`TagError::NotSemVer`], [`TagError::PreRelease`] and [`TagError::BuildMetadata`].
pub(crate) fn version(text: &str) -> Result<Version, TagError> {
    if is_latest(text) {
        return Err(TagError::Latest(text.to_owned()));
    }
    let version = Version::parse(text.strip_prefix('v').unwrap_or(text))
        .map_err(|source| TagError::NotSemVer { text: text.to_owned(), source })?;
    match &version {
        version if !version.pre.is_empty() => Err(TagError::PreRelease(version.clone())),
        version if !version.build.is_empty() => Err(TagError::BuildMetadata(version.clone())),
        _ => Ok(version),
    }
}

/// The standard name of a version built from a commit, with the component's prefix where components share a repository.
///
/// # Errors
/// [`TagError::Image`] if it would be longer than a tag may be, [`TagError::Latest`] for a prefix that says `latest`.
pub(crate) fn standard(
    prefix: Option<&ComponentName>,
    version: &Version,
    commit: &Commit,
) -> Result<Tag, TagError> {
    let prefix = prefix.map(|prefix| format!("{prefix}-")).unwrap_or_default();
    let tag = format!("{prefix}{version}-{}", commit.short()).parse()?;
    chosen(&tag)?;
    Ok(tag)
}

/// The version that a standard name of this commit holds.
pub(crate) fn version_in(tag: &Tag, prefix: Option<&ComponentName>, commit: &Commit) -> Option<Version> {
    let text = tag.as_str().strip_suffix(commit.short())?.strip_suffix('-')?;
    let text = match prefix {
        Some(prefix) => text.strip_prefix(prefix.as_str())?.strip_prefix('-')?,
        None => text,
    };
    version(text).ok()
}

/// Whether a name says `latest` in any form: alone, as a word of `latest-alpine`, in any case.
pub(crate) fn is_latest(name: &str) -> bool {
    name.split(|character: char| !character.is_ascii_alphanumeric())
        .any(|word| word.eq_ignore_ascii_case("latest"))
}

/// A name that somebody chose, if it may be given.
///
/// # Errors
/// [`TagError::Latest`].
pub(crate) fn chosen(tag: &Tag) -> Result<(), TagError> {
    if is_latest(tag.as_str()) { Err(TagError::Latest(tag.to_string())) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use ci::Failure;

    use super::*;

    fn commit() -> Commit {
        "860c1904a1ce19322e91ac35af1ab07466440c37".parse().unwrap()
    }

    #[test]
    fn a_release_has_three_numbers() {
        assert_eq!(version("v1.2.3").unwrap(), Version::new(1, 2, 3));
        let code = |text: &str| version(text).unwrap_err().code().as_str();
        assert_eq!(code("1.2"), "version-not-semver");
        assert_eq!(code("vv1.2.3"), "version-not-semver");
        assert_eq!(code("1.2.3-rc.1"), "version-is-prerelease");
        assert_eq!(code("1.2.3+build.5"), "version-has-build-metadata");
        assert_eq!(code("latest"), "latest-refused");
    }

    #[test]
    fn latest_is_latest_in_every_dress() {
        for name in ["latest", "LATEST", "latest-alpine", "v1_latest", "1.Latest"] {
            assert!(is_latest(name), "{name}");
        }
        for name in ["1.2.3", "greatest", "latests", "latest2"] {
            assert!(!is_latest(name), "{name}");
        }
    }

    #[test]
    fn a_standard_name_is_read_back() {
        let tag = standard(None, &Version::new(1, 2, 3), &commit()).unwrap();
        assert_eq!(tag.as_str(), "1.2.3-860c190");
        assert_eq!(version_in(&tag, None, &commit()), Some(Version::new(1, 2, 3)));
        assert_eq!(version_in(&"1.2.3-860c191".parse().unwrap(), None, &commit()), None);
        let worker = "worker".parse().unwrap();
        let shared = standard(Some(&worker), &Version::new(1, 2, 3), &commit()).unwrap();
        assert_eq!(shared.as_str(), "worker-1.2.3-860c190");
        assert_eq!(version_in(&shared, Some(&worker), &commit()), Some(Version::new(1, 2, 3)));
        assert_eq!(version_in(&shared, None, &commit()), None);
        assert!(standard(Some(&"latest".parse().unwrap()), &Version::new(1, 2, 3), &commit()).is_err());
        assert_eq!(version_in(&"1.2.3".parse().unwrap(), None, &commit()), None);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn no_text_makes_a_name_that_breaks_the_standard(text in "v?[0-9a-z.+-]{0,24}") {
            if let Ok(version) = version(&text) {
                let tag = standard(None, &version, &commit()).unwrap();
                proptest::prop_assert!(!is_latest(tag.as_str()));
                proptest::prop_assert_eq!(version_in(&tag, None, &commit()), Some(version));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = (version(&text), is_latest(&text));
        }
    }
}
