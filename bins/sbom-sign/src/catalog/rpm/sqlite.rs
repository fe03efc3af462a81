//! RPM's database in SQLite's file format (sqlite.org/fileformat2.html; rpm's lib/backend/sqlite.c), `rpmdb.sqlite`: the rows of the table
//! `Packages(hnum INTEGER PRIMARY KEY, blob BLOB)`, and how many rows rpm's own index of names has; no SQL, and never the log of changes beside it.

use super::{
    Malformed, Read,
    octets::{self, Order},
    once::Once,
};

/// What a file of this kind begins with ("The Database Header").
pub(super) const MAGIC: &[u8] = b"SQLite format 3\0";
/// How long the header is. The first page begins behind it.
const HEADER_BYTES: usize = 100;
/// The page with the schema ("Storage Of The SQL Database Schema").
const SCHEMA_PAGE: usize = 1;
/// The kinds of pages that a table has ("B-tree Pages").
const INTERIOR: u8 = 0x05;
const LEAF: u8 = 0x0d;
/// How long a pointer to a page or the cells' places are.
const POINTER_BYTES: usize = 4;
const PLACE_BYTES: usize = 2;
/// The table, and the columns that count ("The sqlite_schema table").
const TABLE: &[u8] = b"Packages";
/// rpm's index of names: a row for each package.
const NAMES: &[u8] = b"Name";
const SCHEMA_TYPE: usize = 0;
const SCHEMA_NAME: usize = 1;
const SCHEMA_ROOT: usize = 3;
const PACKAGES_BLOB: usize = 1;

/// A database of this format.
struct File<'b> {
    bytes: &'b [u8],
    /// How long a page is, and how much of it is used.
    page: usize,
    usable: usize,
}

/// What stands in a column ("Record Format").
enum Value<'b> {
    Number(u64),
    Blob(&'b [u8]),
    Text(&'b [u8]),
    Other,
}

/// Reads the header of each package.
pub(super) fn read(bytes: &[u8], to: &mut Read<'_>) -> Result<(), Malformed> {
    let file = File::open(bytes)?;
    let mut once = Once::of(bytes.len(), file.page);
    let (mut root, mut names) = (None, None);
    file.rows(SCHEMA_PAGE, &mut once, &mut |row| {
        let (Value::Text(b"table"), Value::Text(name)) =
            (column(row, SCHEMA_TYPE)?, column(row, SCHEMA_NAME)?)
        else {
            return Ok(());
        };
        let table = match name {
            name if name.eq_ignore_ascii_case(TABLE) => &mut root,
            name if name.eq_ignore_ascii_case(NAMES) => &mut names,
            _ => return Ok(()),
        };
        if let Value::Number(number) = column(row, SCHEMA_ROOT)? {
            *table = usize::try_from(number).ok();
        }
        Ok(())
    })?;
    let root = root.ok_or_else(|| Malformed::whole("it has no table `Packages`"))?;
    let mut packages = 0_usize;
    file.rows(root, &mut once, &mut |row| match column(row, PACKAGES_BLOB)? {
        Value::Blob(blob) => {
            packages += 1;
            to(blob)
        }
        _ => Err(Malformed::whole("a row of its table `Packages` has no blob")),
    })?;
    match names {
        None => Ok(()),
        Some(names) => file.is_named(names, packages, &mut once),
    }
}

impl<'b> File<'b> {
    /// Reads the header of the file.
    fn open(bytes: &'b [u8]) -> Result<Self, Malformed> {
        let order = Order::Big;
        let page = match order.two(bytes, 16)? {
            1 => 1 << 16,
            size if size.is_power_of_two() && size >= 512 => size,
            size => return Err(Malformed::whole(format!("pages of {size} bytes are none of SQLite's"))),
        };
        let encoding = order.four(bytes, 56)?;
        // An empty database has none yet.
        if encoding > 1 {
            return Err(Malformed::whole("its texts are UTF-16, which rpm never writes"));
        }
        let usable = page - usize::from(octets::one(bytes, 20)?);
        if usable < 480 {
            return Err(Malformed::whole("its pages are reserved for something else"));
        }
        // Versions before 3.7.0 leave the count as it was: it counts if the change counter is the one it was written at.
        let counted = order.four(bytes, 24)? == order.four(bytes, 92)?;
        let pages = order.size(bytes, 28)?;
        if counted && bytes.len() / page < pages {
            let there = bytes.len() / page;
            return Err(Malformed::whole(format!("it is cut off: it has {there} of its {pages} pages")));
        }
        Ok(Self { bytes, page, usable })
    }

    /// A page, counted from 1.
    fn page(&self, number: usize, once: &mut Once) -> Result<&'b [u8], Malformed> {
        let before = number.checked_sub(1).ok_or_else(|| Malformed::whole("it points at a page 0"))?;
        once.page(before)?;
        octets::some(self.bytes, before.saturating_mul(self.page), self.page)
    }

    /// Goes through a table, in the order of its rows.
    fn rows(
        &self,
        root: usize,
        once: &mut Once,
        row: &mut dyn FnMut(&[u8]) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        let order = Order::Big;
        let mut open = vec![(root, self.page(root, once)?)];
        let mut record = Vec::new();
        while let Some((number, page)) = open.pop() {
            let start = if number == SCHEMA_PAGE { HEADER_BYTES } else { 0 };
            let cells = order.two(page, start + 3)?;
            match octets::one(page, start)? {
                INTERIOR => {
                    let last = order.size(page, start + 8)?;
                    let places = (0..cells).map(|cell| order.two(page, start + 12 + PLACE_BYTES * cell));
                    let children = places.map(|place| order.size(page, place?)).chain([Ok(last)]);
                    let from = open.len();
                    for child in children {
                        let child = child?;
                        open.push((child, self.page(child, once)?));
                    }
                    if let Some(new) = open.get_mut(from..) {
                        new.reverse();
                    }
                }
                LEAF => {
                    for cell in 0..cells {
                        let place = order.two(page, start + 8 + PLACE_BYTES * cell)?;
                        self.cell(page, place, once, &mut record)?;
                        row(&record)?;
                    }
                }
                other => {
                    return Err(Malformed::whole(format!(
                        "page {number} is of kind {other}, which is none of a table"
                    )));
                }
            }
        }
        Ok(())
    }

    /// rpm writes a package and its name in one transaction: where there are more or fewer of these, some packages were lost.
    fn is_named(&self, names: usize, packages: usize, once: &mut Once) -> Result<(), Malformed> {
        let mut found = 0_usize;
        self.rows(names, once, &mut |_| {
            found += 1;
            Ok(())
        })?;
        if found == packages {
            return Ok(());
        }
        Err(Malformed::whole(format!("it has {packages} packages, and by rpm's index of names {found}")))
    }

    /// The record in a cell of a leaf, with what has run over into other pages ("B-tree Cell Format", "Cell Payload Overflow Pages").
    fn cell(&self, page: &[u8], at: usize, once: &mut Once, record: &mut Vec<u8>) -> Result<(), Malformed> {
        let page = octets::some(page, 0, self.usable)?;
        let (length, at) = varint(page, at)?;
        let (_row, at) = varint(page, at)?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        once.bytes(length)?;
        let here = self.local(length);
        record.clear();
        record.extend_from_slice(octets::some(page, at, here)?);
        let mut next = if here < length { Order::Big.size(page, at.saturating_add(here))? } else { 0 };
        while record.len() < length {
            let over = self.page(next, once)?;
            next = Order::Big.size(over, 0)?;
            let part = (length - record.len()).min(self.usable - POINTER_BYTES);
            record.extend_from_slice(octets::some(over, POINTER_BYTES, part)?);
        }
        Ok(())
    }

    /// How much of a record stands in its leaf.
    const fn local(&self, length: usize) -> usize {
        let most = self.usable - 35;
        if length <= most {
            return length;
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let wanted = least + (length - least) % (self.usable - POINTER_BYTES);
        if wanted <= most { wanted } else { least }
    }
}

/// The value in a column of a record.
fn column(record: &[u8], wanted: usize) -> Result<Value<'_>, Malformed> {
    let (header, mut at) = varint(record, 0)?;
    let header = usize::try_from(header).unwrap_or(usize::MAX);
    let mut start = header;
    for column in 0.. {
        if at >= header {
            break;
        }
        let (kind, behind) = varint(record, at)?;
        at = behind;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return Err(Malformed::whole("a record has a kind of value that SQLite never stores")),
            _ => (kind - 12) / 2,
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let value = octets::some(record, start, length)?;
        if column == wanted {
            return Ok(match kind {
                1..=6 => Value::Number(value.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))),
                8 => Value::Number(0),
                9 => Value::Number(1),
                0 | 7 => Value::Other,
                _ if kind % 2 == 0 => Value::Blob(value),
                _ => Value::Text(value),
            });
        }
        start = start.saturating_add(length);
    }
    Err(Malformed::whole("a record has too few columns"))
}

/// A number of one to nine bytes, and the place behind it ("Record Format").
fn varint(bytes: &[u8], at: usize) -> Result<(u64, usize), Malformed> {
    let mut number = 0;
    for (count, place) in (1..).zip(at..) {
        let byte = octets::one(bytes, place)?;
        if count == 9 {
            return Ok((number << 8 | u64::from(byte), place + 1));
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte < 0x80 {
            return Ok((number, place + 1));
        }
    }
    Err(Malformed::whole("a number has no end"))
}

#[cfg(test)]
mod tests;
