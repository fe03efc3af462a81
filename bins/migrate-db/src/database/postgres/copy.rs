//! A dump of a PostgreSQL database that was read back: restored into a database of its own and compared, where the role may make one.

use std::path::Path;

use contract::Digest;

use super::{Postgres, answer::literal, lock::Key, restored, tools::Tools};
use crate::{
    database::{Copied, Database, DatabaseError, Proof},
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
        tools.run("pg_dump", Some(&database), &arguments)?;
        let answer = if question.is_empty() { Vec::new() } else { self.texts(question)? };
        let may_create = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user";
        let proof = if self.is_true(may_create)? {
            self.restore(tools, file, &database)?;
            Proof::Restored
        } else {
            tools.run("pg_restore", None, &["--file=/dev/null".as_ref(), file.as_os_str()])?;
            Proof::Read
        };
        Ok(Copied { answer, proof })
    }

    /// Restores into a database of its own, compares, and drops it. One that a killed run left has the same name and goes first.
    fn restore(&mut self, tools: &Tools, file: &Path, database: &str) -> Result<(), DatabaseError> {
        let digest = Digest::of(format!("{database}.{}.migrate_db_history", self.schema).as_bytes()).hex();
        let scratch = format!("migrate_db_verify_{}", digest.get(..16).unwrap_or_default());
        let force = if self.version >= 130_000 { " WITH (FORCE)" } else { "" };
        let drop = format!("DROP DATABASE IF EXISTS {scratch}{force}");
        let like = self.texts(
            "SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database WHERE datname = current_database()",
        )?;
        let like: Vec<String> =
            like.into_iter().flatten().map(|value| literal(&value.unwrap_or_default())).collect();
        let [encoding, collate, ctype] = like.as_slice() else {
            return Err(DatabaseError::World("it does not say how it sorts".into()));
        };
        let mut beside = Self::connect(self.options.clone(), &self.server, self.patience, "")?;
        beside.run(&drop)?;
        beside.run(&format!(
            "CREATE DATABASE {scratch} TEMPLATE template0 ENCODING {encoding} LC_COLLATE {collate} LC_CTYPE {ctype}"
        ))?;
        let compared = self.restore_into(tools, file, &scratch);
        let dropped = beside.run(&drop);
        Box::new(beside).close();
        compared.and(dropped)
    }

    fn restore_into(&mut self, tools: &Tools, file: &Path, scratch: &str) -> Result<(), DatabaseError> {
        let arguments = ["--exit-on-error", "--no-owner", "--no-privileges"].map(AsRef::as_ref);
        let arguments: Vec<_> = arguments.into_iter().chain([file.as_os_str()]).collect();
        tools.run("pg_restore", Some(scratch), &arguments)?;
        let mut copy =
            Self::connect(self.options.clone().database(scratch), &self.server, self.patience, "")?;
        let difference = restored::compare(self, &mut copy);
        Box::new(copy).close();
        match difference? {
            None => Ok(()),
            Some(what) => {
                Err(DatabaseError::World(format!("the restored copy differs from the database: {what}")))
            }
        }
    }
}
