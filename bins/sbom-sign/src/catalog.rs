//! What a source tree is made of, whatever wrote it down; one foreign format, one file below. Nothing is executed and nothing fetched.

pub mod cargo;

use contract::Digest;

/// Everything found, sorted by reference, so that the same input gives the same list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Catalog {
    /// The packages.
    pub packages: Vec<Package>,
    /// What they are packages of.
    pub root: Root,
}

/// What the packages belong to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Root {
    /// One of the packages, by its place in the list.
    Package(usize),
    /// Several packages that nothing depends on, by their places in the list: a workspace.
    Workspace(Vec<usize>),
}

/// One package.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Package {
    /// What names it within this list and no other package.
    pub reference: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its package URL (ECMA-427).
    pub purl: String,
    /// What its archive is, where the lock file says so.
    pub sha256: Option<Digest>,
    /// What it needs, by places in the list, sorted.
    pub needs: Vec<usize>,
}

/// A lock file that can't be read as one.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{why}")]
pub struct Malformed {
    /// What is wrong.
    pub why: String,
    /// Where, counted from 1.
    pub line: Option<usize>,
}

/// The line that this byte of the text is in, counted from 1.
fn line_of(text: &str, byte: usize) -> usize {
    1 + text.bytes().take(byte).filter(|byte| *byte == b'\n').count()
}

/// Percent-encodes what may not stand as itself in a part of a package URL (ECMA-427, "Character encoding").
fn encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            let digit =
                |nibble: u8| char::from_digit(u32::from(nibble), 16).map(|one| one.to_ascii_uppercase());
            out.extend([byte >> 4, byte & 15].into_iter().filter_map(digit));
        }
        out
    })
}
