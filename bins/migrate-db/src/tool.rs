//! The program of another tool that runs its migrations itself: how it is started, with which words and variables; never through a shell, and
//! never with a word that somebody typed in the place of an option.

mod address;
mod alembic;
mod django;
mod error;

use std::{
    fs::File,
    path::{Path, PathBuf},
    time::Duration,
};

use ci::{
    Env,
    process::{Finished, ProcessError, Program},
};

pub use error::ToolError;

use crate::{
    database::{Database, DatabaseError, Lasting, Url},
    error::Error,
    layout::{Layout, Listed, Migration, Place, Version},
};

/// What a session of such a program is called on the server.
pub const SESSION: &str = "migrate-db-tool";

/// How long a program may take that only shows something.
const SHOW_TIME_MAX: Duration = Duration::from_mins(2);

/// How a tool is started.
#[derive(Clone, Debug)]
pub struct Tool {
    kind: Kind,
    program: PathBuf,
    words: Vec<String>,
    home: PathBuf,
    /// What its address begins with.
    scheme: String,
    /// `PGOPTIONS`, as somebody set it.
    options: String,
    variables: Vec<(&'static str, String)>,
    aim: Aim,
}

/// Which tool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Alembic,
    Django,
}

/// Which database it is to work on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Aim {
    /// The one that was named.
    Named,
    /// One of its own beside it; a tool that works on the named one instead must not be started.
    Beside,
}

/// Which way it is to go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// Further.
    Up,
    /// Back.
    Down,
}

/// What the tool has printed of a migration, and whether there is a way back, where it says that.
pub struct Printed {
    /// Its name.
    pub name: String,
    /// The SQL, or why there is none.
    pub sql: Result<String, String>,
    /// Whether it can be taken back, if the tool was asked.
    pub reversible: Option<bool>,
}

impl Tool {
    /// The tool of a layout that has one. `typed` is its program with its first words: one on each line, or else divided by spaces.
    pub fn of(
        layout: Layout,
        typed: Option<&str>,
        home: &Path,
        address: &str,
        url: &Url,
        env: &Env,
    ) -> Result<Option<Self>, Error> {
        let kind = match layout {
            Layout::Alembic => Kind::Alembic,
            Layout::Django => Kind::Django,
            _ => return Ok(None),
        };
        let home = std::path::absolute(home).map_err(ci::files::FileError::reading(home))?;
        let (program, words) = match typed {
            Some(typed) => said(typed)?,
            None => usual(kind, &home),
        };
        let scheme = address.split_once(':').map_or("", |(scheme, _)| scheme);
        let options = env.text("PGOPTIONS").unwrap_or_default().unwrap_or_default();
        let tool = Self {
            kind,
            program,
            words,
            home,
            scheme: scheme.to_owned(),
            options,
            variables: Vec::new(),
            aim: Aim::Named,
        };
        Ok(Some(tool.at(url, Aim::Named)?))
    }

    /// The same tool for another database.
    pub fn at(&self, url: &Url, aim: Aim) -> Result<Self, Error> {
        let variables = address::variables(self.kind, &self.scheme, url)?;
        Ok(Self { variables, aim, ..self.clone() })
    }

    /// Which database it is to work on.
    pub fn aim(&self) -> Aim {
        self.aim
    }

    /// Its driver, if that is one that does not read what bounds its sessions: neither `PGOPTIONS` nor `PGAPPNAME`. Django has libpq's alone.
    pub fn unbound(&self) -> Option<&'static str> {
        let driver = self.scheme.split_once('+').filter(|_| self.kind == Kind::Alembic)?.1;
        ["asyncpg", "pg8000"].into_iter().find(|one| *one == driver)
    }

    /// What it is called.
    pub const fn name(&self) -> &'static str {
        match self.kind {
            Kind::Alembic => "alembic",
            Kind::Django => "django",
        }
    }

    /// Runs it to its end; its status is the caller's to judge. It holds this file as long as it lives.
    pub fn run(
        &self,
        arguments: &[String],
        options: &str,
        limit: Duration,
        holds: Option<File>,
    ) -> Result<Finished, ProcessError> {
        let mut program =
            Program::new(&self.program).args(&self.words).args(arguments).dir(&self.home).limit(limit);
        for (name, value) in &self.variables {
            program = program.env(name, value);
        }
        program = program
            .env("PGAPPNAME", SESSION)
            .env("PGOPTIONS", format!("{} {options}", self.options).trim())
            .env("PYTHONDONTWRITEBYTECODE", "1");
        match holds {
            Some(file) => program.input_file(file).output(),
            None => program.output(),
        }
    }

    /// Has it show something, on a connection that the server keeps from changing anything.
    fn show(&self, arguments: &[String]) -> Result<Finished, Error> {
        self.run(arguments, "-c default_transaction_read_only=on", SHOW_TIME_MAX, None)
            .map_err(|source| ToolError::NotRun { tool: self.name(), source }.into())
    }

    /// The same, where anything but success is a failure.
    fn shown(&self, arguments: &[String]) -> Result<String, Error> {
        let finished = self.show(arguments)?;
        if finished.is_success() {
            Ok(finished.text().into_owned())
        } else {
            Err(self.failed(&finished).into())
        }
    }

    /// What it says when it fails: the last thing that it says.
    pub fn failed(&self, finished: &Finished) -> ToolError {
        let all = finished.all_text();
        let last = all.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("it said nothing");
        ToolError::Failed {
            tool: self.name(),
            status: finished.status,
            said: last.chars().take(SAID_CHARS_MAX).collect(),
        }
    }

    /// What the tool itself says there is; nothing where its files say that.
    pub fn listed(&self) -> Result<Vec<Listed>, Error> {
        match self.kind {
            Kind::Alembic => Ok(Vec::new()),
            Kind::Django => django::listed(self),
        }
    }

    /// What the tool prints of these migrations, which stand in their order; `from` is the version before the first of them.
    pub fn print(&self, from: &Version, wanted: &[&Migration]) -> Result<Vec<Printed>, Error> {
        match self.kind {
            Kind::Alembic => alembic::print(self, from, wanted),
            Kind::Django => django::print(self, wanted),
        }
    }

    /// The commands that lead to a version, in their order. `steps` are the migrations on the way, `left` how many stay pending.
    pub fn commands(
        &self,
        way: Way,
        to: &Version,
        steps: &[&Version],
        left: usize,
        all: &[Migration],
    ) -> Vec<Vec<String>> {
        match self.kind {
            Kind::Alembic => alembic::commands(way, to),
            Kind::Django => django::commands(way, steps, left, all),
        }
    }

    /// Whether it works on the database that it is sent to: asked with marks in that database's history, which are taken out again.
    pub fn is_here(
        &self,
        database: &mut dyn Database,
        place: &Place,
        all: &[Migration],
    ) -> Result<bool, Error> {
        match self.kind {
            Kind::Alembic => alembic::is_here(self, database, place),
            Kind::Django => django::is_here(self, database, place, all),
        }
    }
}

/// How much of what a tool says last is repeated.
const SAID_CHARS_MAX: usize = 400;

/// Runs our own statements in one transaction.
fn write(database: &mut dyn Database, sql: &str) -> Result<(), Error> {
    let done = database.begin("", "1", Lasting::AtOnce).and_then(|_| database.commit(sql, "1").map(drop));
    if done.is_err() {
        database.rollback();
    }
    done.map_err(|source: DatabaseError| Error::Database { doing: "marking the database beside", source })
}

/// The words that somebody typed.
fn said(typed: &str) -> Result<(PathBuf, Vec<String>), Error> {
    let words: Vec<&str> = if typed.trim().contains('\n') {
        typed.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
    } else {
        typed.split_whitespace().collect()
    };
    let [program, words @ ..] = words.as_slice() else { return Err(ToolError::Unsaid.into()) };
    // What is no name but a path is one from here, not from where the tool is started.
    let program = if program.contains('/') {
        std::path::absolute(program).map_err(ci::files::FileError::reading(program.as_ref()))?
    } else {
        PathBuf::from(program)
    };
    Ok((program, words.iter().map(|word| (*word).to_owned()).collect()))
}

/// The program of the project's virtual environment, or the one on the `PATH`.
fn usual(kind: Kind, home: &Path) -> (PathBuf, Vec<String>) {
    let (name, words) = match kind {
        Kind::Alembic => ("alembic", Vec::new()),
        Kind::Django => ("python", vec!["manage.py".to_owned()]),
    };
    let homes = [".venv/bin", "venv/bin"].map(|bin| home.join(bin).join(name));
    let on_path = if kind == Kind::Django { "python3" } else { name };
    (homes.into_iter().find(|program| program.exists()).unwrap_or_else(|| on_path.into()), words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_divided_and_never_a_command_of_a_shell() {
        let words = |typed| said(typed).map(|(program, words)| (program.display().to_string(), words)).ok();
        let of = |program: &str, words: &[&str]| {
            Some((program.to_owned(), words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()))
        };
        assert_eq!(words("docker run -e A alembic"), of("docker", &["run", "-e", "A", "alembic"]));
        assert_eq!(words("/my tools/alembic\n-c\n$(x); y\n"), of("/my tools/alembic", &["-c", "$(x); y"]));
        assert_eq!(words(" \n"), None);
    }
}
