//! How far a file has come of which no transaction holds the whole: one row beside the history, there only until the file is done.

use contract::Digest;

use super::{
    Layout, Version,
    history::{Place, Texts, text},
};
use crate::statement::{Dialect, Statement};

/// Its table, which is dropped with its one row.
pub const TABLE: &str = "migrate_db_progress";

/// How far a file has come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Whose version it is.
    pub layout: String,
    /// The version, as its tool writes it.
    pub version: String,
    /// Whether it is applied or taken back.
    pub way: Way,
    /// SHA-256 of the text that was begun.
    pub checksum: String,
    /// How many of its statements are done.
    pub done: usize,
    /// SHA-256 of those: a file that is corrected behind them is still the one that was begun.
    pub done_checksum: String,
    /// Whether the next one was sent to the database.
    pub begun: bool,
    /// What could be seen before that of what it changes, where anything can.
    pub trace: Option<String>,
}

/// Where a file leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// To its version.
    Up,
    /// Back from it.
    Down,
}

impl Way {
    const fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

impl Progress {
    /// Nothing yet.
    pub fn of(layout: Layout, version: &Version, way: Way, checksum: Digest) -> Self {
        Self {
            layout: layout.word().into(),
            version: version.text().into(),
            way,
            checksum: checksum.to_string(),
            done: 0,
            done_checksum: of(&[]),
            begun: false,
            trace: None,
        }
    }

    /// Whether it speaks of this version.
    pub fn is_of(&self, layout: Layout, version: &Version) -> bool {
        self.layout == layout.word() && self.version == version.text()
    }

    /// This, if it speaks of that text of that version, or of one whose statements are the same as far as they are done.
    pub fn of_text(&self, text: &Self, statements: &[Statement]) -> Option<Self> {
        let is_its = (&self.layout, &self.version, self.way) == (&text.layout, &text.version, text.way);
        let is_same = self.checksum == text.checksum
            || !self.begun && statements.get(..self.done).is_some_and(|done| of(done) == self.done_checksum);
        (is_its && is_same).then(|| Self { checksum: text.checksum.clone(), ..self.clone() })
    }

    /// One statement more is done.
    pub fn step(&mut self, statements: &[Statement]) {
        self.done += 1;
        self.done_checksum = of(statements.get(..self.done).unwrap_or(statements));
        (self.begun, self.trace) = (false, None);
    }

    /// Asks for it.
    pub fn select(at: &Place) -> String {
        format!(
            "SELECT layout, version, checksum, done, done_checksum, begun, trace, way FROM {}",
            at.beside(TABLE)
        )
    }

    /// Understands the answer.
    pub fn read(rows: &[Texts]) -> Result<Option<Self>, String> {
        let Some(row) = rows.first() else { return Ok(None) };
        let number =
            |at| text(row, at)?.parse::<usize>().map_err(|_| "it holds no number of statements".to_owned());
        Ok(Some(Self {
            layout: text(row, 0)?.into(),
            version: text(row, 1)?.into(),
            checksum: text(row, 2)?.into(),
            done: number(3)?,
            done_checksum: text(row, 4)?.into(),
            begun: number(5)? == 1,
            trace: row.get(6).cloned().flatten(),
            way: if text(row, 7)? == Way::Down.word() { Way::Down } else { Way::Up },
        }))
    }

    /// Makes the table. MySQL commits with that, so what follows needs a transaction of its own.
    pub fn create(at: &Place) -> String {
        format!(
            "CREATE TABLE IF NOT EXISTS {} (layout VARCHAR(30) NOT NULL, version VARCHAR(255) NOT NULL, checksum VARCHAR(100) NOT NULL, \
             done INTEGER NOT NULL, done_checksum VARCHAR(100) NOT NULL, begun INTEGER NOT NULL, trace VARCHAR(100), way VARCHAR(10) NOT NULL){};{}",
            at.beside(TABLE),
            at.options(),
            if at.dialect == Dialect::Mysql { " START TRANSACTION;" } else { "" },
        )
    }

    /// Puts this in the place of what is there.
    pub fn write(&self, at: &Place) -> String {
        let name = at.beside(TABLE);
        format!(
            "DELETE FROM {name}; INSERT INTO {name} (layout, version, checksum, done, done_checksum, begun, trace, way) \
             VALUES ({}, {}, {}, {}, {}, {}, {}, {});",
            at.literal(&self.layout),
            at.literal(&self.version),
            at.literal(&self.checksum),
            self.done,
            at.literal(&self.done_checksum),
            u8::from(self.begun),
            at.optional(self.trace.as_deref()),
            at.literal(self.way.word()),
        )
    }

    /// The file is done. MySQL commits when it drops a table, so there the table stays, empty, until [`Self::drop`].
    pub fn finish(at: &Place) -> String {
        match at.dialect {
            Dialect::Mysql => format!("DELETE FROM {};", at.beside(TABLE)),
            Dialect::Postgres | Dialect::Sqlite => Self::drop(at),
        }
    }

    /// Takes it away.
    pub fn drop(at: &Place) -> String {
        format!("DROP TABLE IF EXISTS {};", at.beside(TABLE))
    }
}

/// SHA-256 over statements.
fn of(statements: &[Statement]) -> String {
    let texts: Vec<&str> = statements.iter().map(|one| one.text.as_str()).collect();
    Digest::of(texts.join("\0").as_bytes()).to_string()
}
