//! The migrations of a directory, whatever tool's layout they have: one form for the rest of the program; never a database.

pub mod directive;
pub mod numbered;
pub mod script;

use std::{fmt, path::Path, str::FromStr};

use contract::Digest;
use serde::Serialize;

use crate::{error::Error, statement::Dialect};
pub use script::{Script, Unit};

/// Which tool's files these are.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Layout {
    /// `NNN_description.sql` and, beside it, `NNN_description.down.sql`
    Numbered,
}

/// A migration's number. Versions are compared as numbers: 2 comes before 10.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Version(i64);

/// The text is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no version: expected a whole number up to {max}", max = i64::MAX)]
pub struct InvalidVersion(String);

impl Version {
    /// Before the first migration: an empty database.
    pub const NONE: Self = Self(0);

    /// A version as the database keeps it.
    pub fn from_row(number: i64) -> Option<Self> {
        (number >= 0).then_some(Self(number))
    }

    /// As the database keeps it.
    pub fn number(self) -> i64 {
        self.0
    }
}

impl FromStr for Version {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.then(|| text.parse().ok()).flatten();
        number.map(Self).ok_or_else(|| InvalidVersion(text.to_owned()))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// Which half of an expand-contract change a migration is.
#[derive(Serialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The release that runs with the schema before it runs with the schema after it, too.
    Expand,
    /// It does not.
    Contract,
}

impl Phase {
    /// As it is written in a file and kept in the history.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Expand => "expand",
            Self::Contract => "contract",
        }
    }
}

impl FromStr for Phase {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "expand" => Ok(Self::Expand),
            "contract" => Ok(Self::Contract),
            _ => Err(()),
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.word())
    }
}

/// One step of the schema.
#[derive(Clone, Debug)]
pub struct Migration {
    /// Its number.
    pub version: Version,
    /// What it does, from its name.
    pub description: String,
    /// Which half of a change it is.
    pub phase: Phase,
    /// Who agreed to a contract step, as its file says.
    pub approval: Option<String>,
    /// The way there.
    pub up: Script,
    /// The way back, if there is one.
    pub down: Option<Script>,
}

impl Migration {
    /// What the history compares.
    pub fn checksum(&self) -> Digest {
        self.up.checksum
    }
}

/// The migrations of a directory in ascending order, all of them read, cut and checked.
pub fn read(layout: Layout, directory: &Path, dialect: Dialect) -> Result<Vec<Migration>, Error> {
    match layout {
        Layout::Numbered => numbered::read(directory, dialect),
    }
}
