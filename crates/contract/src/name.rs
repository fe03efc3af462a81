//! What people call components and environments; never free text, so that a name is safe in paths, tags and variables.

use std::{fmt, str::FromStr};

/// The longest name, in bytes: that of a DNS label, because names become host names and Kubernetes objects.
const NAME_BYTES_MAX: usize = 63;

/// The text can't be a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no name: expected 1 to 63 of a-z, 0-9 and `-`, beginning and ending with a letter or digit"
)]
pub struct InvalidName(String);

fn parse(text: &str) -> Result<String, InvalidName> {
    let edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let inner = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let edges = edge(text.bytes().next()) && edge(text.bytes().last());
    if inner && edges && text.len() <= NAME_BYTES_MAX {
        Ok(text.to_owned())
    } else {
        Err(InvalidName(text.to_owned()))
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $type(String);

        impl $type {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The name as the beginning of a variable's name: upper case, `_` for `-`.
            pub fn variable_prefix(&self) -> String {
                self.0.to_uppercase().replace('-', "_")
            }
        }

        impl FromStr for $type {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                parse(text).map(Self)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.pad(&self.0)
            }
        }

        crate::text_form!($type);
    };
}

name! {
    /// One deployable of a system: `api`, `web`, `worker`.
    ComponentName
}
name! {
    /// Where a release runs: `staging`, `production`.
    EnvironmentName
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_dns_labels() {
        for good in ["a", "app", "web-2", &"x".repeat(63)] {
            assert!(good.parse::<ComponentName>().is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a_b", "a/b", "a b", "ä", "..", &"x".repeat(64)] {
            assert!(bad.parse::<EnvironmentName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_becomes_a_variable() {
        assert_eq!("web-app".parse::<ComponentName>().unwrap().variable_prefix(), "WEB_APP");
    }
}
