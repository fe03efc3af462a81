//! What the image is called and what is to be done about it, decided from facts alone; never IO, never a clock. Its `Display` is the dry run.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::PathBuf,
};

use contract::{Commit, ComponentName, Digest, ImageRef, Location, Tag, Version};
use oci::{OciError, Recipe};

use crate::{
    context::{self, Source, VersionSource},
    error::TagError,
    facts, name,
};

/// What the image of a commit is called.
pub(crate) struct Computed {
    pub(crate) component: ComponentName,
    pub(crate) version: Version,
    pub(crate) image: Option<ImageRef>,
    /// The standard name first.
    pub(crate) tags: Vec<Tag>,
}

impl Computed {
    /// The names in full: with their repository, or with the component where no repository is known.
    pub(crate) fn names(&self) -> Vec<String> {
        let full = |tag: &Tag| match &self.image {
            Some(image) => image.with_tag(tag.clone()).to_string(),
            None => format!("{}:{tag}", self.component),
        };
        self.tags.iter().map(full).collect()
    }
}

/// Works out the standard name, and checks the others.
///
/// # Errors
/// [`TagError`] for whatever part of the name is missing or may not be.
pub(crate) fn names(
    context: &context::Naming,
    facts: &facts::Naming,
    others: &[Tag],
) -> Result<Computed, TagError> {
    let component = component(context, facts, context.image.as_ref())?;
    let version = version(context, facts)?;
    let prefix = prefix(context, facts, &component);
    let mut tags = vec![standard(prefix, Some(&version), facts.commit.as_ref(), context)?];
    for other in others {
        name::chosen(other)?;
        if !tags.contains(other) {
            tags.push(other.clone());
        }
    }
    let image = context.image.clone().or_else(|| facts.components.get(&component)?.image.clone());
    Ok(Computed { component, version, image, tags })
}

/// Which component this is: the one that was named, else the one declared for this repository, else the last part of the repository, else the only one.
fn component(
    context: &context::Naming,
    facts: &facts::Naming,
    repository: Option<&ImageRef>,
) -> Result<ComponentName, TagError> {
    let declared = || {
        let same = |declared: &facts::DeclaredComponent| {
            declared
                .image
                .as_ref()
                .zip(repository)
                .is_some_and(|(image, this)| image.location() == this.location())
        };
        facts.components.iter().find(|(_, declared)| same(declared)).map(|(name, _)| name.clone())
    };
    let only = || (facts.components.len() == 1).then(|| facts.components.keys().next().cloned()).flatten();
    let name = context
        .component
        .clone()
        .or_else(declared)
        .or_else(|| last_part(repository?))
        .or_else(only)
        .ok_or(TagError::NoComponent)?;
    if facts.components.is_empty() || facts.components.contains_key(&name) {
        return Ok(name);
    }
    let known: Vec<&str> = facts.components.keys().map(ComponentName::as_str).collect();
    Err(TagError::ForeignComponent {
        file: context.config.path().to_owned(),
        name: name.to_string(),
        known: known.join(", "),
    })
}

/// What stands before the version in the image's tag.
fn prefix<'n>(
    context: &'n context::Naming,
    facts: &'n facts::Naming,
    component: &ComponentName,
) -> Option<&'n ComponentName> {
    context.prefix.as_ref().or_else(|| facts.components.get(component)?.prefix.as_ref())
}

fn last_part(image: &ImageRef) -> Option<ComponentName> {
    match image.location() {
        Location::Registry { repository, .. } => repository.rsplit('/').next()?.parse().ok(),
        Location::Layout(directory) => directory.file_name()?.to_str()?.parse().ok(),
    }
}

fn version(context: &context::Naming, facts: &facts::Naming) -> Result<Version, TagError> {
    let prefix = &context.git_prefix;
    let tagged = |tag: &String| match tag.strip_prefix(prefix.as_str()) {
        Some(text) => name::version(text),
        None => Err(TagError::ForeignTag { tag: tag.clone(), prefix: prefix.clone() }),
    };
    match &context.version {
        VersionSource::Given(version) => Ok(version.clone()),
        VersionSource::RunTag(tag) => tagged(tag),
        VersionSource::File { run_tag, .. } => {
            let declared = name::version(facts.declared.as_deref().unwrap_or_default())?;
            match run_tag.as_ref().map(tagged).transpose()? {
                Some(tagged) if tagged != declared => Err(TagError::Contradiction { declared, tagged }),
                _ => Ok(declared),
            }
        }
        VersionSource::Checkout => {
            let candidates: Vec<&str> =
                facts.git_tags.iter().filter_map(|tag| tag.strip_prefix(prefix.as_str())).collect();
            let versions: BTreeSet<Version> =
                candidates.iter().filter_map(|text| name::version(text).ok()).collect();
            let mut all = versions.iter();
            match (all.next(), all.next()) {
                (Some(version), None) => Ok(version.clone()),
                (Some(_), Some(_)) => {
                    let texts: Vec<String> = versions.iter().map(ToString::to_string).collect();
                    Err(TagError::ManyVersions(texts.join(", ")))
                }
                // The only candidate says better than we why it is no version.
                (None, _) => match candidates[..] {
                    [text] if !text.is_empty() => Err(name::version(text).err()),
                    _ => Err(None),
                }
                .map_err(|why| why.unwrap_or(TagError::NoVersion { prefix: prefix.clone() })),
            }
        }
    }
}

fn standard(
    prefix: Option<&ComponentName>,
    version: Option<&Version>,
    commit: Option<&Commit>,
    context: &context::Naming,
) -> Result<Tag, TagError> {
    let version = version.ok_or_else(|| TagError::NoVersion { prefix: context.git_prefix.clone() })?;
    name::standard(prefix, version, commit.ok_or(TagError::NoCommit)?)
}

/// One name to give.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Name {
    pub(crate) repository: ImageRef,
    pub(crate) tag: Tag,
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.repository, self.tag)
    }
}

/// What gets named, and how.
pub(crate) struct Names {
    pub(crate) component: ComponentName,
    pub(crate) version: Option<Version>,
    pub(crate) commit: Option<Commit>,
    pub(crate) targets: Vec<Name>,
}

impl Names {
    /// What a packed image says of itself (OCI image specification 1.1, "Pre-Defined Annotation Keys").
    pub(crate) fn recipe(&self, context: &context::Apply) -> Recipe {
        let labels = [
            ("title", Some(self.component.to_string())),
            ("version", self.version.as_ref().map(ToString::to_string)),
            ("revision", self.commit.as_ref().map(ToString::to_string)),
            ("source", context.source_url.clone()),
        ];
        let label = |(name, value): (&str, Option<String>)| {
            Some((format!("org.opencontainers.image.{name}"), value?))
        };
        Recipe {
            platform: context.platform.clone(),
            created: context.created,
            labels: labels.into_iter().filter_map(label).collect::<BTreeMap<_, _>>(),
            entrypoint: context.entrypoint.clone(),
        }
    }
}

/// Gives each target its tag: the one that was typed, else the standard one.
///
/// # Errors
/// [`TagError`] if the standard name is needed and a part of it is missing.
pub(crate) fn targets(context: &context::Apply, facts: &facts::Naming) -> Result<Names, TagError> {
    let first = context.naming.image.as_ref().or(context.targets.first());
    let component = component(&context.naming, facts, first)?;
    let commit = facts.commit.clone();
    let prefix = prefix(&context.naming, facts, &component);
    let in_a_tag = || {
        let commit = commit.as_ref()?;
        context.targets.iter().find_map(|target| name::version_in(target.tag()?, prefix, commit))
    };
    let all_typed = context.targets.iter().all(|target| target.tag().is_some());
    let version = match version(&context.naming, facts) {
        Err(_) if all_typed => in_a_tag(),
        found => Some(found?),
    };
    let mut targets = Vec::new();
    for target in &context.targets {
        let tag = match target.tag() {
            Some(tag) => tag.clone(),
            None => standard(prefix, version.as_ref(), commit.as_ref(), &context.naming)?,
        };
        let name = Name { repository: ImageRef::repository(target.location().clone()), tag };
        if !targets.contains(&name) {
            targets.push(name);
        }
    }
    Ok(Names { component, version, commit, targets })
}

/// Whether a name has to be given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    New,
    Unchanged,
}

impl State {
    /// As outputs spell it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Unchanged => "unchanged",
        }
    }
}

/// What is to be done for one name.
pub(crate) struct Step {
    pub(crate) name: Name,
    pub(crate) state: State,
    blobs: usize,
    bytes: u64,
    /// What will be written, one line a request or a file.
    pub(crate) writes: Vec<String>,
}

/// What is to be done.
pub(crate) struct Plan {
    pub(crate) component: ComponentName,
    pub(crate) version: Option<Version>,
    pub(crate) digest: Digest,
    pub(crate) steps: Vec<Step>,
    source: String,
}

impl Plan {
    /// Whether any name has to be given.
    pub(crate) fn state(&self) -> State {
        let all = self.steps.iter().all(|step| step.state == State::Unchanged);
        if all { State::Unchanged } else { State::New }
    }
}

/// Decides what is to be done, for all targets before the first is touched.
///
/// # Errors
/// [`OciError::TagWouldMove`] if a name belongs to another digest.
pub(crate) fn apply(context: &context::Apply, names: &Names, facts: &facts::Apply) -> Result<Plan, OciError> {
    let digest = facts.manifest.digest();
    let step = |target: &facts::Target| {
        let state = match target.holds {
            None => State::New,
            Some(found) if found == digest => State::Unchanged,
            Some(from) => {
                let image = Box::new(target.name.repository.with_tag(target.name.tag.clone()));
                return Err(OciError::TagWouldMove { image, from, to: digest });
            }
        };
        let bytes = target.missing.iter().fold(0_u64, |sum, blob| sum.saturating_add(blob.size));
        let (name, blobs, writes) = (target.name.clone(), target.missing.len(), facts.writes(target));
        Ok(Step { name, state, blobs, bytes, writes })
    };
    let source = match &context.source {
        Source::Image(image) => image.to_string(),
        Source::Files(path) => path.display().to_string(),
    };
    let steps = facts.targets.iter().map(step).collect::<Result<_, _>>()?;
    Ok(Plan { component: names.component.clone(), version: names.version.clone(), digest, steps, source })
}

impl fmt::Display for Plan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{} is {}", self.source, self.digest)?;
        for Step { name, state, blobs, bytes, writes } in &self.steps {
            if *blobs > 0 {
                writeln!(out, "store {blobs} blobs ({bytes} bytes) in {}", name.repository)?;
            }
            match state {
                State::New => writeln!(out, "name it {name}")?,
                State::Unchanged => writeln!(out, "it is {name} already")?,
            }
            writes.iter().try_for_each(|write| writeln!(out, "  {write}"))?;
        }
        Ok(())
    }
}

/// What is to be unpacked.
pub(crate) struct Unpack {
    pub(crate) image: ImageRef,
    pub(crate) to: PathBuf,
    layers: usize,
    bytes: u64,
}

/// Decides what is to be unpacked; whether the directory is free is seen when it is finished.
pub(crate) fn unpack(context: &context::Unpack, facts: &facts::Unpack) -> Unpack {
    let layers = facts.image.image().map_or(&[][..], |image| &image.layers);
    Unpack {
        image: context.image.repository.with_digest(facts.image.digest()),
        to: context.to.clone(),
        layers: layers.len(),
        bytes: layers.iter().fold(0, |sum, layer| layer.size.saturating_add(sum)),
    }
}

impl fmt::Display for Unpack {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { image, to, layers, bytes } = self;
        writeln!(out, "unpack {layers} layers ({bytes} bytes) of {image} into {}", to.display())
    }
}
