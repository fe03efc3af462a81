//! What a run did to a schema, as the in-toto predicate that sbom-sign attests and rollback reads; never signs it.

use ci::files;
use contract::{Digest, EnvironmentName};
use jiff::Timestamp;
use serde::Serialize;
use std::path::Path;

use crate::{
    backup::Backup,
    database::Proof,
    error::Error,
    layout::{Migration, Phase, Version},
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
    version: Version,
    description: &'a str,
    checksum: Digest,
    phase: Phase,
}

/// A step on the way to `after`, from the first on, so that a reader can judge any range between two releases.
#[derive(Serialize, Debug)]
struct Step<'a> {
    version: Version,
    description: &'a str,
    checksum: Digest,
    phase: Phase,
    reversible: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<&'a str>,
}

#[derive(Serialize, Debug)]
struct Copy {
    uri: String,
    sha256: String,
    verified: bool,
}

/// What happened, as far as a predicate tells it.
#[derive(Debug)]
pub struct Happened<'a> {
    /// Where.
    pub environment: &'a EnvironmentName,
    /// The version the release expects.
    pub after: Version,
    /// The versions this run applied.
    pub applied: &'a [Version],
    /// All migrations of the release.
    pub migrations: &'a [Migration],
    /// The backup made before.
    pub backup: Option<&'a Backup>,
    /// When it ended.
    pub finished_on: Timestamp,
}

impl<'a> Predicate<'a> {
    /// The predicate of a finished run.
    pub fn of(happened: &Happened<'a>) -> Self {
        let known = || happened.migrations.iter().filter(|one| one.version <= happened.after);
        let applied: Vec<&Migration> =
            known().filter(|one| happened.applied.contains(&one.version)).collect();
        let first = applied.first().map_or(happened.after, |first| {
            known().rfind(|one| one.version < first.version).map_or(Version::NONE, |one| one.version)
        });
        Self {
            environment: happened.environment,
            before: first,
            after: happened.after,
            compatible: applied.iter().all(|one| one.phase == Phase::Expand),
            reversible: applied.iter().all(|one| one.down.is_some()),
            applied: applied.iter().map(|one| Applied::of(one)).collect(),
            steps: known().map(Step::of).collect(),
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
    fn of(one: &'a Migration) -> Self {
        let Migration { version, description, phase, .. } = one;
        Self { version: *version, description, checksum: one.checksum(), phase: *phase }
    }
}

impl<'a> Step<'a> {
    fn of(one: &'a Migration) -> Self {
        Self {
            version: one.version,
            description: &one.description,
            checksum: one.checksum(),
            phase: one.phase,
            reversible: one.down.is_some(),
            approval: one.approval.as_deref(),
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
