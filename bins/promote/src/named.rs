//! How a release is named on the command line; never which one that is.

use std::{convert::Infallible, fmt, path::PathBuf, str::FromStr};

use contract::{Digest, Version};

/// A name for a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// A release record.
    File(PathBuf),
    /// A release that the ledger knows by its version.
    Version(Version),
    /// A release that the ledger knows by the digest of one of its components.
    Digest(Digest),
}

impl FromStr for Named {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let digest = text.parse().map(Self::Digest);
        let version = || text.parse().map(Self::Version).ok();
        Ok(digest.ok().or_else(version).unwrap_or_else(|| Self::File(text.into())))
    }
}

impl fmt::Display for Named {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(out, "{}", path.display()),
            Self::Version(version) => version.fmt(out),
            Self::Digest(digest) => digest.fmt(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_a_digest_and_a_file_are_told_apart() {
        let digest = Digest::of(b"x");
        assert_eq!(digest.to_string().parse(), Ok(Named::Digest(digest)));
        assert_eq!("1.2.3-rc.1".parse(), Ok(Named::Version("1.2.3-rc.1".parse().unwrap())));
        for file in ["release.json", "./1.2.3", "1.2", "v1.2.3", "sha256:1"] {
            assert_eq!(file.parse(), Ok(Named::File(file.into())));
        }
    }
}
