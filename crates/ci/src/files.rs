//! Files of the user: read whole under a size limit, written whole or not at all; never in between.

use std::{
    borrow::Cow,
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{Mode, OFlags},
    io::retry_on_intr,
};

use crate::failure::{Code, Failure, Kind, Place};

/// The largest file read as text, in bytes: configuration is small, and a mistyped path should not fill the memory.
pub const TEXT_BYTES_MAX: u64 = 16 << 20;

/// What is asked of a file that says it is empty, in bytes.
const SMALL: u64 = 4096;

/// For a file that is about to be written: a checkout or an archive from outside may hold a link of its name, which leads anywhere.
pub const NO_LINK: i32 = OFlags::NOFOLLOW.bits().cast_signed();

/// A file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Nothing is there.
    #[error("{} does not exist", .0.display())]
    Missing(PathBuf),
    /// A directory, a socket or a device.
    #[error("{} is not a file", .0.display())]
    NotAFile(PathBuf),
    /// The system refused to read it.
    #[error("cannot read {}", .path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// More bytes than there is any use for.
    #[error("{} is larger than {limit} bytes", .path.display())]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// The limit, in bytes.
        limit: u64,
    },
    /// Bytes that are no text.
    #[error("{} is not UTF-8 from line {line} on", .path.display())]
    NotUtf8 {
        /// Which file.
        path: PathBuf,
        /// The first bad line, counted from 1.
        line: usize,
    },
    /// The system refused to write it.
    #[error("cannot write {}", .path.display())]
    Unwritable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Failure for FileError {
    fn code(&self) -> Code {
        match self {
            Self::Missing(_) => Code::new("file-missing"),
            Self::NotAFile(_) => Code::new("file-not-a-file"),
            Self::Unreadable { .. } => Code::new("file-unreadable"),
            Self::TooLarge { .. } => Code::new("file-too-large"),
            Self::NotUtf8 { .. } => Code::new("file-not-utf8"),
            Self::Unwritable { .. } => Code::new("file-unwritable"),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Unwritable { .. } => Kind::World,
            _ => Kind::Input,
        }
    }

    fn fix(&self) -> Cow<'static, str> {
        match self {
            Self::Missing(_) => "check the path; relative paths start at the working directory",
            Self::NotAFile(_) => "name the file itself, not the directory it lies in",
            Self::Unreadable { .. } => "check the path and its permissions",
            Self::TooLarge { .. } => "check that this is the file you meant",
            Self::NotUtf8 { .. } => "save the file as UTF-8",
            Self::Unwritable { .. } => {
                "check the directory, its permissions and the free space, then run again"
            }
        }
        .into()
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::NotUtf8 { path, line } => Some(Place { file: path.clone(), line: Some(*line) }),
            _ => None,
        }
    }
}

impl FileError {
    /// Sorts what the system said about reading this path.
    pub fn reading(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| match source.kind() {
            io::ErrorKind::NotFound => Self::Missing(path.to_owned()),
            io::ErrorKind::IsADirectory => Self::NotAFile(path.to_owned()),
            _ => Self::Unreadable { path: path.to_owned(), source },
        }
    }

    /// Names the path in what the system said about writing it.
    pub fn writing(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Unwritable { path: path.to_owned(), source }
    }
}

/// Opens a file for reading. A pipe is none, and is not waited for.
pub fn open(path: &Path) -> Result<File, FileError> {
    open_sized(path).map(|(file, _)| file)
}

/// An open file, and how many bytes it says it has.
fn open_sized(path: &Path) -> Result<(File, u64), FileError> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let opened = retry_on_intr(|| rustix::fs::open(path, flags, Mode::empty())).map(File::from);
    let file = opened.map_err(io::Error::from).map_err(FileError::reading(path))?;
    let about = file.metadata().map_err(FileError::reading(path))?;
    if about.is_file() { Ok((file, about.len())) } else { Err(FileError::NotAFile(path.to_owned())) }
}

/// The bytes of a file, if there are at most `limit`.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let (mut file, length) = open_sized(path)?;
    // One byte more than it says, and than is allowed, so that a file growing under our hands is noticed too. Some of the kernel's own files say
    // that they are empty and can be read only at once.
    let wanted = if length == 0 { SMALL } else { length.min(limit) + 1 };
    let mut bytes = vec![0; usize::try_from(wanted).unwrap_or_default()];
    let found = match file.read(&mut bytes) {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
        found => found.map_err(FileError::reading(path))?,
    };
    bytes.truncate(found);
    // Only what has as many bytes as it said, and was asked for more, is at its end for certain.
    if found as u64 != length || length == 0 {
        let left = (limit + 1).saturating_sub(found as u64);
        file.take(left).read_to_end(&mut bytes).map_err(FileError::reading(path))?;
    }
    if bytes.len() as u64 > limit {
        return Err(FileError::TooLarge { path: path.to_owned(), limit });
    }
    Ok(bytes)
}

/// A file as text, at most [`TEXT_BYTES_MAX`] bytes.
pub fn read_text(path: &Path) -> Result<String, FileError> {
    let bytes = read(path, TEXT_BYTES_MAX)?;
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.split(|byte| *byte == b'\n').count();
        FileError::NotUtf8 { path: path.to_owned(), line }
    })
}

/// A file as text, or nothing where there is none.
pub fn read_text_if_there(path: &Path) -> Result<Option<String>, FileError> {
    match read_text(path) {
        Err(FileError::Missing(_)) => Ok(None),
        other => other.map(Some),
    }
}

/// Writes a file so that a reader, or a crash, sees the old content or the new, never a part: a temporary file beside it, synced, is
/// renamed over it. Directories on the way are made. A file that holds these bytes already is left alone.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write_with(path, bytes, 0o666)
}

/// As [`write()`], readable by its owner only: for keys.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write_with(path, bytes, 0o600)
}

fn write_with(path: &Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    if holds(path, bytes) {
        return Ok(());
    }
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(directory).map_err(FileError::writing(directory))?;
    let name = path.file_name().ok_or_else(|| FileError::NotAFile(path.to_owned()))?;
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(".partial");
    let temporary = directory.join(temporary);
    let write = || {
        let mut file = claim(&temporary, mode)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        File::open(directory)?.sync_all()
    };
    write().map_err(FileError::writing(path))
}

/// The temporary file of this name, empty, for one writer at a time. The name is fixed, so that what a killed run left is overwritten and
/// does not pile up.
fn claim(temporary: &Path, mode: u32) -> io::Result<File> {
    loop {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(mode).custom_flags(NO_LINK);
        let file = options.open(temporary)?;
        file.lock()?;
        let ours = file.metadata()?;
        // The writer we waited for has renamed the file that we have open: the name is free, or another's.
        if fs::symlink_metadata(temporary).is_ok_and(|named| named.ino() == ours.ino()) {
            if ours.permissions().mode() & 0o777 & !mode != 0 {
                file.set_permissions(Permissions::from_mode(mode))?;
            }
            file.set_len(0)?;
            return Ok(file);
        }
    }
}

fn holds(path: &Path, bytes: &[u8]) -> bool {
    let same_size =
        fs::metadata(path).is_ok_and(|about| about.is_file() && about.len() == bytes.len() as u64);
    same_size && read(path, bytes.len() as u64).is_ok_and(|found| found == bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_nothing_else_is_left() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/b.txt");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(read_text(&path).unwrap(), "two");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn each_bad_file_has_its_own_code() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::write(path("latin1"), b"ok\n\xff\n").unwrap();
        File::create(path("huge")).unwrap().set_len(100 << 20).unwrap();
        let code = |name: &str| read_text(&path(name)).unwrap_err().code().as_str();
        assert_eq!(code("none"), "file-missing");
        assert_eq!(code("latin1/child"), "file-unreadable");
        assert_eq!(code("."), "file-not-a-file");
        assert_eq!(code("latin1"), "file-not-utf8");
        assert_eq!(code("huge"), "file-too-large");
        assert_eq!(read_text(&path("latin1")).unwrap_err().place().unwrap().line, Some(2));
        assert_eq!(read_text_if_there(&path("none")).unwrap(), None);
    }

    #[test]
    fn a_file_is_read_to_its_end_whatever_it_says_of_its_length() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("five");
        fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        assert_eq!(read(&path, 6).unwrap(), b"12345");
        assert!(matches!(read(&path, 4), Err(FileError::TooLarge { limit: 4, .. })));
        fs::write(&path, "").unwrap();
        assert_eq!(read(&path, 0).unwrap(), b"");
        // The kernel's own files say that they have no bytes.
        let about_us = Path::new("/proc/self/status");
        assert!(read_text(about_us).unwrap().lines().count() > 20);
        assert!(matches!(read(about_us, 10), Err(FileError::TooLarge { .. })));
        let number = read_text(Path::new("/proc/sys/kernel/pid_max")).unwrap();
        assert!(number.ends_with('\n') && number.trim().parse::<u32>().is_ok(), "{number:?}");
    }

    #[test]
    fn a_private_file_is_private_even_over_a_wreck_that_was_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        fs::write(directory.path().join(".key.partial"), "wreck").unwrap();
        write_private(&path, b"k").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read(&path).unwrap(), b"k");
    }

    #[test]
    fn a_link_in_place_of_the_temporary_file_once_had_its_target_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let (path, victim) = (directory.path().join("release.json"), directory.path().join("victim"));
        fs::write(&victim, "precious").unwrap();
        std::os::unix::fs::symlink(&victim, directory.path().join(".release.json.partial")).unwrap();
        assert_eq!(write(&path, b"{}").unwrap_err().code().as_str(), "file-unwritable");
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    }

    #[test]
    fn a_pipe_without_a_writer_once_was_waited_for_for_ever() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert_eq!(read_text(&pipe).unwrap_err().code().as_str(), "file-not-a-file");
    }

    #[test]
    fn of_two_writers_at_once_each_reader_sees_one_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("record");
        let texts = ["a".repeat(100_000), "b".repeat(100_000)];
        std::thread::scope(|scope| {
            for text in &texts {
                scope.spawn(|| (0..20).try_for_each(|_| write(&path, text.as_bytes())).unwrap());
            }
            for _ in 0..200 {
                let seen = read_text_if_there(&path).unwrap();
                assert!(seen.is_none_or(|seen| texts.contains(&seen)));
            }
        });
    }
}
