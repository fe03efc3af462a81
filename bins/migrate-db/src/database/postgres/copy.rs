//! A dump of a PostgreSQL database that was read back: restored into a database of its own and compared, where the role may make one.

use std::{ffi::OsStr, panic, path::Path, thread, time::Instant};

use contract::Digest;

use super::{
    Postgres,
    answer::literal,
    lock::{Key, LOOK_AGAIN},
    restored,
    tools::Tools,
    trouble,
};
use crate::{
    database::{Copied, Database, DatabaseError, Proof, url::server::Server},
    lock,
};

impl Postgres {
    /// The dump and the comparison see one state, whoever writes meanwhile: both use the snapshot of this connection.
    pub(super) fn dump_and_restore(&mut self, file: &Path, question: &str) -> Result<Copied, DatabaseError> {
        let tools = Tools::find(self.version / 10_000, &self.server, &self.options)?;
        let key = Key(lock::key("backup", &self.schema));
        self.take(key)?;
        let result = self.dump(&tools, file, question);
        self.rollback();
        _ = self.run(&format!("SELECT pg_advisory_unlock({})", key.0));
        result
    }

    fn dump(&mut self, tools: &Tools, file: &Path, question: &str) -> Result<Copied, DatabaseError> {
        // The dump may take longer than the server lets a transaction idle.
        self.run(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0; \
             SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL search_path = pg_catalog",
        )?;
        let snapshot = self.text("SELECT pg_export_snapshot()")?.unwrap_or_default();
        let database = self.server.database.clone().unwrap_or_default();
        let wait = self.patience.as_millis();
        let arguments = [
            "--format=custom",
            &format!("--snapshot={snapshot}"),
            &format!("--lock-wait-timeout={wait}"),
            "--file",
        ];
        let arguments: Vec<_> = arguments.iter().map(AsRef::as_ref).chain([file.as_os_str()]).collect();
        let write = || tools.run("pg_dump", Some(&database), &arguments);
        let may_create = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user";
        let proof = if self.is_true(may_create)? {
            self.write_and_restore(write, tools, file)?;
            Proof::Restored
        } else {
            write().map_err(|error| self.kept_out(error))?;
            read_to_its_end(tools, file)?;
            Proof::Read
        };
        let answer = if question.is_empty() { Vec::new() } else { self.texts(question)? };
        Ok(Copied { answer, proof })
    }

    /// Writes a dump, restores it into a database of its own that is made meanwhile, compares, and drops that.
    fn write_and_restore(
        &mut self,
        write: impl FnOnce() -> Result<(), DatabaseError>,
        tools: &Tools,
        file: &Path,
    ) -> Result<(), DatabaseError> {
        let (name, sorting) = (self.beside("verify"), self.sorting()?);
        let (options, server, patience) = (self.options.clone(), self.server.clone(), self.patience);
        let (written, made) = thread::scope(|scope| {
            let made = scope.spawn(|| -> Result<(), DatabaseError> {
                let create = |beside: &mut Self| beside.create_beside(&sorting, &name);
                Self::over_another(options.clone(), &server, patience, create)
            });
            (write(), made.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked)))
        });
        // If both failed, it is the dump that has to be mended.
        let written = written.map_err(|error| self.kept_out(error));
        if let Err(error) = made {
            return written.and(Err(error));
        }
        let compared = written.and_then(|()| self.restore_into(tools, file, &name));
        // A dump takes long: whoever had waited for its end might have been cut off.
        let dropped = Self::over_another(options, &server, patience, |beside| beside.drop_beside(&name));
        compared.and(dropped)
    }

    /// Reads a dump to its end, which one that was cut short does not have.
    pub(super) fn read_dump(&self, file: &Path) -> Result<(), DatabaseError> {
        read_to_its_end(&Tools::find(self.version / 10_000, &self.server, &self.options)?, file)
    }

    /// Why a dump failed; if it waited for a table, who has it. In whatever language the server says that it waited too long, the statement
    /// is the one that it repeats.
    fn kept_out(&mut self, error: DatabaseError) -> DatabaseError {
        let text = error.to_string();
        if !text.contains("LOCK TABLE ") {
            return error;
        }
        let holder = self.text(
            "SELECT format('process %s of role %s (%s, %s) holds the table %s', pid, usename, application_name, \
             coalesce(host(client_addr), 'local'), relation::regclass) \
             FROM pg_locks LEFT JOIN pg_stat_activity USING (pid) WHERE locktype = 'relation' AND granted \
             AND mode = 'AccessExclusiveLock' AND pid <> pg_backend_pid() \
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
             AND relation >= 16384 ORDER BY relation LIMIT 1",
        );
        match holder {
            Ok(Some(holder)) => DatabaseError::Locked(holder),
            _ if text.contains("timeout") => DatabaseError::Locked(text),
            _ => error,
        }
    }

    /// The name of a database of our own beside this one; the same in each run, so that the next finds what a killed one left.
    fn beside(&self, purpose: &str) -> String {
        let database = self.server.database.as_deref().unwrap_or_default();
        let digest = Digest::of(format!("{database}.{}.migrate_db_history", self.schema).as_bytes()).hex();
        format!("migrate_db_{purpose}_{}", digest.get(..16).unwrap_or_default())
    }

    /// Takes such a database away.
    pub(super) fn drop_beside(&mut self, scratch: &str) -> Result<(), DatabaseError> {
        let force = if self.version >= 130_000 { " WITH (FORCE)" } else { "" };
        self.run(&format!("DROP DATABASE IF EXISTS {scratch}{force}"))
    }

    /// How this one sorts, as `CREATE DATABASE` says it.
    fn sorting(&mut self) -> Result<String, DatabaseError> {
        let sorting = self.texts(
            "SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database WHERE datname = current_database()",
        )?;
        let sorting: Vec<String> =
            sorting.into_iter().flatten().map(|value| literal(&value.unwrap_or_default())).collect();
        match sorting.as_slice() {
            [encoding, collate, ctype] => {
                Ok(format!("ENCODING {encoding} LC_COLLATE {collate} LC_CTYPE {ctype}"))
            }
            _ => Err(DatabaseError::World("it does not say how it sorts".into())),
        }
    }

    /// Makes such a database, empty.
    fn create_beside(&mut self, sorting: &str, scratch: &str) -> Result<(), DatabaseError> {
        let create = format!("CREATE DATABASE {scratch} TEMPLATE template0 {sorting}");
        let give_up = Instant::now() + self.patience;
        loop {
            match self.drop_beside(scratch).and_then(|()| self.run(&create)) {
                // What a killed run began, the server may still be doing.
                Err(error) if trouble::is_being_made(&error) && Instant::now() < give_up => {
                    thread::sleep(LOOK_AGAIN);
                }
                made => return made,
            }
        }
    }

    /// Restores into a database that stays until [`Self::drop_beside`].
    pub(super) fn restore_beside(&mut self, file: &Path) -> Result<Server, DatabaseError> {
        let tools = Tools::find(self.version / 10_000, &self.server, &self.options)?;
        let server = self.create_empty()?;
        let restored = tools.run("pg_restore", server.database.as_deref(), &restoring(file));
        if restored.is_err() {
            // Why it can't be restored is what has to be said.
            _ = self.drop_beside(server.database.as_deref().unwrap_or_default());
        }
        restored.map(|()| server)
    }

    /// An empty database that stays until [`Self::drop_beside`]. The lock keeps a second run from taking it away.
    pub(super) fn create_empty(&mut self) -> Result<Server, DatabaseError> {
        self.take(Key(lock::key("rehearsal", &self.schema)))?;
        let (scratch, sorting) = (self.beside("rehearsal"), self.sorting()?);
        self.create_beside(&sorting, &scratch)?;
        Ok(Server { database: Some(scratch), ..self.server.clone() })
    }

    fn restore_into(&mut self, tools: &Tools, file: &Path, scratch: &str) -> Result<(), DatabaseError> {
        tools.run("pg_restore", Some(scratch), &restoring(file))?;
        let (copy, server, patience) =
            (self.options.clone().database(scratch), self.server.clone(), self.patience);
        match Self::over_another(copy, &server, patience, |copy| restored::compare(self, copy))? {
            None => Ok(()),
            Some(what) => {
                Err(DatabaseError::World(format!("the restored copy differs from the database: {what}")))
            }
        }
    }
}

fn read_to_its_end(tools: &Tools, file: &Path) -> Result<(), DatabaseError> {
    tools.run("pg_restore", None, &["--file=/dev/null".as_ref(), file.as_os_str()])
}

/// What `pg_restore` is called with.
fn restoring(file: &Path) -> Vec<&OsStr> {
    let arguments = ["--exit-on-error", "--no-owner", "--no-privileges"].map(AsRef::as_ref);
    arguments.into_iter().chain([file.as_os_str()]).collect()
}
