//! Where a key comes from: a file, or a variable as cosign writes it (`env://NAME`); never the key.

use std::{convert::Infallible, fmt, path::PathBuf, str::FromStr};

use ci::{Session, files};
use zeroize::Zeroizing;

use crate::{InvalidKey, TrustError};

/// The largest key, in bytes.
pub(super) const KEY_BYTES_MAX: u64 = 64 << 10;

const VARIABLE: &str = "env://";

/// A file or a variable that holds a key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum KeySource {
    /// A file.
    File(PathBuf),
    /// A variable of the environment: `env://NAME`.
    Variable(String),
}

impl KeySource {
    /// The text that lies there. A variable's is masked: it may be a private key.
    pub(crate) fn text(&self, session: &Session) -> Result<Zeroizing<String>, TrustError> {
        let unusable = |source| TrustError::Key { key: self.clone(), source };
        match self {
            Self::File(path) => {
                let bytes = Zeroizing::new(files::read(path, KEY_BYTES_MAX)?);
                let text = std::str::from_utf8(&bytes).map_err(|_| unusable(InvalidKey::Form))?;
                Ok(Zeroizing::new(text.to_owned()))
            }
            Self::Variable(name) => match session.secret(name)? {
                Some(secret) if secret.reveal().len() as u64 > KEY_BYTES_MAX => {
                    Err(unusable(InvalidKey::Form))
                }
                Some(secret) => Ok(Zeroizing::new(secret.reveal().to_owned())),
                None => Err(unusable(InvalidKey::Unset)),
            },
        }
    }
}

impl FromStr for KeySource {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.strip_prefix(VARIABLE) {
            Some(name) => Self::Variable(name.to_owned()),
            None => Self::File(text.into()),
        })
    }
}

impl From<PathBuf> for KeySource {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(out, "{}", path.display()),
            Self::Variable(name) => write!(out, "the variable {name}"),
        }
    }
}
