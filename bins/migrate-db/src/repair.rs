//! What a history has to be told after people have looked: which checksums it keeps, what is there, what is not; pure, and never a
//! statement of a migration.

use std::fmt;

use contract::Digest;

use crate::{
    database::Url,
    error::Error,
    facts::Facts,
    layout::{Applied, Migration, State, Version},
    plan,
};

/// What somebody says of the schema.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Said {
    /// No more than that the files are right.
    Nothing,
    /// All up to this version is there, whether we ran it or not.
    Applied(String),
    /// Nothing of this version, which was begun, is there any more.
    NotApplied(String),
}

/// What is rewritten.
pub struct Repair<'a> {
    /// The database.
    pub url: &'a Url,
    /// Whether a history is begun: nothing of the files is there yet.
    pub begins: bool,
    /// Files whose checksum takes the place of the one that is kept.
    pub corrected: Vec<(&'a Migration, &'a Applied)>,
    /// For each of these the checksums of the way back that is kept and of the file's, if the file's takes its place.
    pub ways_back: Vec<Option<(String, Digest)>>,
    /// Migrations that are entered and not run.
    pub entered: Vec<(&'a Migration, Version)>,
    /// A version whose row goes, and the version below it.
    pub forgotten: Option<(&'a Version, Option<&'a Migration>, Version)>,
    /// Whether the note of a file that was begun goes.
    pub is_settled: bool,
}

impl<'a> Repair<'a> {
    /// From what is there and what somebody says.
    pub fn of(url: &'a Url, facts: &'a Facts, said: &Said) -> Result<Self, Error> {
        let row = |version: &Version| facts.history.iter().find(|row| row.version == *version);
        let mut repair = Self {
            url,
            begins: false,
            corrected: Vec::new(),
            ways_back: Vec::new(),
            entered: Vec::new(),
            forgotten: None,
            is_settled: false,
        };
        match said {
            Said::Nothing => {
                let differs = |one: &&Migration| !one.version.is_repeated();
                let files =
                    facts.migrations.iter().filter(differs).filter_map(|one| Some((one, row(&one.version)?)));
                let is_other = |(one, row): &(&Migration, &Applied)| {
                    plan::unchanged(one, row).is_err() || other_way_back(one, row, facts).is_some()
                };
                repair.corrected = files.filter(is_other).collect();
                let ways_back = repair.corrected.iter().map(|(one, row)| other_way_back(one, row, facts));
                repair.ways_back = ways_back.collect();
            }
            Said::Applied(typed) if typed == "0" => repair.begins = !facts.has_history,
            Said::Applied(typed) => {
                let to = plan::meant(typed, facts.migrations.iter().map(|one| &one.version))?;
                let mut below = Version::NONE;
                for one in facts.migrations.iter().filter(|one| one.version <= *to) {
                    if row(&one.version).is_none_or(|row| row.state == State::Begun) {
                        repair.entered.push((one, below));
                    }
                    below = one.version.clone();
                }
                repair.is_settled = facts.progress.is_some();
            }
            Said::NotApplied(typed) => repair.forget(facts, typed)?,
        }
        Ok(repair)
    }

    fn forget(&mut self, facts: &'a Facts, typed: &str) -> Result<(), Error> {
        let begun =
            facts.history.iter().find(|row| row.state == State::Begun && row.version.is_meant_by(typed));
        let file = facts.migrations.iter().find(|one| one.version.is_meant_by(typed));
        self.is_settled = facts
            .progress
            .as_ref()
            .is_some_and(|one| file.is_some_and(|file| file.version.text() == one.version));
        if begun.is_none() && !self.is_settled {
            return Err(Error::NotBegun(typed.to_owned()));
        }
        if let Some(row) = begun {
            let below =
                facts.history.iter().rfind(|one| one.version < row.version && one.state != State::Begun);
            let below = below.map_or(Version::NONE, |row| row.version.clone());
            self.forgotten = Some((&row.version, file, below));
        }
        Ok(())
    }

    /// Whether there is nothing to rewrite.
    pub fn is_empty(&self) -> bool {
        !self.begins
            && self.corrected.is_empty()
            && self.entered.is_empty()
            && self.forgotten.is_none()
            && !self.is_settled
    }
}

/// The checksums of the way back that is kept and of the file's, where ways back are kept and the file has another.
fn other_way_back(file: &Migration, row: &Applied, facts: &Facts) -> Option<(String, Digest)> {
    facts.layout.history().kept_way_back(&facts.place, &row.version)?;
    let found = file.down.as_ref()?.checksum;
    let kept = row.down.map_or_else(|| "none".to_owned(), |kept| kept.to_string());
    (row.down != Some(found)).then_some((kept, found))
}

impl fmt::Display for Repair<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}", self.url)?;
        if self.is_empty() {
            writeln!(out, "nothing to rewrite")?;
        }
        if self.begins {
            writeln!(out, "begin a history in which nothing is applied")?;
        }
        for ((file, row), way_back) in self.corrected.iter().zip(&self.ways_back) {
            if plan::unchanged(file, row).is_err() {
                let (kept, found) = (row.checksum.as_deref(), file.checksums.written.as_deref());
                let (kept, found) = (kept.unwrap_or("none"), found.unwrap_or("none"));
                writeln!(out, "{} {}: checksum {kept} → {found}", file.version, file.description)?;
            }
            if let Some((kept, found)) = way_back {
                writeln!(out, "{} {}: way back {kept} → {found}", file.version, file.description)?;
            }
        }
        for (file, _) in &self.entered {
            writeln!(out, "{} {}: enter as applied, without running it", file.version, file.description)?;
        }
        if let Some((version, ..)) = &self.forgotten {
            writeln!(out, "{version}: take out of the history")?;
        }
        if self.is_settled {
            writeln!(out, "forget how far the file had come that was begun")?;
        }
        Ok(())
    }
}
