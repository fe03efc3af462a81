//! A backup that was really opened and compared, under a name that says which version it holds; never removes one.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use ci::files::FileError;
use contract::Digest;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::{
    database::{Copied, Database, Proof},
    error::Error,
    facts::{self, Facts},
    layout::Version,
    plan,
};

/// A backup.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Backup {
    /// Where it lies, absolute.
    pub path: PathBuf,
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// The schema it has.
    pub version: Version,
    /// How far it can be relied on.
    pub proof: Proof,
}

/// Which backup is wanted.
pub struct Wanted<'a> {
    /// What the database is, whose version the copy is asked for.
    pub facts: &'a Facts,
    /// What its name begins with.
    pub name: &'a str,
    /// What its name ends with.
    pub extension: &'a str,
    /// Where it goes.
    pub directory: &'a Path,
    /// When it was asked for.
    pub now: Timestamp,
    /// How long to wait while another run makes one in the same directory.
    pub patience: Duration,
}

/// How often a busy directory is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Makes a backup. A run killed meanwhile leaves a file that the next one overwrites, never one with a backup's name.
pub fn make(database: &mut dyn Database, wanted: &Wanted<'_>) -> Result<Backup, Error> {
    let directory = std::path::absolute(wanted.directory).map_err(FileError::writing(wanted.directory))?;
    fs::create_dir_all(&directory).map_err(FileError::writing(&directory))?;
    // The lock ends with the process, however that ends.
    let lock = File::open(&directory).map_err(FileError::writing(&directory))?;
    wait_for(&lock, &directory, wanted.patience)?;
    let partial = directory.join(format!(".{}.partial", wanted.name));
    let failed = |source| Error::Backup { directory: directory.clone(), source };
    empty(&partial).map_err(FileError::writing(&partial))?;
    let facts = wanted.facts;
    let question =
        if facts.has_history { facts.layout.history().select(&facts.place) } else { String::new() };
    let Copied { answer, proof } = match database.copy_to(&partial, &question) {
        Ok(copied) => copied,
        Err(error) => {
            _ = fs::remove_file(&partial);
            return Err(failed(error));
        }
    };
    let history = facts::resolved(facts.layout.history(), &answer, &facts.migrations, &facts.place);
    let version = plan::head(&history.map_err(failed)?);
    let sha256 = synced_digest(&partial).map_err(FileError::writing(&partial))?;
    let path = free_name(&directory, wanted, &version).ok_or_else(|| Error::BackupBusy(directory.clone()))?;
    fs::rename(&partial, &path).and_then(|()| lock.sync_all()).map_err(FileError::writing(&path))?;
    Ok(Backup { path, sha256, version, proof })
}

fn wait_for(lock: &File, directory: &Path, patience: Duration) -> Result<(), Error> {
    let deadline = Instant::now() + patience;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(FileError::writing(directory)(error).into()),
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                return Err(Error::BackupBusy(directory.to_owned()));
            }
            Err(TryLockError::WouldBlock) => thread::sleep(LOOK_AGAIN),
        }
    }
}

/// An empty file that only its owner may read: a backup holds what the database holds.
fn empty(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map(drop)
}

/// How many backups of one second get a name of their own.
const NAMESAKES_MAX: usize = 1000;

/// Two backups of one second, or of one `SEAWORTHY_CLOCK`, must not replace each other.
fn free_name(directory: &Path, wanted: &Wanted<'_>, version: &Version) -> Option<PathBuf> {
    // A version may be the name of a directory, which holds what a shell would mind.
    let version: String = version
        .text()
        .chars()
        .map(|one| if one.is_ascii_alphanumeric() || one == '.' { one } else { '_' })
        .collect();
    let stem = format!("{}-{version}-{}", wanted.name, wanted.now.strftime("%Y%m%dT%H%M%SZ"));
    let end = wanted.extension;
    let name = |n| if n == 1 { format!("{stem}.{end}") } else { format!("{stem}-{n}.{end}") };
    (1..=NAMESAKES_MAX).map(|n| directory.join(name(n))).find(|path| !path.exists())
}

fn synced_digest(path: &Path) -> io::Result<Digest> {
    let mut file = File::open(path)?;
    file.sync_all()?;
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 16];
    loop {
        match file.read(&mut block)? {
            0 => return Ok(Digest::from_bytes(hash.finalize().into())),
            read => hash.update(&block[..read]),
        }
    }
}
