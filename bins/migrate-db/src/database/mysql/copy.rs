//! A dump of a MySQL database that was read back: restored into a database of its own and compared, where the user may make one.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

use contract::Digest;

use super::{Mysql, answer::literal, restored, tools::Tools, trouble};
use crate::{
    database::{Copied, Database, DatabaseError, Proof, url::mysql::MysqlServer},
    lock,
};

/// How often a copy is made again because somebody wrote between our look at the database and the dump's.
const ATTEMPTS_MAX: usize = 3;
/// What a dump ends with that was written to its end.
const LAST_LINE: &str = "-- Dump completed";
/// How much of the end of a dump is looked at, in bytes.
const END_BYTES: u64 = 1024;

/// What is in it: one state of all tables, and what belongs to them. Without tablespaces, which need a privilege of the server's.
const ARGUMENTS: [&str; 9] = [
    "--single-transaction",
    "--quick",
    "--routines",
    "--triggers",
    "--events",
    "--hex-blob",
    "--no-tablespaces",
    "--skip-dump-date",
    "--default-character-set=utf8mb4",
];

impl Mysql {
    /// Nobody but the dump sees the state that it has, so the copy is compared with the states just before and just after it.
    pub(super) fn dump_and_restore(&mut self, file: &Path, question: &str) -> Result<Copied, DatabaseError> {
        let tools = Tools::find(self.version, &self.server)?;
        // Whoever changes a definition meanwhile breaks the dump off.
        let lock = lock::name("history", &self.server.database);
        let is_ours = self.locked.contains(&lock);
        if !is_ours {
            self.take(&lock)?;
        }
        let mut result = Err(DatabaseError::World("it was not tried".into()));
        for _ in 0..ATTEMPTS_MAX {
            result = self.dump(&tools, file, question);
            if !matches!(result, Err(DatabaseError::Locked(_))) {
                break;
            }
        }
        self.rollback();
        if !is_ours {
            self.give_back(&lock);
        }
        match result {
            Err(DatabaseError::Locked(difference)) => Err(DatabaseError::World(format!(
                "the restored copy differs from the database: {difference}"
            ))),
            result => result,
        }
    }

    fn dump(&mut self, tools: &Tools, file: &Path, question: &str) -> Result<Copied, DatabaseError> {
        self.run("ROLLBACK; START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")?;
        let definitions = restored::definitions(self)?;
        let before = restored::counts(self)?;
        let answer = if question.is_empty() { Vec::new() } else { self.texts(question)? };
        self.rollback();
        tools.dump(&self.server.database.clone(), file, &ARGUMENTS)?;
        is_whole(file)?;
        let scratch = self.beside("verify");
        match self.create_beside(&scratch) {
            Ok(()) => {}
            Err(error) if trouble::is_denied(&error) => return Ok(Copied { answer, proof: Proof::Read }),
            Err(error) => return Err(error),
        }
        let compared = self.restore_into(tools, file, &scratch).and_then(|server| {
            let mut copy = Self::connect(&server, self.patience, "")?;
            let found =
                restored::definitions(&mut copy).and_then(|found| Ok((found, restored::counts(&mut copy)?)));
            let answer = if question.is_empty() { Ok(Vec::new()) } else { copy.texts(question) };
            Box::new(copy).close();
            let (found, rows) = found?;
            if let Some(line) = definitions.symmetric_difference(&found).next() {
                return Err(DatabaseError::World(format!(
                    "the restored copy differs from the database: {line}"
                )));
            }
            match restored::difference(&before, &restored::counts(self)?, &rows) {
                None => answer,
                Some(what) => Err(DatabaseError::Locked(what)),
            }
        });
        let dropped = self.drop_beside(&scratch);
        let answer = compared?;
        dropped?;
        Ok(Copied { answer, proof: Proof::Restored })
    }

    /// The name of a database of our own beside this one; the same in each run, so that the next finds what a killed one left.
    fn beside(&self, purpose: &str) -> String {
        let digest = Digest::of(format!("{}.migrate_db_history", self.server.database).as_bytes()).hex();
        format!("migrate_db_{purpose}_{}", digest.get(..16).unwrap_or_default())
    }

    /// Takes such a database away.
    pub(super) fn drop_beside(&mut self, scratch: &str) -> Result<(), DatabaseError> {
        self.run(&format!("DROP DATABASE IF EXISTS {}", super::answer::quoted(scratch)))
    }

    /// Makes such a database, empty, with the characters and the sorting of this one.
    fn create_beside(&mut self, scratch: &str) -> Result<(), DatabaseError> {
        let rows = self.texts(&format!(
            "SELECT default_character_set_name, default_collation_name FROM information_schema.schemata WHERE schema_name = {}",
            literal(&self.server.database)
        ))?;
        let [Some(charset), Some(collation)] = rows.first().map(Vec::as_slice).unwrap_or_default() else {
            return Err(DatabaseError::World("it does not say how it sorts".into()));
        };
        self.drop_beside(scratch)?;
        self.run(&format!("CREATE DATABASE {scratch} CHARACTER SET {charset} COLLATE {collation}"))
    }

    /// Restores into a database that stays until [`Self::drop_beside`].
    pub(super) fn restore_beside(&mut self, file: &Path) -> Result<MysqlServer, DatabaseError> {
        let tools = Tools::find(self.version, &self.server)?;
        is_whole(file)?;
        let server = self.create_empty()?;
        let restored = self.restore_into(&tools, file, &server.database);
        if restored.is_err() {
            // Why it can't be restored is what has to be said.
            _ = self.drop_beside(&server.database);
        }
        restored
    }

    /// An empty database that stays until [`Self::drop_beside`]. The lock keeps a second run from taking it away.
    pub(super) fn create_empty(&mut self) -> Result<MysqlServer, DatabaseError> {
        let lock = lock::name("rehearsal", &self.server.database);
        self.take(&lock)?;
        let scratch = self.beside("rehearsal");
        self.create_beside(&scratch)?;
        Ok(MysqlServer { database: scratch, ..self.server.clone() })
    }

    fn restore_into(
        &mut self,
        tools: &Tools,
        file: &Path,
        scratch: &str,
    ) -> Result<MysqlServer, DatabaseError> {
        tools.restore(scratch, file)?;
        Ok(MysqlServer { database: scratch.to_owned(), ..self.server.clone() })
    }
}

/// Whether a dump was written to its end.
pub(super) fn is_whole(file: &Path) -> Result<(), DatabaseError> {
    let end = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(file)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(END_BYTES)))?;
        let mut end = Vec::new();
        file.read_to_end(&mut end)?;
        Ok(end)
    };
    let end = end().map_err(|error| DatabaseError::World(error.to_string()))?;
    if String::from_utf8_lossy(&end).lines().any(|line| line.starts_with(LAST_LINE)) {
        Ok(())
    } else {
        Err(DatabaseError::World("the dump breaks off before its end".into()))
    }
}
