//! Copies of backups outside of this machine, encrypted where that is asked for: sent, read back and compared, found again, fetched; never
//! what a backup holds.

mod encryption;
mod error;
mod registry;
mod s3;

use std::{
    fmt,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use ci::{Session, files::FileError};
use contract::Digest;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::{backup, database::Url, error::Error};
pub use encryption::{Identities, Recipients};
pub use error::RemoteError;

/// How the name of an encrypted copy ends.
const ENCRYPTED: &str = ".age";

/// A copy as its place knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Copy {
    /// The name of its file.
    pub name: String,
    /// SHA-256 of the backup, which is not encrypted.
    pub backup: Digest,
    /// SHA-256 of what lies there.
    pub sent: Digest,
    /// How much that is, in bytes.
    pub size: u64,
}

/// A place that keeps copies. What it says of them is not believed: what comes back is compared.
trait Place {
    /// For people, and to name it again.
    fn uri(&self) -> String;
    /// Stores a file that is not there.
    fn put(&self, copy: &Copy, file: &Path) -> Result<(), RemoteError>;
    /// The names of what lies there.
    fn names(&self) -> Result<Vec<String>, RemoteError>;
    /// What it says of a name, if it has it.
    fn find(&self, name: &str) -> Result<Option<Copy>, RemoteError>;
    /// Gives back what lies under a name.
    fn get(&self, copy: &Copy, to: &mut dyn Write) -> Result<(), RemoteError>;
    /// Takes a copy away; whether that is possible there.
    fn remove(&self, name: &str) -> Result<Removal, RemoteError>;
    /// The name as this place writes it.
    fn written(&self, name: &str) -> String {
        name.to_owned()
    }
}

/// What became of a copy that should go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Removal {
    Gone,
    /// The place has its own rules for that.
    Kept,
}

/// A place, and who may read what is sent there.
pub struct Remote {
    place: Box<dyn Place>,
    recipients: Option<Recipients>,
}

impl fmt::Debug for Remote {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Remote").field(&self.to_string()).finish()
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encrypted = if self.recipients.is_some() { ", encrypted" } else { "" };
        write!(out, "{}{encrypted}", self.place.uri())
    }
}

impl Remote {
    /// `s3://BUCKET/PREFIX`, or an OCI repository as images are named.
    pub fn read(typed: &str, recipients: &[String], session: &Session) -> Result<Self, Error> {
        let place: Box<dyn Place> = match typed.strip_prefix("s3://") {
            Some(rest) => Box::new(s3::Bucket::read(rest, session)?),
            None => Box::new(registry::Repository::read(typed, session)?),
        };
        let recipients = (!recipients.is_empty()).then(|| Recipients::read(recipients)).transpose()?;
        Ok(Self { place, recipients })
    }

    /// Sends a backup of a database, reads it back and compares; where it lies now. What a killed run left of an encrypted copy, the next overwrites.
    pub fn send(&self, backup: &Path, digest: Digest, database: &str) -> Result<String, Error> {
        let name = backup.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let Some(recipients) = &self.recipients else {
            self.store(&name, backup, digest)?;
            return Ok(format!("{}/{name}", self.place.uri()));
        };
        let name = name + ENCRYPTED;
        let partial = backup.with_file_name(format!(".{database}{ENCRYPTED}.partial"));
        let sent = recipients.encrypt(backup, &partial).and_then(|()| self.store(&name, &partial, digest));
        _ = fs::remove_file(&partial);
        sent?;
        Ok(format!("{}/{name}", self.place.uri()))
    }

    fn store(&self, name: &str, file: &Path, backup: Digest) -> Result<(), Error> {
        let (sent, size) = measure(file)?;
        let copy = Copy { name: name.to_owned(), backup, sent, size };
        match self.place.find(name)? {
            None => self.place.put(&copy, file)?,
            Some(found) if found.sent == sent => {}
            Some(_) => {
                return Err(RemoteError::Taken { name: name.to_owned(), place: self.place.uri() }.into());
            }
        }
        let mut compared = Compared::new(io::sink());
        self.place.get(&copy, &mut compared)?;
        if compared.is(&copy) { Ok(()) } else { Err(self.differs(name)) }
    }

    fn differs(&self, name: &str) -> Error {
        RemoteError::Differs { name: name.to_owned(), place: self.place.uri() }.into()
    }

    /// Whether a copy of exactly this backup lies there, whoever may read it.
    pub fn has(&self, backup: &Path) -> Result<bool, Error> {
        let name = backup.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let (digest, _) = measure(backup)?;
        for name in [name.clone() + ENCRYPTED, name] {
            if self.place.find(&name)?.is_some_and(|copy| copy.backup == digest) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The copies of a database's backups, newest first.
    pub fn lying(&self, url: &Url) -> Result<Vec<(Timestamp, String)>, Error> {
        let name = self.place.written(&url.name());
        let made_on = |file: &str| {
            let plain = file.strip_suffix(ENCRYPTED).unwrap_or(file);
            backup::made_on(plain, &name, url.extension())
        };
        let names = self.place.names()?;
        let mut found: Vec<_> = names.into_iter().filter_map(|file| Some((made_on(&file)?, file))).collect();
        found.sort();
        Ok(found.into_iter().rev().map(|((made_on, _), file)| (made_on, file)).collect())
    }

    /// Takes away all but the newest copies of a database's backups, where the place lets anybody do that.
    pub fn thin_out(&self, url: &Url, keep: usize) -> Result<Vec<String>, Error> {
        let mut removed = Vec::new();
        for (_, name) in self.lying(url)?.into_iter().skip(keep) {
            if self.place.remove(&name)? == Removal::Gone {
                removed.push(name);
            }
        }
        Ok(removed)
    }

    /// The copy of this name, or else the newest of a database.
    pub fn choose(&self, url: &Url, name: Option<&str>) -> Result<Copy, Error> {
        let missing = || RemoteError::Missing(self.place.uri());
        let name = match name {
            Some(name) => name.to_owned(),
            None => self.lying(url)?.into_iter().next().ok_or_else(missing)?.1,
        };
        Ok(self.place.find(&name)?.ok_or_else(missing)?)
    }

    /// Fetches a copy of a database's backup into a directory, decrypted and compared, under its backup's name. One that lies there already must
    /// be the same. What a killed run left, the next overwrites.
    pub fn fetch(
        &self,
        copy: &Copy,
        identities: Option<&Identities>,
        (directory, database): (&Path, &str),
        patience: Duration,
    ) -> Result<PathBuf, Error> {
        let name = copy.name.strip_suffix(ENCRYPTED).unwrap_or(&copy.name);
        if name.contains('/') || name.starts_with('.') || name.is_empty() {
            return Err(self.differs(&copy.name));
        }
        let (directory, _lock) = backup::hold(directory, patience)?;
        let path = directory.join(name);
        if path.exists() {
            let (found, _) = measure(&path)?;
            return if found == copy.backup { Ok(path) } else { Err(self.differs(name)) };
        }
        let in_part = |what: &str| directory.join(format!(".{database}.{what}.partial"));
        let (encrypted, plain) = (in_part("received"), in_part("fetched"));
        let done = self.receive(copy, identities, &encrypted, &plain);
        _ = fs::remove_file(&encrypted);
        let done = done.and_then(|()| {
            let (found, _) = measure(&plain)?;
            if found != copy.backup {
                return Err(self.differs(name));
            }
            fs::rename(&plain, &path).map_err(FileError::writing(&path))?;
            Ok(path)
        });
        if done.is_err() {
            _ = fs::remove_file(&plain);
        }
        done
    }

    fn receive(
        &self,
        copy: &Copy,
        identities: Option<&Identities>,
        encrypted: &Path,
        plain: &Path,
    ) -> Result<(), Error> {
        let is_encrypted = copy.name.ends_with(ENCRYPTED);
        let to = if is_encrypted { encrypted } else { plain };
        backup::empty(to).map_err(FileError::writing(to))?;
        let file = File::options().write(true).open(to).map_err(FileError::writing(to))?;
        let mut compared = Compared::new(file);
        self.place.get(copy, &mut compared)?;
        compared.inner.sync_all().map_err(FileError::writing(to))?;
        if !compared.is(copy) {
            return Err(self.differs(&copy.name));
        }
        match (is_encrypted, identities) {
            (false, _) => Ok(()),
            (true, Some(identities)) => identities.decrypt(encrypted, plain),
            (true, None) => {
                Err(RemoteError::Key("the copy is encrypted, and --identity names no key".into()).into())
            }
        }
    }
}

/// Digest and length of a file.
fn measure(file: &Path) -> Result<(Digest, u64), Error> {
    let mut compared = Compared::new(io::sink());
    let mut open = File::open(file).map_err(FileError::reading(file))?;
    let size = io::copy(&mut open, &mut compared).map_err(FileError::reading(file))?;
    Ok((compared.digest(), size))
}

/// Passes bytes on and remembers what they were.
struct Compared<W> {
    inner: W,
    hash: Sha256,
}

impl<W> Compared<W> {
    fn new(inner: W) -> Self {
        Self { inner, hash: Sha256::new() }
    }

    fn digest(&self) -> Digest {
        Digest::from_bytes(self.hash.clone().finalize().into())
    }

    fn is(&self, copy: &Copy) -> bool {
        self.digest() == copy.sent
    }
}

impl<W: Write> Write for Compared<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// What `fetch` was told.
#[derive(Debug)]
pub struct Fetch {
    /// From where.
    pub remote: Remote,
    /// Into which directory.
    pub directory: PathBuf,
    /// Which copy; the newest, if nothing is said.
    pub name: Option<String>,
    /// With which keys.
    pub identities: Option<Identities>,
}
