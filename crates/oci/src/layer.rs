//! The entries of a layer, streamed: decompressed, measured and checked as they are read; never kept and never written anywhere.

mod ahead;
mod compression;
mod room;

use std::{
    borrow::Cow,
    cell::Cell,
    fmt::Write as _,
    io::{self, Read},
};

use ahead::{Pieces, Rest, read_ahead};
use tar::EntryType;

use crate::{
    descriptor::Descriptor, error::OciError, manifest::Manifest, media_type, repository::Repository,
};

/// How many entries the layers of an image may have together. They cost time and no memory.
const ENTRIES_MAX: usize = 20_000_000;
/// How many bytes they may have together, unpacked.
const BYTES_MAX: u64 = 64 << 30;
/// How many times its own size a layer may unpack to.
const RATIO_MAX: u64 = 200;
/// How many bytes any layer may unpack to, however small it is.
const RATIO_FREE_BYTES: u64 = 128 << 20;
/// How many bytes may stand between two files: headers and long names, which are kept in memory.
pub(crate) const HEADERS_BYTES_MAX: u64 = 1 << 20;

/// How long a path, or the target of a link, may be, in bytes: no system can have a longer one (Linux, `PATH_MAX`), and a reader may have
/// to keep a hundred thousand of them.
const PATH_BYTES_MAX: usize = 4096;

/// How much is unpacked at a time, in bytes.
const UNPACKED_BYTES: usize = 256 << 10;

/// What removes a name of a lower layer (OCI image specification 1.1, "Whiteouts").
const WHITEOUT: &str = ".wh.";
/// What removes everything that lower layers have in a directory.
const OPAQUE: &str = ".wh..wh..opq";
/// What other files of the AUFS file system begin with; they say nothing about the image.
const AUFS: &str = ".wh..wh.";

pub(crate) use compression::decompressed;
pub use room::Room;

/// One entry of a layer. Its content is read from it; what is not read is skipped.
pub struct Entry<'e> {
    /// Its path below the root of the image, without `.`, `..` and a leading `/`; empty for the root. Bytes that are not UTF-8 are
    /// written as `\xff`.
    pub path: String,
    /// What it is.
    pub kind: EntryKind,
    /// How long its content is, in bytes.
    pub size: u64,
    content: &'e mut dyn Read,
}

/// What an entry of a layer is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EntryKind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, with its target as it stands there.
    SymbolicLink(String),
    /// Another name of a file, with that file's path.
    HardLink(String),
    /// A device, a pipe.
    Special,
    /// What lower layers have under this path is gone.
    Removed,
    /// What lower layers have in this directory is gone.
    Emptied,
}

/// What the layers of one image may still bring, together; they may be read side by side.
pub struct Allowance {
    entries: Room,
    bytes: Room,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { entries: Room::of(ENTRIES_MAX as u64), bytes: Room::of(BYTES_MAX) }
    }
}

impl Allowance {
    /// Nothing more may be read, also of layers that are being read.
    pub fn close(&self) {
        self.bytes.close();
    }
}

impl Read for Entry<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.content.read(buffer)
    }
}

/// The layers of an image, if all are archives that we read.
///
/// # Errors
/// [`OciError::NoFiles`] if it is an index, or an artifact of another kind.
pub fn layers(image: &Manifest) -> Result<&[Descriptor], OciError> {
    let refuse = |why: String| Err(OciError::NoFiles { digest: image.digest(), why });
    let Some(manifest) = image.image() else { return refuse("it is an index".into()) };
    if let Some(layer) = manifest.layers.iter().find(|layer| !media_type::is_layer(&layer.media_type)) {
        return refuse(format!("a layer is `{}`", layer.media_type));
    }
    if manifest.layers.is_empty() { refuse("it has no layers".into()) } else { Ok(&manifest.layers) }
}

/// Shows every entry of a layer, in the order in which they stand there. What was shown counts only if this ends well: the digest is
/// known at the end, and if it is wrong, that is the error, whatever else was wrong. Another thread fetches and hashes meanwhile.
///
/// # Errors
/// [`OciError::Archive`], [`OciError::Unsafe`] for a path that leaves the image, [`OciError::TooLarge`] and [`OciError::Endless`] beyond
/// the limits, those of [`crate::Blob`], and what `each` returns.
pub fn read_layer<E: From<OciError>>(
    from: &dyn Repository,
    layer: &Descriptor,
    allowance: &Allowance,
    each: &mut dyn FnMut(&mut Entry<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let (walked, fetched) = read_ahead(from, layer, |pieces| {
        let walked = walk(pieces, layer, allowance, each);
        let rest = if matches!(&walked, Err(Stop::Overrun(_))) { Rest::Left } else { Rest::Hashed };
        (walked, rest)
    });
    // Neither what it said nor what was wrong with it is anybody's word before the digest is known.
    match walked {
        Err(Stop::Overrun(error)) => return Err(error.into()),
        _ => fetched?,
    }
    walked.map_err(|stop| match stop {
        Stop::Overrun(error) | Stop::Layer(error) => error.into(),
        Stop::Caller(error) => error,
    })
}

enum Stop<E> {
    Overrun(OciError),
    Layer(OciError),
    Caller(E),
}

fn walk<E>(
    pieces: &mut Pieces,
    layer: &Descriptor,
    allowance: &Allowance,
    each: &mut dyn FnMut(&mut Entry<'_>) -> Result<(), E>,
) -> Result<(), Stop<E>> {
    let digest = layer.digest;
    let broken = |source| Stop::Layer(OciError::Archive { digest, source });
    let limit = BYTES_MAX.min(RATIO_FREE_BYTES.max(layer.size.saturating_mul(RATIO_MAX)));
    let (whole, part) = (Cell::new(limit), Cell::new(HEADERS_BYTES_MAX));
    let reader = decompressed(pieces).map_err(broken)?;
    let reader = Shared { reader, allowance: &allowance.bytes, whole: &whole };
    let reader = Metered { reader, allowance: &whole };
    // An archive is read in small pieces; whatever unpacks it works best in large ones.
    let reader = io::BufReader::with_capacity(UNPACKED_BYTES, reader);
    let reader = Metered { reader, allowance: &part };
    let mut archive = tar::Archive::new(reader);
    let walked = entries(&mut archive, digest, &allowance.entries, &part, each);
    // What stands behind the archive is measured, too, and its checksums are checked.
    part.set(u64::MAX);
    let walked = walked.and_then(|()| {
        io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(broken)?;
        Ok(())
    });
    if whole.get() == OVERRUN {
        return Err(Stop::Overrun(OciError::TooLarge { digest, limit }));
    }
    walked
}

fn entries<E>(
    archive: &mut tar::Archive<impl Read>,
    digest: contract::Digest,
    left: &Room,
    part: &Cell<u64>,
    each: &mut dyn FnMut(&mut Entry<'_>) -> Result<(), E>,
) -> Result<(), Stop<E>> {
    let broken = |source| Stop::Layer(OciError::Archive { digest, source });
    // As long as what is unpacked at a time: it is unpacked right into it.
    let mut skipped = vec![0; UNPACKED_BYTES];
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        if !left.take(1) {
            let (limit, what) = (ENTRIES_MAX, "entries");
            return Err(Stop::Overrun(OciError::Endless { digest, limit, what }));
        }
        let kind = entry.header().entry_type();
        if kind == EntryType::XGlobalHeader {
            continue;
        }
        let path = clean(&entry.path_bytes());
        let target = entry.link_name_bytes().map(Cow::into_owned).unwrap_or_default();
        let unsafe_entry = |why| {
            let name = entry.path_bytes();
            let entry = spelled(&name[..name.len().min(PATH_BYTES_MAX)]);
            Stop::Layer(OciError::Unsafe { digest, entry, why })
        };
        let path = path.map_err(unsafe_entry)?;
        if entry.path_bytes().len().max(target.len()) > PATH_BYTES_MAX {
            return Err(unsafe_entry("its path, or what it links to, is longer than any system takes"));
        }
        let kind = match kind {
            EntryType::Directory => EntryKind::Directory,
            EntryType::Symlink => EntryKind::SymbolicLink(spelled(&target)),
            EntryType::Link => EntryKind::HardLink(clean(&target).map_err(unsafe_entry)?),
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => EntryKind::File,
            _ => EntryKind::Special,
        };
        let Some((path, kind)) = meant(path, kind) else { continue };
        let size = entry.size();
        part.set(u64::MAX);
        each(&mut Entry { path, kind, size, content: &mut entry }).map_err(Stop::Caller)?;
        // What was not read of it comes before the next header.
        skip(&mut entry, &mut skipped).map_err(broken)?;
        part.set(HEADERS_BYTES_MAX);
    }
    Ok(())
}

/// Reads to the end, for nothing.
fn skip(from: &mut impl Read, into: &mut [u8]) -> io::Result<()> {
    loop {
        match from.read(into) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// What an entry means, if it is a whiteout; `None` for what says nothing about the image.
fn meant(path: String, kind: EntryKind) -> Option<(String, EntryKind)> {
    let (parent, name) = path.rsplit_once('/').unwrap_or(("", &path));
    if name == OPAQUE {
        return Some((parent.to_owned(), EntryKind::Emptied));
    }
    if name.starts_with(AUFS) {
        return None;
    }
    match name.strip_prefix(WHITEOUT) {
        Some("") => None,
        Some(name) if parent.is_empty() => Some((name.to_owned(), EntryKind::Removed)),
        Some(name) => Some((format!("{parent}/{name}"), EntryKind::Removed)),
        None => Some((path, kind)),
    }
}

/// A path below the root of the image.
fn clean(name: &[u8]) -> Result<String, &'static str> {
    let mut path = String::with_capacity(name.len());
    for part in name.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => continue,
            b".." => return Err("its path has a `..`"),
            _ => {}
        }
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(&spelled(part));
    }
    Ok(path)
}

/// Bytes as text, in which different bytes stay different.
fn spelled(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a String can't fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// A reader that ends with an error where its allowance does.
pub(crate) struct Metered<'a, R> {
    pub(crate) reader: R,
    pub(crate) allowance: &'a Cell<u64>,
}

/// An allowance that was not enough.
const OVERRUN: u64 = u64::MAX;

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer)?;
        let Some(left) = self.allowance.get().checked_sub(length as u64) else {
            self.allowance.set(OVERRUN);
            return Err(io::Error::other("its headers or files are too long"));
        };
        self.allowance.set(left);
        Ok(length)
    }
}

/// A reader that ends with an error where the allowance of all layers together does.
struct Shared<'a, R> {
    reader: R,
    allowance: &'a Room,
    /// Where it is told that it was an overrun.
    whole: &'a Cell<u64>,
}

impl<R: Read> Read for Shared<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer)?;
        if !self.allowance.take(length as u64) {
            self.whole.set(OVERRUN);
            return Err(io::Error::other("the layers are too long together"));
        }
        Ok(length)
    }
}
