//! The header of a package as databases keep it (rpm's docs/manual/hregions.md and format_header.md): an index of tags and their values;
//! never which package needs which.

use super::{
    Malformed,
    octets::{self, Order},
};

/// How many entries an index may have, and how many bytes the values (rpm's lib/header.c, `HEADER_TAGS_MAX`, `HEADER_DATA_MAX`).
const ENTRIES_MAX: usize = 0xffff;
const DATA_BYTES_MAX: usize = 0x0fff_ffff;
const INTRO_BYTES: usize = 8;
const ENTRY_BYTES: usize = 16;

/// What is read of a package (rpm's docs/manual/tags.md).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Tag {
    /// Its name.
    Name = 1000,
    /// Its version.
    Version = 1001,
    /// Its release.
    Release = 1002,
    /// Its epoch.
    Epoch = 1003,
    /// Its licence.
    Licence = 1014,
    /// What machine it is for.
    Architecture = 1022,
    /// What it was built from.
    Source = 1044,
    /// What it provides.
    Provides = 1047,
    /// What it needs.
    Requires = 1049,
    /// Where each file lies, by the number of a directory.
    DirectoryNumbers = 1116,
    /// The name of each file.
    FileNames = 1117,
    /// The directories, each with a slash at its end.
    Directories = 1118,
    /// The module it belongs to.
    Module = 5096,
}

/// The types of values.
const NUMBER: u32 = 4;
const TEXT: u32 = 6;
const TEXTS: u32 = 8;
const TRANSLATED: u32 = 9;

/// The header of a package.
#[derive(Clone, Copy)]
pub(super) struct Header<'b> {
    index: &'b [u8],
    data: &'b [u8],
}

/// A value: its type, where it stands, and how many there are.
struct Entry {
    kind: u32,
    at: usize,
    count: usize,
}

impl<'b> Header<'b> {
    /// Reads the index.
    pub(super) fn of(blob: &'b [u8]) -> Result<Self, Malformed> {
        let entries = Order::Big.size(blob, 0)?;
        let length = Order::Big.size(blob, 4)?;
        if entries == 0 || entries > ENTRIES_MAX || length > DATA_BYTES_MAX {
            return Err(Malformed::whole(format!(
                "a package has {entries} entries of {length} bytes: none has"
            )));
        }
        let index = octets::some(blob, INTRO_BYTES, entries * ENTRY_BYTES)?;
        let data = octets::some(blob, INTRO_BYTES + index.len(), length)?;
        if blob.len() != INTRO_BYTES + index.len() + data.len() {
            return Err(Malformed::whole("the header of a package is longer than it says"));
        }
        Ok(Self { index, data })
    }

    /// The value of a tag. What stands behind the region that was signed replaces what is in it.
    fn entry(&self, tag: Tag) -> Result<Option<Entry>, Malformed> {
        let entries = self.index.chunks_exact(ENTRY_BYTES);
        let Some(entry) = entries.rev().find(|entry| Order::Big.four(entry, 0) == Ok(tag as u32)) else {
            return Ok(None);
        };
        let order = Order::Big;
        Ok(Some(Entry {
            kind: order.four(entry, 4)?,
            at: order.size(entry, 8)?,
            count: order.size(entry, 12)?,
        }))
    }

    /// A text; the first of several.
    pub(super) fn text(&self, tag: Tag) -> Result<Option<&'b [u8]>, Malformed> {
        self.texts(tag)?.next().transpose()
    }

    /// All texts of a tag; an error where there are fewer than there should be.
    pub(super) fn texts(
        &self,
        tag: Tag,
    ) -> Result<impl Iterator<Item = Result<&'b [u8], Malformed>> + use<'b>, Malformed> {
        let (rest, count) = match self.entry(tag)? {
            None => (&[][..], 0),
            Some(Entry { kind: TEXT | TEXTS | TRANSLATED, at, count }) => {
                let rest = self.data.get(at..).ok_or_else(|| wrong(tag, "lies beyond its end"))?;
                (rest, count)
            }
            Some(_) => return Err(wrong(tag, "is no text")),
        };
        let mut rest = Some(rest);
        Ok((0..count).map_while(move |_| {
            let here = rest.take()?;
            // After an error there is nothing more.
            let Some(end) = memchr::memchr(0, here) else { return Some(Err(wrong(tag, "has no end"))) };
            let (text, behind) = here.split_at(end);
            rest = behind.get(1..);
            Some(Ok(text))
        }))
    }

    /// All numbers of a tag.
    pub(super) fn numbers(&self, tag: Tag) -> Result<impl Iterator<Item = u32> + use<'b>, Malformed> {
        let bytes = match self.entry(tag)? {
            None => &[][..],
            Some(Entry { kind: NUMBER, at, count }) => octets::some(self.data, at, count.saturating_mul(4))?,
            Some(_) => return Err(wrong(tag, "is no number")),
        };
        Ok(bytes.chunks_exact(4).filter_map(|four| Order::Big.four(four, 0).ok()))
    }
}

fn wrong(tag: Tag, what: &str) -> Malformed {
    Malformed::whole(format!("the value {} of a package {what}", tag as u32))
}

#[cfg(test)]
mod tests;
