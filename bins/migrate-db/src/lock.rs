//! The number of our own lock; those of other tools stand with their histories.

use contract::Digest;

/// The first eight bytes of SHA-256 over `migrate-db <purpose> <schema>.migrate_db_history`, big-endian.
pub fn key(purpose: &str, schema: &str) -> i64 {
    let digest = Digest::of(format!("migrate-db {purpose} {schema}.migrate_db_history").as_bytes()).hex();
    let bits = digest.get(..16).and_then(|hex| u64::from_str_radix(hex, 16).ok()).unwrap_or_default();
    bits.cast_signed()
}
