//! Everything that can go wrong, with its code, whose turn it is, and how to mend it; never how it is shown.

mod database;

use std::{borrow::Cow, path::PathBuf};

use ci::{Code, Failure, Kind, Place, files::FileError, signals::Interrupted};
use contract::Span;

use crate::{
    database::{DatabaseError, InvalidUrl},
    layout::{Layout, Unit, Version},
    policy::PolicyError,
    remote::RemoteError,
    statement::Unfinished,
    tool::ToolError,
    verify::Unmet,
};

/// Why a run ended before its end.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message says what the variant is")]
pub enum Error {
    #[error("the database URL can't be used")]
    Url(#[from] InvalidUrl),
    #[error("{0} does not exist")]
    DatabaseMissing(String),
    #[error("the migrations in {} can't be listed", .directory.display())]
    Directory { directory: PathBuf, source: std::io::Error },
    #[error("{} holds no migration", .0.display())]
    NoMigrations(PathBuf),
    #[error("{} looks like a migration and is none: {why}", .file.display())]
    Misnamed { file: PathBuf, why: &'static str },
    #[error("{} and {} both claim version {version}", .first.display(), .second.display())]
    Duplicate { version: Version, first: PathBuf, second: PathBuf },
    #[error("{} holds no statement", .0.display())]
    Empty(PathBuf),
    #[error("{} can't be cut into statements", at(.place))]
    Unfinished { place: Place, source: Unfinished },
    #[error("a directive in {} can't be followed: {why}", at(.place))]
    Directive { place: Place, why: String },
    #[error("a statement in {} {why}: {statement}", at(.place))]
    Forbidden { place: Place, statement: String, why: &'static str },
    #[error("a statement in {} runs only outside of a transaction, and others of the file run only inside one: {statement}", at(.place))]
    Mixed { place: Place, statement: String },
    #[error("a statement in {} {what}, and the file does not say that it breaks the running release: {statement}", at(.place))]
    Breaks { place: Place, statement: String, what: &'static str },
    #[error("{} {why}", .file.display())]
    Unsupported { file: PathBuf, why: String },
    #[error("{} and {} are files of two tools", .first.display(), .second.display())]
    TwoLayouts { first: PathBuf, second: PathBuf },
    #[error("the files may be those of {0}, and the database has no history that tells")]
    WhichLayout(String),
    #[error(
        "the files are those of {layout}, and the database has a history of {other} and none of {layout}"
    )]
    OtherHistory { layout: Layout, other: Layout },
    #[error("version {version} was begun and not finished, as the history of {layout} says")]
    Begun { version: Version, layout: Layout },
    #[error("version {begun} was begun and not finished, and it does not come next or has another text now")]
    HalfDone { begun: String },
    #[error("a run was killed at a statement in {}, and nothing shows how far it came: {statement}", at(.place))]
    Doubtful { place: Place, statement: String },
    #[error("{count} statements break the running release or keep others waiting ({rules})")]
    Lint { count: usize, rules: String, place: Place },
    #[error("version {0} was not begun, so nothing of it is half done")]
    NotBegun(String),
    #[error("there is no version {0} to go to")]
    UnknownTarget(String),
    #[error("version {version} was applied with {applied}, and {} now has {found}", .file.display())]
    Changed { version: Version, file: PathBuf, applied: String, found: String },
    #[error("version {version} ({description}) is applied, and its file is missing")]
    Missing { version: Version, description: String },
    #[error("version {version} is not applied, and the later version {head} is")]
    OutOfOrder { version: Version, head: Version, file: PathBuf },
    #[error("{} migrations are pending, the first is version {first}", .count)]
    Pending { count: usize, first: Version },
    #[error("version {version} ({description}) has no way back")]
    NoWayBack { version: Version, description: String },
    #[error("the way back from version {version} that was kept when it was applied and the one in {} differ", .file.display())]
    WayBackChanged { version: Version, file: PathBuf },
    #[error("the way back from version {0} that the history keeps is not the one that was stored")]
    WayBackDamaged(Version),
    #[error("version {0} does not come next any more")]
    Moved(Version),
    #[error("a statement in {} failed, and {}: {statement}", at(.place), kept(*.unit))]
    Statement { place: Place, statement: String, unit: Unit, source: DatabaseError },
    #[error("{} would leave rows that point to nothing ({}); nothing of it was kept", .file.display(), .tables.join(", "))]
    Dangling { file: PathBuf, tables: Vec<String> },
    #[error("the budget of {budget} ran out in version {version}; {}", kept(*.unit))]
    Budget { budget: Span, version: Version, unit: Unit },
    #[error("the database failed while {doing}")]
    Database { doing: &'static str, source: DatabaseError },
    #[error("the backup in {} is not one that can be relied on", .directory.display())]
    Backup { directory: PathBuf, source: DatabaseError },
    #[error(
        "the schema is not the one that its migrations give: {live} definitions are only in it, {files} only in the files"
    )]
    Drift { live: usize, files: usize },
    #[error("there is no backup of this database in {}", .0.display())]
    NoBackup(PathBuf),
    #[error("the newest backup, {}, is {age} old, and {max} is the most", .path.display())]
    BackupOld { path: PathBuf, age: Span, max: Span },
    #[error("the backup {} can't be restored", .path.display())]
    Restore { path: PathBuf, source: DatabaseError },
    #[error("another backup is being made in {}", .0.display())]
    BackupBusy(PathBuf),
    #[error("{} can't be used as a list of queries: {why}", at(.place))]
    VerifyInvalid { place: Place, why: String },
    #[error("{} holds no query, and nothing asked is nothing verified", .0.display())]
    VerifyEmpty(PathBuf),
    #[error("{failed} of {total} queries did not find what they expect")]
    Unverified { failed: usize, total: usize, source: Unmet },
    #[error(transparent)]
    Tool(#[from] ToolError),
    #[error(transparent)]
    Remote(#[from] RemoteError),
    #[error(transparent)]
    Policy(Box<PolicyError>),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// `file:line`, as editors and terminals make a link of it.
fn at(place: &Place) -> String {
    let line = place.line.map(|line| format!(":{line}")).unwrap_or_default();
    format!("{}{line}", place.file.display())
}

/// What a failed statement leaves behind.
fn kept(unit: Unit) -> &'static str {
    match unit {
        Unit::File => "nothing of that file was kept",
        Unit::Statement => "what stands before it in that file was kept",
    }
}

impl Error {
    /// How to mend what is about whose files and history these are, and about backups that lie there.
    fn fix_of_history(&self) -> &'static str {
        match self {
            Self::Unsupported { .. } => {
                "rewrite it as plain SQL that says all it does, or go on with its own tool: nothing was run"
            }
            Self::TwoLayouts { .. } => {
                "keep the files of one tool in --dir, or say with --layout whose they are"
            }
            Self::WhichLayout(_) => "say with --layout whose they are",
            Self::OtherHistory { .. } => {
                "say with --layout whose files these are; if the tool is really changed, enter what is there with `migrate-db repair --applied VERSION`"
            }
            Self::Begun { .. } | Self::HalfDone { .. } | Self::Doubtful { .. } => database::HALF_DONE,
            Self::Lint { .. } => {
                "write them as the table says, or say `-- migrate-db: phase=contract` or `allow=RULE` at the top of a file that means it"
            }
            Self::NotBegun(_) => {
                "see `migrate-db status`; what is applied as a whole is taken back by `migrate-db down`"
            }
            Self::Drift { .. } => {
                "write a migration that makes what somebody made by hand, or take it back by hand; nothing was changed"
            }
            Self::NoBackup(_) => "make one with `migrate-db backup`, or check --backup-dir",
            Self::BackupOld { .. } => "make a new one with `migrate-db backup`, and look why nobody did",
            Self::Restore { .. } => {
                "check that the role may create a database and that the file is whole; a backup that can't be restored is none"
            }
            _ => "see docs/failures.md for its code",
        }
    }
}

impl Failure for Error {
    fn code(&self) -> Code {
        match self {
            Self::Url(_) => Code::new("database-url-invalid"),
            Self::DatabaseMissing(_) => Code::new("database-missing"),
            Self::Directory { .. } => Code::new("migrations-unreadable"),
            Self::NoMigrations(_) => Code::new("migrations-empty"),
            Self::Misnamed { .. } => Code::new("migration-name"),
            Self::Duplicate { .. } => Code::new("migration-duplicate"),
            Self::Empty(_) => Code::new("migration-empty"),
            Self::Unfinished { .. } => Code::new("migration-unfinished"),
            Self::Directive { .. } => Code::new("migration-directive"),
            Self::Forbidden { .. } => Code::new("migration-forbidden"),
            Self::Mixed { .. } => Code::new("migration-mixed"),
            Self::Breaks { .. } => Code::new("migration-breaks"),
            Self::Unsupported { .. } => Code::new("migration-unsupported"),
            Self::TwoLayouts { .. } => Code::new("layout-mixed"),
            Self::WhichLayout(_) => Code::new("layout-ambiguous"),
            Self::OtherHistory { .. } => Code::new("history-of-another-tool"),
            Self::Begun { .. } | Self::HalfDone { .. } | Self::Doubtful { .. } => {
                Code::new("migration-half-done")
            }
            Self::Lint { .. } => Code::new("lint-refused"),
            Self::NotBegun(_) => Code::new("migration-not-begun"),
            Self::UnknownTarget(_) => Code::new("version-unknown"),
            Self::Changed { .. } => Code::new("checksum-mismatch"),
            Self::Missing { .. } => Code::new("migration-missing"),
            Self::OutOfOrder { .. } => Code::new("out-of-order"),
            Self::Pending { .. } => Code::new("migrations-pending"),
            Self::NoWayBack { .. } => Code::new("down-missing"),
            Self::WayBackChanged { .. } => Code::new("down-differs"),
            Self::WayBackDamaged(_) => Code::new("history-damaged"),
            Self::Moved(_) => Code::new("database-moved"),
            Self::Dangling { .. } => Code::new("references-broken"),
            Self::Budget { .. } => Code::new("budget-exceeded"),
            Self::Statement { source, .. }
            | Self::Database { source, .. }
            | Self::Backup { source: source @ (DatabaseError::Locked(_) | DatabaseError::Tool(_)), .. } => {
                source.code()
            }
            Self::Backup { .. } => Code::new("backup-unverified"),
            Self::Drift { .. } => Code::new("schema-drifted"),
            Self::NoBackup(_) => Code::new("backup-missing"),
            Self::BackupOld { .. } => Code::new("backup-too-old"),
            Self::Restore { .. } => Code::new("backup-not-restored"),
            Self::BackupBusy(_) => Code::new("backup-busy"),
            Self::VerifyInvalid { .. } => Code::new("verify-invalid"),
            Self::VerifyEmpty(_) => Code::new("verify-empty"),
            Self::Unverified { .. } => Code::new("verify-failed"),
            Self::Tool(error) => error.code(),
            Self::Policy(error) => error.code(),
            Self::Remote(error) => error.code(),
            Self::File(error) => error.code(),
            Self::Interrupted(error) => error.code(),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Forbidden { .. }
            | Self::Mixed { .. }
            | Self::Breaks { .. }
            | Self::Changed { .. }
            | Self::Missing { .. }
            | Self::OtherHistory { .. }
            | Self::Lint { .. }
            | Self::Drift { .. }
            | Self::NoBackup(_)
            | Self::BackupOld { .. }
            | Self::Begun { .. }
            | Self::HalfDone { .. }
            | Self::Doubtful { .. }
            | Self::OutOfOrder { .. }
            | Self::NoWayBack { .. }
            | Self::WayBackChanged { .. }
            | Self::WayBackDamaged(_)
            | Self::Dangling { .. }
            | Self::Budget { .. }
            | Self::Unverified { .. } => Kind::Refused,
            Self::Moved(_) | Self::Backup { .. } | Self::Restore { .. } | Self::BackupBusy(_) => Kind::World,
            Self::Pending { .. } => Kind::NotYet,
            Self::Statement { source, .. } | Self::Database { source, .. } => source.kind(),
            Self::Tool(error) => error.kind(),
            Self::Policy(error) => error.kind(),
            Self::Remote(error) => error.kind(),
            Self::File(error) => error.kind(),
            Self::Interrupted(error) => error.kind(),
            _ => Kind::Input,
        }
    }

    fn fix(&self) -> Cow<'static, str> {
        match self {
            Self::Url(_) => "write sqlite:PATH, such as sqlite:data/app.db, postgres://USER@HOST/DATABASE with the password in PGPASSWORD, or mysql://USER@HOST/DATABASE with it in MYSQL_PWD",
            Self::DatabaseMissing(_) => {
                "check --database-url; only `up` makes a database, and SQLAlchemy's sqlite:///app.db is sqlite:app.db here"
            }
            Self::Directory { .. } | Self::NoMigrations(_) => "check --dir: the directory with the migrations",
            Self::Misnamed { .. } => "name it as its tool's files are named, or move it elsewhere",
            Self::Duplicate { .. } => "give each migration its own number, and a way back its migration's whole name",
            Self::Empty(_) => "write the statements, or remove the file: an empty one would count as applied",
            Self::Unfinished { .. } => "close the quote, the comment, the trigger or the data",
            Self::Directive { .. } => "write `-- migrate-db: phase=contract approve=TICKET` above the first statement",
            Self::Forbidden { .. } => {
                "take the statement out, or write it so that it may run twice: a file and its row of the history are one transaction, or can be repeated"
            }
            Self::Mixed { .. } => "put it into a migration of its own",
            Self::Breaks { .. } => {
                "put it into a later release, after nothing uses what goes, with `-- migrate-db: phase=contract` at the top; or, if rows are \
                 meant, say which with WHERE"
            }
            Self::UnknownTarget(_) => "see `migrate-db status` for the versions; 0 is the empty database",
            Self::Changed { .. } => "restore the file as it was applied, and put the change into a new migration; if the file is right, `migrate-db repair` takes its checksum",
            Self::Missing { .. } => {
                "run this from the release that has the file; to leave a newer release, take its steps down from there first"
            }
            Self::OutOfOrder { .. } => "give the new file a number above all applied ones",
            Self::Pending { .. } => "run `migrate-db up`",
            Self::NoWayBack { .. } => "go forward with a new migration, or restore the backup made before this one",
            Self::WayBackChanged { .. } => {
                "restore the .down.sql file as it was applied, or remove it: the kept one is used then; if the file is right, `migrate-db repair` takes it"
            }
            Self::WayBackDamaged(_) => "find out who wrote to the history, and restore a backup if need be",
            Self::Moved(_) => "another run moved the schema meanwhile: look with `migrate-db status`, then run again",
            Self::Dangling { .. } => {
                "delete or correct these rows in the same file; foreign keys act only after it, so nothing cascades"
            }
            Self::Budget { .. } => {
                "make the migration cheaper, or allow more time with --budget; a second run continues with this file"
            }
            Self::Statement { source, .. }
            | Self::Database { source, .. }
            | Self::Backup { source: source @ (DatabaseError::Locked(_) | DatabaseError::Tool(_)), .. } => {
                source.fix()
            }
            Self::Backup { .. } => "check the directory's permissions and free space, and that the database is whole, then run again",
            Self::BackupBusy(_) => "wait for it, or name another --backup-dir",
            Self::VerifyInvalid { .. } => {
                "write [[query]] with name, sql and one of equals, at-least, at-most, rows, not-empty, uses-index"
            }
            Self::VerifyEmpty(_) => "write at least one [[query]]",
            Self::Unverified { .. } => {
                "the schema stays as it is: mend it with a new migration, or go back with `migrate-db down --to VERSION`"
            }
            Self::Tool(error) => return error.fix(),
            Self::Policy(error) => return error.fix(),
            Self::Remote(error) => return error.fix(),
            Self::File(error) => return error.fix(),
            Self::Interrupted(error) => return error.fix(),
            _ => self.fix_of_history(),
        }
        .into()
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Unfinished { place, .. }
            | Self::Lint { place, .. }
            | Self::Directive { place, .. }
            | Self::Forbidden { place, .. }
            | Self::Mixed { place, .. }
            | Self::Breaks { place, .. }
            | Self::Doubtful { place, .. }
            | Self::Statement { place, .. }
            | Self::VerifyInvalid { place, .. } => Some(place.clone()),
            Self::Misnamed { file, .. }
            | Self::Changed { file, .. }
            | Self::Unsupported { file, .. }
            | Self::TwoLayouts { second: file, .. }
            | Self::OutOfOrder { file, .. }
            | Self::WayBackChanged { file, .. }
            | Self::Dangling { file, .. }
            | Self::Duplicate { second: file, .. }
            | Self::Empty(file)
            | Self::VerifyEmpty(file) => Some(Place { file: file.clone(), line: None }),
            Self::Tool(error) => error.place(),
            Self::Policy(error) => error.place(),
            Self::File(error) => error.place(),
            _ => None,
        }
    }
}
