//! A backup that was really opened and compared, under a name that says which version it holds; removes older ones only where it was told
//! how many stay.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read},
    num::NonZeroUsize,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use ci::files::FileError;
use contract::{Digest, Span};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::{
    database::{Copied, Database, DatabaseError, Proof, Url},
    error::Error,
    facts::{self, Facts},
    layout::Version,
    plan,
    remote::Remote,
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
    /// Where its copy lies that was read back.
    pub copy: Option<String>,
    /// Older ones that went because of it.
    pub removed: Vec<PathBuf>,
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
    /// How many stay; all, if nothing is said.
    pub keep: Option<Keep>,
    /// Where a copy of it goes, and of which database.
    pub remote: Option<(&'a Remote, &'a Url)>,
}

/// How often a busy directory is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Makes a backup. A run killed meanwhile leaves a file that the next one overwrites, never one with a backup's name.
pub fn make(database: &mut dyn Database, wanted: &Wanted<'_>) -> Result<Backup, Error> {
    let (directory, lock) = hold(wanted.directory, wanted.patience)?;
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
    let mut backup = Backup { path, sha256, version, proof, copy: None, removed: Vec::new() };
    if let Some((remote, _)) = wanted.remote {
        backup.copy = Some(remote.send(&backup.path, sha256, wanted.name)?);
    }
    backup.removed = thin_out(&backup, wanted)?;
    if let (Some((remote, url)), Some(keep)) = (wanted.remote, wanted.keep) {
        remote.thin_out(url, keep.get())?;
    }
    Ok(backup)
}

/// How many backups of a database stay.
pub type Keep = NonZeroUsize;

/// A backup that lies there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lying {
    /// Where.
    pub path: PathBuf,
    /// When it was made, as its name says.
    pub made_on: Timestamp,
}

/// The backups of a database, newest first; none where there is no directory.
pub fn lying(directory: &Path, name: &str, extension: &str) -> Result<Vec<Lying>, FileError> {
    let directory = std::path::absolute(directory).map_err(FileError::reading(directory))?;
    let entries = match fs::read_dir(&directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(FileError::reading(&directory))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(FileError::reading(&directory))?.path();
        let file = path.file_name().map(|file| file.to_string_lossy().into_owned()).unwrap_or_default();
        if let Some((made_on, namesake)) = made_on(&file, name, extension) {
            found.push((made_on, namesake, path));
        }
    }
    found.sort();
    Ok(found.into_iter().rev().map(|(made_on, _, path)| Lying { path, made_on }).collect())
}

/// How far clocks of two machines may be apart.
const SKEW_MAX: Duration = Duration::from_mins(5);

/// What lies there under a backup's name, looked at.
#[derive(Default, Debug)]
pub struct Found {
    /// The newest one that could be read to its end.
    pub newest: Option<Lying>,
    /// Newer files that could not, or name a time to come, and why.
    pub passed: Vec<(PathBuf, String)>,
}

/// Looks for the newest file that is a backup of a database, as far as can be seen without restoring it.
pub fn find(
    database: &mut dyn Database,
    directory: &Path,
    url: &Url,
    now: Timestamp,
) -> Result<Found, Error> {
    let mut found = Found::default();
    for one in lying(directory, &url.name(), url.extension())? {
        if one.made_on.duration_since(now).unsigned_abs() > SKEW_MAX && one.made_on > now {
            found.passed.push((one.path, "its name says a time to come".into()));
            continue;
        }
        match database.read_copy(&one.path) {
            Ok(()) => {
                found.newest = Some(one);
                break;
            }
            // Nobody looked, so nobody can say.
            Err(source @ DatabaseError::Tool(_)) => {
                return Err(Error::Backup { directory: directory.to_owned(), source });
            }
            Err(error) => found.passed.push((one.path, error.to_string())),
        }
    }
    Ok(found)
}

impl Found {
    /// Whether there is one that is not older than this.
    pub fn young(&self, directory: &Path, max: Span, now: Timestamp) -> Result<(), Error> {
        let newest = self.newest.as_ref().ok_or_else(|| Error::NoBackup(directory.to_owned()))?;
        let age = Span::of(age(newest, now));
        if age.duration() > max.duration() {
            return Err(Error::BackupOld { path: newest.path.clone(), age, max });
        }
        Ok(())
    }
}

/// The newest backup of a database.
pub fn newest(directory: &Path, url: &Url) -> Result<Lying, Error> {
    let newest = lying(directory, &url.name(), url.extension())?.into_iter().next();
    newest.ok_or_else(|| Error::NoBackup(directory.to_owned()))
}

/// How long ago a backup was made, in whole seconds; one from the future was made now.
pub fn age(backup: &Lying, now: Timestamp) -> Duration {
    Duration::from_secs(u64::try_from(now.duration_since(backup.made_on).as_secs()).unwrap_or_default())
}

/// The time in a name that `free_name` gave, and which of its second it was.
pub fn made_on(file: &str, name: &str, extension: &str) -> Option<(Timestamp, usize)> {
    let stem = file.strip_suffix(extension)?.strip_suffix('.')?;
    let (_, rest) = stem.strip_prefix(name)?.strip_prefix('-')?.split_once('-')?;
    let (time, namesake) = rest.split_once('-').unwrap_or((rest, "1"));
    let civil = jiff::civil::DateTime::strptime(TIME, time).ok()?;
    Some((civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp(), namesake.parse().ok()?))
}

/// Removes all but the newest backups of a database. The one that was just made is among them.
pub fn thin_out(backup: &Backup, wanted: &Wanted<'_>) -> Result<Vec<PathBuf>, Error> {
    let Some(keep) = wanted.keep else { return Ok(Vec::new()) };
    let old = lying(wanted.directory, wanted.name, wanted.extension)?.into_iter().skip(keep.get());
    let old: Vec<PathBuf> = old.map(|one| one.path).filter(|path| *path != backup.path).collect();
    let mut removed = Vec::new();
    for path in old {
        // Where copies are kept, one without its copy stays.
        if wanted.remote.is_some_and(|(remote, _)| !matches!(remote.has(&path), Ok(true))) {
            continue;
        }
        fs::remove_file(&path).map_err(FileError::writing(&path))?;
        removed.push(path);
    }
    Ok(removed)
}

/// A directory of backups, made if it is not there, and the lock on it, which ends with the process, however that ends.
pub fn hold(directory: &Path, patience: Duration) -> Result<(PathBuf, File), Error> {
    let directory = std::path::absolute(directory).map_err(FileError::writing(directory))?;
    fs::create_dir_all(&directory).map_err(FileError::writing(&directory))?;
    let lock = File::open(&directory).map_err(FileError::writing(&directory))?;
    wait_for(&lock, &directory, patience)?;
    Ok((directory, lock))
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
pub fn empty(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map(drop)
}

/// The time in a backup's name, in UTC.
const TIME: &str = "%Y%m%dT%H%M%SZ";

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
    let stem = format!("{}-{version}-{}", wanted.name, wanted.now.strftime(TIME));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_when_and_a_stranger_s_says_nothing() {
        let when = |file: &str| made_on(file, "app.db", "sqlite").map(|(time, n)| format!("{time} {n}"));
        assert_eq!(when("app.db-12-20231114T221320Z.sqlite").as_deref(), Some("2023-11-14T22:13:20Z 1"));
        assert_eq!(when("app.db-1.2-20231114T221320Z-3.sqlite").as_deref(), Some("2023-11-14T22:13:20Z 3"));
        for file in [
            "app.db-1-20231114T221320Z.dump",
            "other.db-1-20231114T221320Z.sqlite",
            "app.db-1-x.sqlite",
            ".app.db.partial",
            "app.db.sqlite",
        ] {
            assert_eq!(when(file), None, "{file}");
        }
    }
}
