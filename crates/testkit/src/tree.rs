//! A directory's content as a value that can be compared; never changes the directory.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

/// Larger files are compared by their length: they are fixtures, not results.
pub const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// How many bytes of a changed file a difference shows.
const SHOWN_CHARS_MAX: usize = 400;

/// What lies at one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A directory.
    Directory,
    /// A file's bytes.
    File(Vec<u8>),
    /// A file above [`FILE_BYTES_MAX`], by its length in bytes.
    Large(u64),
    /// A symbolic link and where it points.
    Link(String),
    /// A socket, pipe or device.
    Special,
}

/// Path (relative, with `/`) → content, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree(pub BTreeMap<String, Entry>);

impl Tree {
    /// Reads everything under `root` except what the patterns name. In a pattern `*` stands for any text without `/`,
    /// `**` for any text; a pattern that names a directory leaves out all in it.
    pub fn read(root: &Path, except: &[&str]) -> Self {
        let mut tree = Self::default();
        tree.walk(root, "", except);
        tree
    }

    fn walk(&mut self, dir: &Path, prefix: &str, except: &[&str]) {
        // A directory that cannot be listed holds nothing that can be compared.
        for child in fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = format!("{prefix}{}", child.file_name().to_string_lossy());
            if except.iter().any(|pattern| matches(pattern, &path)) {
                continue;
            }
            let Ok(meta) = child.path().symlink_metadata() else { continue };
            let entry = if meta.is_dir() {
                self.walk(&child.path(), &format!("{path}/"), except);
                Entry::Directory
            } else if meta.is_symlink() {
                Entry::Link(
                    fs::read_link(child.path()).map(|to| to.display().to_string()).unwrap_or_default(),
                )
            } else if !meta.is_file() {
                Entry::Special
            } else if meta.len() > FILE_BYTES_MAX {
                Entry::Large(meta.len())
            } else {
                Entry::File(fs::read(child.path()).unwrap_or_default())
            };
            self.0.insert(path, entry);
        }
    }

    /// The same tree with each file's bytes put through `change`.
    #[must_use]
    pub fn map_files(mut self, change: impl Fn(&str, Vec<u8>) -> Vec<u8>) -> Self {
        for (path, entry) in &mut self.0 {
            if let Entry::File(bytes) = entry {
                *bytes = change(path, std::mem::take(bytes));
            }
        }
        self
    }

    /// Every path at which the two differ, in words; empty if they are equal.
    pub fn difference(&self, other: &Self) -> String {
        let paths: std::collections::BTreeSet<&String> = self.0.keys().chain(other.0.keys()).collect();
        let changed = paths.into_iter().filter_map(|path| match (self.0.get(path), other.0.get(path)) {
            (Some(_), None) => Some(format!("- {path}")),
            (None, Some(_)) => Some(format!("+ {path}")),
            (Some(ours), Some(theirs)) if ours != theirs => {
                Some(format!("! {path}\n    was: {}\n    is:  {}", shown(ours), shown(theirs)))
            }
            _ => None,
        });
        changed.collect::<Vec<_>>().join("\n")
    }
}

fn shown(entry: &Entry) -> String {
    match entry {
        Entry::File(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            format!("{} bytes {:?}", bytes.len(), text.chars().take(SHOWN_CHARS_MAX).collect::<String>())
        }
        other => format!("{other:?}"),
    }
}

/// One line an entry: the path, and for a file its length and a digest (FNV-1a, for the eye only).
impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (path, entry) in &self.0 {
            match entry {
                Entry::Directory => writeln!(f, "{path}/")?,
                Entry::File(bytes) => writeln!(f, "{path} {} {:016x}", bytes.len(), digest(bytes))?,
                Entry::Large(length) => writeln!(f, "{path} {length} large")?,
                Entry::Link(to) => writeln!(f, "{path} -> {to}")?,
                Entry::Special => writeln!(f, "{path} special")?,
            }
        }
        Ok(())
    }
}

fn digest(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Whether a pattern with `*` and `**` names the path.
fn matches(pattern: &str, path: &str) -> bool {
    if let Some(rest) = pattern.strip_prefix("**") {
        return path
            .char_indices()
            .map(|(at, _)| at)
            .chain([path.len()])
            .any(|at| matches(rest, &path[at..]));
    }
    if let Some(rest) = pattern.strip_prefix('*') {
        let end = path.find('/').unwrap_or(path.len());
        return path[..end]
            .char_indices()
            .map(|(at, _)| at)
            .chain([end])
            .any(|at| matches(rest, &path[at..]));
    }
    match (pattern.chars().next(), path.chars().next()) {
        (None, None) => true,
        (Some(ours), Some(theirs)) if ours == theirs => {
            matches(&pattern[ours.len_utf8()..], &path[theirs.len_utf8()..])
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Tree, matches};
    use crate::scratch::Scratch;

    #[test]
    fn a_star_stays_in_its_directory_and_two_do_not() {
        assert!(matches("*.log", "a.log") && matches("**/*.log", "x/y/a.log") && matches("**", "x/y"));
        assert!(matches(".git", ".git") && matches("a*c", "abc") && matches("a*c", "ac"));
        assert!(!matches("*.log", "x/a.log") && !matches("a", "ab") && !matches("a*", "b"));
    }

    #[test]
    fn a_difference_names_what_came_went_and_changed() {
        let scratch = Scratch::new();
        scratch.file("same", "1");
        scratch.file("went", "2");
        scratch.file("changed", "3");
        let before = scratch.tree(&[]);
        std::fs::remove_file(scratch.join("went")).unwrap();
        scratch.file("changed", "4");
        scratch.file("came", "5");
        let difference = before.difference(&scratch.tree(&[]));
        assert_eq!(difference, "+ came\n! changed\n    was: 1 bytes \"3\"\n    is:  1 bytes \"4\"\n- went");
        assert_eq!(before.difference(&before), "");
    }

    #[test]
    fn what_is_excluded_is_not_read() {
        let scratch = Scratch::new();
        scratch.file("keep/a.txt", "a");
        scratch.file("drop/b.txt", "b");
        scratch.file("keep/c.log", "c");
        let tree = Tree::read(scratch.path(), &["drop", "**.log"]);
        assert_eq!(tree.0.keys().collect::<Vec<_>>(), ["keep", "keep/a.txt"]);
    }
}
