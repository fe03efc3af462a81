//! The modules that a Go program was built from, from its build information (Go's debug/buildinfo, Go 1.12 and later); never a go.mod.

use super::{
    Kind, Package, Part, Purl, PurlType,
    elf::{Elf, Sight},
};

/// What the build information begins with, at a multiple of 16.
pub const MARK: &[u8] = b"\xff Go buildinf:";
/// How long its header is, in bytes.
const HEADER_BYTES: u64 = 32;
/// The bit that says that the strings follow the header, as since Go 1.18.
const INLINE: u8 = 2;
/// The bit that says that addresses have their highest byte first.
const BIG_ENDIAN: u8 = 1;
/// How long the version, and how long the list of modules may be, in bytes.
const VERSION_BYTES_MAX: u64 = 256;
/// How long the list of modules may be, in bytes.
const MODULES_BYTES_MAX: u64 = 8 << 20;
/// What stands before and behind the list, in bytes.
const FENCE_BYTES: usize = 16;
/// The version of what was not built from a released module.
const UNVERSIONED: &str = "(devel)";

/// The modules of a program; not there if it is none of Go.
pub fn read(elf: &Elf) -> Sight<Part> {
    let mut unseen = false;
    for mark in &elf.marks {
        match information(elf, *mark) {
            Sight::There((version, modules)) => {
                if let Some(part) = part(&version, &modules) {
                    return Sight::There(part);
                }
            }
            Sight::Unseen => unseen = true,
            Sight::Absent => {}
        }
    }
    if unseen { Sight::Unseen } else { Sight::Absent }
}

/// Gives up where something is not to be had.
macro_rules! there {
    ($sight:expr) => {
        match $sight {
            Sight::There(there) => there,
            Sight::Absent => return Sight::Absent,
            Sight::Unseen => return Sight::Unseen,
        }
    };
}

/// Go's version and the list of modules.
fn information(elf: &Elf, at: u64) -> Sight<(String, String)> {
    let header = there!(elf.bytes(at, HEADER_BYTES));
    let (size, flags) = (header[14], header[15]);
    let (version, modules) = if flags & INLINE != 0 {
        let (version, end) = there!(counted(elf, at + HEADER_BYTES, VERSION_BYTES_MAX));
        let (modules, _) = there!(counted(elf, end, MODULES_BYTES_MAX));
        (version, modules)
    } else {
        let word = Word { size: size.into(), big: flags & BIG_ENDIAN != 0 };
        let (Some(first), Some(second)) =
            (word.read(&header[16..]), word.read(header.get(16 + word.size..).unwrap_or_default()))
        else {
            return Sight::Absent;
        };
        let version = there!(pointed(elf, first, word, VERSION_BYTES_MAX));
        (version, there!(pointed(elf, second, word, MODULES_BYTES_MAX)))
    };
    let Ok(version) = str::from_utf8(version) else { return Sight::Absent };
    let modules = modules.get(FENCE_BYTES..modules.len().saturating_sub(FENCE_BYTES)).unwrap_or_default();
    Sight::There((version.to_owned(), String::from_utf8_lossy(modules).into_owned()))
}

/// Bytes behind their count (a varint of Go's encoding/binary), and where they end.
fn counted(elf: &Elf, at: u64, bytes_max: u64) -> Sight<(&[u8], u64)> {
    let (mut count, mut start) = (0, at);
    for shift in (0..35).step_by(7) {
        let byte = there!(elf.bytes(start, 1))[0];
        count |= u64::from(byte & 0x7f) << shift;
        start += 1;
        if byte & 0x80 == 0 {
            if count > bytes_max {
                return Sight::Absent;
            }
            return Sight::There((there!(elf.bytes(start, count)), start + count));
        }
    }
    Sight::Absent
}

/// How a program writes addresses.
#[derive(Clone, Copy)]
struct Word {
    size: usize,
    big: bool,
}

impl Word {
    fn read(self, bytes: &[u8]) -> Option<u64> {
        let bytes = bytes.get(..self.size)?;
        let join = |value: u64, byte: &u8| (value << 8) | u64::from(*byte);
        match (self.size, self.big) {
            (4 | 8, true) => Some(bytes.iter().fold(0, join)),
            (4 | 8, false) => Some(bytes.iter().rev().fold(0, join)),
            _ => None,
        }
    }
}

/// A string of Go, by the address of its address and length.
fn pointed(elf: &Elf, address: u64, word: Word, bytes_max: u64) -> Sight<&[u8]> {
    if address == 0 {
        return Sight::There(&[]);
    }
    let head = there!(elf.bytes(there!(elf.place_of(address)), 2 * word.size as u64));
    let (Some(start), Some(length)) = (word.read(head), word.read(&head[word.size..])) else {
        return Sight::Absent;
    };
    if length > bytes_max {
        return Sight::Absent;
    }
    elf.bytes(there!(elf.place_of(start)), length)
}

/// A module and, while the list is read, what was put in its place.
struct Module<'l> {
    path: &'l str,
    version: &'l str,
}

/// The graph: the program needs all that it was built from. A program that was built without modules is a package without any.
fn part(version: &str, list: &str) -> Option<Part> {
    let numbered = |go: &&str| go.starts_with(|first: char| first.is_ascii_digit());
    let development = version.starts_with("devel ").then_some(version);
    let go = version.strip_prefix("go").filter(numbered).or(development)?;
    let (mut path, mut main) = ("", None);
    let mut modules: Vec<Module<'_>> = Vec::new();
    for line in list.lines() {
        let mut words = line.split('\t');
        let kind = words.next().unwrap_or_default();
        let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        match kind {
            "path" => path = first,
            "mod" => main = Some(Module { path: first, version: second }),
            "dep" => modules.push(Module { path: first, version: second }),
            // What lies in a directory has no version, and its path is the building machine's.
            "=>" if first.starts_with(['.', '/']) => modules.iter_mut().last()?.version = "",
            "=>" => *modules.last_mut()? = Module { path: first, version: second },
            _ => {}
        }
    }
    let main = main.filter(|main| !main.path.is_empty()).unwrap_or(Module { path, version: "" });
    let mut packages = Vec::with_capacity(modules.len() + 2);
    if !main.path.is_empty() {
        packages.push(Package { kind: Kind::Application, ..package(&main)? });
    }
    let tops = (0..packages.len()).collect();
    // `go1.26.1 X:nocoverageredesign` says how it was built, too.
    let go = go.split([' ', '-']).next().unwrap_or(go);
    packages.push(package(&Module { path: "stdlib", version: go })?);
    packages.extend(modules.iter().filter_map(package));
    let needs = (1..packages.len()).collect();
    if !main.path.is_empty() {
        packages[0].needs = needs;
    }
    Some(Part { packages, tops, ..Part::default() })
}

fn package(module: &Module<'_>) -> Option<Package> {
    let version = if module.version == UNVERSIONED { "" } else { module.version };
    let purl = Purl::new(PurlType::Golang, module.path).ok()?.version(version);
    Some(Package::new(purl).named(module.path))
}

#[cfg(test)]
mod tests;
