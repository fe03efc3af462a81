//! What has to be done, from what is there and what is wanted; pure: no database, no file, no clock.

mod shown;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use crate::{
    context::Up,
    database::Url,
    error::Error,
    facts::{Contents, Facts},
    layout::{
        Applied, Checksums, Cut, Ground, Layout, Migration, Phase, Script, State, Unit, Version, judge,
        progress::{Progress, Way},
    },
    remote::Remote,
    statement::{Dialect, Statement},
    tool::Tool,
};

/// A way from one version to another.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The database.
    pub url: &'a Url,
    /// What there is before; where there is no database, it is made first.
    pub contents: Contents,
    /// Where the backup goes; nowhere if nothing changes or nothing is there.
    pub backup: Option<&'a Path>,
    /// Where a copy of it goes as well.
    pub remote: Option<&'a Remote>,
    /// The steps in their order.
    pub steps: Vec<Step<'a>>,
    /// How many statements of the first an earlier run has done.
    pub done: usize,
    /// The version now.
    pub before: Version,
    /// The version after all steps.
    pub after: Version,
    /// The versions of the directory that stay pending because nobody asked for them.
    pub left: Vec<Version>,
    /// How many queries are asked at the end.
    pub queries: usize,
    /// The driver of a tool whose sessions none of our limits reaches.
    pub unbound: Option<&'static str>,
}

/// One file, in one transaction if it can be.
#[derive(Debug)]
pub struct Step<'a> {
    /// Which migration.
    pub version: &'a Version,
    /// The applied version just below, on which it stands.
    pub below: Version,
    /// What it does.
    pub description: &'a str,
    /// What its tool calls it.
    pub name: &'a str,
    /// Which half of a change it is.
    pub phase: Phase,
    /// What its tool keeps of its file.
    pub checksums: Cow<'a, Checksums>,
    /// The SQL to run.
    pub script: Cow<'a, Script>,
    /// The same, cut.
    pub cut: Cut,
    /// What happens to its row of the history.
    pub entry: Entry<'a>,
}

impl Step<'_> {
    /// The version of the schema after it.
    pub fn leads_to(&self) -> Version {
        match self.entry {
            Entry::Added(_) if !self.version.is_repeated() => self.version.clone(),
            Entry::Added(_) | Entry::Removed => self.below.clone(),
        }
    }

    /// Whether it can end in its middle only because MySQL can do no better.
    fn is_in_pieces(&self) -> bool {
        let mysql = |one: &Statement| one.dialect == Dialect::Mysql;
        self.cut.unit == Unit::Statement
            && self.cut.statements.len() > 1
            && self.cut.statements.iter().any(mysql)
    }

    /// How far it has come before it begins.
    pub fn progress(&self, layout: Layout) -> Progress {
        let way = if matches!(self.entry, Entry::Removed) { Way::Down } else { Way::Up };
        Progress::of(layout, self.version, way, self.script.checksum)
    }

    /// The progress of this very step that an earlier run has left, if it is that.
    pub fn resumed(&self, left: &Progress, layout: Layout) -> Option<Progress> {
        left.of_text(&self.progress(layout), &self.cut.statements)
    }
}

/// What a step does to the history.
#[derive(Debug)]
pub enum Entry<'a> {
    /// Adds its row, with the way back.
    Added(Option<&'a Script>),
    /// Takes its row out.
    Removed,
}

/// What a migration of the directory is to the database.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Applied, with this very text.
    Applied,
    /// Later than all that is applied.
    Pending,
}

/// Compares the directory with the history. The first disagreement ends it: nothing can be decided on top of one.
pub fn compare(facts: &Facts) -> Result<Vec<(&Migration, Standing)>, Error> {
    let Facts { migrations, history, .. } = facts;
    // What its history says is there is there no longer as a whole.
    if let Some(begun) = facts.progress.as_ref().filter(|begun| begun.way == Way::Down) {
        return Err(Error::HalfDone { begun: begun.version.clone() });
    }
    let files: BTreeMap<&Version, &Migration> = migrations.iter().map(|one| (&one.version, one)).collect();
    for row in history {
        match (files.get(&row.version), row.state) {
            (_, State::Begun) if !resumes(facts, row) => {
                return Err(Error::Begun { version: row.version.clone(), layout: facts.layout });
            }
            // What of it is done is compared when it goes on; the rest may have been corrected.
            (Some(_), State::Begun) => {}
            (Some(file), _) if !row.version.is_repeated() => unchanged(file, row)?,
            (Some(_), _) | (None, State::Stated) => {}
            (None, _) => {
                let description = row.description.clone();
                return Err(Error::Missing { version: row.version.clone(), description });
            }
        }
    }
    let head = head(history);
    let applied: BTreeMap<&Version, &Applied> =
        history.iter().filter(|row| row.state != State::Begun).map(|row| (&row.version, row)).collect();
    let standing = |one| -> Result<(&Migration, Standing), Error> {
        let one: &Migration = one;
        match applied.get(&one.version) {
            Some(row) if !one.version.is_repeated() || is_same(one, row) => Ok((one, Standing::Applied)),
            _ if one.version > head => Ok((one, Standing::Pending)),
            _ => {
                let (version, file) = (one.version.clone(), one.up.file.clone());
                Err(Error::OutOfOrder { version, head: head.clone(), file })
            }
        }
    };
    migrations.iter().map(standing).collect()
}

/// Whether it was we who began it, and it comes next.
fn resumes(facts: &Facts, row: &Applied) -> bool {
    facts.progress.as_ref().is_some_and(|begun| begun.is_of(facts.layout, &row.version))
}

fn is_same(migration: &Migration, row: &Applied) -> bool {
    row.checksum
        .as_deref()
        .is_none_or(|kept| migration.checksums.written.is_none() || migration.checksums.is(kept))
}

/// Whether a file is the one that was applied.
pub fn unchanged(migration: &Migration, row: &Applied) -> Result<(), Error> {
    if is_same(migration, row) {
        return Ok(());
    }
    Err(Error::Changed {
        version: migration.version.clone(),
        file: migration.up.file.clone(),
        applied: row.checksum.clone().unwrap_or_default(),
        found: migration.checksums.written.clone().unwrap_or_default(),
    })
}

/// The newest applied version.
pub fn head(history: &[Applied]) -> Version {
    let mut newest =
        history.iter().rev().filter(|row| !row.version.is_repeated() && row.state != State::Begun);
    newest.next().map_or(Version::NONE, |row| row.version.clone())
}

/// The way up.
pub fn up<'a>(url: &'a Url, up: &'a Up, facts: &'a Facts) -> Result<Plan<'a>, Error> {
    let to = up
        .to
        .as_deref()
        .map(|typed| meant(typed, facts.migrations.iter().map(|one| &one.version)))
        .transpose()?;
    let before = head(&facts.history);
    let pending = compare(facts)?
        .into_iter()
        .filter_map(|(one, standing)| (standing == Standing::Pending).then_some(one));
    let (now, later): (Vec<_>, Vec<_>) = pending.partition(|one| to.is_none_or(|to| one.version <= *to));
    // Nobody runs on a database without a history; our own layout promises to say what breaks from the first file on.
    let ground = if before.is_none() { Ground::Empty } else { Ground::InUse };
    let mut below = before.clone();
    let mut steps = Vec::new();
    for one in now {
        let step = step_up(one, below, facts, ground)?;
        below = step.leads_to();
        steps.push(step);
    }
    // Whoever names a place for copies wants to see one there.
    let is_backed_up = match facts.contents {
        Contents::NoDatabase => false,
        Contents::Nothing => up.change.remote.is_some(),
        Contents::Something => true,
    };
    let plan = Plan {
        url,
        contents: facts.contents,
        backup: (is_backed_up && !steps.is_empty()).then_some(up.change.backups.as_path()),
        remote: up.change.remote.as_ref(),
        done: 0,
        before,
        after: below,
        left: later.iter().map(|one| one.version.clone()).collect(),
        steps,
        queries: up.queries.len(),
        unbound: facts.tool.as_ref().and_then(Tool::unbound),
    };
    plan.goes_on(facts)
}

/// The version that somebody meant.
pub fn meant<'v>(typed: &str, versions: impl Iterator<Item = &'v Version>) -> Result<&'v Version, Error> {
    let mut found = versions.filter(|version| version.is_meant_by(typed));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(Error::UnknownTarget(typed.to_owned())),
    }
}

fn step_up<'a>(one: &'a Migration, below: Version, facts: &Facts, ground: Ground) -> Result<Step<'a>, Error> {
    let judged = judge::judge(one, facts.layout, facts.place.dialect, ground)?;
    Ok(Step {
        version: &one.version,
        below,
        description: &one.description,
        name: &one.name,
        phase: judged.phase,
        checksums: Cow::Borrowed(&one.checksums),
        script: Cow::Borrowed(&one.up),
        cut: judged.up,
        entry: Entry::Added(one.down.as_ref()),
    })
}

/// The way back for one applied migration: the one kept with it, which the file must not contradict. A file written after the migration
/// was applied counts if nothing was kept.
pub fn way_back(row: &Applied, kept: Option<&str>, migration: Option<&Migration>) -> Result<Script, Error> {
    if let Some(migration) = migration {
        unchanged(migration, row)?;
    }
    let version = || row.version.clone();
    let file = migration.and_then(|one| one.down.as_ref());
    match (file, row.down, kept) {
        (Some(file), Some(checksum), _) if file.checksum != checksum => {
            Err(Error::WayBackChanged { version: version(), file: file.file.clone() })
        }
        (Some(file), ..) => Ok(file.clone()),
        (None, Some(checksum), Some(kept)) => {
            let name = format!("migrate_db_history/{}.down.sql", row.version);
            let script = Script::of(Path::new(&name), kept);
            if script.checksum == checksum { Ok(script) } else { Err(Error::WayBackDamaged(version())) }
        }
        _ => Err(Error::NoWayBack { version: version(), description: row.description.clone() }),
    }
}

/// The way down, from the ways back in descending order.
pub fn down<'a>(
    url: &'a Url,
    backups: &'a Path,
    facts: &'a Facts,
    ways_back: Vec<(&'a Applied, Script)>,
) -> Result<Plan<'a>, Error> {
    let mut steps: Vec<Step<'a>> = Vec::new();
    for (row, script) in ways_back {
        let below = facts.history.iter().rfind(|one| one.version < row.version);
        let file = facts.migrations.iter().find(|one| one.version == row.version);
        let checksums = || Checksums { written: row.checksum.clone(), accepted: Vec::new() };
        if let Some(joins) = file.filter(|file| file.after.len() > 1) {
            let why = "joins several revisions: only its own tool goes back across it".to_owned();
            return Err(Error::Unsupported { file: joins.up.file.clone(), why });
        }
        let (phase, dialect) = (phase(row, file, facts), facts.place.dialect);
        steps.push(Step {
            version: &row.version,
            below: below.map_or(Version::NONE, |one| one.version.clone()),
            description: &row.description,
            name: file.map_or(row.version.text(), |file| &file.name),
            phase,
            checksums: file.map_or_else(|| Cow::Owned(checksums()), |file| Cow::Borrowed(&file.checksums)),
            cut: judge::cut(&script, facts.layout, dialect)?,
            script: Cow::Owned(script),
            entry: Entry::Removed,
        });
    }
    let before = head(&facts.history);
    let plan = Plan {
        url,
        contents: facts.contents,
        backup: (!steps.is_empty()).then_some(backups),
        remote: None,
        done: 0,
        after: steps.last().map_or(before.clone(), Step::leads_to),
        before,
        left: Vec::new(),
        steps,
        queries: 0,
        unbound: facts.tool.as_ref().and_then(Tool::unbound),
    };
    plan.goes_on(facts)
}

/// Which half of a change an applied migration was: what the history says, or else its file.
pub fn phase(row: &Applied, file: Option<&Migration>, facts: &Facts) -> Phase {
    let of_file = |file| judge::stated(file, facts.layout, facts.place.dialect).0;
    row.phase.or_else(|| file.map(of_file)).unwrap_or(Phase::Contract)
}

/// The applied migrations above a version, newest first; the version itself must be applied.
pub fn above<'f>(facts: &'f Facts, to: &str) -> Result<Vec<&'f Applied>, Error> {
    if let Some(row) = facts.history.iter().find(|row| row.state == State::Begun) {
        return Err(Error::Begun { version: row.version.clone(), layout: facts.layout });
    }
    let none = Version::NONE;
    let rows = || facts.history.iter().filter(|row| !row.version.is_repeated());
    let to = if to == "0" { &none } else { meant(to, rows().map(|row| &row.version))? };
    Ok(rows().rev().take_while(|row| row.version > *to).collect())
}

impl Plan<'_> {
    /// A file that was begun comes first, or it is not clear what is there.
    fn goes_on(self, facts: &Facts) -> Result<Self, Error> {
        let Some(begun) = &facts.progress else { return Ok(self) };
        let applied: BTreeSet<&str> = facts.history.iter().map(|row| row.version.text()).collect();
        if let Some(left) = self.steps.first().and_then(|first| first.resumed(begun, facts.layout)) {
            return Ok(Self { done: left.done, ..self });
        }
        match self.steps.first() {
            None => Ok(self),
            // Its own tool went on with it.
            Some(step)
                if matches!(step.entry, Entry::Added(_)) && applied.contains(begun.version.as_str()) =>
            {
                Ok(self)
            }
            Some(_) => Err(Error::HalfDone { begun: begun.version.clone() }),
        }
    }
}

impl Plan<'_> {
    /// Whether it takes migrations back.
    pub fn goes_down(&self) -> bool {
        matches!(self.steps.first().map(|step| &step.entry), Some(Entry::Removed))
    }
}

#[cfg(test)]
mod tests;
