//! How far a file has come of which no transaction holds the whole: one row beside the history, there only until the file is done.

use contract::Digest;

use super::{
    Layout, Version,
    history::{Place, Texts, text},
};

/// Its table, which is dropped with its one row.
pub const TABLE: &str = "migrate_db_progress";

/// How far a file has come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Whose version it is.
    pub layout: String,
    /// The version, as its tool writes it.
    pub version: String,
    /// SHA-256 of the text that was begun.
    pub checksum: String,
    /// How many of its statements are done.
    pub done: usize,
    /// Whether the next one was sent to the database.
    pub begun: bool,
}

impl Progress {
    /// Nothing yet.
    pub fn of(layout: Layout, version: &Version, checksum: Digest) -> Self {
        Self {
            layout: layout.word().into(),
            version: version.text().into(),
            checksum: checksum.to_string(),
            done: 0,
            begun: false,
        }
    }

    /// Whether both speak of one text of one version.
    pub fn is_of(&self, other: &Self) -> bool {
        (&self.layout, &self.version, &self.checksum) == (&other.layout, &other.version, &other.checksum)
    }

    /// Asks for it.
    pub fn select(at: &Place) -> String {
        format!("SELECT layout, version, checksum, done, begun FROM {}", at.beside(TABLE))
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
            begun: number(4)? == 1,
        }))
    }

    /// Makes the table.
    pub fn create(at: &Place) -> String {
        format!(
            "CREATE TABLE IF NOT EXISTS {} (layout VARCHAR(30) NOT NULL, version VARCHAR(255) NOT NULL, checksum VARCHAR(100) NOT NULL, \
             done INTEGER NOT NULL, begun INTEGER NOT NULL);",
            at.beside(TABLE)
        )
    }

    /// Puts this in the place of what is there.
    pub fn write(&self, at: &Place) -> String {
        let name = at.beside(TABLE);
        format!(
            "DELETE FROM {name}; INSERT INTO {name} (layout, version, checksum, done, begun) VALUES ({}, {}, {}, {}, {});",
            at.literal(&self.layout),
            at.literal(&self.version),
            at.literal(&self.checksum),
            self.done,
            u8::from(self.begun)
        )
    }

    /// Takes it away.
    pub fn drop(at: &Place) -> String {
        format!("DROP TABLE IF EXISTS {};", at.beside(TABLE))
    }
}
