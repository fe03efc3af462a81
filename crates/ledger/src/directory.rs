//! The ledger in a directory: a file of lines, its head and a lock for each environment; never what the lines mean.

use std::{
    fmt,
    fs::{self, File, TryLockError},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use ci::{Session, files};
use contract::EnvironmentName;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    chain::{self, Head},
    entry::{Draft, Entry},
    error::LedgerError,
    history::History,
};

/// How often a lock that is held is tried before its environment counts as busy. A child of a run that ended may hold it for the moment
/// between its fork and its exec, and a new holder writes its name only after it has taken the lock.
const LOCK_TRIES_MAX: usize = 20;
/// How long is waited in between.
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// The ledger below one directory: `ledger/<environment>.jsonl` and, beside it, `.head` and `.lock`.
#[derive(Debug, Clone)]
pub struct Directory(PathBuf);

/// Who holds an environment's lock, as written into its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// Who started it.
    pub actor: String,
    /// The page of its workflow run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_url: Option<String>,
    /// Since when.
    pub since: Timestamp,
}

/// The right to write one environment's history. It ends with the process at the latest, however that ends.
#[derive(Debug)]
pub struct Held {
    ledger: Directory,
    environment: EnvironmentName,
    _lock: File,
}

impl Directory {
    /// The ledger below this directory, which need not be there yet.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self(directory.into().join("ledger"))
    }

    /// Where the history of this environment lies.
    pub fn file(&self, environment: &EnvironmentName) -> PathBuf {
        self.0.join(format!("{environment}.jsonl"))
    }

    /// Reads and verifies the history of an environment; an empty one where there is none.
    ///
    /// # Errors
    /// It can't be read, or was changed after it was written.
    pub fn read(&self, environment: &EnvironmentName) -> Result<History, LedgerError> {
        Ok(self.load(environment)?.1)
    }

    /// The history as text and as what it says.
    fn load(&self, environment: &EnvironmentName) -> Result<(String, History), LedgerError> {
        // The head first: a line that is written in between puts the chain one ahead, which is no break.
        let remembered = self.remembered(environment)?;
        let text = files::read_text_if_there(&self.file(environment))?.unwrap_or_default();
        match verify(environment, &text, remembered) {
            Ok(history) => Ok((text, history)),
            // Another run wrote more than one line in between: then it has moved the head as well.
            Err(_) if self.remembered(environment)? != remembered => self.load(environment),
            Err(source) => Err(LedgerError::Broken { environment: environment.clone(), source }),
        }
    }

    fn head_file(&self, environment: &EnvironmentName) -> PathBuf {
        self.0.join(format!("{environment}.head"))
    }

    fn remembered(&self, environment: &EnvironmentName) -> Result<Head, LedgerError> {
        let path = self.head_file(environment);
        let Some(text) = files::read_text_if_there(&path)? else { return Ok(Head::EMPTY) };
        serde_json::from_str(&text).map_err(|error| LedgerError::Broken {
            environment: environment.clone(),
            source: chain::Broken::Unreadable { sequence: 0, message: format!("the head: {error}") },
        })
    }

    /// Takes the environment for this run. Held until the value or the process ends.
    ///
    /// # Errors
    /// Another run holds it.
    pub fn lock(&self, session: &Session, environment: &EnvironmentName) -> Result<Held, LedgerError> {
        let holder = Holder {
            pid: std::process::id(),
            actor: session.actor(),
            run_url: session.runner().and_then(ci::Runner::run_url).map(str::to_owned),
            since: session.now(),
        };
        self.lock_as(environment, &holder)
    }

    /// As [`Directory::lock`], for a holder that is known already.
    ///
    /// # Errors
    /// Another run holds it.
    pub fn lock_as(&self, environment: &EnvironmentName, holder: &Holder) -> Result<Held, LedgerError> {
        let path = self.0.join(format!("{environment}.lock"));
        let failed = |source| LedgerError::Lock { path: path.clone(), source };
        fs::create_dir_all(&self.0).map_err(failed)?;
        // The file stays when the lock goes: removing it would let two runs lock two files of one name.
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false).custom_flags(files::NO_LINK);
        let lock = options.open(&path).map_err(failed)?;
        let mut tries = 1;
        while let Err(error) = lock.try_lock() {
            match error {
                TryLockError::WouldBlock if tries == LOCK_TRIES_MAX => {
                    let holder = read_holder(&path);
                    return Err(LedgerError::Busy { environment: environment.clone(), holder });
                }
                TryLockError::WouldBlock => thread::sleep(LOCK_PAUSE),
                TryLockError::Error(source) => return Err(failed(source)),
            }
            tries += 1;
        }
        write_holder(&lock, holder).map_err(failed)?;
        Ok(Held { ledger: self.clone(), environment: environment.clone(), _lock: lock })
    }
}

impl Held {
    /// Reads the history.
    ///
    /// # Errors
    /// As [`Directory::read`].
    pub fn read(&self) -> Result<History, LedgerError> {
        self.ledger.read(&self.environment)
    }

    /// Adds a line and gives back the history with it: the file is read, verified and replaced whole, then its head is remembered.
    ///
    /// # Errors
    /// The history can't be read or written, or was changed after it was written.
    pub fn append(&self, draft: Draft) -> Result<(Entry, Head), LedgerError> {
        let (text, history) = self.ledger.load(&self.environment)?;
        let (entry, line) = chain::next(history.head(), draft).map_err(LedgerError::Unwritable)?;
        files::write(&self.ledger.file(&self.environment), (text + &line).as_bytes())?;
        let head = Head { sequence: entry.sequence, digest: chain::digest(&line) };
        self.remember(head)?;
        Ok((entry, head))
    }

    fn remember(&self, head: Head) -> Result<(), LedgerError> {
        let text = serde_json::to_string(&head).map_err(LedgerError::Unwritable)? + "\n";
        Ok(files::write(&self.ledger.head_file(&self.environment), text.as_bytes())?)
    }
}

fn verify(environment: &EnvironmentName, text: &str, remembered: Head) -> Result<History, chain::Broken> {
    let chain = chain::read(environment, text)?;
    chain::compare(&chain, remembered)?;
    Ok(History::new(chain::head(environment, &chain), chain.into_iter().map(|(entry, _)| entry).collect()))
}

fn write_holder(mut lock: &File, holder: &Holder) -> std::io::Result<()> {
    use std::io::{Seek, Write};
    lock.set_len(0)?;
    lock.rewind()?;
    lock.write_all(&serde_json::to_vec(holder)?)
}

fn read_holder(path: &Path) -> Holder {
    let (pid, actor, since) = (0, "another run".to_owned(), Timestamp::UNIX_EPOCH);
    let text = files::read_text(path).ok();
    let holder = text.and_then(|text| serde_json::from_str(&text).ok());
    holder.unwrap_or(Holder { pid, actor, run_url: None, since })
}

impl fmt::Display for Holder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.actor)?;
        if self.pid != 0 {
            write!(out, " (process {}, since {})", self.pid, self.since)?;
        }
        self.run_url.iter().try_for_each(|url| write!(out, " in {url}"))
    }
}
