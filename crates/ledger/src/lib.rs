//! The append-only, hash-chained history of what each environment ran.
