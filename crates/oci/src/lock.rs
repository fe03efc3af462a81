//! Advisory locks between processes, which the kernel releases when their holder dies; never a lock file.

use std::{
    fs::{File, TryLockError},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use ci::files::FileError;

use crate::error::OciError;

/// How long another process may hold a lock: as long as a large layer takes on a slow disk.
const WAIT_MAX: Duration = Duration::from_mins(5);
/// How often we ask again.
const ASK_EVERY: Duration = Duration::from_millis(5);

/// Waits for the lock on an open file or directory; it is held until the file is closed.
pub(crate) fn exclusive(file: &File, path: &Path) -> Result<(), OciError> {
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if began.elapsed() < WAIT_MAX => thread::sleep(ASK_EVERY),
            Err(TryLockError::WouldBlock) => {
                return Err(OciError::Busy { path: path.to_owned(), seconds: WAIT_MAX.as_secs() });
            }
            Err(TryLockError::Error(source)) => return Err(FileError::writing(path)(source).into()),
        }
    }
}

/// Locks a directory itself, so that no lock file is left in it.
pub(crate) fn directory(path: &Path) -> Result<File, OciError> {
    let directory = File::open(path).map_err(FileError::writing(path))?;
    exclusive(&directory, path)?;
    Ok(directory)
}
