//! RPM's own database, as SUSE has it (rpm's lib/backend/ndb/rpmpkg.c), `Packages.db`: a table of slots, each for one blob, with a checksum
//! each and nothing but zeros between them; never rpm's index beside it.

use super::{
    Malformed, Read,
    octets::{self, Order},
};

/// What a file of this kind begins with.
pub(super) const MAGIC: &[u8] = b"RpmP";
/// The only version there is.
const VERSION: u32 = 0;
const SLOT: &[u8] = b"Slot";
const BLOB_START: &[u8] = b"BlbS";
const BLOB_END: &[u8] = b"BlbE";
const PAGE_BYTES: usize = 4096;
/// How long a slot and a block are. The header takes the place of the first slots.
const BLOCK_BYTES: usize = 16;
const HEADER_BYTES: usize = 32;
const BLOB_START_BYTES: usize = 16;
const BLOB_END_BYTES: usize = 12;
/// Adler-32 (RFC 1950, section 8): its modulus, and after how many bytes the sums must be reduced.
const ADLER_BASE: u32 = 65_521;
const ADLER_BYTES: usize = 5552;

/// Where the blob of a package lies, in blocks.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    start: usize,
    count: usize,
    package: u32,
}

/// Reads the header of each package, in the order in which they lie.
pub(super) fn read(bytes: &[u8], to: &mut Read<'_>) -> Result<(), Malformed> {
    let version = Order::Little.four(bytes, 4)?;
    if version != VERSION {
        return Err(Malformed::whole(format!("its version {version} is not known")));
    }
    let pages = Order::Little.size(bytes, 12)?;
    if pages == 0 {
        return Err(Malformed::whole("it has no page of slots"));
    }
    let table = octets::some(bytes, 0, pages.saturating_mul(PAGE_BYTES))?;
    let mut slots = slots(table)?;
    slots.sort_unstable();
    let mut end = table.len();
    for slot in &slots {
        let (start, length) =
            (slot.start.saturating_mul(BLOCK_BYTES), slot.count.saturating_mul(BLOCK_BYTES));
        nothing(bytes, end, start)?;
        to(blob(octets::some(bytes, start, length)?, slot.package)?)?;
        end = start.saturating_add(length);
    }
    nothing(bytes, end, bytes.len())
}

/// The slots in use.
fn slots(table: &[u8]) -> Result<Vec<Slot>, Malformed> {
    let order = Order::Little;
    let mut slots = Vec::new();
    for slot in table.get(HEADER_BYTES..).unwrap_or_default().chunks_exact(BLOCK_BYTES) {
        if !slot.starts_with(SLOT) {
            return Err(Malformed::whole("its table of slots has something else in it"));
        }
        let (package, start, count) = (order.four(slot, 4)?, order.size(slot, 8)?, order.size(slot, 12)?);
        match (package, start, count) {
            (0, 0, 0) => {}
            (0, ..) | (_, 0, _) | (_, _, 0) => {
                return Err(Malformed::whole("one of its slots is half used"));
            }
            _ => slots.push(Slot { start, count, package }),
        }
    }
    Ok(slots)
}

/// What one slot holds, if the checksum says so.
fn blob(blocks: &[u8], package: u32) -> Result<&[u8], Malformed> {
    let order = Order::Little;
    let wrong = |what: &str| Malformed::whole(format!("its blob of package {package} {what}"));
    let content = blocks.len().checked_sub(BLOB_END_BYTES).and_then(|end| blocks.split_at_checked(end));
    let (content, end) = content.ok_or_else(|| wrong("is too short"))?;
    if !content.starts_with(BLOB_START) || order.four(content, 4)? != package || !end.ends_with(BLOB_END) {
        return Err(wrong("does not lie where its slot says"));
    }
    let length = order.size(content, 12)?;
    let blob = octets::some(content, BLOB_START_BYTES, length)?;
    if order.size(end, 4)? != length || content.len() - BLOB_START_BYTES - length >= BLOCK_BYTES {
        return Err(wrong("has two lengths"));
    }
    if order.four(end, 0)? != adler(content) {
        return Err(wrong("was changed: its checksum is another"));
    }
    Ok(blob)
}

/// Between the blobs there is nothing, or a slot was lost.
fn nothing(bytes: &[u8], from: usize, to: usize) -> Result<(), Malformed> {
    match to.checked_sub(from).map(|length| octets::some(bytes, from, length)) {
        None => Err(Malformed::whole("two of its blobs overlap")),
        Some(gap) if gap.as_ref().is_ok_and(|gap| gap.iter().any(|byte| *byte != 0)) => {
            Err(Malformed::whole("something lies in it that none of its slots is for"))
        }
        Some(gap) => gap.map(drop),
    }
}

fn adler(bytes: &[u8]) -> u32 {
    let (mut one, mut two) = (1_u32, 0_u32);
    for piece in bytes.chunks(ADLER_BYTES) {
        for byte in piece {
            one += u32::from(*byte);
            two += one;
        }
        one %= ADLER_BASE;
        two %= ADLER_BASE;
    }
    two << 16 | one
}

#[cfg(test)]
mod tests;
