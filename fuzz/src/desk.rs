//! A directory for parsers that open their files themselves; never anything beside it. `script/fuzz` says where it lies and removes it.

use std::{
    fs,
    path::{Path, PathBuf},
    process,
};

/// A directory of this process.
pub struct Desk(PathBuf);

impl Desk {
    /// An empty one.
    ///
    /// # Panics
    /// If there is no place for it.
    pub fn new() -> Self {
        let desk = std::env::temp_dir().join(format!("desk-{}", process::id()));
        fs::create_dir_all(&desk).expect("there is a place for files");
        Self(desk)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file and tells its path.
    ///
    /// # Panics
    /// If it can't be written.
    pub fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap_or(&self.0)).expect("a directory can be made");
        fs::write(&path, content).expect("a file can be written");
        path
    }

    /// Takes everything away that lies on it.
    ///
    /// # Panics
    /// If it can't be taken away.
    pub fn clear(&self) {
        fs::remove_dir_all(&self.0).expect("what was written can be removed");
        fs::create_dir_all(&self.0).expect("there is a place for files");
    }
}

impl Default for Desk {
    fn default() -> Self {
        Self::new()
    }
}
