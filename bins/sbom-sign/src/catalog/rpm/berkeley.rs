//! RPM's database as Berkeley DB wrote it (Berkeley DB 4 to 6, src/dbinc/db_page.h; rpm's lib/backend/bdb.c), `Packages`: a hash of packages
//! by their numbers, in the byte order of the machine that made it; no other access method, and never the environment beside it.

use super::{
    Malformed, Read,
    octets::{self, Order},
    once::Once,
};

/// The mark of a hash, and where it stands (`DBMETA`).
const MAGIC: u32 = 0x0006_1561;
const MAGIC_AT: usize = 12;
/// How long the pages are: powers of two.
const PAGE_BYTES_MIN: usize = 512;
const PAGE_BYTES_MAX: usize = 64 << 10;
/// The kinds of pages (`P_INVALID`, `P_HASH_UNSORTED`, `P_OVERFLOW`, `P_HASHMETA`, `P_HASH`).
const UNUSED: u8 = 0;
const HASH_UNSORTED: u8 = 2;
const OVERFLOW: u8 = 7;
const HASH_META: u8 = 8;
const HASH: u8 = 13;
/// The kinds of entries (`H_KEYDATA`, `H_OFFPAGE`).
const HERE: u8 = 1;
const ELSEWHERE: u8 = 3;
/// How long the head of each page is, and where it tells its number, the next one, how many entries there are, how much of an overflow page
/// is used, and its kind (`PAGE`).
const HEAD_BYTES: usize = 26;
const NUMBER_AT: usize = 8;
const NEXT_AT: usize = 16;
const ENTRIES_AT: usize = 20;
const USED_AT: usize = 22;
const KIND_AT: usize = 25;
/// How long an entry's place, and an entry that lies elsewhere are (`HOFFPAGE`).
const PLACE_BYTES: usize = 2;
const ELSEWHERE_BYTES: usize = 12;
/// How many doublings of the table have a place of their own (`HASHHDR.spares`).
const SPARES: usize = 32;
/// The key of rpm's own counter, which is no package.
const COUNTER: [u8; 4] = [0; 4];

struct File<'b> {
    bytes: &'b [u8],
    order: Order,
    page: usize,
}

/// An entry of a page of the table.
enum Item<'b> {
    Here(&'b [u8]),
    Elsewhere { page: usize, length: usize },
}

/// Whether it is a hash of Berkeley DB.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    order_of(bytes).is_some()
}

fn order_of(bytes: &[u8]) -> Option<Order> {
    [Order::Little, Order::Big].into_iter().find(|order| order.four(bytes, MAGIC_AT) == Ok(MAGIC))
}

/// Reads the header of each package.
pub(super) fn read(bytes: &[u8], to: &mut Read<'_>) -> Result<(), Malformed> {
    let file = File::open(bytes)?;
    let mut once = Once::of(bytes.len(), file.page);
    once.page(0)?;
    let buckets = file.size(72)?;
    let mut header = Vec::new();
    for bucket in 0..=buckets {
        let mut number = file.first_page(bucket)?;
        loop {
            let page = file.page(number, &mut once)?;
            if page.iter().all(|byte| *byte == 0) {
                // A doubling makes pages that nobody has written to yet.
                break;
            }
            match file.kind(page, number)? {
                HASH | HASH_UNSORTED => file.entries(page, &mut once, &mut header, to)?,
                UNUSED if file.order.two(page, ENTRIES_AT)? == 0 => {}
                other => {
                    return Err(Malformed::whole(format!(
                        "page {number} is of kind {other}, which is none of a table"
                    )));
                }
            }
            number = file.order.size(page, NEXT_AT)?;
            if number == 0 {
                break;
            }
        }
    }
    file.nothing_else(&once)
}

impl<'b> File<'b> {
    fn open(bytes: &'b [u8]) -> Result<Self, Malformed> {
        let order = order_of(bytes).ok_or_else(|| Malformed::whole("it is no hash of Berkeley DB"))?;
        let page = order.size(bytes, 20)?;
        if !page.is_power_of_two() || !(PAGE_BYTES_MIN..=PAGE_BYTES_MAX).contains(&page) {
            return Err(Malformed::whole(format!("pages of {page} bytes are none of Berkeley DB's")));
        }
        let (encrypted, kind, flags) =
            (octets::one(bytes, 24)?, octets::one(bytes, KIND_AT)?, octets::one(bytes, 26)?);
        if kind != HASH_META || encrypted != 0 || flags != 0 {
            return Err(Malformed::whole("it is encrypted, in parts or no hash, as rpm never writes it"));
        }
        let (last, there) = (order.size(bytes, 32)?, bytes.len() / page);
        if last >= there {
            return Err(Malformed::whole(format!(
                "it is cut off: it has {there} pages, and its last is {last}"
            )));
        }
        Ok(Self { bytes, order, page })
    }

    fn size(&self, at: usize) -> Result<usize, Malformed> {
        self.order.size(self.bytes, at)
    }

    /// The page that a chain begins with (`BUCKET_TO_PAGE`): each doubling of the table lies in one piece.
    fn first_page(&self, bucket: usize) -> Result<usize, Malformed> {
        let doubling = usize::BITS - bucket.leading_zeros();
        let doubling = usize::try_from(doubling).unwrap_or(usize::MAX);
        if doubling >= SPARES {
            return Err(Malformed::whole("its table is longer than any"));
        }
        Ok(bucket.saturating_add(self.size(96 + 4 * doubling)?))
    }

    fn page(&self, number: usize, once: &mut Once) -> Result<&'b [u8], Malformed> {
        once.page(number)?;
        octets::some(self.bytes, number.saturating_mul(self.page), self.page)
    }

    /// What kind of page this is, if it is where it says.
    fn kind(&self, page: &[u8], number: usize) -> Result<u8, Malformed> {
        if self.order.size(page, NUMBER_AT)? != number {
            return Err(Malformed::whole(format!("page {number} has another number")));
        }
        octets::one(page, KIND_AT)
    }

    /// Reads the packages of one page: keys and what they are for, in turn.
    fn entries(
        &self,
        page: &'b [u8],
        once: &mut Once,
        header: &mut Vec<u8>,
        to: &mut Read<'_>,
    ) -> Result<(), Malformed> {
        let entries = self.order.two(page, ENTRIES_AT)?;
        if !entries.is_multiple_of(2) {
            return Err(Malformed::whole("one of its keys is for nothing"));
        }
        let mut end = page.len();
        let mut key = None;
        for entry in 0..entries {
            let start = self.order.two(page, HEAD_BYTES + PLACE_BYTES * entry)?;
            let length = end.checked_sub(start).filter(|_| start >= HEAD_BYTES + PLACE_BYTES * entries);
            let length = length.ok_or_else(|| Malformed::whole("two of its entries overlap"))?;
            end = start;
            let item = self.item(octets::some(page, start, length)?)?;
            let Some(key) = key.take() else {
                key = Some(item);
                continue;
            };
            match key {
                Item::Here(key) if key == COUNTER => {}
                Item::Here(key) if key.len() == COUNTER.len() => match item {
                    Item::Here(bytes) => to(bytes)?,
                    Item::Elsewhere { page, length } => {
                        self.elsewhere(page, length, once, header)?;
                        to(header)?;
                    }
                },
                _ => return Err(Malformed::whole("one of its keys is no number of a package")),
            }
        }
        Ok(())
    }

    fn item<'i>(&self, item: &'i [u8]) -> Result<Item<'i>, Malformed> {
        match item.split_first() {
            Some((&HERE, bytes)) => Ok(Item::Here(bytes)),
            Some((&ELSEWHERE, _)) if item.len() >= ELSEWHERE_BYTES => {
                Ok(Item::Elsewhere { page: self.order.size(item, 4)?, length: self.order.size(item, 8)? })
            }
            _ => Err(Malformed::whole("one of its entries is of a kind that rpm never writes")),
        }
    }

    /// What lies in a chain of overflow pages.
    fn elsewhere(
        &self,
        mut number: usize,
        length: usize,
        once: &mut Once,
        header: &mut Vec<u8>,
    ) -> Result<(), Malformed> {
        header.clear();
        while number != 0 {
            let page = self.page(number, once)?;
            if self.kind(page, number)? != OVERFLOW {
                return Err(Malformed::whole(format!("page {number} is not the rest of an entry")));
            }
            let used = self.order.two(page, USED_AT)?;
            header.extend_from_slice(octets::some(page, HEAD_BYTES, used)?);
            number = self.order.size(page, NEXT_AT)?;
        }
        if header.len() == length {
            return Ok(());
        }
        Err(Malformed::whole(format!("an entry of {length} bytes has {}", header.len())))
    }

    /// Every page with packages belongs to the table, or some were lost from it. A doubling makes pages before there are buckets for them.
    fn nothing_else(&self, once: &Once) -> Result<(), Malformed> {
        for (number, page) in self.bytes.chunks_exact(self.page).enumerate() {
            let kind = octets::one(page, KIND_AT)?;
            let used = match kind {
                HASH | HASH_UNSORTED => self.order.two(page, ENTRIES_AT)? > 0,
                kind => kind == OVERFLOW,
            };
            if used && !once.has(number) {
                return Err(Malformed::whole(format!("nothing leads to page {number}, which is in use")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
