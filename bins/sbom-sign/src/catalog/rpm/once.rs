//! What is used of a database's file: each page once, and no more bytes than there are, so that no circle of pages and no heap of entries
//! that all point at one piece makes reading it endless; never what stands in it.

use super::Malformed;

/// The pages and bytes of a file that nobody has used yet.
pub(super) struct Once {
    used: Vec<bool>,
    left: usize,
}

impl Once {
    /// Of a file of so many bytes.
    pub(super) fn of(bytes: usize, page: usize) -> Self {
        Self { used: vec![false; bytes / page.max(1)], left: bytes }
    }

    /// Uses a page, counted from 0.
    pub(super) fn page(&mut self, number: usize) -> Result<(), Malformed> {
        let used = self.used.get_mut(number);
        let used =
            used.ok_or_else(|| Malformed::whole(format!("page {number} is beyond its end: it is cut off")))?;
        if std::mem::replace(used, true) {
            return Err(Malformed::whole(format!("page {number} stands in two places")));
        }
        Ok(())
    }

    /// Whether a page was used.
    pub(super) fn has(&self, number: usize) -> bool {
        self.used.get(number).is_some_and(|used| *used)
    }

    /// Uses so many bytes.
    pub(super) fn bytes(&mut self, length: usize) -> Result<(), Malformed> {
        let left = self.left.checked_sub(length);
        self.left =
            left.ok_or_else(|| Malformed::whole("its entries have more bytes together than it has itself"))?;
        Ok(())
    }
}
