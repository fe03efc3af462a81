//! `release --from-manifest`: the record of a run begun from a release that an earlier run has stored; never a word of who may use it.

use std::{fmt, path::PathBuf};

use ci::{Mode, Page, Report, Session, Stop};
use contract::{ComponentName, ImageRef, Release, ReleaseManifest};
use oci::{Access, OciError, StoredRelease};
use serde_json::{Value, json};

use crate::{context, error::TagError, facts, name};

/// The record that will be written.
struct Plan {
    image: ImageRef,
    stored: StoredRelease,
}

/// Reads the manifest of a version and writes the record. Whoever moves the release asks for the manifest's signature.
///
/// # Errors
/// No such manifest, one of another commit than this run's, or a record that holds another release.
pub(crate) fn run(
    version: &str,
    target: Option<ImageRef>,
    config: Option<PathBuf>,
    session: &Session,
) -> Result<Report, Stop> {
    let version = name::version(version)?;
    let declared = facts::declared(&context::config(config))?;
    let image = target.or(declared.image()).ok_or(TagError::NoReleaseImage)?;
    if image.selector().is_some() {
        return Err(TagError::NotARepository(image).into());
    }
    let repository = oci::open_with(image.location(), &Access::of_run(session))?;
    let tag = ReleaseManifest::tag(&version).map_err(TagError::from)?;
    let stored = oci::release(repository.as_ref(), &tag)?;
    let stored = stored.ok_or_else(|| OciError::ImageMissing(image.with_tag(tag)))?;
    let plan = Plan { image, stored };
    let record = plan.record(session)?;
    if session.mode() == Mode::DryRun {
        return Ok(Report::planned(&plan, plan.json()));
    }
    session.save(&record)?;
    Ok(plan.report())
}

impl Plan {
    /// The record of this run, which holds nothing yet or this very release: migrations and configuration are those of the commit that
    /// is checked out, so no release of another one is taken up.
    fn record(&self, session: &Session) -> Result<Release, Stop> {
        let release = &self.stored.release;
        if let Some(ours) = session.commit().filter(|ours| *ours != release.commit) {
            let (version, theirs) = (release.version.clone(), release.commit.clone());
            return Err(TagError::OtherCommit { version, theirs, ours }.into());
        }
        let mut record = session.release()?;
        let other = |(name, component): (&ComponentName, &contract::Component)| {
            release.components.get(name).is_none_or(|stored| stored.digest != component.digest)
        };
        if record.components.iter().any(other) {
            return Err(TagError::RecordDiffers(release.version.clone()).into());
        }
        for (name, component) in &release.components {
            record.components.entry(name.clone()).or_insert_with(|| component.clone());
        }
        record.commit = Some(release.commit.clone());
        record.version = Some(release.version.clone());
        record.manifest = Some(self.pinned());
        Ok(record)
    }

    fn pinned(&self) -> ImageRef {
        self.image.with_digest(self.stored.digest)
    }

    fn json(&self) -> Value {
        json!({"image": self.pinned(), "digest": self.stored.digest, "release": self.stored.release})
    }

    fn report(&self) -> Report {
        let StoredRelease { digest, release } = &self.stored;
        let rows = release.components.iter();
        let rows = rows.map(|(name, component)| [name.to_string(), component.pinned().to_string()]);
        let line = format!("this run is about release {}, as {} says", release.version, self.pinned());
        Report::new(Page::new().line(line).table(&["component", "image"], rows), self.json())
            .output("version", release.version.to_string())
            .output("digest", digest.to_string())
            .output("image", self.pinned().to_string())
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let release = &self.stored.release;
        writeln!(out, "begin the record with release {}, as {} says", release.version, self.pinned())?;
        let mut components = release.components.iter();
        components.try_for_each(|(name, component)| writeln!(out, "  {name}: {}", component.pinned()))
    }
}
