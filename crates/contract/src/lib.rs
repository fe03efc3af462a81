//! The words every binary shares: digests, images, components, environments, the release record; no IO, no clock.
//!
//! A value that exists is valid: each type has one constructor, which parses. What arrives as text from a flag, a file or a
//! registry becomes one of these before anything is decided.

mod commit;
mod digest;
mod image;
mod manifest;
mod name;
mod platform;
mod record;
mod release;
mod secret;
mod severity;
mod span;

pub use commit::{Commit, InvalidCommit};
pub use digest::{Digest, InvalidDigest};
pub use image::{ImageRef, InvalidImage, Location, Selector, Tag};
pub use manifest::{IncompleteRelease, ReleaseManifest};
pub use name::{ComponentName, EnvironmentName, InvalidName};
pub use platform::{InvalidPlatform, Platform};
pub use record::{Configuration, Database, EnvironmentRecord, Promotion, RolledBack, SmokeTest, TestResult};
pub use release::{Component, InvalidRelease, Release};
pub use secret::Secret;
pub use severity::{InvalidSeverity, Severity};
pub use span::{InvalidSpan, Span};

/// A SemVer 2.0.0 version, as the `semver` crate reads it: no leading `v`.
pub use semver::Version;

/// Reads a type from its text form when deserialising, so that a file can hold no invalid one.
macro_rules! text_form {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use text_form;
