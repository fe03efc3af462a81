//! What a run did to a schema, as the in-toto predicate that sbom-sign attests and rollback reads; never signs it.

use ci::files;
use contract::{Digest, EnvironmentName};
use jiff::Timestamp;
use serde::Serialize;
use std::{collections::BTreeMap, path::Path};

use crate::{
    backup::Backup,
    database::Proof,
    error::Error,
    facts::Facts,
    layout::{Applied as Row, Migration, Phase, Version, judge},
    plan,
};

/// `https://seaworthy.dev/migration/v0.1`. Written also if nothing was pending: a release that needs no migration says which schema it
/// expects, too.
#[derive(Serialize, Debug)]
#[serde(rename_all = "camelCase")]
pub struct Predicate<'a> {
    environment: &'a EnvironmentName,
    before: Version,
    after: Version,
    applied: Vec<Applied<'a>>,
    compatible: bool,
    reversible: bool,
    steps: Vec<Step<'a>>,
    backup: Option<Copy>,
    finished_on: Timestamp,
}

/// A step this run took.
#[derive(Serialize, Debug)]
struct Applied<'a> {
    version: &'a Version,
    description: &'a str,
    checksum: Digest,
    phase: Phase,
}

/// A step on the way to `after`, from the first on, so that a reader can judge any range between two releases.
#[derive(Serialize, Debug)]
struct Step<'a> {
    version: &'a Version,
    description: &'a str,
    checksum: Digest,
    phase: Phase,
    reversible: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<String>,
}

#[derive(Serialize, Debug)]
struct Copy {
    uri: String,
    sha256: String,
    verified: bool,
}

/// What happened, as far as a predicate tells it.
pub struct Happened<'a> {
    /// Where.
    pub environment: &'a EnvironmentName,
    /// The version the release expects.
    pub after: &'a Version,
    /// The versions this run applied.
    pub applied: &'a [Version],
    /// The release's migrations and what was applied before.
    pub facts: &'a Facts,
    /// The backup made before.
    pub backup: Option<&'a Backup>,
    /// When it ended.
    pub finished_on: Timestamp,
}

impl<'a> Predicate<'a> {
    /// The predicate of a finished run.
    pub fn of(happened: &Happened<'a>) -> Self {
        let Happened { facts, after, .. } = happened;
        let rows: BTreeMap<&Version, &Row> = facts.history.iter().map(|row| (&row.version, row)).collect();
        // What is repeated has no place among the versions.
        let known =
            facts.migrations.iter().filter(|one| one.version <= **after && !one.version.is_repeated());
        let steps: Vec<Step<'_>> =
            known.map(|one| Step::of(one, rows.get(&one.version).copied(), facts)).collect();
        let is_new = |step: &&Step<'_>| happened.applied.contains(step.version);
        let first = steps.iter().position(|step| is_new(&step));
        let before = match first {
            None => (*after).clone(),
            Some(0) => plan::head(&facts.history),
            Some(first) => steps[first - 1].version.clone(),
        };
        let new: Vec<&Step<'_>> = steps.iter().filter(is_new).collect();
        Self {
            environment: happened.environment,
            before,
            after: (*after).clone(),
            compatible: new.iter().all(|step| step.phase == Phase::Expand),
            reversible: new.iter().all(|step| step.reversible),
            applied: new.into_iter().map(Applied::of).collect(),
            steps,
            backup: happened.backup.map(Copy::of),
            finished_on: happened.finished_on,
        }
    }

    /// Writes it.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        // Serialising a tree of texts and numbers to memory has no way to fail; an empty file would be refused by every reader.
        let text = serde_json::to_string_pretty(self).unwrap_or_default() + "\n";
        Ok(files::write(path, text.as_bytes())?)
    }
}

impl<'a> Applied<'a> {
    fn of(step: &Step<'a>) -> Self {
        let Step { version, description, checksum, phase, .. } = step;
        Self { version, description, checksum: *checksum, phase: *phase }
    }
}

impl<'a> Step<'a> {
    fn of(one: &'a Migration, row: Option<&Row>, facts: &Facts) -> Self {
        let (stated, approval) = judge::stated(one, facts.layout, facts.place.dialect);
        Self {
            version: &one.version,
            description: &one.description,
            checksum: one.up.checksum,
            phase: row.and_then(|row| row.phase).unwrap_or(stated),
            reversible: one.down.is_some(),
            approval,
        }
    }
}

impl Copy {
    fn of(backup: &Backup) -> Self {
        Self {
            uri: file_uri(&backup.path),
            sha256: backup.sha256.hex(),
            verified: backup.proof != Proof::Read,
        }
    }
}

/// A path as a `file:` URI (RFC 8089).
fn file_uri(path: &Path) -> String {
    use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
    const RESERVED: &AsciiSet =
        &CONTROLS.add(b' ').add(b'%').add(b'?').add(b'#').add(b'"').add(b'<').add(b'>');
    format!("file://{}", utf8_percent_encode(&path.to_string_lossy(), RESERVED))
}
