//! Which of two versions is the later one, by the rules of the ecosystem they are from; never what is affected.

mod apk;
mod composer;
mod deb;
mod gem;
mod maven;
mod nuget;
mod semver;

use std::{cmp::Ordering, str::FromStr};

use pep440_rs::Version;

/// A set of rules.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Scheme {
    /// Semantic Versioning 2.0.0, section 11; as Go and npm write it.
    Semver,
    /// The same, where a shorter tag (`v4`) moves on with its line, as those of GitHub Actions do.
    Tags,
    /// PEP 440, as PyPI orders releases.
    Pep440,
    /// dpkg (deb-version(7)).
    Deb,
    /// apk-tools 3 (`src/version.c`).
    Apk,
    /// rpm (`rpmvercmp`, with epoch and release).
    Rpm,
    /// Maven (the POM reference, "Version Order Specification").
    Maven,
    /// NuGet: Semantic Versioning with four numbers.
    Nuget,
    /// RubyGems (`Gem::Version`).
    Gem,
    /// Composer and Packagist (composer/semver).
    Composer,
    /// Rules that are not known here: only what is listed one by one can be told.
    Unknown,
}

/// A text that is no version by these rules.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is no version that can be put in order")]
pub(crate) struct NoVersion(String);

/// The longest version that is compared, in bytes.
const VERSION_BYTES_MAX: usize = 512;

impl Scheme {
    /// Compares two versions.
    pub(crate) fn compare(self, left: &str, right: &str) -> Result<Ordering, NoVersion> {
        match self {
            Self::Semver | Self::Tags => {
                Ok(semver::compare(&read(left, semver::parse)?, &read(right, semver::parse)?))
            }
            Self::Pep440 => Ok(read(left, pep440)?.cmp(&read(right, pep440)?)),
            Self::Deb => Ok(read(left, deb::Version::parse)?.cmp(&read(right, deb::Version::parse)?)),
            Self::Apk => Ok(read(left, apk::Version::parse)?.cmp(&read(right, apk::Version::parse)?)),
            Self::Rpm => Ok(rpm_version::rpm_evr_compare(read(left, rpm)?, read(right, rpm)?)),
            Self::Maven => {
                Ok(read(left, maven::Version::parse)?.compare(&read(right, maven::Version::parse)?))
            }
            Self::Nuget => Ok(read(left, nuget::Version::parse)?.cmp(&read(right, nuget::Version::parse)?)),
            Self::Gem => Ok(read(left, gem::Version::parse)?.cmp(&read(right, gem::Version::parse)?)),
            Self::Composer => {
                Ok(read(left, composer::Version::parse)?.compare(&read(right, composer::Version::parse)?))
            }
            Self::Unknown => Err(NoVersion(left.to_owned())),
        }
    }
}

impl Scheme {
    /// The versions that a moving tag may stand for, if this is one.
    pub(crate) fn line(self, version: &str) -> Option<Line> {
        let (first, end) = if self == Self::Tags { semver::line(version) } else { None }?;
        Some(Line { tag: version.to_owned(), first: first.to_string(), end })
    }

    /// Whether this has a place among all versions. Where nobody knows the order, nothing is out of it.
    pub(crate) fn places(self, version: &str) -> bool {
        self == Self::Unknown || (self.line(version).is_none() && self.compare(version, version).is_ok())
    }
}

/// What a moving tag may stand for.
pub(crate) struct Line {
    /// The tag.
    pub(crate) tag: String,
    /// The first version of the line.
    pub(crate) first: String,
    end: ::semver::Version,
}

impl Line {
    /// Whether this version is of the line.
    pub(crate) fn holds(&self, version: &str) -> bool {
        let parsed = |text| read(text, semver::parse).ok();
        let (Some(version), Some(first)) = (parsed(version), parsed(&self.first)) else { return false };
        semver::compare(&version, &first) != Ordering::Less
            && semver::compare(&version, &self.end) == Ordering::Less
    }

    /// Whether this is its first version.
    pub(crate) fn begins_with(&self, version: &str) -> bool {
        Scheme::Semver.compare(version, &self.first) == Ok(Ordering::Equal)
    }
}

fn read<'t, V>(text: &'t str, parse: impl FnOnce(&'t str) -> Option<V>) -> Result<V, NoVersion> {
    let short = (text.len() <= VERSION_BYTES_MAX).then_some(text);
    short.and_then(parse).ok_or_else(|| NoVersion(text.chars().take(80).collect()))
}

fn pep440(text: &str) -> Option<Version> {
    Version::from_str(text).ok()
}

/// rpm orders any text; one without a digit is a word such as `latest`, and its place would be chance.
fn rpm(text: &str) -> Option<&str> {
    let good = |byte: u8| byte.is_ascii_graphic();
    (text.bytes().all(good) && text.bytes().any(|byte| byte.is_ascii_digit())).then_some(text)
}

#[cfg(test)]
mod peers;
#[cfg(test)]
mod tests;
