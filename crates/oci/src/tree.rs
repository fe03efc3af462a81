//! A directory or a file as a reproducible tar archive: sorted, without times, owners or odd modes; never an image.

use std::{
    fs::{self, File},
    io::{self, Cursor, Read},
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    path::{Component, Path, PathBuf},
};

use ci::files::FileError;
use contract::Digest;
use sha2::{Digest as _, Sha256};
use tar::{EntryType, Header};

use crate::error::OciError;

/// How many files and directories are packed at most.
const ENTRIES_MAX: usize = 100_000;
/// How deep directories are followed.
const LEVELS_MAX: usize = 64;
/// How many bytes a packed file may have.
const FILE_BYTES_MAX: u64 = 4 << 30;
/// The length of a name in a header; a longer one gets an entry of its own (GNU tar, "@LongLink").
const NAME_BYTES_MAX: usize = 100;
/// Everything in an archive is filled up to this many bytes.
const BLOCK_BYTES: u64 = 512;

/// The entries of an archive in their order.
#[derive(Debug)]
pub(crate) struct Tree {
    root: PathBuf,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    /// The bytes of the path in the archive.
    name: Vec<u8>,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Directory,
    File { path: PathBuf, size: u64, mode: u32 },
    Link(Vec<u8>),
}

impl Tree {
    /// Looks at everything below a directory, or at one file. Links at the root are followed, links below are kept as links.
    pub(crate) fn read(root: &Path) -> Result<Self, OciError> {
        let mut tree = Self { root: root.to_owned(), entries: Vec::new() };
        let about = fs::metadata(root).map_err(reading(root))?;
        if about.is_dir() {
            tree.walk(root, b"", 0)?;
        } else {
            let name = root.file_name().ok_or_else(|| FileError::NotAFile(root.to_owned()))?;
            tree.add_file(root, name.as_bytes().to_vec(), &about)?;
        }
        Ok(tree)
    }

    fn walk(&mut self, directory: &Path, prefix: &[u8], level: usize) -> Result<(), OciError> {
        let unpackable = |path: &Path, why| OciError::Unpackable { path: path.to_owned(), why };
        if level > LEVELS_MAX {
            return Err(unpackable(directory, "it lies too deep"));
        }
        let mut names = fs::read_dir(directory)
            .and_then(|all| all.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>())
            .map_err(reading(directory))?;
        names.sort();
        for name in names {
            let path = directory.join(&name);
            if self.entries.len() >= ENTRIES_MAX {
                return Err(unpackable(&path, "there are too many files before it"));
            }
            let name = [prefix, name.as_bytes()].concat();
            let about = fs::symlink_metadata(&path).map_err(reading(&path))?;
            if about.is_dir() {
                let name = [&name, &b"/"[..]].concat();
                self.entries.push(Entry { name: name.clone(), content: Content::Directory });
                self.walk(&path, &name, level + 1)?;
            } else if about.is_symlink() {
                let target = fs::read_link(&path).map_err(reading(&path))?;
                if !link_stays(level, &target) {
                    return Err(unpackable(&path, "it is a link that leaves the directory"));
                }
                let target = target.as_os_str().as_bytes().to_vec();
                self.entries.push(Entry { name, content: Content::Link(target) });
            } else {
                self.add_file(&path, name, &about)?;
            }
        }
        Ok(())
    }

    fn add_file(&mut self, path: &Path, name: Vec<u8>, about: &fs::Metadata) -> Result<(), OciError> {
        let unpackable = |why| Err(OciError::Unpackable { path: path.to_owned(), why });
        if !about.is_file() {
            return unpackable("it is no file, directory or link");
        }
        if about.len() > FILE_BYTES_MAX {
            return unpackable("it is too large");
        }
        let mode = if about.permissions().mode() & 0o111 == 0 { 0o644 } else { 0o755 };
        let content = Content::File { path: path.to_owned(), size: about.len(), mode };
        self.entries.push(Entry { name, content });
        Ok(())
    }

    /// Where it was read.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The archive's bytes, the same each time as long as no file changes.
    pub(crate) fn archive(&self) -> impl Read {
        Archive { entries: self.entries.iter(), part: Box::new(io::empty()), end: END_BYTES }
    }

    /// The digest and the length of the archive, for which every file is read once.
    pub(crate) fn measure(&self) -> Result<(Digest, u64), OciError> {
        let mut hash = Sha256::new();
        let bytes = io::copy(&mut self.archive(), &mut hash).map_err(|error| {
            error.downcast::<OciError>().unwrap_or_else(|source| reading(&self.root)(source).into())
        })?;
        Ok((Digest::from_bytes(hash.finalize().into()), bytes))
    }
}

/// Two empty blocks end an archive.
const END_BYTES: u64 = 2 * BLOCK_BYTES;

struct Archive<'a> {
    entries: std::slice::Iter<'a, Entry>,
    part: Box<dyn Read>,
    end: u64,
}

impl Read for Archive<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let length = self.part.read(buffer)?;
            if length > 0 || buffer.is_empty() {
                return Ok(length);
            }
            match self.entries.next() {
                Some(entry) => self.part = entry.open()?,
                None if self.end > 0 => {
                    self.part = Box::new(io::repeat(0).take(std::mem::take(&mut self.end)));
                }
                None => return Ok(0),
            }
        }
    }
}

impl Entry {
    fn open(&self) -> io::Result<Box<dyn Read>> {
        let mut head = Vec::new();
        long(&mut head, EntryType::GNULongName, &self.name);
        let mut header = plain_header();
        header.set_mode(0o755);
        fill(&mut header.as_old_mut().name, &self.name);
        Ok(match &self.content {
            Content::Directory => {
                header.set_entry_type(EntryType::Directory);
                finish(head, header)
            }
            Content::Link(target) => {
                long(&mut head, EntryType::GNULongLink, target);
                header.set_entry_type(EntryType::Symlink);
                fill(&mut header.as_old_mut().linkname, target);
                finish(head, header)
            }
            Content::File { path, size, mode } => {
                header.set_entry_type(EntryType::Regular);
                header.set_mode(*mode);
                header.set_size(*size);
                let file = File::open(path)
                    .map_err(|error| io::Error::other(OciError::from(reading(path)(error))))?;
                let whole = Whole { file, left: *size, path: path.clone() };
                Box::new(finish(head, header).chain(whole).chain(padding(*size)))
            }
        })
    }
}

/// A file that must not have become shorter: everything behind it would shift.
struct Whole {
    file: File,
    left: u64,
    path: PathBuf,
}

impl Read for Whole {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let length = self.file.read(&mut buffer[..room])?;
        if length == 0 && room > 0 {
            return Err(io::Error::other(OciError::SourceChanged(self.path.clone())));
        }
        self.left -= length as u64;
        Ok(length)
    }
}

fn plain_header() -> Header {
    let mut header = Header::new_gnu();
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(0);
    header
}

fn finish(mut head: Vec<u8>, mut header: Header) -> Box<dyn Read> {
    header.set_cksum();
    head.extend_from_slice(header.as_bytes());
    Box::new(Cursor::new(head))
}

/// The entry that holds a name too long for its header.
fn long(head: &mut Vec<u8>, kind: EntryType, name: &[u8]) {
    if name.len() <= NAME_BYTES_MAX {
        return;
    }
    let mut header = plain_header();
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(name.len() as u64 + 1);
    fill(&mut header.as_old_mut().name, b"././@LongLink");
    header.set_cksum();
    head.extend_from_slice(header.as_bytes());
    head.extend_from_slice(name);
    head.push(0);
    head.resize(head.len().next_multiple_of(header.as_bytes().len()), 0);
}

fn fill(field: &mut [u8; NAME_BYTES_MAX], name: &[u8]) {
    let length = name.len().min(field.len());
    field[..length].copy_from_slice(&name[..length]);
}

fn padding(size: u64) -> impl Read {
    io::repeat(0).take(size.next_multiple_of(BLOCK_BYTES) - size)
}

fn reading(path: &Path) -> impl FnOnce(io::Error) -> FileError + '_ {
    move |source| match source.kind() {
        io::ErrorKind::NotFound => FileError::Missing(path.to_owned()),
        _ => FileError::Unreadable { path: path.to_owned(), source },
    }
}

/// Whether a link that lies `level` directories deep points into the tree, whatever its own target is made of: `..` may stand only at the
/// beginning, because behind a name, which may be a link itself, it leads to nobody knows where.
pub(crate) fn link_stays(level: usize, target: &Path) -> bool {
    let mut up = 0;
    let mut down = 0;
    for part in target.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if down == 0 => up += 1,
            Component::Normal(_) => down += 1,
            _ => return false,
        }
    }
    up <= level && up + down > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_points_down_or_to_a_neighbour_never_out() {
        for (level, good) in [(0, "a"), (0, "./a/b"), (1, "../a"), (2, "../../a"), (1, "..")] {
            assert!(link_stays(level, Path::new(good)), "{good}");
        }
        for (level, bad) in [(0, "/etc"), (0, ".."), (1, "../../a"), (0, "a/../../b"), (3, "a/../b"), (0, "")]
        {
            assert!(!link_stays(level, Path::new(bad)), "{bad}");
        }
    }
}
