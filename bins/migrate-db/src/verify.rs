//! Queries with the answers they must have: read from TOML and judged; never what asks the database.

use std::{fmt, path::Path, time::Instant};

use ci::{Place, files};
use contract::Span;
use serde::Deserialize;
use toml::{Spanned, Value};

use crate::{
    database::{Cell, Database, DatabaseError},
    effect,
    error::Error,
    statement::{self, Dialect},
};

/// One question.
#[derive(Clone, PartialEq, Debug)]
pub struct Query {
    /// What it asks, for people.
    pub name: String,
    /// One statement that only reads.
    pub sql: String,
    /// What the answer must be.
    pub expected: Expected,
}

/// What an answer must be. Types count: the text `3` is not the number 3.
#[derive(Clone, PartialEq, Debug)]
pub enum Expected {
    /// One row with one column that holds this.
    Equals(Cell),
    /// One row with one column that holds a whole number in this range.
    Between(Option<i64>, Option<i64>),
    /// Exactly these rows, in this order.
    Rows(Vec<Vec<Cell>>),
    /// At least one row.
    NotEmpty,
    /// Whatever comes: that the database would look for it in this index.
    UsesIndex(String),
}

/// An answer, judged.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// The question.
    pub name: String,
    /// What was expected.
    pub expected: String,
    /// What came.
    pub found: String,
    /// Whether that is as expected.
    pub holds: bool,
}

/// The first answer that is not as expected.
#[derive(Debug, thiserror::Error)]
#[error("{name}: expected {expected}, found {found}")]
pub struct Unmet {
    name: String,
    expected: String,
    found: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    query: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    name: String,
    sql: String,
    equals: Option<Value>,
    at_least: Option<i64>,
    at_most: Option<i64>,
    rows: Option<Vec<Vec<Value>>>,
    not_empty: Option<bool>,
    uses_index: Option<String>,
}

/// Reads a file of queries.
pub fn read(path: &Path, dialect: Dialect) -> Result<Vec<Query>, Error> {
    let text = files::read_text(path)?;
    let wrong = |at: usize, why: String| {
        let line = 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
        Error::VerifyInvalid { place: Place { file: path.to_owned(), line: Some(line) }, why }
    };
    let file: File = toml::from_str(&text)
        .map_err(|error| wrong(error.span().map_or(0, |span| span.start), error.message().to_owned()))?;
    if file.query.is_empty() {
        return Err(Error::VerifyEmpty(path.to_owned()));
    }
    let query = |entry: Spanned<Entry>| {
        let at = entry.span().start;
        query(entry.into_inner(), dialect).map_err(|why| wrong(at, why))
    };
    file.query.into_iter().map(query).collect()
}

fn query(entry: Entry, dialect: Dialect) -> Result<Query, String> {
    let Entry { name, sql, equals, at_least, at_most, rows, not_empty, uses_index } = entry;
    let range = at_least.or(at_most).is_some();
    let kinds = [equals.is_some(), range, rows.is_some(), not_empty.is_some(), uses_index.is_some()];
    if kinds.iter().filter(|given| **given).count() != 1 {
        return Err(format!(
            "`{name}` needs exactly one expectation: equals, at-least and at-most, rows, not-empty, or uses-index"
        ));
    }
    let expected = match (equals, rows, not_empty, uses_index) {
        (Some(value), ..) => Expected::Equals(cell(value, dialect)?),
        (_, Some(rows), ..) => {
            let row = |row: Vec<Value>| row.into_iter().map(|value| cell(value, dialect)).collect();
            Expected::Rows(rows.into_iter().map(row).collect::<Result<_, _>>()?)
        }
        (.., Some(true), _) => Expected::NotEmpty,
        (.., Some(false), _) => return Err(format!("`{name}`: an empty answer is rows = []")),
        (.., Some(index)) => Expected::UsesIndex(index),
        _ => Expected::Between(at_least, at_most),
    };
    let plans = matches!(expected, Expected::UsesIndex(_));
    let statements = statement::statements(&sql, dialect).map_err(|error| format!("`{name}`: {error}"))?;
    let [one] = statements.as_slice() else {
        return Err(format!("`{name}` holds {} statements and must hold one", statements.len()));
    };
    let reads = ["SELECT", "WITH", "VALUES", "EXPLAIN"];
    // A plan has no plan.
    let reads = if plans { &reads[..2] } else { &reads[..] };
    if !one.tokens().first().is_some_and(|first| reads.iter().any(|verb| first.is(verb))) {
        return Err(format!("`{name}` must begin with one of {}", reads.join(", ")));
    }
    if effect::writes_file(one) {
        return Err(format!("`{name}` writes a file of the server"));
    }
    let sql = if plans { one.text.clone() } else { sql };
    Ok(Query { name, sql, expected })
}

fn cell(value: Value, dialect: Dialect) -> Result<Cell, String> {
    match value {
        Value::Integer(number) => Ok(Cell::Integer(number)),
        Value::Float(number) => Ok(Cell::Real(number)),
        Value::String(text) => Ok(Cell::Text(text)),
        Value::Boolean(_) if dialect != Dialect::Postgres => {
            Err("SQLite and MySQL have no truth values: write 1 or 0".into())
        }
        Value::Boolean(value) => Ok(Cell::Boolean(value)),
        other => {
            Err(format!("a {} can't be compared: write a number, a text, true or false", other.type_str()))
        }
    }
}

/// Asks all questions in one transaction that the database keeps from changing anything, and all within this time.
pub fn ask(database: &mut dyn Database, queries: &[Query], budget: Span) -> Result<Vec<Answer>, Error> {
    let failed = |source| Error::Database { doing: "verifying", source };
    database.stop_at(Instant::now().checked_add(budget.duration())).map_err(failed)?;
    database.begin_reading().map_err(failed)?;
    let answers = queries
        .iter()
        .map(|query| {
            let (found, holds) = match look(database, query) {
                Ok(found) => found,
                Err(DatabaseError::Statement { why, .. } | DatabaseError::ReadOnly(why)) => {
                    (format!("an error: {why}"), false)
                }
                Err(DatabaseError::Deadline) => (format!("no answer within {budget}"), false),
                Err(other) => return Err(failed(other)),
            };
            Ok(Answer { name: query.name.clone(), expected: query.expected.to_string(), found, holds })
        })
        .collect();
    database.rollback();
    answers
}

/// What is found, and whether that is as expected.
fn look(database: &mut dyn Database, query: &Query) -> Result<(String, bool), DatabaseError> {
    if let Expected::UsesIndex(index) = &query.expected {
        let planned = database.planned(&query.sql, index)?;
        return Ok((planned.words(), planned.indexes.contains(index)));
    }
    let rows = database.rows(&query.sql)?;
    Ok((shown(&rows), query.expected.holds(&rows)))
}

/// Whether every answer is as expected.
pub fn judge(answers: &[Answer]) -> Result<(), Error> {
    let mut unmet = answers.iter().filter(|answer| !answer.holds);
    let Some(first) = unmet.next() else { return Ok(()) };
    let source =
        Unmet { name: first.name.clone(), expected: first.expected.clone(), found: first.found.clone() };
    Err(Error::Unverified { failed: 1 + unmet.count(), total: answers.len(), source })
}

impl Expected {
    fn holds(&self, rows: &[Vec<Cell>]) -> bool {
        match self {
            Self::Equals(cell) => single(rows) == Some(cell),
            Self::Between(least, most) => match single(rows) {
                Some(Cell::Integer(number)) => {
                    least.is_none_or(|least| *number >= least) && most.is_none_or(|most| *number <= most)
                }
                _ => false,
            },
            Self::Rows(wanted) => wanted == rows,
            Self::NotEmpty => !rows.is_empty(),
            Self::UsesIndex(_) => false,
        }
    }
}

fn single(rows: &[Vec<Cell>]) -> Option<&Cell> {
    match rows {
        [row] => match row.as_slice() {
            [cell] => Some(cell),
            _ => None,
        },
        _ => None,
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equals(cell) => cell.fmt(out),
            Self::Between(Some(least), Some(most)) => write!(out, "an integer from {least} to {most}"),
            Self::Between(Some(least), None) => write!(out, "an integer of at least {least}"),
            Self::Between(None, Some(most)) => write!(out, "an integer of at most {most}"),
            Self::Between(None, None) => out.write_str("an integer"),
            Self::Rows(rows) => out.write_str(&shown(rows)),
            Self::NotEmpty => out.write_str("at least one row"),
            Self::UsesIndex(index) => write!(out, "index {index}"),
        }
    }
}

/// How many rows of an answer a report shows.
const SHOWN_MAX: usize = 3;

fn shown(rows: &[Vec<Cell>]) -> String {
    if let Some(cell) = single(rows) {
        return cell.to_string();
    }
    let row = |row: &Vec<Cell>| row.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let first: Vec<String> = rows.iter().take(SHOWN_MAX).map(|cells| format!("[{}]", row(cells))).collect();
    let more = if rows.len() > SHOWN_MAX { ", …" } else { "" };
    format!("{} rows {}{more}", rows.len(), first.join(", ")).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_that_writes_a_file_of_the_server_is_refused() {
        let read = |sql: &str| {
            let text = format!("name = 'q'\nsql = \"{sql}\"\nnot-empty = true");
            query(toml::from_str(&text).unwrap(), Dialect::Mysql)
        };
        for sql in [
            "SELECT 1 INTO OUTFILE '/tmp/x'",
            "WITH x AS (SELECT 1) SELECT * FROM x INTO DUMPFILE '/tmp/x'",
            "SELECT 1 /*!50000 INTO OUTFILE '/tmp/x' */",
        ] {
            assert_eq!(read(sql), Err("`q` writes a file of the server".into()), "{sql}");
        }
        assert!(read("SELECT `outfile` FROM files").is_ok());
    }
}
