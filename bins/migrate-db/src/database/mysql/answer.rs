//! What the server answers, read as text: the text protocol has nothing else; and texts as it reads them.

use sqlx::{Row, TypeInfo, ValueRef, mysql::MySqlRow};

use crate::{
    database::Cell,
    layout::history::{Texts, hex},
};

/// A value's bytes as they came.
fn bytes(row: &MySqlRow, at: usize) -> Result<Option<Vec<u8>>, sqlx::Error> {
    if row.try_get_raw(at)?.is_null() { Ok(None) } else { row.try_get_unchecked(at).map(Some) }
}

/// A row; what is no text as the digits of its bytes.
pub(super) fn texts(row: &MySqlRow) -> Result<Texts, sqlx::Error> {
    let text = |at| {
        let text = |bytes| String::from_utf8(bytes).unwrap_or_else(|error| hex(error.as_bytes()));
        Ok(bytes(row, at)?.map(text))
    };
    (0..row.len()).map(text).collect()
}

/// The values with their types. What is no number is the text that the server writes for it.
pub(super) fn cells(row: &MySqlRow) -> Result<Vec<Cell>, sqlx::Error> {
    let cell = |at| {
        let Some(bytes) = bytes(row, at)? else { return Ok(Cell::Null) };
        let kind = row.try_get_raw(at)?.type_info().name().to_owned();
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => return Ok(Cell::Blob(error.into_bytes())),
        };
        let number = || text.parse().ok().map(Cell::Integer);
        let real = || text.parse().ok().map(Cell::Real);
        let cell = match kind.trim_end_matches(" UNSIGNED") {
            "BOOLEAN" | "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" | "YEAR" => number(),
            "DECIMAL" => number().or_else(real),
            "FLOAT" | "DOUBLE" => real(),
            "BINARY" | "VARBINARY" | "BIT" | "GEOMETRY" => Some(Cell::Blob(text.clone().into_bytes())),
            kind if kind.ends_with("BLOB") => Some(Cell::Blob(text.clone().into_bytes())),
            _ => None,
        };
        Ok(cell.unwrap_or(Cell::Text(text)))
    };
    (0..row.len()).map(cell).collect()
}

/// A text as SQL writes it; [`super::place::lexical`] has seen that a backslash escapes.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// A name as SQL writes it.
pub(super) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}
