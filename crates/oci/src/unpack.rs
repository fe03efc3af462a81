//! The files of an image in a directory, all of them or none; never outside that directory, never a device, never a link that leads out.

use std::{
    borrow::Cow,
    cell::Cell,
    ffi::OsStr,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::{ffi::OsStrExt, fs::OpenOptionsExt},
    path::{Component, Path, PathBuf},
};

use ci::files::FileError;
use contract::{Digest, Platform};
use tar::EntryType;

use crate::{
    descriptor::Descriptor,
    error::OciError,
    layer::{HEADERS_BYTES_MAX, Metered, decompressed, layers},
    lock,
    manifest::Manifest,
    repository::{Repository, Stored},
    transfer::DEPTH_MAX,
    tree::{Tree, link_stays},
};

/// How many entries an image may have.
const ENTRIES_MAX: usize = 200_000;
/// How many bytes its files may have together, unpacked.
const BYTES_MAX: u64 = 8 << 30;
/// How much is moved at a time, in bytes.
const CHUNK_BYTES: usize = 128 << 10;

/// The image of an index that runs on this platform; any other manifest is its own answer.
///
/// # Errors
/// [`OciError::NoFiles`] if there is none, or more than one.
pub fn for_platform(
    from: &dyn Repository,
    mut manifest: Manifest,
    platform: &Platform,
) -> Result<Manifest, OciError> {
    let root = manifest.digest();
    for _ in 0..=DEPTH_MAX {
        if manifest.image().is_some() {
            return Ok(manifest);
        }
        let offers =
            |child: &&Descriptor| child.platform.as_ref().is_some_and(|offered| platform.runs(offered));
        let mut fitting = manifest.children().iter().filter(offers);
        let digest = manifest.digest();
        manifest = match (fitting.next(), fitting.next()) {
            (Some(child), None) => from.described(child)?,
            (None, _) => {
                let offered = manifest.children().iter().filter_map(|child| child.platform.as_ref());
                let mut offered: Vec<String> = offered.map(ToString::to_string).collect();
                offered.sort();
                offered.dedup();
                return Err(OciError::NoPlatform { digest, platform: platform.to_string(), offered });
            }
            _ => {
                return Err(OciError::NoFiles {
                    digest,
                    why: format!("it has several images for {platform}"),
                });
            }
        };
    }
    Err(OciError::Endless { digest: root, limit: DEPTH_MAX, what: "levels" })
}

/// Writes the files of an image into a directory that is not there yet, and only after all layers were checked. If the directory holds
/// exactly these files already, nothing is done.
///
/// # Errors
/// [`OciError::Unsafe`] for an entry that has no business in a directory, [`OciError::TargetDiffers`] if something else is there.
pub fn unpack(from: &dyn Repository, image: &Manifest, to: &Path) -> Result<Stored, OciError> {
    let layers = layers(image)?;
    for layer in layers {
        from.blob(layer)?.copy_to(&mut io::sink())?;
    }
    let name = to.file_name().ok_or_else(|| FileError::NotAFile(to.to_owned()))?;
    let parent = match to.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(FileError::writing(parent))?;
    let _held = lock::directory(parent)?;
    let temporary = parent.join([OsStr::new("."), name, OsStr::new(".partial")].join(OsStr::new("")));
    remove(&temporary)?;
    let finished = fill(from, layers, &temporary).and_then(|()| put(&temporary, to));
    if !matches!(finished, Ok(Stored::New)) {
        remove(&temporary)?;
    }
    finished
}

fn remove(path: &Path) -> Result<(), OciError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(FileError::writing(path)(error).into()),
        _ => Ok(()),
    }
}

/// Gives the finished directory its name.
fn put(temporary: &Path, to: &Path) -> Result<Stored, OciError> {
    let there = fs::symlink_metadata(to).is_ok();
    let empty = fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_none());
    if there && !empty {
        let same = to.is_dir() && Tree::read(to)?.measure()? == Tree::read(temporary)?.measure()?;
        return if same { Ok(Stored::AlreadyThere) } else { Err(OciError::TargetDiffers(to.to_owned())) };
    }
    let rename = || {
        fs::rename(temporary, to)?;
        File::open(to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))?
            .sync_all()
    };
    rename().map_err(FileError::writing(to))?;
    Ok(Stored::New)
}

fn fill(from: &dyn Repository, layers: &[Descriptor], root: &Path) -> Result<(), OciError> {
    fs::create_dir(root).map_err(FileError::writing(root))?;
    let mut left = Left { entries: ENTRIES_MAX, bytes: BYTES_MAX };
    for layer in layers {
        let mut blob = from.blob(layer)?;
        let digest = layer.digest;
        let reader = decompressed(io::BufReader::with_capacity(CHUNK_BYTES, &mut blob))
            .map_err(|source| OciError::Archive { digest, source })?;
        Destination { root, layer: layer.digest, left: &mut left }.extract(reader)?;
        // The file may have been exchanged since it was checked.
        blob.copy_to(&mut io::sink())?;
    }
    Ok(())
}

/// What may still come.
struct Left {
    entries: usize,
    bytes: u64,
}

struct Destination<'a> {
    root: &'a Path,
    layer: Digest,
    left: &'a mut Left,
}

impl Destination<'_> {
    fn extract(mut self, reader: impl Read) -> Result<(), OciError> {
        let digest = self.layer;
        let broken = |source| OciError::Archive { digest, source };
        let allowance = Cell::new(HEADERS_BYTES_MAX);
        let mut archive = tar::Archive::new(Metered { reader, allowance: &allowance });
        for entry in archive.entries().map_err(broken)? {
            let mut entry = entry.map_err(broken)?;
            let name = entry.path_bytes().into_owned();
            allowance.set(BYTES_MAX);
            self.place(&mut entry, &name).map_err(|problem| match problem {
                Problem::Unsafe(why) => {
                    OciError::Unsafe { digest, entry: String::from_utf8_lossy(&name).into_owned(), why }
                }
                Problem::Other(error) => error,
            })?;
            allowance.set(HEADERS_BYTES_MAX);
        }
        Ok(())
    }

    fn place(&mut self, entry: &mut tar::Entry<'_, impl Read>, name: &[u8]) -> Result<(), Problem> {
        let digest = self.layer;
        self.left.entries = self.left.entries.checked_sub(1).ok_or(OciError::Endless {
            digest,
            limit: ENTRIES_MAX,
            what: "entries",
        })?;
        let kind = entry.header().entry_type();
        if kind == EntryType::XGlobalHeader {
            return Ok(());
        }
        let path = inside(name)?;
        let Some(parent) = path.parent() else {
            // The root itself is written as `./`.
            return if kind == EntryType::Directory {
                Ok(())
            } else {
                Err(Problem::Unsafe("it has no name"))
            };
        };
        self.directory(parent)?;
        match kind {
            EntryType::Directory => self.directory(&path),
            EntryType::Regular | EntryType::Continuous => {
                let mode = entry.header().mode().map_err(|source| OciError::Archive { digest, source })?;
                let file = self.create(&path, mode)?;
                Ok(self.write(entry, file, &path)?)
            }
            EntryType::Symlink | EntryType::Link => {
                let target = entry.link_name_bytes().map(Cow::into_owned).unwrap_or_default();
                self.link(kind, &path, &target)
            }
            _ => Err(Problem::Unsafe("it is no file, directory or link")),
        }
    }

    /// Makes a directory and those above it. What is there must be real: nothing is ever written through a link.
    fn directory(&self, relative: &Path) -> Result<(), Problem> {
        let mut path = self.root.to_owned();
        for part in relative {
            path.push(part);
            match fs::symlink_metadata(&path) {
                Ok(about) if about.is_dir() => {}
                Ok(_) => return Err(Problem::Unsafe("a directory on its way is a file or a link")),
                Err(_) => fs::create_dir(&path).map_err(FileError::writing(&path))?,
            }
        }
        Ok(())
    }

    /// Removes what a lower layer put there, so that nothing is written through it.
    fn clear(&self, relative: &Path) -> Result<PathBuf, Problem> {
        let path = self.root.join(relative);
        match fs::symlink_metadata(&path) {
            Ok(about) if about.is_dir() => Err(Problem::Unsafe("it would replace a directory")),
            Ok(_) => {
                fs::remove_file(&path).map_err(FileError::writing(&path))?;
                Ok(path)
            }
            Err(_) => Ok(path),
        }
    }

    fn create(&self, relative: &Path, mode: u32) -> Result<File, Problem> {
        let path = self.clear(relative)?;
        let mode = if mode & 0o111 == 0 { 0o644 } else { 0o755 };
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(mode);
        Ok(options.open(&path).map_err(FileError::writing(&path))?)
    }

    fn write(&mut self, content: &mut impl Read, mut file: File, relative: &Path) -> Result<(), OciError> {
        let digest = self.layer;
        let mut buffer = vec![0; CHUNK_BYTES];
        loop {
            let length = content.read(&mut buffer).map_err(|source| OciError::Archive { digest, source })?;
            if length == 0 {
                break;
            }
            self.left.bytes = self
                .left
                .bytes
                .checked_sub(length as u64)
                .ok_or(OciError::TooLarge { digest, limit: BYTES_MAX })?;
            file.write_all(&buffer[..length]).map_err(FileError::writing(relative))?;
        }
        Ok(file.sync_all().map_err(FileError::writing(relative))?)
    }

    fn link(&self, kind: EntryType, relative: &Path, target: &[u8]) -> Result<(), Problem> {
        let target_path = Path::new(OsStr::from_bytes(target));
        let path = self.clear(relative)?;
        if kind == EntryType::Symlink {
            if !link_stays(relative.components().count() - 1, target_path) {
                return Err(Problem::Unsafe("it is a link that leaves the directory"));
            }
            std::os::unix::fs::symlink(target_path, &path).map_err(FileError::writing(&path))?;
            return Ok(());
        }
        let original = inside(target)?;
        if let Some(parent) = original.parent() {
            self.directory(parent)?;
        }
        let original = self.root.join(original);
        if !fs::symlink_metadata(&original).is_ok_and(|about| about.is_file()) {
            return Err(Problem::Unsafe("it is a hard link to something that is no file"));
        }
        fs::hard_link(&original, &path).map_err(FileError::writing(&path))?;
        Ok(())
    }
}

/// What is wrong with an entry whose name the caller knows.
enum Problem {
    Unsafe(&'static str),
    Other(OciError),
}

impl<E: Into<OciError>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

/// The path of an entry, if it lies below the root and is what it says.
fn inside(name: &[u8]) -> Result<PathBuf, Problem> {
    let mut path = PathBuf::new();
    for part in Path::new(OsStr::from_bytes(name)).components() {
        match part {
            Component::CurDir => {}
            Component::Normal(part) if part.as_bytes().starts_with(b".wh.") => {
                return Err(Problem::Unsafe(
                    "it removes a file of a lower layer, which only a container runtime can do",
                ));
            }
            Component::Normal(part) => path.push(part),
            Component::ParentDir => return Err(Problem::Unsafe("its path has a `..`")),
            Component::RootDir | Component::Prefix(_) => return Err(Problem::Unsafe("its path is absolute")),
        }
    }
    Ok(path)
}
