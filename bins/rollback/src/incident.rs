//! The incident file: what ran, since when, what was restored, who, why, and what is left to do; pure text from the ledger.

use std::{fmt::Write, path::Path};

use contract::EnvironmentName;
use jiff::{
    Timestamp,
    civil::{Date, Weekday},
    tz::TimeZone,
};
use ledger::{Entry, History, Verdict};

use crate::database::Decision;

/// How many working days the postmortem may take.
const POSTMORTEM_WORKING_DAYS: u32 = 5;

/// How long a date is, as ISO 8601 writes it.
pub(crate) const DATE_CHARACTERS: usize = 10;

/// One incident.
pub(crate) struct Incident<'a> {
    /// Where.
    pub(crate) environment: &'a EnvironmentName,
    /// Where people reach it.
    pub(crate) url: Option<&'a str>,
    /// When it was opened.
    pub(crate) opened: Timestamp,
    /// By whom.
    pub(crate) actor: &'a str,
    /// In which workflow run.
    pub(crate) run_url: Option<&'a str>,
    /// Why.
    pub(crate) reason: &'a str,
    /// The release that is left.
    pub(crate) bad: &'a Entry,
    /// The release that is restored; none where the code stays.
    pub(crate) restored: Option<&'a Entry>,
    /// What happens to the database.
    pub(crate) database: Option<&'a Decision>,
    /// The entry that says it is done.
    pub(crate) done: Option<&'a Entry>,
    /// What happened when.
    pub(crate) history: &'a History,
}

/// Where the part of the file begins that people write.
const POSTMORTEM: &str = "## Postmortem\n";

/// What the ledger tells now, with the postmortem as people have written it meanwhile.
pub(crate) fn keeping_what_people_wrote(told: &str, written: Option<&str>) -> String {
    let theirs = written.and_then(|text| Some(&text[text.find(POSTMORTEM)?..]));
    let ours = told.find(POSTMORTEM).map_or(told, |at| &told[..at]);
    theirs.map_or_else(|| told.to_owned(), |theirs| ours.to_owned() + theirs)
}

/// The day of a moment, in UTC.
pub(crate) fn day(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

/// The day on which the incident in this file was opened, which its name begins with.
pub(crate) fn opened(path: &Path) -> Option<Date> {
    path.file_name()?.to_str()?.get(..DATE_CHARACTERS)?.parse().ok()
}

/// The day by which the postmortem is due: public holidays are the team's to know.
pub(crate) fn postmortem(opened: Date) -> Date {
    let mut date = opened;
    let mut left = POSTMORTEM_WORKING_DAYS;
    while left > 0 {
        let Ok(next) = date.tomorrow() else { return date };
        date = next;
        left -= u32::from(!matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday));
    }
    date
}

impl Incident<'_> {
    /// The file as Markdown. What comes from outside is quoted as text.
    pub(crate) fn markdown(&self) -> String {
        let mut out = String::new();
        self.head(&mut out);
        self.decision(&mut out);
        self.gates(&mut out);
        self.timeline(&mut out);
        self.evidence(&mut out);
        _ = writeln!(
            out,
            "{POSTMORTEM}\nDue {}. What stands from here on is yours: running rollback again keeps it.\n\n- Impact:\n- Cause:\n- Why the gates let it in:\n- What will be different:",
            postmortem(day(self.opened))
        );
        out
    }

    fn head(&self, out: &mut String) {
        let state = match (self.done, self.restored) {
            (Some(_), _) => "mitigated: the earlier release runs again",
            (None, Some(_)) => "open: going back",
            (None, None) => "open: the code stays, mend the fault forwards",
        };
        _ = writeln!(out, "# Incident in {}, ledger entry {}\n", self.environment, self.bad.sequence);
        _ = writeln!(out, "| | |\n| --- | --- |");
        let mut row = |name: &str, value: &str| _ = writeln!(out, "| {name} | {} |", text(value));
        row("State", state);
        row("Environment", self.environment.as_str());
        row("Address", self.url.unwrap_or("not configured"));
        row("Reason", self.reason);
        row("Opened", &self.opened.to_string());
        row("By", self.actor);
        row("Run", self.run_url.unwrap_or("not on a runner"));
        row("What ran", &release(self.bad));
        row("Since", &self.bad.what.time.to_string());
        row("What was restored", &self.restored.map_or_else(|| "nothing".to_owned(), release));
        if let Some(done) = self.done {
            row("Running again since", &done.what.time.to_string());
        }
        row("Postmortem due", &postmortem(day(self.opened)).to_string());
        out.push('\n');
    }

    fn decision(&self, out: &mut String) {
        let said =
            self.database.map_or_else(|| "not decided: nothing is restored".to_owned(), ToString::to_string);
        _ = writeln!(out, "## Database\n\n{}\n", text(&said));
        if let Some(backup) = self.bad.what.schema.as_ref().and_then(|schema| schema.backup.as_ref()) {
            let verified = if backup.verified { "read back" } else { "never read back" };
            _ = writeln!(out, "Backup from before: {} ({}, {verified})\n", text(&backup.uri), backup.digest);
        }
    }

    fn gates(&self, out: &mut String) {
        let what = &self.bad.what;
        _ = writeln!(out, "## How it came in\n");
        let forced = what.gates.iter().filter(|gate| gate.verdict != Verdict::Pass).count();
        _ = writeln!(out, "{} gates were asked, {forced} did not pass.\n", what.gates.len());
        for gate in &what.gates {
            _ = writeln!(out, "- {}: {}, {}", text(&gate.id), gate.verdict.word(), text(&gate.reason));
        }
        for one in &what.overrides {
            _ = writeln!(
                out,
                "- {} was OVERRIDDEN by {}: {}",
                text(&one.gate),
                text(&what.actor),
                text(&one.reason)
            );
        }
        out.push('\n');
    }

    fn timeline(&self, out: &mut String) {
        _ = writeln!(
            out,
            "## Timeline, from the ledger\n\n| when | entry | event | release | by | why |\n| --- | --- | --- | --- | --- | --- |"
        );
        let until = self.done.map_or(u64::MAX, |done| done.sequence);
        let from = self.restored.map_or(self.bad.sequence, |restored| restored.sequence);
        let range = from.min(self.bad.sequence)..=until;
        for entry in self.history.entries().iter().filter(|entry| range.contains(&entry.sequence)) {
            let what = &entry.what;
            _ = writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} |",
                what.time,
                entry.sequence,
                what.event.word(),
                text(&what.release.to_string()),
                text(&what.actor),
                text(what.reason.as_deref().unwrap_or_default())
            );
        }
        out.push('\n');
    }

    fn evidence(&self, out: &mut String) {
        _ = writeln!(out, "## Where the evidence lies\n");
        for entry in std::iter::once(self.bad).chain(self.restored) {
            for (name, pinned) in &entry.what.components {
                _ = writeln!(
                    out,
                    "- {} of {}: beside {} (`sbom-sign verify`)",
                    text(name.as_str()),
                    text(&entry.what.release.to_string()),
                    text(&pinned.exact().to_string())
                );
            }
        }
        out.push('\n');
    }
}

fn release(entry: &Entry) -> String {
    let what = &entry.what;
    let images: Vec<String> = what.components.values().map(|pinned| pinned.exact().to_string()).collect();
    format!("{}, entry {}: {}", what.release, entry.sequence, images.join(", "))
}

/// Text that Markdown shows as it is.
fn text(from: &str) -> String {
    let mut out = String::with_capacity(from.len());
    for character in from.chars() {
        match character {
            '\n' | '\r' | '\t' => out.push(' '),
            control if control.is_control() => {}
            '|' | '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '#' | '~' => out.extend(['\\', character]),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_postmortem_is_due_after_five_working_days() {
        for (opened, due) in [
            ("2026-11-16T09:00:00Z", "2026-11-23"),
            ("2026-11-20T23:59:00Z", "2026-11-27"),
            ("2026-11-21T10:00:00Z", "2026-11-27"),
            ("2026-11-22T10:00:00Z", "2026-11-27"),
            ("2026-12-28T10:00:00Z", "2027-01-04"),
        ] {
            assert_eq!(postmortem(day(opened.parse().unwrap())).to_string(), due, "{opened}");
        }
    }

    #[test]
    fn text_from_outside_stays_text() {
        assert_eq!(text("a | b\n# <script>`x`"), r"a \| b \# \<script\>\`x\`");
    }
}
