//! How much of something may still come, of several threads together; never of what.

use std::sync::atomic::{AtomicU64, Ordering};

/// The room that is left, in whatever it is counted.
#[derive(Debug)]
pub struct Room(AtomicU64);

impl Room {
    /// For so much.
    pub const fn of(all: u64) -> Self {
        Self(AtomicU64::new(all))
    }

    /// Takes some of it, or nothing if that is not enough.
    pub fn take(&self, some: u64) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(some)).is_ok()
    }

    /// Nothing is left.
    pub(super) fn close(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}
