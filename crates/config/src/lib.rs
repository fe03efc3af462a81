//! `release.toml`, typed and checked against itself; never what the world says, and never a key that is silently ignored.

mod check;
mod error;
mod gate;
mod meaning;
mod shape;
mod signer;

use std::path::Path;

pub use error::{ConfigError, Contradiction};
pub use gate::{Gate, InvalidGate};
pub use meaning::{LedgerNotPersistent, UnknownEnvironment};
pub use shape::{
    Accepted, Component, Config, Database, Environment, Exec, LedgerPlace, Mode, Plain, Program, Require,
    Settings, SmokeTest, Target, Unrated, Vulns,
};
pub use signer::{Signer, Workload};

impl Config {
    /// Reads and checks the file at this path. Relative paths inside it start at the working directory, as everywhere else.
    ///
    /// # Errors
    /// The file can't be read, holds a key that is not known, has another form, or contradicts itself.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        Self::parse(path, &ci::files::read_text(path)?)
    }

    /// Reads and checks this text; the path only names it in errors.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| ConfigError::form(path, text, &error))?;
        check::check(&config)
            .map_err(|source| ConfigError::Contradiction { path: path.to_owned(), source })?;
        Ok(config)
    }
}
