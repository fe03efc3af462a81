//! A plan as people read it: every effect of the run, in its order; never decides one.

use std::fmt;

use super::{Entry, Plan, Step};
use crate::{facts::Contents, layout::Unit};

impl Plan<'_> {
    /// Why a database that is changed is not backed up.
    pub fn no_backup(&self) -> Option<&'static str> {
        let is_needless = self.contents == Contents::Nothing && self.backup.is_none();
        (is_needless && !self.steps.is_empty()).then_some("no backup: the database is empty")
    }

    /// What whoever runs it has to know.
    pub fn warning(&self) -> Option<String> {
        let driver = self.unbound.filter(|_| !self.steps.is_empty())?;
        Some(format!(
            "{driver} does not read PGOPTIONS and PGAPPNAME: the tool's statements wait for tables without end, the server goes on with them after \
             --budget, and if this run is killed the next one does not wait for the tool; let it connect by postgresql+psycopg://"
        ))
    }
}

impl fmt::Display for Plan<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}: version {} → {}", self.url, self.before, self.after)?;
        if self.steps.is_empty() {
            writeln!(out, "nothing to change")?;
        }
        if self.contents == Contents::NoDatabase && !self.steps.is_empty() {
            writeln!(out, "create the database")?;
        }
        if let Some(why) = self.no_backup() {
            writeln!(out, "{why}")?;
        }
        if let Some(directory) = self.backup {
            writeln!(out, "back up into {}, open the copy and compare it", directory.display())?;
            if let Some(remote) = self.remote {
                writeln!(out, "send a copy to {remote}, read it back and compare it")?;
            }
        }
        for (at, step) in self.steps.iter().enumerate() {
            let Step { version, description, phase, cut, entry, .. } = step;
            let (verb, back) = match entry {
                Entry::Added(Some(_)) => ("apply", ""),
                Entry::Added(None) => ("apply", ", no way back"),
                Entry::Removed => ("take back", ""),
            };
            let count = cut.statements.len();
            let plural = if count == 1 { "" } else { "s" };
            let each = if cut.unit == Unit::Statement && count > 1 { " one by one" } else { "" };
            let what = if step.script.is_unknown() {
                "a program".to_owned()
            } else {
                format!("{count} statement{plural}{each}")
            };
            let done = match (at, self.done) {
                (0, 1..) => format!(", of which {} done before", self.done),
                _ => String::new(),
            };
            writeln!(out, "{verb} {version} {description} ({phase}, {what}{done}{back})")?;
        }
        if self.steps.iter().any(Step::is_in_pieces) {
            writeln!(
                out,
                "MySQL commits each statement that changes a definition by itself: if one fails, those before it stay, and the next run goes on with it"
            )?;
        }
        if let Some(warning) = self.warning() {
            writeln!(out, "{warning}")?;
        }
        if self.queries > 0 {
            let plural = if self.queries == 1 { "y" } else { "ies" };
            writeln!(out, "ask {} quer{plural}", self.queries)?;
        }
        Ok(())
    }
}
