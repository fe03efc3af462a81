//! What signed evidence says about an image, and when a release counts as verified; never which evidence an environment asks for.
//!
//! promote and rollback share this, because the rule by which a release is let in and the rule by which one is restored must be one.

mod claim;
mod gather;
mod migrations;
mod scans;
mod tests_passed;

pub use claim::{Claim, Condition, Image, Says, Test};
pub use gather::{Keyring, gather};
pub use migrations::schema;
pub use scans::{Limits, Unfit, scanned};
pub use tests_passed::{Bar, Terms, deciding_test, verified};
