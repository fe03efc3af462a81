//! What the server answers, read as text: the simple query protocol has nothing else; and texts as it reads them.

use sqlx::{Row, TypeInfo, ValueRef, postgres::PgRow};

use crate::{database::Cell, layout::history::Texts};

/// A row.
pub(super) fn texts(row: &PgRow) -> Result<Texts, sqlx::Error> {
    let text = |at| {
        let value = row.try_get_raw(at)?;
        if value.is_null() {
            return Ok(None);
        }
        value.as_str().map(|text| Some(text.to_owned())).map_err(sqlx::Error::Decode)
    };
    (0..row.len()).map(text).collect()
}

/// The values with their types. What is neither a number nor a truth value is the text that PostgreSQL writes for it.
pub(super) fn cells(row: &PgRow) -> Result<Vec<Cell>, sqlx::Error> {
    let cell = |(at, text): (usize, Option<String>)| {
        let Some(text) = text else { return Ok(Cell::Null) };
        let kind = row.try_get_raw(at)?.type_info().name().to_owned();
        let number = || text.parse().ok().map(Cell::Integer);
        let real = || text.parse().ok().map(Cell::Real);
        let cell = match kind.as_str() {
            "BOOL" => Some(Cell::Boolean(text == "t")),
            "INT2" | "INT4" | "INT8" | "OID" => number(),
            "NUMERIC" => number().or_else(real),
            "FLOAT4" | "FLOAT8" => real(),
            _ => None,
        };
        Ok(cell.unwrap_or(Cell::Text(text)))
    };
    texts(row)?.into_iter().enumerate().map(cell).collect()
}

/// A text as SQL writes it, whatever the session's settings.
pub(super) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}
