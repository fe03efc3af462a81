//! The age format (age-encryption.org/v1) with X25519 keys: who may read a copy, and reading one; never keys of our own making.

use std::{
    fmt,
    fs::File,
    io::{self, BufReader, BufWriter, Write},
    path::Path,
    str::FromStr,
};

use age::{Decryptor, Encryptor, Identity, Recipient, x25519};
use ci::files::{self, FileError};

use super::RemoteError;
use crate::{backup, error::Error};

/// Who may read a copy.
pub struct Recipients(Vec<x25519::Recipient>);

impl Recipients {
    /// Public keys, `age1…`.
    pub fn read(typed: &[String]) -> Result<Self, RemoteError> {
        let recipient = |text: &String| {
            x25519::Recipient::from_str(text.trim())
                .map_err(|why| RemoteError::Key(format!("`{text}` is no public key of age (age1…): {why}")))
        };
        Ok(Self(typed.iter().map(recipient).collect::<Result<_, _>>()?))
    }

    /// Writes an encrypted copy that only its owner may read.
    pub fn encrypt(&self, from: &Path, to: &Path) -> Result<(), Error> {
        let recipients = self.0.iter().map(|one| one as &dyn Recipient);
        let encryptor =
            Encryptor::with_recipients(recipients).map_err(|error| RemoteError::Key(error.to_string()))?;
        backup::empty(to).map_err(FileError::writing(to))?;
        let file = File::options().write(true).open(to).map_err(FileError::writing(to))?;
        let mut plain = File::open(from).map_err(FileError::reading(from))?;
        let write = || -> io::Result<()> {
            let mut writer = encryptor.wrap_output(BufWriter::new(file))?;
            io::copy(&mut plain, &mut writer)?;
            writer.finish()?.flush()
        };
        Ok(write().map_err(FileError::writing(to))?)
    }
}

/// Whoever may read a copy.
pub struct Identities(Vec<x25519::Identity>);

impl fmt::Debug for Identities {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Identities({})", self.0.len())
    }
}

impl Identities {
    /// A file as `age-keygen` writes it. What is wrong with it is not repeated: it holds secrets.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = files::read_text(path)?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let keys: Result<Vec<_>, _> = lines.map(x25519::Identity::from_str).collect();
        match keys {
            Ok(keys) if !keys.is_empty() => Ok(Self(keys)),
            _ => {
                let why = format!("{} holds no secret keys of age, one on each line", path.display());
                Err(RemoteError::Key(why).into())
            }
        }
    }

    /// Writes the plain copy.
    pub fn decrypt(&self, from: &Path, to: &Path) -> Result<(), Error> {
        let file = File::open(from).map_err(FileError::reading(from))?;
        let wrong =
            |error: age::DecryptError| RemoteError::Key(format!("the copy can't be decrypted: {error}"));
        let decryptor = Decryptor::new(BufReader::new(file)).map_err(wrong)?;
        let mut reader = decryptor.decrypt(self.0.iter().map(|one| one as &dyn Identity)).map_err(wrong)?;
        backup::empty(to).map_err(FileError::writing(to))?;
        let mut plain = File::options().write(true).open(to).map_err(FileError::writing(to))?;
        io::copy(&mut reader, &mut plain).and_then(|_| plain.sync_all()).map_err(FileError::writing(to))?;
        Ok(())
    }
}
