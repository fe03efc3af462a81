//! Ties lines together by hashes and finds where a chain is broken; never a file.

use contract::{Digest, EnvironmentName};
use serde::{Deserialize, Serialize};

use crate::entry::{Draft, Entry, SCHEMA_VERSION};

/// The newest line of a chain: its number, and the SHA-256 of its bytes without the line end. Whoever remembers it notices every change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Its number; 0 before the first.
    pub sequence: u64,
    /// Its digest; before the first that of the environment's name, so that the files of two environments can't change places.
    pub digest: Digest,
}

/// A chain was changed after it was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The line is no entry in our form.
    #[error("entry {sequence} cannot be read: {message}")]
    Unreadable {
        /// The line's number.
        sequence: u64,
        /// What the parser said.
        message: String,
    },
    /// The file does not end with a line end, so its last line was cut.
    #[error("entry {0} is cut off")]
    Cut(u64),
    /// The first line begins the history of another environment, or of none.
    #[error("it does not begin as the history of {0} does")]
    OtherEnvironment(EnvironmentName),
    /// The line says another number than its place has.
    #[error("entry {found} stands where entry {sequence} should")]
    OutOfPlace {
        /// The place.
        sequence: u64,
        /// The number it says.
        found: u64,
    },
    /// The line before it is not the one it was written after.
    #[error("entry {sequence} was written after another entry {} than the one that is there", sequence - 1)]
    Relinked {
        /// The line's number.
        sequence: u64,
    },
    /// The chain does not end where it is remembered to end.
    #[error("entry {sequence} is not the one that was remembered as the head")]
    OtherHead {
        /// The remembered head's number.
        sequence: u64,
    },
}

impl Head {
    /// Before anything, nowhere.
    pub(crate) const EMPTY: Self = Self { sequence: 0, digest: Digest::from_bytes([0; 32]) };

    /// Before the first line of this environment.
    fn of(environment: &EnvironmentName) -> Self {
        Self { sequence: 0, digest: Digest::of(environment.as_str().as_bytes()) }
    }
}

/// Reads the chain of this environment and verifies every tie.
pub(crate) fn read(environment: &EnvironmentName, text: &str) -> Result<Vec<(Entry, Digest)>, Broken> {
    let mut chain: Vec<(Entry, Digest)> = Vec::new();
    for line in text.split_inclusive('\n') {
        let before = head(environment, &chain);
        let sequence = before.sequence + 1;
        let line = line.strip_suffix('\n').ok_or(Broken::Cut(sequence))?;
        let unreadable = |message: String| Broken::Unreadable { sequence, message };
        let entry: Entry = serde_json::from_str(line).map_err(|error| unreadable(error.to_string()))?;
        if entry.schema_version != SCHEMA_VERSION {
            return Err(unreadable(format!(
                "its schemaVersion is {}, not {SCHEMA_VERSION}",
                entry.schema_version
            )));
        }
        if entry.sequence != sequence {
            return Err(Broken::OutOfPlace { sequence, found: entry.sequence });
        }
        if entry.previous != before.digest && sequence == 1 {
            return Err(Broken::OtherEnvironment(environment.clone()));
        }
        if entry.previous != before.digest {
            return Err(Broken::Relinked { sequence });
        }
        chain.push((entry, digest(line)));
    }
    Ok(chain)
}

/// The digest of a line, with or without its line end.
pub(crate) fn digest(line: &str) -> Digest {
    Digest::of(line.strip_suffix('\n').unwrap_or(line).as_bytes())
}

/// The newest line.
pub(crate) fn head(environment: &EnvironmentName, chain: &[(Entry, Digest)]) -> Head {
    let line = |(entry, digest): &(Entry, Digest)| Head { sequence: entry.sequence, digest: *digest };
    chain.last().map_or_else(|| Head::of(environment), line)
}

/// Compares a chain with the head that was remembered. A chain that is one line ahead is one whose writer died before it could remember.
pub(crate) fn compare(chain: &[(Entry, Digest)], remembered: Head) -> Result<(), Broken> {
    let Head { sequence, digest } = remembered;
    let newest = chain.len() as u64;
    let there = match usize::try_from(sequence).ok().and_then(|count| count.checked_sub(1)) {
        None => true,
        Some(index) => chain.get(index).is_some_and(|(_, found)| *found == digest),
    };
    let ahead = newest.checked_sub(sequence).is_some_and(|more| more <= 1);
    if there && ahead { Ok(()) } else { Err(Broken::OtherHead { sequence }) }
}

/// Gives the draft its place behind this head, as a line with its line end.
pub(crate) fn next(head: Head, what: Draft) -> Result<(Entry, String), serde_json::Error> {
    let entry =
        Entry { schema_version: SCHEMA_VERSION, sequence: head.sequence + 1, previous: head.digest, what };
    let line = serde_json::to_string(&entry)? + "\n";
    Ok((entry, line))
}
