//! Numbers and pieces in the bytes of a database, none from beyond their end; never what they mean.

use super::Malformed;

/// In which order the bytes of a number stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Order {
    /// The highest first.
    Big,
    /// The lowest first.
    Little,
}

impl Order {
    /// The number of two bytes that stands here.
    pub(super) fn two(self, bytes: &[u8], at: usize) -> Result<usize, Malformed> {
        let pair = array(bytes, at)?;
        Ok(usize::from(match self {
            Self::Big => u16::from_be_bytes(pair),
            Self::Little => u16::from_le_bytes(pair),
        }))
    }

    /// The number of four bytes that stands here.
    pub(super) fn four(self, bytes: &[u8], at: usize) -> Result<u32, Malformed> {
        let four = array(bytes, at)?;
        Ok(match self {
            Self::Big => u32::from_be_bytes(four),
            Self::Little => u32::from_le_bytes(four),
        })
    }

    /// The number of four bytes that stands here, as a place or a length.
    pub(super) fn size(self, bytes: &[u8], at: usize) -> Result<usize, Malformed> {
        usize::try_from(self.four(bytes, at)?).map_err(|_| beyond(at))
    }
}

/// The one byte that stands here.
pub(super) fn one(bytes: &[u8], at: usize) -> Result<u8, Malformed> {
    bytes.get(at).copied().ok_or_else(|| beyond(at))
}

/// So many bytes from here on.
pub(super) fn some(bytes: &[u8], at: usize, length: usize) -> Result<&[u8], Malformed> {
    at.checked_add(length).and_then(|end| bytes.get(at..end)).ok_or_else(|| beyond(at))
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], Malformed> {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().ok_or_else(|| beyond(at))
}

fn beyond(at: usize) -> Malformed {
    Malformed::whole(format!("it ends before what should stand at byte {at} of it, or of one of its pieces"))
}
