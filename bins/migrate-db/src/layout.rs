//! The migrations of a directory, whatever tool's layout they have: one form for the rest of the program; never a database.

mod alembic;
mod dbmate;
mod detect;
mod diesel;
pub mod directive;
mod django;
mod flyway;
mod golang_migrate;
mod goose;
pub mod history;
pub mod judge;
mod name;
mod numbered;
mod prisma;
pub mod progress;
pub mod script;
mod section;
mod sqlx;
mod tree;
mod version;

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use serde::Serialize;

use crate::{
    error::Error,
    tool::{Printed, ToolError},
};
pub use detect::Candidates;
pub use django::Listed;
pub use history::{Applied, Entry, HistoryTable, Place, State};
pub use judge::{Cut, Ground, Unit};
pub use script::{Script, Seen};
pub use tree::{Reading, Source, Tree};
pub use version::Version;

/// Which tool's files these are.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Layout {
    /// `NNN_description.sql` and, beside it, `NNN_description.down.sql`
    Numbered,
    /// `V1__description.sql`, `U1__…`, `R__…`, `B1__…`
    Flyway,
    /// `<name>/migration.sql`
    Prisma,
    /// `<number>_<description>.sql`, or `.up.sql` and `.down.sql`
    Sqlx,
    /// `<number>_<description>.up.sql` and `.down.sql`
    GolangMigrate,
    /// `-- migrate:up` and `-- migrate:down` in one file
    Dbmate,
    /// `-- +goose Up` and `-- +goose Down` in one file
    Goose,
    /// `<version>_<name>/up.sql` and `down.sql`
    Diesel,
    /// `versions/<revision>_<slug>.py`, run by Alembic itself
    Alembic,
    /// `<app>/migrations/<name>.py`, run by Django itself
    Django,
}

impl Layout {
    /// All there are.
    pub const ALL: [Self; 10] = [
        Self::Numbered,
        Self::Flyway,
        Self::Prisma,
        Self::Sqlx,
        Self::GolangMigrate,
        Self::Dbmate,
        Self::Goose,
        Self::Diesel,
        Self::Alembic,
        Self::Django,
    ];

    /// As it is typed.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Numbered => "numbered",
            Self::Flyway => "flyway",
            Self::Prisma => "prisma",
            Self::Sqlx => "sqlx",
            Self::GolangMigrate => "golang-migrate",
            Self::Dbmate => "dbmate",
            Self::Goose => "goose",
            Self::Diesel => "diesel",
            Self::Alembic => "alembic",
            Self::Django => "django",
        }
    }

    /// How its tool keeps its history.
    pub fn history(self) -> &'static dyn HistoryTable {
        match self {
            Self::Numbered => &numbered::history::Table,
            Self::Flyway => &flyway::history::Table,
            Self::Prisma => &prisma::Table,
            Self::Sqlx => &sqlx::Table,
            Self::GolangMigrate => &golang_migrate::Table,
            Self::Dbmate => &dbmate::Table,
            Self::Goose => &goose::Table,
            Self::Diesel => &diesel::Table,
            Self::Alembic => &alembic::Table,
            Self::Django => &django::Table,
        }
    }

    /// Whether the tool itself runs its files, because they are programs.
    pub const fn is_run_by_its_tool(self) -> bool {
        matches!(self, Self::Alembic | Self::Django)
    }

    /// The migrations of a directory, their texts not yet cut into statements. `listed` is what the tool itself says there is, where only
    /// that can tell.
    pub fn read(self, tree: &Tree, place: &Place, listed: &[Listed]) -> Result<Vec<Migration>, Error> {
        let migrations = match self {
            Self::Numbered => numbered::read(tree)?,
            Self::Flyway => flyway::read(tree, place)?,
            Self::Prisma => prisma::read(tree)?,
            Self::Sqlx => sqlx::read(tree)?,
            Self::GolangMigrate => golang_migrate::read(tree)?,
            Self::Dbmate => dbmate::read(tree)?,
            Self::Goose => goose::read(tree)?,
            Self::Diesel => diesel::read(tree)?,
            Self::Alembic => alembic::read(tree)?,
            Self::Django => django::read(Some(tree), listed),
        };
        if migrations.is_empty() { Err(Error::NoMigrations(tree.directory.clone())) } else { Ok(migrations) }
    }
}

/// The migrations in ascending order; two of one version are refused.
pub fn ordered(mut migrations: Vec<Migration>) -> Result<Vec<Migration>, Error> {
    migrations.sort_by(|one, other| one.version.cmp(&other.version));
    match migrations.windows(2).find(|pair| pair[0].version == pair[1].version) {
        Some([one, other]) => {
            let (first, second) = (one.up.file.clone(), other.up.file.clone());
            Err(Error::Duplicate { version: one.version.clone(), first, second })
        }
        _ => Ok(migrations),
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.word())
    }
}

/// Which half of an expand-contract change a migration is.
#[derive(Serialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The release that runs with the schema before it runs with the schema after it, too.
    Expand,
    /// It does not.
    Contract,
}

impl Phase {
    /// As it is written in a file and kept in the history.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Expand => "expand",
            Self::Contract => "contract",
        }
    }
}

impl FromStr for Phase {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "expand" => Ok(Self::Expand),
            "contract" => Ok(Self::Contract),
            _ => Err(()),
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.word())
    }
}

/// One step of the schema.
#[derive(Clone, Debug)]
pub struct Migration {
    /// Its version.
    pub version: Version,
    /// What it does, from its name.
    pub description: String,
    /// What its tool calls it: the name of its file or directory.
    pub name: String,
    /// The checksums that its tool would keep for this text.
    pub checksums: Checksums,
    /// The names of those it follows, where its file says that.
    pub after: Vec<String>,
    /// The way there.
    pub up: Script,
    /// The way back, if there is one.
    pub down: Option<Script>,
}

impl Migration {
    /// Takes what its tool has printed of it.
    pub fn see(&mut self, printed: &Printed) {
        self.up.see(printed.sql.as_deref());
        if printed.reversible == Some(false) {
            self.down = None;
        }
    }
}

/// What a tool's history keeps of a text.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Checksums {
    /// What is written for the text as it is; nothing where the tool keeps none.
    pub written: Option<String>,
    /// What the same text has with other line ends, and counts as the same.
    pub accepted: Vec<String>,
}

impl Checksums {
    /// Whether the history speaks of this text.
    pub fn is(&self, kept: &str) -> bool {
        self.written.as_deref() == Some(kept) || self.accepted.iter().any(|one| one == kept)
    }

    /// Of a text that a checkout may have given other line ends, by a tool that hashes its bytes.
    pub fn of_bytes(raw: &str, hash: impl Fn(&[u8]) -> String) -> Self {
        let bare = raw.strip_prefix('\u{feff}').unwrap_or(raw);
        let lf = bare.replace("\r\n", "\n");
        let crlf = lf.replace('\n', "\r\n");
        let accepted = [lf, crlf].iter().map(|text| hash(text.as_bytes())).collect();
        Self { written: Some(hash(raw.as_bytes())), accepted }
    }
}

/// The files, as far as they are known before the database is.
#[derive(Debug)]
pub struct Files {
    /// What lies in the directory; nothing where a release that is being left came without it.
    pub tree: Option<Reading>,
    /// Whose files they may be.
    pub candidates: Candidates,
    /// Where the tool is started that runs them itself.
    pub home: PathBuf,
}

/// Deeper in a project no app lies.
const APP_DEPTH_MAX: usize = 6;

impl Files {
    /// Reads a directory: migrations, or a project whose tool runs them itself.
    pub fn read(directory: &Path, layout: Option<Layout>) -> Result<Self, Error> {
        let wanted = |one: Layout| layout.is_none_or(|layout| layout == one);
        if wanted(Layout::Alembic)
            && let Some(project) = alembic::Project::find(directory)?
        {
            let is_revision = |name: &str| {
                name.strip_prefix("versions/").and_then(|name| name.strip_suffix(".py")).is_some()
            };
            let tree = Tree::of_programs(&project.scripts, 1, is_revision)?;
            return Ok(Self::of(tree, Candidates::One(Layout::Alembic), &project.home));
        }
        if wanted(Layout::Django) && directory.join("manage.py").is_file() {
            let tree = Tree::of_programs(directory, APP_DEPTH_MAX, django::is_program)?;
            return Ok(Self::of(tree, Candidates::One(Layout::Django), directory));
        }
        if let Some(layout) = layout.filter(|layout| layout.is_run_by_its_tool()) {
            return Err(ToolError::NoProject { directory: directory.to_owned(), layout }.into());
        }
        if let Some(layout) = layout {
            return Ok(Self::of(Reading::begin(directory)?, Candidates::One(layout), directory));
        }
        let tree = Tree::read(directory)?;
        let candidates = detect::candidates(&tree)?;
        Ok(Self::of(tree, candidates, directory))
    }

    fn of(tree: impl Into<Reading>, candidates: Candidates, home: &Path) -> Self {
        Self { tree: Some(tree.into()), candidates, home: home.to_owned() }
    }

    /// No directory: only the history can say whose it is.
    pub fn none(layout: Option<Layout>) -> Self {
        let candidates = layout.map_or_else(|| Candidates::Any, Candidates::One);
        Self { tree: None, candidates, home: PathBuf::from(".") }
    }

    /// Whether a directory is that of a project whose tool runs its migrations itself.
    pub fn is_project(directory: &Path) -> bool {
        ["alembic.ini", "manage.py"].iter().any(|name| directory.join(name).is_file())
    }
}
