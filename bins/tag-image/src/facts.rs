//! What the world says: configuration, git, repositories; never a write.

use std::{collections::BTreeMap, panic::resume_unwind, sync::Arc, thread};

use ci::{Session, Stop, files, process::Program};
use contract::{Commit, ComponentName, Digest, ImageRef, Release, Selector};
use oci::{Access, Descriptor, Manifest, OciError, Package, Platform, Repository, Transfer, Write};
use serde::Deserialize;

use crate::{
    context::{self, Source, VersionSource},
    error::TagError,
    plan::{Name, Names},
};

/// The largest image configuration that is read, in bytes.
const CONFIG_BYTES_MAX: u64 = 4 << 20;
/// How many children of an index are looked at.
const CHILDREN_MAX: usize = 100;

/// What a name is made of.
pub(crate) struct Naming {
    pub(crate) commit: Option<Commit>,
    /// The git tags of the commit, if the version has to come from there.
    pub(crate) git_tags: Vec<String>,
    /// What the project declares, if the version has to come from there.
    pub(crate) declared: Option<String>,
    pub(crate) components: BTreeMap<ComponentName, DeclaredComponent>,
}

/// Asks configuration and git.
///
/// # Errors
/// [`TagError::Config`] for a configuration that is there and can't be understood.
pub(crate) fn naming(context: &context::Naming, session: &Session) -> Result<Naming, Stop> {
    let commit = session.commit();
    let git_tags = match (&context.version, &commit) {
        (VersionSource::Checkout, Some(commit)) => git_tags(commit)?,
        _ => Vec::new(),
    };
    let declared = match &context.version {
        VersionSource::File { manifest, .. } => Some(manifest.version()?),
        _ => None,
    };
    Ok(Naming { commit, git_tags, declared, components: self::declared(&context.config)?.components })
}

/// The tags that point at the commit. A repository that does not know the commit has none for it.
fn git_tags(commit: &Commit) -> Result<Vec<String>, Stop> {
    let tags = Program::new("git").args(["tag", "--points-at", commit.as_str()]).output()?;
    Ok(if tags.is_success() { tags.text().lines().map(str::to_owned).collect() } else { Vec::new() })
}

/// As much of `release.toml` as names images; what else it holds is judged by promote, which acts on it.
#[derive(Deserialize, Default)]
pub(crate) struct Declared {
    #[serde(default)]
    pub(crate) components: BTreeMap<ComponentName, DeclaredComponent>,
    #[serde(default)]
    pub(crate) release: DeclaredRelease,
}

/// `[release]`, as far as it says where release manifests lie.
#[derive(Deserialize, Default)]
pub(crate) struct DeclaredRelease {
    pub(crate) image: Option<ImageRef>,
}

/// A declared component.
#[derive(Deserialize, Default)]
pub(crate) struct DeclaredComponent {
    pub(crate) image: Option<ImageRef>,
    /// What stands before the version in its tags.
    pub(crate) prefix: Option<ComponentName>,
}

impl Declared {
    /// Where release manifests lie: where the file says, else in the one repository that all components share.
    pub(crate) fn image(&self) -> Option<ImageRef> {
        let images: Option<Vec<&ImageRef>> =
            self.components.values().map(|component| component.image.as_ref()).collect();
        self.release.image.as_ref().or_else(|| ImageRef::shared(images?)).cloned()
    }
}

/// Reads the configuration, if there is one.
///
/// # Errors
/// [`TagError::Config`] for one that can't be understood.
pub(crate) fn declared(config: &context::Config) -> Result<Declared, Stop> {
    let file = config.path();
    let text = match config {
        context::Config::Typed(file) => Some(files::read_text(file)?),
        context::Config::Usual(file) => files::read_text_if_there(file)?,
    };
    let Some(text) = text else { return Ok(Declared::default()) };
    let invalid = |source: toml::de::Error| TagError::Config { file: file.to_owned(), source: source.into() };
    Ok(toml::from_str(&text).map_err(invalid)?)
}

/// Where the image comes from.
pub(crate) enum Material {
    /// It lies here.
    Repository(Box<dyn Repository>),
    /// Files that were read once and are stored nowhere yet.
    Package(Box<Package>),
}

/// One name, and what is at its place now.
pub(crate) struct Target {
    pub(crate) name: Name,
    pub(crate) repository: Box<dyn Repository>,
    /// What carries the name.
    pub(crate) holds: Option<Digest>,
    /// The blobs that are not there yet.
    pub(crate) missing: Vec<Descriptor>,
    /// Whether a packed image's manifest is there.
    pub(crate) packed: Presence,
    /// How an image gets there, if it lies elsewhere; a package is stored instead.
    pub(crate) transfer: Option<Transfer>,
}

/// Whether something is there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    There,
    Absent,
}

/// Everything that decides about giving names.
pub(crate) struct Apply {
    pub(crate) release: Release,
    pub(crate) material: Material,
    /// What gets the names.
    pub(crate) manifest: Manifest,
    pub(crate) targets: Vec<Target>,
    /// What it runs on, as far as that is known.
    pub(crate) platforms: Vec<Platform>,
}

/// Looks at the source and at every target.
///
/// # Errors
/// Whatever can't be read: nothing is written then.
pub(crate) fn apply(context: &context::Apply, names: &Names, session: &Session) -> Result<Apply, Stop> {
    let release = session.release()?;
    let access = Access::of_run(session);
    let ((material, manifest), places) = both(context, names, &access, session)?;
    let target = |place| target(place, &material, &manifest);
    let targets = places.into_iter().map(target).collect::<Result<Vec<_>, OciError>>()?;
    // What an earlier run has recorded of this very image is not asked again.
    let recorded = release.components.get(&names.component).filter(|known| known.digest == manifest.digest());
    let platforms = match recorded.map(|known| known.platforms.clone()).filter(|known| !known.is_empty()) {
        Some(known) => known,
        None => platforms(context, &material, &manifest, &targets)?,
    };
    Ok(Apply { release, material, manifest, targets, platforms })
}

/// The source and what carries the names, which are looked at side by side where they lie apart: each connection costs as much as
/// several questions.
fn both(
    context: &context::Apply,
    names: &Names,
    access: &Arc<Access>,
    session: &Session,
) -> Result<((Material, Manifest), Vec<Place>), Stop> {
    let places =
        || names.targets.iter().map(|name| place(name, access)).collect::<Result<Vec<_>, OciError>>();
    let stays =
        |source: &ImageRef| names.targets.iter().all(|name| name.repository.location() == source.location());
    if matches!(&context.source, Source::Image(source) if stays(source)) {
        return Ok((source(context, names, access, session)?, places()?));
    }
    thread::scope(|scope| {
        let places = scope.spawn(places);
        let source = source(context, names, access, session);
        // A thread that looks does not panic; if it does, so do we.
        let places = places.join().unwrap_or_else(|panic| resume_unwind(panic));
        Ok((source?, places?))
    })
}

fn source(
    context: &context::Apply,
    names: &Names,
    access: &Arc<Access>,
    session: &Session,
) -> Result<(Material, Manifest), Stop> {
    match &context.source {
        Source::Image(source) => {
            let (repository, manifest) = find(&context::image(source.clone())?, access)?;
            Ok((Material::Repository(repository), manifest))
        }
        Source::Files(path) => {
            let _waiting = session.progress(format!("reading {}", path.display()));
            let package = Box::new(Package::of(path, &names.recipe(context))?);
            let manifest = package.manifest().clone();
            Ok((Material::Package(package), manifest))
        }
    }
}

/// What the image runs on. An image that stays where it is and says so only in its configuration is not read for that: a new name
/// takes three requests. How far a copy got does not matter: a run that was cut off must record what an undisturbed one does.
fn platforms(
    context: &context::Apply,
    material: &Material,
    manifest: &Manifest,
    targets: &[Target],
) -> Result<Vec<Platform>, Stop> {
    let is_copied = targets.iter().any(|target| target.transfer.is_some());
    Ok(match (material, manifest.image()) {
        (Material::Package(_), _) => vec![context.platform.clone()],
        (Material::Repository(from), Some(image)) if is_copied => {
            Vec::from_iter(config(from.as_ref(), image)?.platform())
        }
        (Material::Repository(_), _) => children(manifest),
    })
}

/// The platforms of an index. What carries no program, such as BuildKit's attestations, says `unknown`.
fn children(manifest: &Manifest) -> Vec<Platform> {
    let platforms = manifest.children().iter().filter_map(|child| child.platform.clone());
    platforms.filter(|platform| platform.os != "unknown").collect()
}

/// A name, where it is given, and what carries it there.
struct Place {
    name: Name,
    repository: Box<dyn Repository>,
    holds: Option<Digest>,
}

fn place(name: &Name, access: &Arc<Access>) -> Result<Place, OciError> {
    let repository = oci::open_or_new_with(name.repository.location(), access)?;
    let holds = repository.resolve(&Selector::Tag(name.tag.clone()))?.map(|found| found.digest);
    Ok(Place { name: name.clone(), repository, holds })
}

fn target(place: Place, material: &Material, manifest: &Manifest) -> Result<Target, OciError> {
    let Place { name, repository, holds } = place;
    let mut missing = Vec::new();
    let (mut transfer, mut packed) = (None, Presence::There);
    match material {
        // What was found here is here: only its name is new.
        Material::Repository(from) if from.location() == repository.location() => {}
        Material::Repository(from) => {
            let survey = Transfer::survey(from.as_ref(), repository.as_ref(), manifest.digest())?;
            missing.extend_from_slice(survey.missing());
            transfer = Some(survey);
        }
        Material::Package(_) => {
            for blob in manifest.blobs() {
                if !repository.has_blob(blob)? {
                    missing.push(blob.clone());
                }
            }
            if !repository.has_manifest(manifest)? {
                packed = Presence::Absent;
            }
        }
    }
    Ok(Target { name, repository, holds, missing, packed, transfer })
}

fn find(image: &context::Image, access: &Arc<Access>) -> Result<(Box<dyn Repository>, Manifest), Stop> {
    let repository = oci::open_with(image.repository.location(), access)?;
    let manifest = repository.find(&image.selector)?;
    Ok((repository, manifest))
}

impl Apply {
    /// What giving this name will write, one line a request or a file.
    pub(crate) fn writes(&self, target: &Target) -> Vec<String> {
        let to = target.repository.as_ref();
        let mut writes = match &target.transfer {
            Some(transfer) => transfer.writes(to),
            None => target.missing.iter().flat_map(|blob| to.writes(Write::Blob(blob, None))).collect(),
        };
        if target.packed == Presence::Absent {
            writes.extend(to.writes(Write::Manifest(&self.manifest)));
        }
        if target.holds.is_none() {
            writes.extend(to.writes(Write::Tag(&target.name.tag, &self.manifest)));
        }
        writes
    }
}

/// What there is to know about an image.
pub(crate) struct Resolved {
    pub(crate) image: ImageRef,
    pub(crate) descriptor: Descriptor,
    /// Everything the image consists of, in bytes.
    pub(crate) size: u64,
    pub(crate) platforms: Vec<Platform>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) created: Option<String>,
}

/// As much of an image configuration as `resolve` shows.
#[derive(Default, Deserialize)]
struct ImageConfig {
    created: Option<String>,
    os: Option<String>,
    architecture: Option<String>,
    variant: Option<String>,
    #[serde(default)]
    config: RunConfig,
}

#[derive(Default, Deserialize)]
struct RunConfig {
    #[serde(rename = "Labels")]
    labels: Option<BTreeMap<String, String>>,
}

impl ImageConfig {
    fn platform(&self) -> Option<Platform> {
        let mut platform = Platform::new(self.os.clone()?, self.architecture.clone()?);
        platform.variant.clone_from(&self.variant);
        Some(platform)
    }
}

/// An artifact's configuration is what it likes; only an image's has something to show.
fn config(from: &dyn Repository, image: &oci::Image) -> Result<ImageConfig, OciError> {
    let bytes = from.blob_bytes(&image.config, CONFIG_BYTES_MAX)?;
    Ok(serde_json::from_slice(&bytes).unwrap_or_default())
}

/// Looks up one image.
///
/// # Errors
/// Whatever can't be read, and a name that nothing carries.
pub(crate) fn resolve(context: &context::Image, session: &Session) -> Result<Resolved, Stop> {
    let (repository, manifest) = find(context, &Access::of_run(session))?;
    let mut resolved = Resolved {
        image: context.repository.with_digest(manifest.digest()),
        descriptor: manifest.descriptor().clone(),
        size: size(&manifest),
        platforms: children(&manifest),
        labels: manifest.annotations().clone(),
        created: manifest.annotations().get("org.opencontainers.image.created").cloned(),
    };
    for child in manifest.children().iter().take(CHILDREN_MAX) {
        resolved.size = resolved.size.saturating_add(size(&repository.described(child)?));
    }
    if let Some(image) = manifest.image() {
        let config = config(repository.as_ref(), image)?;
        resolved.platforms.extend(config.platform());
        resolved.labels.extend(config.config.labels.unwrap_or_default());
        resolved.created = config.created.or(resolved.created);
    }
    Ok(resolved)
}

fn size(manifest: &Manifest) -> u64 {
    manifest.blobs().fold(manifest.descriptor().size, |sum, blob| sum.saturating_add(blob.size))
}

/// The image whose files are wanted.
pub(crate) struct Unpack {
    pub(crate) repository: Box<dyn Repository>,
    pub(crate) image: Manifest,
}

/// Looks up the image whose files are wanted.
///
/// # Errors
/// Whatever can't be read, and an index without an image for the platform.
pub(crate) fn unpack(context: &context::Unpack, session: &Session) -> Result<Unpack, Stop> {
    let (repository, manifest) = find(&context.image, &Access::of_run(session))?;
    let image = oci::for_platform(repository.as_ref(), manifest, &context.platform)?;
    Ok(Unpack { repository, image })
}
