//! `release`: which digests are this release, stored once under `release-<version>`; small enough for a room of its own, never a gate.

use std::{fmt, sync::Arc};

use ci::{Mode, Page, Report, Session, Stop};
use contract::{Component, ComponentName, Digest, ImageRef, Release, ReleaseManifest, Selector, Tag};
use oci::{Access, NewRelease, OciError, Repository, StoredRelease};
use serde_json::{Value, json};

use crate::{args, context, error::TagError, facts, name, plan::State};

/// What there is before anything is decided.
struct Facts {
    record: Release,
    release: ReleaseManifest,
    repository: Box<dyn Repository>,
    tag: Tag,
    /// What carries the name.
    stored: Option<StoredRelease>,
}

/// What is to be done.
struct Plan {
    image: ImageRef,
    tag: Tag,
    release: ReleaseManifest,
    new: NewRelease,
    state: State,
    /// Of the manifest that carries the name afterwards.
    digest: Digest,
    writes: Vec<String>,
}

/// Looks, decides, stores, and adds the manifest to the record of the run.
///
/// # Errors
/// A record that holds no whole release, an image that is not there, a name that belongs to another release.
pub(crate) fn run(typed: args::Release, session: &Session) -> Result<Report, Stop> {
    let facts = read(typed, session)?;
    let plan = plan(&facts)?;
    if session.mode() == Mode::DryRun {
        return Ok(Report::planned(&plan, plan.json()));
    }
    if plan.state == State::New {
        session.check_interrupt()?;
        plan.new.store(facts.repository.as_ref(), &plan.tag)?;
    }
    let mut record = facts.record;
    record.version = Some(plan.release.version.clone());
    record.manifest = Some(plan.image.with_digest(plan.digest));
    session.save(&record)?;
    Ok(plan.report())
}

fn read(typed: args::Release, session: &Session) -> Result<Facts, Stop> {
    let config = context::config(typed.config);
    let declared = facts::declared(&config)?;
    let mut record = session.release()?;
    if let Some(version) = typed.version {
        record.version = Some(name::version(&version)?);
    }
    let release = ReleaseManifest::of(&record).map_err(TagError::ReleaseIncomplete)?;
    let left_out = declared.components.keys().filter(|name| !release.components.contains_key(*name));
    let left_out: Vec<&ComponentName> = left_out.collect();
    if !left_out.is_empty() {
        return Err(TagError::ComponentsMissing(left_out.into_iter().cloned().collect()).into());
    }
    let shared = || ImageRef::shared(release.components.values().map(|component| &component.image)).cloned();
    let image = typed.target.or(declared.release.image).or_else(shared);
    let image = image.ok_or(TagError::NoReleaseImage)?;
    if image.selector().is_some() {
        return Err(TagError::NotARepository(image).into());
    }
    let access = Access::of_run(session);
    for component in release.components.values() {
        session.check_interrupt()?;
        look(component, &access)?;
    }
    let repository = oci::open_or_new_with(image.location(), &access)?;
    let tag = ReleaseManifest::tag(&release.version).map_err(TagError::from)?;
    let stored = oci::release(repository.as_ref(), &tag)?;
    Ok(Facts { record, release, repository, tag, stored })
}

/// A release of images that are not there would be found out when it is promoted.
fn look(component: &Component, access: &Arc<Access>) -> Result<(), OciError> {
    let repository = oci::open_with(component.image.location(), access)?;
    let found = repository.resolve(&Selector::Digest(component.digest))?;
    found.map(drop).ok_or_else(|| OciError::ImageMissing(component.pinned()))
}

fn plan(facts: &Facts) -> Result<Plan, OciError> {
    let new = NewRelease::of(&facts.release)?;
    let image = ImageRef::repository(facts.repository.location().clone());
    let digest = new.manifest().digest();
    let (state, digest) = match &facts.stored {
        None => (State::New, digest),
        Some(stored) if stored.release.is(&facts.release) => (State::Unchanged, stored.digest),
        Some(stored) => {
            let (image, from) = (Box::new(image.with_tag(facts.tag.clone())), stored.digest);
            return Err(OciError::TagWouldMove { image, from, to: digest });
        }
    };
    let writes = match state {
        State::New => new.writes(facts.repository.as_ref(), &facts.tag),
        State::Unchanged => Vec::new(),
    };
    let (tag, release) = (facts.tag.clone(), facts.release.clone());
    Ok(Plan { image, tag, release, new, state, digest, writes })
}

impl Plan {
    fn named(&self) -> ImageRef {
        self.image.with_tag(self.tag.clone())
    }

    fn json(&self) -> Value {
        json!({
            "image": self.image.with_digest(self.digest), "tag": self.tag, "digest": self.digest,
            "state": self.state.word(), "release": self.release, "writes": self.writes,
        })
    }

    fn report(&self) -> Report {
        let already = if self.state == State::Unchanged { " already" } else { "" };
        let version = &self.release.version;
        let line = format!("release {version} is {}{already} ({})", self.named(), self.digest);
        let rows = self.release.components.iter();
        let rows = rows.map(|(name, component)| [name.to_string(), component.pinned().to_string()]);
        let page = Page::new().line(line).table(&["component", "image"], rows);
        Report::new(page, self.json())
            .output("version", version.to_string())
            .output("tag", self.tag.to_string())
            .output("digest", self.digest.to_string())
            .output("image", self.image.with_digest(self.digest).to_string())
            .output("tag-state", self.state.word())
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "release {} is", self.release.version)?;
        for (name, component) in &self.release.components {
            writeln!(out, "  {name}: {}", component.pinned())?;
        }
        match self.state {
            State::New => writeln!(out, "name it {} ({})", self.named(), self.digest)?,
            State::Unchanged => writeln!(out, "it is {} already ({})", self.named(), self.digest)?,
        }
        self.writes.iter().try_for_each(|write| writeln!(out, "  {write}"))
    }
}
