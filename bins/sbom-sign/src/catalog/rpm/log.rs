//! The log of changes that SQLite keeps beside a database (sqlite.org/fileformat2.html, "The Rollback Journal", "WAL-Format"): whether it holds
//! any that are done or to be undone; never what they change.

use super::Malformed;
use super::octets::{self, Order};

/// What follows the name of the database: a log of what is done, and one of what is to be undone.
pub(super) const ENDINGS: [&str; 2] = ["-wal", "-journal"];
/// What a journal that is to be played back begins with.
const JOURNAL: &[u8] = &[0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
/// The marks of a log; the last bit tells the byte order of its checksums.
const LITTLE: u32 = 0x377f_0682;
const BIG: u32 = 0x377f_0683;
const VERSION: u32 = 3_007_000;
const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
/// How many bytes of both headers the checksum is of.
const HEADER_SUMMED: usize = 24;
const FRAME_SUMMED: usize = 8;

/// What a log says about the database beside it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Changes {
    /// The database is all there is.
    Finished,
    /// Who heeds the log sees something else than what is in the database.
    Unfinished,
}

/// Reads a log.
pub(super) fn read(bytes: &[u8]) -> Changes {
    if bytes.starts_with(JOURNAL) || has_commit(bytes).unwrap_or_default() {
        return Changes::Unfinished;
    }
    Changes::Finished
}

/// Whether a change in the log is done: SQLite takes the frames whose salts and sums are right, to the last that ends a change. An error is
/// the end of the file.
fn has_commit(bytes: &[u8]) -> Result<bool, Malformed> {
    let big = Order::Big;
    let order = match big.four(bytes, 0)? {
        LITTLE => Order::Little,
        BIG => Order::Big,
        _ => return Ok(false),
    };
    let page = big.size(bytes, 8)?;
    let mut sum = Sum { order, one: 0, two: 0 };
    sum.add(octets::some(bytes, 0, HEADER_SUMMED)?)?;
    if big.four(bytes, 4)? != VERSION || !sum.is(bytes, HEADER_SUMMED)? {
        return Ok(false);
    }
    let salts = octets::some(bytes, 16, 8)?;
    let mut at = HEADER_BYTES;
    loop {
        let header = octets::some(bytes, at, FRAME_HEADER_BYTES)?;
        let content = octets::some(bytes, at.saturating_add(FRAME_HEADER_BYTES), page)?;
        sum.add(octets::some(header, 0, FRAME_SUMMED)?)?;
        sum.add(content)?;
        if octets::some(header, 8, 8)? != salts || !sum.is(header, 16)? {
            return Ok(false);
        }
        if big.four(header, 4)? != 0 {
            return Ok(true);
        }
        at = at.saturating_add(FRAME_HEADER_BYTES + page);
    }
}

/// A checksum ("Checksum Algorithm").
struct Sum {
    order: Order,
    one: u32,
    two: u32,
}

impl Sum {
    fn add(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        for pair in bytes.chunks(8) {
            self.one = self.one.wrapping_add(self.order.four(pair, 0)?).wrapping_add(self.two);
            self.two = self.two.wrapping_add(self.order.four(pair, 4)?).wrapping_add(self.one);
        }
        Ok(())
    }

    /// Whether this is the one that stands here.
    fn is(&self, bytes: &[u8], at: usize) -> Result<bool, Malformed> {
        Ok(self.one == Order::Big.four(bytes, at)? && self.two == Order::Big.four(bytes, at + 4)?)
    }
}

#[cfg(test)]
mod tests;
