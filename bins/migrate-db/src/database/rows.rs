//! What a query gives back, with the type the database says it has; never converted.

use std::fmt;

/// A query in a verification counts or samples; one that returns more than this was not meant.
pub const ROWS_MAX: usize = 1000;

/// One value.
#[derive(Clone, PartialEq, Debug)]
pub enum Cell {
    /// Nothing.
    Null,
    /// Yes or no, where the database has a type for that: not in SQLite.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// The type's name and the value, so that `integer 3` and `text '3'` can be told apart in a report.
impl fmt::Display for Cell {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => out.write_str("null"),
            Self::Boolean(value) => write!(out, "boolean {value}"),
            Self::Integer(value) => write!(out, "integer {value}"),
            Self::Real(value) => write!(out, "real {value}"),
            Self::Text(value) => write!(out, "text '{value}'"),
            Self::Blob(bytes) => write!(out, "blob of {} bytes", bytes.len()),
        }
    }
}
