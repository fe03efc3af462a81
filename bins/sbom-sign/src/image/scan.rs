//! What each layer says by itself, several of them read side by side; never how they lie on top of each other.

use std::{
    cmp::Reverse,
    io::{self, Read as _},
    sync::{
        Mutex, PoisonError,
        mpsc::{self, Receiver, SyncSender},
    },
    thread,
};

use contract::Digest;
use oci::{Allowance, Descriptor, Entry, EntryKind, OciError, Repository, Room};

use super::finding::{Finding, Wanted};
use crate::catalog::{
    Malformed, auditable,
    elf::{self, Elf, Sight},
    go_binary,
};

/// How many layers are read at a time; fewer where there are fewer processors.
const LAYERS_AT_ONCE_MAX: usize = 4;
/// How many entries are handed over together.
const ENTRIES_TOGETHER: usize = 256;
/// How many bytes their paths may have, less the last one's: the usual 256 have fewer.
const PATHS_TOGETHER_BYTES: usize = 32 << 10;
/// How many such heaps of one layer may wait for the layers below it.
const HEAPS_AHEAD_MAX: usize = 128;
/// How many of all layers. With them the most hostile paths take 256 MiB.
const HEAPS_AHEAD_TOGETHER: usize = 4096;

/// How many bytes may be kept of all layers together.
pub(super) const KEPT_BYTES_MAX: u64 = 1 << 30;
/// How many bytes a finding takes beside its text, more or less.
const FINDING_BYTES: u64 = 1 << 10;

/// An entry of a layer and what was read of it.
pub(super) struct Seen {
    /// Its path as the layer has it: what it means depends on the links of lower layers.
    pub(super) path: String,
    /// What it is.
    pub(super) kind: EntryKind,
    /// What it says.
    pub(super) said: Said,
    /// How many bytes that takes, more or less.
    pub(super) bytes: u64,
}

/// What an entry says.
pub(super) enum Said {
    /// Nothing that is looked for.
    Nothing,
    /// A file that is read where it lies, with what it says.
    Wanted(Wanted, Box<Read>),
    /// What a program was built from.
    Program(Box<Finding>),
    /// A program that is understood only as a whole.
    Unseen,
    /// More than there is room for.
    TooMuch,
}

impl Said {
    /// How many bytes it takes, more or less: as many as it was read from.
    fn bytes(&self, entry: &Entry<'_>) -> u64 {
        match self {
            Self::Wanted(wanted, read) => {
                let finding = read.as_ref().as_ref().ok().and_then(|found| found.as_ref());
                bytes_of(entry, wanted, finding)
            }
            Self::Program(finding) => bytes_of_program(finding),
            Self::Nothing | Self::Unseen | Self::TooMuch => 0,
        }
    }
}

/// How many bytes take what a file says.
pub(super) fn bytes_of(entry: &Entry<'_>, wanted: &Wanted, finding: Option<&Finding>) -> u64 {
    let text = match finding {
        // Of a database of RPM little is kept, and each layer that installs something has one.
        Some(Finding::Rpm(records)) => records.iter().map(|record| record.bytes() as u64).sum(),
        Some(Finding::RpmLog(_)) => 0,
        _ if entry.size > wanted.bytes_max() => 0,
        _ => entry.size,
    };
    FINDING_BYTES + entry.path.len() as u64 + text
}

/// How many bytes take what a program was built from.
pub(super) const fn bytes_of_program(finding: &Finding) -> u64 {
    let packages = match finding {
        Finding::Program(part) => part.packages.len(),
        _ => 1,
    };
    FINDING_BYTES * packages as u64
}

/// What became of reading a file; nothing where it says nothing.
pub(super) type Read = Result<Option<Finding>, Unfit>;

/// Why a file can't be read as what it is.
pub(super) enum Unfit {
    /// It is longer than it may be, in bytes.
    TooLong(u64),
    /// It is something else.
    Malformed(Malformed),
}

/// A heap of entries, or the end of a layer.
pub(super) enum Message {
    /// Entries in their order.
    Seen(Vec<Seen>),
    /// There are no more. Only now is it known whether the layer was what it should be.
    End(Result<(), OciError>),
}

/// Reads layers, and gives what they say to one who goes through them in their order.
pub(super) fn side_by_side<T>(
    from: &dyn Repository,
    layers: &[Descriptor],
    allowance: &Allowance,
    room: &Room,
    goes_through: impl FnOnce(Vec<Receiver<Message>>) -> T,
) -> T {
    let ahead = heaps_ahead(layers.len());
    let (to, received): (Vec<_>, Vec<_>) = layers.iter().map(|_| mpsc::sync_channel(ahead)).unzip();
    let to: Vec<Mutex<Option<SyncSender<Message>>>> =
        to.into_iter().map(|one| Mutex::new(Some(one))).collect();
    let largest = (0..layers.len()).max_by_key(|number| layers[*number].size);
    let readers = thread::available_parallelism().map_or(1, usize::from).min(LAYERS_AT_ONCE_MAX);
    thread::scope(|scope| {
        for reader in 0..readers.min(layers.len()) {
            let to = &to;
            scope.spawn(move || {
                for number in order(layers, reader) {
                    let (layer, to) = (&layers[number], &to[number]);
                    let Some(to) = to.lock().unwrap_or_else(PoisonError::into_inner).take() else { continue };
                    if Some(number) != largest {
                        // All wait for the largest in the end, which nobody can read but one thread.
                        ci::thread::make_way();
                    }
                    let read = layer_by_itself(from, layer, allowance, room, &to);
                    // Where nobody listens any more, nobody has a use for the end.
                    let _ = to.send(Message::End(read));
                }
            });
        }
        let answer = goes_through(received);
        // What is read ahead is of no use now.
        allowance.close();
        answer
    })
}

/// How many heaps of each layer may wait. One may always, so the layer that is waited for goes on whatever waits of the others.
fn heaps_ahead(layers: usize) -> usize {
    (HEAPS_AHEAD_TOGETHER / layers.max(1)).clamp(1, HEAPS_AHEAD_MAX)
}

/// In which order a reader looks for layers that nobody reads yet. The first goes from below: so the layer that is waited for is always
/// being read, however much the others have read ahead. They begin with the largest, which else would be left to one of them at the end.
fn order(layers: &[Descriptor], reader: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..layers.len()).collect();
    if reader > 0 {
        order.sort_by_key(|number| Reverse(layers[*number].size));
    }
    order
}

fn layer_by_itself(
    from: &dyn Repository,
    layer: &Descriptor,
    allowance: &Allowance,
    room: &Room,
    to: &SyncSender<Message>,
) -> Result<(), OciError> {
    let mut heap = Heap::default();
    oci::read_layer(from, layer, allowance, &mut |entry| {
        let said = match entry.kind {
            EntryKind::File => said(entry).map_err(|source| broken(layer.digest, source))?,
            _ => Said::Nothing,
        };
        let bytes = said.bytes(entry);
        let said = if room.take(bytes) { said } else { Said::TooMuch };
        let seen = Seen { path: std::mem::take(&mut entry.path), kind: entry.kind.clone(), said, bytes };
        if let Some(full) = heap.push(seen) {
            let _ = to.send(Message::Seen(full));
        }
        Ok::<_, OciError>(())
    })?;
    let _ = to.send(Message::Seen(heap.entries));
    Ok(())
}

/// Entries that are handed over together. What they say has its own room, their paths are counted here.
#[derive(Default)]
struct Heap {
    entries: Vec<Seen>,
    paths: usize,
}

impl Heap {
    /// Takes one more, and gives them all away when there are enough.
    fn push(&mut self, seen: Seen) -> Option<Vec<Seen>> {
        self.paths += seen.path.len();
        if let EntryKind::SymbolicLink(target) | EntryKind::HardLink(target) = &seen.kind {
            self.paths += target.len();
        }
        self.entries.push(seen);
        let full = self.entries.len() == ENTRIES_TOGETHER || self.paths >= PATHS_TOGETHER_BYTES;
        full.then(|| std::mem::take(self).entries)
    }
}

/// A layer that can't be read to its end.
pub(super) fn broken(digest: Digest, source: io::Error) -> OciError {
    OciError::Archive { digest, source }
}

fn said(entry: &mut Entry<'_>) -> io::Result<Said> {
    if let Some(wanted) = Wanted::at(&entry.path) {
        let read = read(entry, &wanted)?;
        return Ok(Said::Wanted(wanted, Box::new(read)));
    }
    Ok(match program(entry)? {
        Sight::There(finding) => Said::Program(Box::new(finding)),
        Sight::Absent => Said::Nothing,
        Sight::Unseen => Said::Unseen,
    })
}

/// Reads a wanted file.
fn read(entry: &mut Entry<'_>, wanted: &Wanted) -> io::Result<Read> {
    let content = content(entry, [wanted.bytes_max()].into_iter())?;
    Ok(understood(&content, entry.size, wanted))
}

/// What stands in a file, if it is not longer than one of these.
pub(super) fn content(entry: &mut Entry<'_>, limits: impl Iterator<Item = u64>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if limits.max().is_some_and(|limit| entry.size <= limit) {
        entry.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// What a file of this length says if it is this kind of file.
pub(super) fn understood(content: &[u8], length: u64, wanted: &Wanted) -> Read {
    let limit = wanted.bytes_max();
    if length > limit {
        return wanted.too_long().map(Some).ok_or(Unfit::TooLong(limit));
    }
    wanted.read(content).map_err(Unfit::Malformed)
}

/// Looks what a file was built from, if it is a program.
fn program(entry: &mut Entry<'_>) -> io::Result<Sight<Finding>> {
    if !is_program(entry)? {
        return Ok(Sight::Absent);
    }
    let length = entry.size;
    let whole = elf::MAGIC.chain(entry);
    Ok(built_from(&Elf::pieces(whole, length, go_binary::MARK)?))
}

/// What a program says in which pieces must be looked at that lie far from each other.
pub(super) fn whole_program(entry: &mut Entry<'_>, bytes_max: u64) -> io::Result<Option<Finding>> {
    if !is_program(entry)? {
        return Ok(None);
    }
    let length = entry.size;
    if length > bytes_max {
        let why = format!("this program is longer than {bytes_max} bytes");
        return Ok(Some(Finding::Unread(Malformed::whole(why))));
    }
    let whole = elf::MAGIC.chain(entry);
    Ok(match built_from(&Elf::whole(whole, length, go_binary::MARK)?) {
        Sight::There(finding) => Some(finding),
        Sight::Absent | Sight::Unseen => None,
    })
}

fn is_program(entry: &mut Entry<'_>) -> io::Result<bool> {
    let mut start = [0; elf::MAGIC.len()];
    if entry.size < start.len() as u64 {
        return Ok(false);
    }
    entry.read_exact(&mut start)?;
    Ok(start == elf::MAGIC)
}

fn built_from(elf: &Elf) -> Sight<Finding> {
    let go = go_binary::read(elf);
    if let Sight::There(part) = go {
        return Sight::There(Finding::Program(part));
    }
    match auditable::read(elf) {
        Sight::There(list) => Sight::There(list.map_or_else(Finding::Unread, Finding::Program)),
        Sight::Absent if go == Sight::Absent => Sight::Absent,
        _ => Sight::Unseen,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many such entries are handed over together, and how many bytes their paths have.
    fn together(path: &str, kind: &EntryKind) -> (usize, usize) {
        let mut heap = Heap::default();
        let seen = || Seen { path: path.into(), kind: kind.clone(), said: Said::Nothing, bytes: 0 };
        let full = std::iter::repeat_with(|| heap.push(seen())).flatten().next().unwrap_or_default();
        assert!(heap.entries.is_empty() && heap.paths == 0, "the next heap begins with nothing");
        (full.len(), full.len() * path.len())
    }

    #[test]
    fn a_hundred_layers_of_long_paths_cannot_wait_in_gigabytes() {
        let long = "x".repeat(4096);
        assert_eq!(together("usr/share/doc/libc6/copyright", &EntryKind::File).0, ENTRIES_TOGETHER);
        assert_eq!(together(&long, &EntryKind::File), (8, PATHS_TOGETHER_BYTES));
        assert_eq!(together("a", &EntryKind::SymbolicLink(long)).0, 8);
        let waiting = |layers: usize| (heaps_ahead(layers), heaps_ahead(layers) * layers);
        assert_eq!(
            [1, 32, 127, 4096, 10_000].map(waiting),
            [(128, 128), (128, 4096), (32, 4064), (1, 4096), (1, 10_000),]
        );
    }
}
