//! A copy of a SQLite database that was opened and compared with what was copied; never of its bytes, which a writer could tear.

use std::{fs::File, path::Path, time::Duration};

use super::Sqlite;
use crate::{
    database::{Access, Cell, Database, DatabaseError},
    layout::history::Texts,
};

/// How often a copy is made again because somebody wrote between its two looks at the database.
const ATTEMPTS_MAX: usize = 3;

/// How long a look waits for a writer.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// Everything that has a definition. Page numbers differ in a copy and are left out.
const SCHEMA: &str = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name, tbl_name";
/// The tables with rows of their own; virtual ones keep theirs in shadow tables, which are listed.
const TABLES: &str =
    "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'shadow') ORDER BY name";
const DANGLING: &str = "SELECT count(*) FROM pragma_foreign_key_check";
const MARKS: &str = "SELECT * FROM pragma_user_version, pragma_application_id";

impl Sqlite {
    /// `VACUUM INTO` reads one state, whoever writes meanwhile. A second connection that began to read just before sees the same
    /// state, or the comparison fails and both are made again.
    pub(super) fn copy_and_compare(
        &mut self,
        file: &Path,
        question: &str,
    ) -> Result<Vec<Texts>, DatabaseError> {
        let mut difference = String::new();
        for _ in 0..ATTEMPTS_MAX {
            let mut witness = Self::open(&self.file, Access::Read, LOCK_TIMEOUT)?;
            witness.run("BEGIN")?;
            let schema = witness.strings(SCHEMA)?;
            self.vacuum_into(file)?;
            let mut copy = Self::open(file, Access::Read, LOCK_TIMEOUT)?;
            let found = compare(&mut witness, &mut copy, &schema);
            let answer = if question.is_empty() { Ok(Vec::new()) } else { copy.texts(question) };
            Box::new(witness).close();
            Box::new(copy).close();
            match found? {
                None => return answer,
                Some(found) => difference = found,
            }
            // `VACUUM INTO` writes to a file that is empty or not there; emptied, it keeps its permissions.
            File::create(file).map_err(|error| DatabaseError::World(error.to_string()))?;
        }
        Err(DatabaseError::World(format!("the copy differs from the database: {difference}")))
    }

    fn vacuum_into(&mut self, file: &Path) -> Result<(), DatabaseError> {
        let name = file.to_str().ok_or_else(|| DatabaseError::World("its path is not UTF-8".into()))?;
        let query = sqlx::query("VACUUM INTO ?").bind(name).persistent(false);
        self.runtime.block_on(query.execute(&mut self.connection))?;
        Ok(())
    }
}

/// Whether a copy can be read to its end. SQLite itself takes a file of no bytes for a database.
pub(super) fn is_whole(file: &Path) -> Result<(), DatabaseError> {
    let length = file.metadata().map_err(|error| DatabaseError::World(error.to_string()))?.len();
    if length == 0 {
        return Err(DatabaseError::World("the file is empty".into()));
    }
    let mut copy = Sqlite::open(file, Access::Read, LOCK_TIMEOUT)?;
    let health = copy.strings("PRAGMA integrity_check(1)");
    Box::new(copy).close();
    match health? {
        health if health == ["text 'ok'"] => Ok(()),
        health => Err(DatabaseError::World(format!("integrity check: {}", health.join("; ")))),
    }
}

/// What differs, if anything does.
fn compare(
    witness: &mut Sqlite,
    copy: &mut Sqlite,
    schema: &[String],
) -> Result<Option<String>, DatabaseError> {
    let health = copy.strings("PRAGMA integrity_check(1)")?;
    if health != ["text 'ok'"] {
        return Ok(Some(format!("integrity check: {}", health.join("; "))));
    }
    if copy.strings(SCHEMA)? != schema {
        return Ok(Some("the schema".into()));
    }
    for table in witness.rows_up_to(TABLES, usize::MAX)? {
        let [Cell::Text(table)] = table.as_slice() else { continue };
        let count = format!("SELECT count(*) FROM \"{}\"", table.replace('"', "\"\""));
        if witness.strings(&count)? != copy.strings(&count)? {
            return Ok(Some(format!("the number of rows of {table}")));
        }
    }
    for (sql, what) in [(DANGLING, "the rows without a parent"), (MARKS, "user_version or application_id")] {
        if witness.strings(sql)? != copy.strings(sql)? {
            return Ok(Some(what.into()));
        }
    }
    Ok(None)
}
