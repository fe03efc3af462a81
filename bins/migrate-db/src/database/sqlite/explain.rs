//! `EXPLAIN QUERY PLAN` (sqlite.org/eqp.html): which indexes a plan uses, from the sentences it is told in.

use super::Sqlite;
use crate::database::{Cell, DatabaseError, Planned};

impl Sqlite {
    pub(super) fn explained(&mut self, sql: &str, index: &str) -> Result<Planned, DatabaseError> {
        let name = format!("'{}'", index.replace('\'', "''"));
        let found =
            self.strings(&format!("SELECT name FROM sqlite_schema WHERE type = 'index' AND name = {name}"))?;
        if found.is_empty() {
            let why = format!("there is no index {index}");
            return Err(DatabaseError::Statement { why, position: None });
        }
        let rows = self.rows_up_to(&format!("EXPLAIN QUERY PLAN {sql}"), usize::MAX)?;
        let mut planned = Planned::default();
        for row in &rows {
            if let Some(Cell::Text(sentence)) = row.get(3) {
                read(sentence, &mut planned);
            }
        }
        Ok(planned)
    }
}

/// `SEARCH t USING COVERING INDEX i (a=? AND b>?)`, `SCAN t`.
fn read(sentence: &str, planned: &mut Planned) {
    if sentence.contains("USING AUTOMATIC ") {
        // One that is built for this query and thrown away.
        return;
    }
    if let Some((_, rest)) = sentence.split_once(" INDEX ") {
        let name =
            rest.rsplit_once(" (").filter(|(_, end)| end.ends_with(')')).map_or(rest, |(name, _)| name);
        planned.indexes.insert(name.to_owned());
    } else if let Some(table) = sentence.strip_prefix("SCAN ")
        && !sentence.contains(" USING ")
    {
        planned.whole.insert(table.split(' ').next().unwrap_or_default().to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sentence_is_understood() {
        for (sentence, words) in [
            ("SEARCH notes USING INDEX notes_user (user_id=?)", "index notes_user"),
            ("SEARCH n USING COVERING INDEX odd name (a) (a=? AND b>?)", "index odd name (a)"),
            ("SCAN notes USING INDEX by_time", "index by_time"),
            ("SCAN notes", "no index, all of notes"),
            ("SEARCH notes USING INTEGER PRIMARY KEY (rowid=?)", "no index"),
            ("SEARCH t USING AUTOMATIC COVERING INDEX (a=?)", "no index"),
            ("USE TEMP B-TREE FOR ORDER BY", "no index"),
        ] {
            let mut planned = Planned::default();
            read(sentence, &mut planned);
            assert_eq!(planned.words(), words, "{sentence}");
        }
    }
}
