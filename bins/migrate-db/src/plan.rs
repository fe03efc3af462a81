//! What has to be done, from what is there and what is wanted; pure: no database, no file, no clock.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::Path,
};

use contract::Digest;

use crate::{
    context::Up,
    database::{Applied, Url},
    error::Error,
    facts::Facts,
    layout::{Migration, Phase, Script, Version},
    statement::Dialect,
};

/// A way from one version to another.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The database.
    pub url: &'a Url,
    /// Whether it is made first.
    pub creates: bool,
    /// Where the backup goes; nowhere if nothing changes or nothing is there.
    pub backup: Option<&'a Path>,
    /// The steps in their order.
    pub steps: Vec<Step<'a>>,
    /// The version now.
    pub before: Version,
    /// The version after all steps.
    pub after: Version,
    /// The versions of the directory that stay pending because nobody asked for them.
    pub left: Vec<Version>,
    /// How many queries are asked at the end.
    pub queries: usize,
}

/// One file in one transaction.
#[derive(Debug)]
pub struct Step<'a> {
    /// Which migration.
    pub version: Version,
    /// The applied version just below, on which it stands.
    pub below: Version,
    /// What it does.
    pub description: &'a str,
    /// Which half of a change it is.
    pub phase: Phase,
    /// The SHA-256 of the migration's file.
    pub checksum: Digest,
    /// The SQL to run.
    pub script: Cow<'a, Script>,
    /// What happens to its row of the history.
    pub entry: Entry<'a>,
}

impl Step<'_> {
    /// The version of the schema after it.
    pub fn leads_to(&self) -> Version {
        match self.entry {
            Entry::Added(_) => self.version,
            Entry::Removed => self.below,
        }
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
pub fn compare<'a>(
    migrations: &'a [Migration],
    history: &[Applied],
) -> Result<Vec<(&'a Migration, Standing)>, Error> {
    let files: BTreeMap<Version, &Migration> = migrations.iter().map(|one| (one.version, one)).collect();
    for row in history {
        match files.get(&row.version) {
            None => {
                return Err(Error::Missing { version: row.version, description: row.description.clone() });
            }
            Some(file) => unchanged(file, row.checksum)?,
        }
    }
    let head = head(history);
    let applied: BTreeSet<Version> = history.iter().map(|row| row.version).collect();
    migrations
        .iter()
        .map(|one| match one.version {
            version if applied.contains(&version) => Ok((one, Standing::Applied)),
            version if version > head => Ok((one, Standing::Pending)),
            version => Err(Error::OutOfOrder { version, head, file: one.up.file.clone() }),
        })
        .collect()
}

/// Whether a file is the one that was applied.
pub fn unchanged(migration: &Migration, applied: Digest) -> Result<(), Error> {
    let found = migration.checksum();
    if found == applied {
        return Ok(());
    }
    Err(Error::Changed { version: migration.version, file: migration.up.file.clone(), applied, found })
}

/// The newest applied version.
pub fn head(history: &[Applied]) -> Version {
    history.last().map_or(Version::NONE, |row| row.version)
}

/// The way up.
pub fn up<'a>(url: &'a Url, up: &'a Up, facts: &Facts) -> Result<Plan<'a>, Error> {
    if let Some(to) = up.to
        && !up.migrations.iter().any(|one| one.version == to)
    {
        return Err(Error::UnknownTarget(to));
    }
    let before = head(&facts.history);
    let pending = compare(&up.migrations, &facts.history)?
        .into_iter()
        .filter_map(|(one, standing)| (standing == Standing::Pending).then_some(one));
    let (now, later): (Vec<_>, Vec<_>) = pending.partition(|one| up.to.is_none_or(|to| one.version <= to));
    let below = std::iter::once(before).chain(now.iter().map(|one| one.version));
    let steps: Vec<Step<'a>> = now.iter().zip(below).map(|(one, below)| step_up(one, below)).collect();
    Ok(Plan {
        url,
        creates: !facts.exists,
        backup: (facts.exists && !steps.is_empty()).then_some(up.change.backups.as_path()),
        before,
        after: steps.last().map_or(before, Step::leads_to),
        left: later.iter().map(|one| one.version).collect(),
        steps,
        queries: up.queries.len(),
    })
}

fn step_up(one: &Migration, below: Version) -> Step<'_> {
    Step {
        version: one.version,
        below,
        description: &one.description,
        phase: one.phase,
        checksum: one.checksum(),
        script: Cow::Borrowed(&one.up),
        entry: Entry::Added(one.down.as_ref()),
    }
}

/// The way back for one applied migration: the one kept with it, which the file must not contradict. A file written after the migration
/// was applied counts if nothing was kept.
pub fn way_back(
    row: &Applied,
    kept: Option<&str>,
    migration: Option<&Migration>,
    dialect: Dialect,
) -> Result<Script, Error> {
    if let Some(migration) = migration {
        unchanged(migration, row.checksum)?;
    }
    let file = migration.and_then(|one| one.down.as_ref());
    match (file, row.down, kept) {
        (Some(file), Some(checksum), _) if file.checksum != checksum => {
            Err(Error::WayBackChanged { version: row.version, file: file.file.clone() })
        }
        (Some(file), ..) => Ok(file.clone()),
        (None, Some(checksum), Some(kept)) => {
            let name = format!("migrate_db_history/{}.down.sql", row.version);
            let script = Script::of(Path::new(&name), kept, dialect)?;
            if script.checksum == checksum { Ok(script) } else { Err(Error::WayBackDamaged(row.version)) }
        }
        _ => Err(Error::NoWayBack { version: row.version, description: row.description.clone() }),
    }
}

/// The way down, from the ways back in descending order.
pub fn down<'a>(
    url: &'a Url,
    backups: &'a Path,
    facts: &'a Facts,
    ways_back: Vec<(&'a Applied, Script)>,
) -> Plan<'a> {
    let steps: Vec<Step<'a>> = ways_back
        .into_iter()
        .map(|(row, script)| Step {
            version: row.version,
            below: facts
                .history
                .iter()
                .rfind(|one| one.version < row.version)
                .map_or(Version::NONE, |one| one.version),
            description: &row.description,
            phase: row.phase,
            checksum: row.checksum,
            script: Cow::Owned(script),
            entry: Entry::Removed,
        })
        .collect();
    let before = head(&facts.history);
    Plan {
        url,
        creates: false,
        backup: (!steps.is_empty()).then_some(backups),
        before,
        after: steps.last().map_or(before, Step::leads_to),
        left: Vec::new(),
        steps,
        queries: 0,
    }
}

/// The applied migrations above a version, newest first; the version itself must be applied.
pub fn above(history: &[Applied], to: Version) -> Result<Vec<&Applied>, Error> {
    if to != Version::NONE && !history.iter().any(|row| row.version == to) {
        return Err(Error::UnknownTarget(to));
    }
    Ok(history.iter().rev().take_while(|row| row.version > to).collect())
}

impl Plan<'_> {
    /// Whether it takes migrations back.
    pub fn goes_down(&self) -> bool {
        matches!(self.steps.first().map(|step| &step.entry), Some(Entry::Removed))
    }
}

impl fmt::Display for Plan<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}: version {} → {}", self.url, self.before, self.after)?;
        if self.steps.is_empty() {
            writeln!(out, "nothing to change")?;
        }
        if self.creates && !self.steps.is_empty() {
            writeln!(out, "create the database")?;
        }
        if let Some(directory) = self.backup {
            writeln!(out, "back up into {}, open the copy and compare it", directory.display())?;
        }
        for step in &self.steps {
            let Step { version, description, phase, script, entry, .. } = step;
            let (verb, back) = match entry {
                Entry::Added(Some(_)) => ("apply", ""),
                Entry::Added(None) => ("apply", ", no way back"),
                Entry::Removed => ("take back", ""),
            };
            let count = script.statements.len();
            let plural = if count == 1 { "" } else { "s" };
            writeln!(out, "{verb} {version} {description} ({phase}, {count} statement{plural}{back})")?;
        }
        if self.queries > 0 {
            let plural = if self.queries == 1 { "y" } else { "ies" };
            writeln!(out, "ask {} quer{plural}", self.queries)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
