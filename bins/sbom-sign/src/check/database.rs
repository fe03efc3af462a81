//! An offline directory of OSV records (google.github.io/osv.dev/data: `<Ecosystem>/<ID>.json`, `<Ecosystem>/all.zip`, or any tree of these), read
//! once from end to end and in little memory; never the network.

mod archive;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use ci::{Session, files};
use jiff::Timestamp;

use super::{
    ecosystem::{Question, canonical, split},
    error::CheckError,
    osv::{Head, RECORD_BYTES_MAX, Record},
};

/// How deep directories may lie in directories.
const LEVELS_MAX: usize = 16;
/// How many records a database may have: all of OSV's are a few million.
const RECORDS_MAX: u64 = 20_000_000;
/// How many records about the packages of one SBOM are kept.
const KEPT_MAX: usize = 200_000;
/// How many threads read; more wait for the same disk.
const READERS_MAX: usize = 8;
/// How many names of files wait for a reader.
const WAITING_MAX: usize = 4096;
/// How many ecosystems are told apart.
const ECOSYSTEMS_MAX: usize = 10_000;

/// What a database has to say about some packages.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The records about them, each once, in the order of their ids.
    pub(crate) records: Vec<Record>,
    /// How many records there are of each ecosystem that was asked about, as the records write it, and when the newest was changed.
    pub(crate) coverage: BTreeMap<String, Coverage>,
    /// How many records were read.
    pub(crate) total: u64,
    /// The ids of the records that a service says are about a package in its version: its word counts where ours is "no".
    pub(crate) claims: BTreeMap<Question, BTreeSet<String>>,
}

/// What there is of one ecosystem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Coverage {
    /// How many records, without those that were taken back.
    pub(crate) records: u64,
    /// When the newest was changed.
    pub(crate) newest: Timestamp,
}

/// The packages asked about: names by ecosystem.
struct Wanted<'q>(HashMap<&'static str, HashSet<&'q str>>);

impl<'q> Wanted<'q> {
    fn of(questions: &'q BTreeSet<Question>) -> Self {
        let mut wanted: HashMap<&'static str, HashSet<&'q str>> = HashMap::new();
        for question in questions {
            let names = question.names.iter().map(String::as_str);
            wanted.entry(question.ecosystem.base()).or_default().extend(names);
        }
        Self(wanted)
    }

    fn has(&self, ecosystem: &str, name: &str) -> bool {
        let (base, _) = split(ecosystem);
        self.0.get(base).is_some_and(|names| names.contains(&*canonical(base, name)))
    }
}

/// A file on its way to a reader; of an archive each reader takes a share.
enum Piece {
    Record(PathBuf),
    Share { archive: PathBuf, first: usize, step: usize },
}

/// Reads the directory.
pub(crate) fn read(
    root: &Path,
    questions: &BTreeSet<Question>,
    session: &Session,
) -> Result<Found, CheckError> {
    let wanted = Wanted::of(questions);
    let readers = thread::available_parallelism().map_or(1, usize::from).min(READERS_MAX);
    let (send, receive) = sync_channel(WAITING_MAX);
    let (receive, stopped) = (Mutex::new(receive), AtomicBool::new(false));
    let (parts, walked) = thread::scope(|scope| {
        let reader = || scope.spawn(|| work(&receive, &wanted, &stopped));
        let working: Vec<_> = (0..readers).map(|_| reader()).collect();
        let mut walk = Walk { send, readers, stopped: &stopped, session };
        let walked = walk.directory(root, 0);
        drop(walk);
        let parts: Vec<_> = working.into_iter().map(thread::ScopedJoinHandle::join).collect();
        (parts, walked)
    });
    let mut all = Collected::default();
    for part in parts {
        // A reader does not panic; if it does, what it read is lost.
        all.join(part.map_err(|_| CheckError::Reader)??)?;
    }
    walked?;
    if all.total == 0 {
        return Err(CheckError::DatabaseEmpty(root.to_owned()));
    }
    Ok(all.found())
}

impl Found {
    /// What these records, which are all there are, say about the packages asked about.
    pub(super) fn among(records: &[&[u8]], questions: &BTreeSet<Question>) -> Result<Self, CheckError> {
        let (wanted, mut all) = (Wanted::of(questions), Collected::default());
        for json in records {
            all.take(json, &wanted, String::new)?;
        }
        Ok(all.found())
    }
}

struct Walk<'w> {
    send: SyncSender<Piece>,
    readers: usize,
    stopped: &'w AtomicBool,
    session: &'w Session,
}

impl Walk<'_> {
    fn directory(&mut self, directory: &Path, level: usize) -> Result<(), CheckError> {
        let reading = |source| CheckError::DatabaseUnreadable { path: directory.to_owned(), source };
        if level > LEVELS_MAX {
            return Err(CheckError::DatabaseDeep(directory.to_owned()));
        }
        for entry in fs::read_dir(directory).map_err(reading)? {
            self.session.check_interrupt()?;
            let path = entry.map_err(reading)?.path();
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            // Links are followed: what a database is made of is its owner's matter, and the depth is limited.
            let about = fs::metadata(&path)
                .map_err(|source| CheckError::DatabaseUnreadable { path: path.clone(), source })?;
            if about.is_dir() && !hidden {
                self.directory(&path, level + 1)?;
            } else if about.is_file() && ending.eq_ignore_ascii_case("json") {
                self.give(Piece::Record(path));
            } else if about.is_file() && ending.eq_ignore_ascii_case("zip") {
                for first in 0..self.readers {
                    self.give(Piece::Share { archive: path.clone(), first, step: self.readers });
                }
            }
            if self.stopped.load(Ordering::Relaxed) {
                break;
            }
        }
        Ok(())
    }

    fn give(&self, piece: Piece) {
        // It is always taken: the receiver outlives the walk.
        _ = self.send.send(piece);
    }
}

/// Reads pieces until there are no more. Behind an error the rest is taken and dropped, so that whoever sends never waits for ever.
fn work(
    pieces: &Mutex<Receiver<Piece>>,
    wanted: &Wanted<'_>,
    stopped: &AtomicBool,
) -> Result<Collected, CheckError> {
    let mut collected = Collected::default();
    let mut trouble = None;
    loop {
        let piece = pieces.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(piece) = piece else { return trouble.map_or(Ok(collected), Err) };
        if stopped.load(Ordering::Relaxed) {
            continue;
        }
        let read = match piece {
            Piece::Record(path) => files::read(&path, RECORD_BYTES_MAX)
                .map_err(CheckError::from)
                .and_then(|json| collected.take(&json, wanted, || path.display().to_string())),
            Piece::Share { archive, first, step } => archive::read(&archive, first, step, |name, json| {
                collected.take(json, wanted, || format!("{name} in {}", archive.display()))
            }),
        };
        if let Err(error) = read {
            stopped.store(true, Ordering::Relaxed);
            trouble = Some(error);
        }
    }
}

#[derive(Default)]
struct Collected {
    records: BTreeMap<String, Record>,
    coverage: BTreeMap<String, Coverage>,
    total: u64,
}

impl Collected {
    /// Looks at one record and keeps it if it is about a wanted package and was not taken back.
    fn take(
        &mut self,
        json: &[u8],
        wanted: &Wanted<'_>,
        place: impl Fn() -> String,
    ) -> Result<(), CheckError> {
        let malformed = |source| CheckError::record(place(), source);
        let head = Head::parse(json).map_err(malformed)?;
        self.total += 1;
        if self.total > RECORDS_MAX {
            return Err(CheckError::DatabaseTooLarge(RECORDS_MAX));
        }
        let mut is_wanted = false;
        for package in head.packages() {
            let (base, _) = split(&package.ecosystem);
            if !wanted.0.contains_key(base) {
                continue;
            }
            let one = Coverage { records: u64::from(!head.is_withdrawn()), newest: head.modified };
            cover(&mut self.coverage, &package.ecosystem, one)?;
            is_wanted |= wanted.has(&package.ecosystem, &package.name);
        }
        if is_wanted && !head.is_withdrawn() {
            let mut record = Record::parse(json).map_err(malformed)?;
            // One record may be about every package of a distribution in every release.
            record.affected.retain(|entry| {
                entry.package.as_ref().is_some_and(|one| wanted.has(&one.ecosystem, &one.name))
            });
            self.keep(record)?;
        }
        Ok(())
    }

    /// Of two copies of one record the newer counts: a directory may hold both the archive and its files.
    fn keep(&mut self, record: Record) -> Result<(), CheckError> {
        if self.records.len() >= KEPT_MAX {
            return Err(CheckError::DatabaseTooLarge(KEPT_MAX as u64));
        }
        match self.records.get(&record.id) {
            Some(known) if known.modified >= record.modified => {}
            _ => drop(self.records.insert(record.id.clone(), record)),
        }
        Ok(())
    }

    fn found(self) -> Found {
        let records = self.records.into_values().collect();
        Found { records, coverage: self.coverage, total: self.total, claims: BTreeMap::new() }
    }

    fn join(&mut self, other: Self) -> Result<(), CheckError> {
        self.total += other.total;
        for (ecosystem, one) in other.coverage {
            cover(&mut self.coverage, &ecosystem, one)?;
        }
        other.records.into_values().try_for_each(|record| self.keep(record))
    }
}

fn cover(
    coverage: &mut BTreeMap<String, Coverage>,
    ecosystem: &str,
    one: Coverage,
) -> Result<(), CheckError> {
    if let Some(known) = coverage.get_mut(ecosystem) {
        known.records += one.records;
        known.newest = known.newest.max(one.newest);
        return Ok(());
    }
    if coverage.len() >= ECOSYSTEMS_MAX {
        return Err(CheckError::DatabaseTooLarge(ECOSYSTEMS_MAX as u64));
    }
    coverage.insert(ecosystem.to_owned(), one);
    Ok(())
}

#[cfg(test)]
mod tests;
