//! Programs and libraries (ELF: System V ABI, chapters 4 and 5), of which only parts may be in memory; never run, never what they hold.

use std::{
    io::{self, Read},
    ops::Range,
};

use object::{
    Endianness,
    elf::{FileHeader32, FileHeader64},
    read::{
        FileKind, ReadRef,
        elf::{FileHeader, ProgramHeader, SectionHeader},
    },
};

/// What a file of this kind begins with.
pub const MAGIC: &[u8] = b"\x7fELF";
/// A file that is not longer is kept as a whole while it is read, in bytes.
const WHOLE_BYTES_MAX: u64 = 4 << 20;
/// How much of a longer one is kept at its beginning, and at least at its end: there stand its tables.
const END_BYTES: usize = 256 << 10;
/// How much is kept from a mark on.
const MARKED_BYTES: usize = 512 << 10;
/// How often a mark may be seen. The string itself stands in programs that look for it.
const MARKS_MAX: usize = 16;
/// Marks stand at multiples of this.
const MARK_STEP_BYTES: usize = 16;

/// A file, or some pieces of it.
pub struct Elf {
    pieces: Vec<(u64, Vec<u8>)>,
    length: u64,
    /// Where the mark was seen.
    pub marks: Vec<u64>,
}

/// What was looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sight<T> {
    /// Here it is.
    There(T),
    /// It is not in this file.
    Absent,
    /// It may lie in what is not in memory.
    Unseen,
}

impl Elf {
    /// Keeps all of a file: `length` bytes.
    pub fn whole(mut from: impl Read, length: u64, mark: &[u8]) -> io::Result<Self> {
        let mut bytes = vec![0; usize::try_from(length.min(WHOLE_BYTES_MAX)).unwrap_or_default()];
        let read = fill(&mut from, &mut bytes)?;
        bytes.truncate(read);
        from.take(length - read as u64).read_to_end(&mut bytes)?;
        let mut elf = Self { length, marks: Vec::new(), pieces: Vec::new() };
        elf.mark(0, &bytes, mark);
        elf.pieces.push((0, bytes));
        Ok(elf)
    }

    /// Keeps the beginning, the end, and what follows marks; all of a short file.
    pub fn pieces(mut from: impl Read, length: u64, mark: &[u8]) -> io::Result<Self> {
        if length <= WHOLE_BYTES_MAX {
            return Self::whole(from, length, mark);
        }
        let mut elf = Self { length, marks: Vec::new(), pieces: Vec::new() };
        let (mut before, mut last): (Vec<u8>, Vec<u8>) = (Vec::new(), Vec::new());
        let mut marked: Option<(u64, Vec<u8>)> = None;
        let mut at = 0;
        loop {
            std::mem::swap(&mut before, &mut last);
            last.resize(END_BYTES, 0);
            let read = fill(&mut from, &mut last)?;
            last.truncate(read);
            if at == 0 {
                elf.pieces.push((0, last.clone()));
            }
            let seen = elf.marks.len();
            elf.mark(at, &last, mark);
            if let Some((_, piece)) = &mut marked {
                piece.extend_from_slice(&last);
            } else if let Some(first) = elf.marks.get(seen) {
                let from = usize::try_from(first - at).unwrap_or_default();
                marked = Some((*first, last[from..].to_vec()));
            }
            if read < END_BYTES || marked.as_ref().is_some_and(|(_, piece)| piece.len() >= MARKED_BYTES) {
                elf.pieces.extend(marked.take());
            }
            at += read as u64;
            if read < END_BYTES {
                break;
            }
        }
        before.append(&mut last);
        elf.pieces.push((at - before.len() as u64, before));
        Ok(elf)
    }

    fn mark(&mut self, at: u64, bytes: &[u8], mark: &[u8]) {
        let seen = memchr::memmem::find_iter(bytes, mark).filter(|place| place % MARK_STEP_BYTES == 0);
        self.marks.extend(seen.map(|place| at + place as u64).take(MARKS_MAX - self.marks.len()));
    }

    /// As many bytes from a place on as are in memory, at most `length`.
    pub fn some(&self, at: u64, length: usize) -> &[u8] {
        let found = self.pieces.iter().filter_map(|(start, piece)| {
            let from = usize::try_from(at.checked_sub(*start)?).ok()?;
            let rest = piece.get(from..)?;
            Some(&rest[..rest.len().min(length)])
        });
        found.max_by_key(|found| found.len()).unwrap_or_default()
    }

    /// These bytes; not there if the file is shorter.
    pub fn bytes(&self, at: u64, length: u64) -> Sight<&[u8]> {
        let (Some(end), Ok(count)) = (at.checked_add(length), usize::try_from(length)) else {
            return Sight::Absent;
        };
        match self.some(at, count) {
            found if found.len() == count => Sight::There(found),
            _ if end > self.length => Sight::Absent,
            _ => Sight::Unseen,
        }
    }

    /// What a section holds, up to this many bytes.
    pub fn section(&self, name: &[u8], bytes_max: u64) -> Sight<&[u8]> {
        let found = match FileKind::parse(self) {
            Ok(FileKind::Elf32) => section::<FileHeader32<Endianness>>(self, name),
            Ok(FileKind::Elf64) => section::<FileHeader64<Endianness>>(self, name),
            _ => Ok(Sight::Absent),
        };
        match found {
            Ok(Sight::There(range)) if range.end - range.start <= bytes_max => {
                self.bytes(range.start, range.end - range.start)
            }
            Ok(Sight::Unseen) => Sight::Unseen,
            Ok(_) => Sight::Absent,
            Err(_) if self.is_whole() => Sight::Absent,
            Err(_) => Sight::Unseen,
        }
    }

    /// Where in the file stands what has this address in memory.
    pub fn place_of(&self, address: u64) -> Sight<u64> {
        let found = match FileKind::parse(self) {
            Ok(FileKind::Elf32) => place::<FileHeader32<Endianness>>(self, address),
            Ok(FileKind::Elf64) => place::<FileHeader64<Endianness>>(self, address),
            _ => Ok(None),
        };
        match found {
            Ok(Some(place)) => Sight::There(place),
            Err(_) if !self.is_whole() => Sight::Unseen,
            _ => Sight::Absent,
        }
    }

    fn is_whole(&self) -> bool {
        self.pieces.iter().any(|(start, piece)| *start == 0 && piece.len() as u64 >= self.length)
    }
}

/// Reads until this is full, or the end is reached; how much was read. `read_to_end` would begin with small pieces.
fn fill(from: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < into.len() {
        match from.read(&mut into[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn section<H: FileHeader<Endian = Endianness>>(
    elf: &Elf,
    name: &[u8],
) -> object::read::Result<Sight<Range<u64>>> {
    let header = H::parse(elf)?;
    let endian = header.endian()?;
    if header.e_shoff(endian).into() >= elf.length {
        return Ok(Sight::Absent);
    }
    let sections = header.sections(endian, elf)?;
    let names = sections.section(header.section_strings_index(endian, elf)?)?.file_range(endian);
    let (start, length) = names.unwrap_or_default();
    let names = match elf.bytes(start, length) {
        Sight::There(names) => names,
        Sight::Absent => return Ok(Sight::Absent),
        Sight::Unseen => return Ok(Sight::Unseen),
    };
    // Compared where it stands: whoever looks for the end of each name goes through a table without ends once for every section.
    let is_it = |at: u32| {
        let behind = usize::try_from(at).ok().and_then(|at| names.get(at..)?.strip_prefix(name));
        behind.is_some_and(|behind| behind.first() == Some(&0))
    };
    let found = sections.iter().find(|section| is_it(section.sh_name(endian)));
    let range = found.and_then(|section| {
        let (start, length) = section.file_range(endian).unwrap_or_default();
        Some(start..start.checked_add(length)?)
    });
    Ok(range.map_or(Sight::Absent, Sight::There))
}

fn place<H: FileHeader<Endian = Endianness>>(elf: &Elf, address: u64) -> object::read::Result<Option<u64>> {
    let header = H::parse(elf)?;
    let endian = header.endian()?;
    let segments = header.program_headers(endian, elf)?;
    Ok(segments.iter().find_map(|segment| {
        let loads = segment.p_type(endian) == object::elf::PT_LOAD;
        let from = address.checked_sub(segment.p_vaddr(endian).into())?;
        let (start, length) = segment.file_range(endian);
        (loads && from < length).then(|| start.checked_add(from))?
    }))
}

impl<'e> ReadRef<'e> for &'e Elf {
    fn len(self) -> Result<u64, ()> {
        Ok(self.length)
    }

    fn read_bytes_at(self, offset: u64, size: u64) -> Result<&'e [u8], ()> {
        match self.bytes(offset, size) {
            Sight::There(bytes) => Ok(bytes),
            Sight::Absent | Sight::Unseen => Err(()),
        }
    }

    fn read_bytes_at_until(self, range: Range<u64>, delimiter: u8) -> Result<&'e [u8], ()> {
        let length = usize::try_from(range.end.checked_sub(range.start).ok_or(())?).map_err(drop)?;
        let bytes = self.some(range.start, length);
        let end = bytes.iter().position(|byte| *byte == delimiter).ok_or(())?;
        Ok(&bytes[..end])
    }
}

#[cfg(test)]
pub(crate) mod tests;
