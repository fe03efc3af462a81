//! What the directory and the database say of themselves before anything is decided; never a change to either.

use std::sync::Arc;

use ci::{Mode, Session};
use config::Config;
use ledger::Directory;

use crate::{
    context::{Judge, Others, Target},
    database::{self, Access, Columns, Database, DatabaseError, Home, Url},
    error::Error,
    layout::{
        Applied, Candidates, HistoryTable, Layout, Migration, Place, Version, ordered,
        progress::{self, Progress},
    },
    lock::Locks,
    plan,
    policy::{self, Contract, Known, PolicyError},
    tool::{Aim, Tool},
};

/// What is there.
pub struct Facts {
    /// What a backup would hold.
    pub contents: Contents,
    /// Whose the files and the history are.
    pub layout: Layout,
    /// Where the history lies, or will lie.
    pub place: Place,
    /// Whether it is there.
    pub has_history: bool,
    /// The migrations of the directory that count, in ascending order.
    pub migrations: Arc<Vec<Migration>>,
    /// What is applied, in ascending order.
    pub history: Vec<Applied>,
    /// A file that was begun and of which no transaction holds the whole.
    pub progress: Option<Progress>,
    /// The tool that runs them itself.
    pub tool: Option<Tool>,
}

/// What there is before anything is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Contents {
    /// Not even a database.
    NoDatabase,
    /// A database in which nobody has made anything yet.
    Nothing,
    /// What must not be lost.
    Something,
}

/// What a look at the history waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// Nothing: it may be wrong a moment later.
    Anyones,
    /// The locks that writers share, which are kept: what another run has begun is done by then, and nobody begins anything.
    Ours,
}

impl Turn {
    /// Who only says what it would do waits for nobody.
    pub const fn of(mode: Mode) -> Self {
        match mode {
            Mode::DryRun => Self::Anyones,
            Mode::Apply => Self::Ours,
        }
    }
}

/// A database that may be missing: its facts, and the connection if there is one.
pub fn look(
    target: &Target,
    access: Access,
    turn: Turn,
    sight: Sight,
) -> Result<(Facts, Option<Box<dyn Database>>), Error> {
    if !target.url.exists() {
        let mut facts = files(target)?;
        facts.see(sight)?;
        return Ok((facts, None));
    }
    let mut database = connect(target, access)?;
    let mut facts = ask(target, database.as_mut(), &target.url, turn)?;
    facts.see(sight)?;
    Ok((facts, Some(database)))
}

/// Whether steps that take something away may be taken now.
pub fn may_contract(steps: &[Contract], judge: Option<&Judge>, session: &Session) -> Result<(), Error> {
    Ok(policy::judge(steps, &releases(steps, judge, session)?)?)
}

/// What the ledger says of the releases that can run, if any of these steps needs it.
fn releases(steps: &[Contract], judge: Option<&Judge>, session: &Session) -> Result<Known, PolicyError> {
    match judge.filter(|_| steps.iter().any(Contract::needs_ledger)) {
        None => Ok(Known::Nothing),
        Some(Judge { config, environment }) => {
            let config = Config::load(config)?;
            let history = Directory::new(config.ledger_directory(session)?).read(environment)?;
            Ok(Known::History(environment.clone(), history))
        }
    }
}

/// Which migrations of a tool that runs them itself it is asked to print.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sight {
    /// Those that are about to run, if a release runs on what is there.
    Pending,
    /// All.
    All,
}

/// The files alone, as for a database that is not there.
pub fn files(target: &Target) -> Result<Facts, Error> {
    let layout = match target.files.candidates {
        Candidates::One(layout) | Candidates::Rather(layout, _) => layout,
        Candidates::Either(..) => return Err(ambiguous(target)),
        Candidates::Any => Layout::Numbered,
    };
    let tool = tool(target, layout, &target.url)?;
    if tool.is_some() && layout == Layout::Django && !target.url.exists() {
        // Asking Django would make it.
        return Err(Error::DatabaseMissing(target.url.to_string()));
    }
    let facts = Facts::of(target, (layout, tool), &Home::default(), &Columns::new(), &Rows::default())?;
    Ok(Facts { contents: Contents::NoDatabase, ..facts })
}

/// A database that must be there.
pub fn look_at_existing(
    target: &Target,
    access: Access,
    turn: Turn,
) -> Result<(Facts, Box<dyn Database>), Error> {
    let mut database = existing(target, access)?;
    Ok((ask(target, database.as_mut(), &target.url, turn)?, database))
}

/// A connection to a database that must be there, whatever its history.
pub fn existing(target: &Target, access: Access) -> Result<Box<dyn Database>, Error> {
    if target.url.exists() {
        connect(target, access)
    } else {
        Err(Error::DatabaseMissing(target.url.to_string()))
    }
}

/// Connects.
pub fn connect(target: &Target, access: Access) -> Result<Box<dyn Database>, Error> {
    database::open(&target.url, access, target.lock_timeout)
        .map_err(|source| Error::Database { doing: "connecting", source })
}

/// What the database answered.
#[derive(Default)]
struct Rows {
    history: Vec<Vec<Option<String>>>,
    progress: Vec<Vec<Option<String>>>,
}

/// What a database answers, for the files of a target.
pub fn ask(target: &Target, database: &mut dyn Database, url: &Url, turn: Turn) -> Result<Facts, Error> {
    let mut tables: Vec<&str> = Layout::ALL.iter().map(|layout| layout.history().table()).collect();
    tables.push(progress::TABLE);
    let home = database.home();
    let mut columns = database.columns(&tables).map_err(reading)?;
    let mut layout = choose(target, &columns)?;
    if turn == Turn::Ours {
        let waiting = |source| Error::Database { doing: "waiting for its turn", source };
        database.lock(&Locks::of(layout.history(), &place(target, layout, &home))).map_err(waiting)?;
        // Whoever had them may have begun the history.
        columns = database.columns(&tables).map_err(reading)?;
        layout = choose(target, &columns)?;
    }
    let table = layout.history();
    let place = place(target, layout, &home);
    let mut rows = Rows::default();
    if is_there(table, &columns) {
        rows.history = database.texts(&table.select(&place)).map_err(|error| foreign(&place, error))?;
    }
    if columns.contains_key(progress::TABLE) {
        rows.progress = database.texts(&Progress::select(&place)).map_err(|error| foreign(&place, error))?;
    }
    let facts = Facts::of(target, (layout, tool(target, layout, url)?), &home, &columns, &rows)?;
    // Where a tool has its table, there is something.
    let is_empty = columns.is_empty() && database.is_empty().map_err(reading)?;
    Ok(if is_empty { Facts { contents: Contents::Nothing, ..facts } } else { facts })
}

/// The tool of a layout that has one, for this database.
fn tool(target: &Target, layout: Layout, url: &Url) -> Result<Option<Tool>, Error> {
    let tool = target.tool.as_ref().filter(|_| layout.is_run_by_its_tool());
    let aim = if *url == target.url { Aim::Named } else { Aim::Beside };
    tool.map(|tool| tool.at(url, aim)).transpose()
}

fn reading(source: DatabaseError) -> Error {
    Error::Database { doing: "reading the history", source }
}

/// A table of this name with other columns is not what it looks like.
fn foreign(place: &Place, error: DatabaseError) -> Error {
    reading(match error {
        DatabaseError::Statement { why, .. } => DatabaseError::History(format!("{}: {why}", place.table)),
        other => other,
    })
}

/// Whether a table is there, and is this tool's.
fn is_there(table: &dyn HistoryTable, columns: &Columns) -> bool {
    let (column, wanted) = table.mark();
    columns.get(table.table()).is_some_and(|found| column.is_empty() || found.contains(column) == wanted)
}

fn ambiguous(target: &Target) -> Error {
    let words: Vec<&str> = target.files.candidates.all().into_iter().map(Layout::word).collect();
    Error::WhichLayout(words.join(" or "))
}

/// Whose files they are: what the files leave open, the history decides. One that says nothing about a database with another tool's
/// history would have everything run a second time.
fn choose(target: &Target, columns: &Columns) -> Result<Layout, Error> {
    let there = |layout: &Layout| is_there(layout.history(), columns);
    let candidates = target.files.candidates.all();
    let found: Vec<Layout> = candidates.iter().copied().filter(there).collect();
    match (found.as_slice(), target.files.candidates) {
        ([one], _) => return Ok(*one),
        ([_, _, ..], _) | ([], Candidates::Either(..)) => return Err(ambiguous(target)),
        ([], _) => {}
    }
    let first = candidates.first().copied().unwrap_or(Layout::Numbered);
    match Layout::ALL.iter().find(|other| there(other)) {
        // Somebody who corrects the history, or copies the database, has seen it.
        Some(_) if target.others == Others::Seen => Ok(first),
        Some(other) => Err(Error::OtherHistory { layout: first, other: *other }),
        None => Ok(first),
    }
}

fn place(target: &Target, layout: Layout, home: &Home) -> Place {
    Place {
        dialect: target.url.dialect(),
        database: home.database.clone(),
        schema: home.schema.clone(),
        user: home.user.clone(),
        table: layout.history().table().to_owned(),
    }
}

impl Facts {
    fn of(
        target: &Target,
        (layout, tool): (Layout, Option<Tool>),
        home: &Home,
        columns: &Columns,
        rows: &Rows,
    ) -> Result<Self, Error> {
        let place = place(target, layout, home);
        let table = layout.history();
        let migrations = match &target.files.tree {
            Some(reading) => {
                let listed = tool.as_ref().map_or_else(|| Ok(Vec::new()), Tool::listed)?;
                layout.read(reading.tree()?, &place, &listed)?
            }
            None => Vec::new(),
        };
        let migrations = ordered(table.settled(&rows.history, migrations))?;
        let history = resolved(table, &rows.history, &migrations, &place).map_err(reading)?;
        let progress = Progress::read(&rows.progress)
            .map_err(|why| reading(DatabaseError::History(format!("{}: {why}", progress::TABLE))))?;
        let has_history = is_there(table, columns);
        Ok(Self {
            contents: Contents::Something,
            layout,
            place,
            has_history,
            migrations: Arc::new(migrations),
            history,
            progress,
            tool,
        })
    }

    /// Has the tool print what it would run, where it runs it itself.
    pub fn see(&mut self, sight: Sight) -> Result<(), Error> {
        let Some(tool) = &self.tool else { return Ok(()) };
        let head = plan::head(&self.history);
        if sight == Sight::Pending && head.is_none() {
            return Ok(());
        }
        let from = if sight == Sight::All { Version::NONE } else { head };
        let wanted: Vec<&Migration> = self.migrations.iter().filter(|one| one.version > from).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let printed = tool.print(&from, &wanted)?;
        for one in Arc::make_mut(&mut self.migrations) {
            if let Some(printed) = printed.iter().find(|printed| printed.name == one.name) {
                one.see(printed);
            }
        }
        Ok(())
    }
}

/// The applied migrations in ascending order.
pub fn resolved(
    table: &dyn HistoryTable,
    rows: &[Vec<Option<String>>],
    migrations: &[Migration],
    place: &Place,
) -> Result<Vec<Applied>, DatabaseError> {
    let damaged = |why| DatabaseError::History(format!("{}: {why}", place.table));
    let mut history = table.applied(rows, migrations).map_err(damaged)?;
    history.sort_by(|one, other| one.version.cmp(&other.version));
    match history.windows(2).find(|pair| pair[0].version == pair[1].version) {
        Some(pair) => Err(damaged(format!("version {} is there twice", pair[0].version))),
        None => Ok(history),
    }
}
