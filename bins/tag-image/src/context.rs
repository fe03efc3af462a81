//! What was typed and what the runner says, checked and typed; never a question to disk or git.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
};

use ci::{Env, Session, Stop};
use contract::{ComponentName, ImageRef, InvalidImage, Selector, Tag, Version};
use jiff::Timestamp;
use oci::Platform;

use crate::{
    args,
    error::TagError,
    manifest::{Manifest, VersionFrom},
    metadata, name,
};

/// Where the parts of a name come from.
pub(crate) struct Naming {
    pub(crate) component: Option<ComponentName>,
    pub(crate) version: VersionSource,
    /// What stands before the version in a git tag.
    pub(crate) git_prefix: String,
    /// What stands before the version in the image's tag.
    pub(crate) prefix: Option<ComponentName>,
    pub(crate) image: Option<ImageRef>,
    pub(crate) config: Config,
}

/// Where components are declared.
pub(crate) enum Config {
    /// In a file that somebody typed, so it must be there.
    Typed(PathBuf),
    /// In the usual one, if it is there.
    Usual(PathBuf),
}

impl Config {
    /// The file.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Typed(path) | Self::Usual(path) => path,
        }
    }
}

/// Where the version comes from.
pub(crate) enum VersionSource {
    /// Somebody typed it.
    Given(Version),
    /// From the git tag this run is about.
    RunTag(String),
    /// From the git tags of the checkout.
    Checkout,
    /// From a file of the project; the git tag of the run, if there is one, must say the same.
    File { manifest: Manifest, run_tag: Option<String> },
}

/// What gets names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    /// An image that is somewhere.
    Image(ImageRef),
    /// A directory or a file to be packed.
    Files(PathBuf),
}

impl FromStr for Source {
    type Err = InvalidImage;

    fn from_str(text: &str) -> Result<Self, InvalidImage> {
        match text.strip_prefix("dir:").or_else(|| text.strip_prefix("file:")) {
            Some(path) if !path.is_empty() => Ok(Self::Files(PathBuf::from(path))),
            _ => Ok(Self::Image(text.parse()?)),
        }
    }
}

/// What gets which names.
pub(crate) struct Apply {
    pub(crate) naming: Naming,
    pub(crate) source: Source,
    pub(crate) targets: Vec<ImageRef>,
    pub(crate) entrypoint: Vec<String>,
    pub(crate) platform: Platform,
    pub(crate) created: Timestamp,
    /// The page of the source, for the label of that name.
    pub(crate) source_url: Option<String>,
}

/// One image.
pub(crate) struct Image {
    pub(crate) repository: ImageRef,
    pub(crate) selector: Selector,
}

/// The files of which image go where.
pub(crate) struct Unpack {
    pub(crate) image: Image,
    pub(crate) to: PathBuf,
    pub(crate) platform: Platform,
}

/// What names are worked out from.
pub(crate) enum Compute {
    /// The standard name of a component, and further ones.
    Standard { naming: Box<Naming>, others: Vec<Tag> },
    /// The rules of docker/metadata-action.
    Metadata(Box<metadata::context::Context>),
}

/// Decides by what was typed whether a component is to be named, or whatever the rules say.
///
/// # Errors
/// [`TagError`] for both at once and for what can't be.
pub(crate) fn compute(
    naming: args::Naming,
    metadata: args::Metadata,
    session: &Session,
) -> Result<Compute, Stop> {
    let of_component = naming.component.is_some() || naming.image.is_some();
    if of_component && metadata.is_given() {
        return Err(TagError::TwoStandards.into());
    }
    if metadata.is_given() || !of_component && !metadata.tags.is_empty() {
        return Ok(Compute::Metadata(Box::new(metadata::context::Context::new(metadata, session)?)));
    }
    let others = metadata.tags.iter().map(|tag| tag.parse()).collect::<Result<_, InvalidImage>>();
    Ok(Compute::Standard {
        naming: Box::new(self::naming(naming, session)?),
        others: others.map_err(TagError::from)?,
    })
}

/// Checks where the parts of a name come from.
///
/// # Errors
/// [`TagError`] for a version or an image that can't be.
pub(crate) fn naming(typed: args::Naming, session: &Session) -> Result<Naming, Stop> {
    let args::Naming { component, version, version_from, tag_prefix: git_prefix, prefix, image, config } =
        typed;
    if let Some(image) = image.as_ref().filter(|image| image.selector().is_some()) {
        return Err(TagError::NotARepository(image.clone()).into());
    }
    let version = match (version, version_from) {
        (Some(text), _) => VersionSource::Given(name::version(&text)?),
        (None, Some(VersionFrom::File(manifest))) => match run_ref(session.env())? {
            VersionSource::RunTag(tag) => VersionSource::File { manifest, run_tag: Some(tag) },
            _ => VersionSource::File { manifest, run_tag: None },
        },
        (None, Some(VersionFrom::GitTag) | None) => run_ref(session.env())?,
    };
    let config = self::config(config);
    Ok(Naming { component, version, git_prefix, prefix, image, config })
}

/// The configuration, by what was typed.
pub(crate) fn config(typed: Option<PathBuf>) -> Config {
    typed.map_or_else(|| Config::Usual("release.toml".into()), Config::Typed)
}

/// What the runner says this run is about: a tag names a version, a branch names none.
fn run_ref(env: &Env) -> Result<VersionSource, Stop> {
    let Some(full) = env.text("GITHUB_REF")? else { return Ok(VersionSource::Checkout) };
    let tag = full.strip_prefix("refs/tags/");
    let name = tag.or_else(|| full.strip_prefix("refs/heads/")).unwrap_or(&full);
    if name.eq_ignore_ascii_case("latest") {
        return Err(TagError::Latest(full).into());
    }
    Ok(tag.map_or(VersionSource::Checkout, |tag| VersionSource::RunTag(tag.to_owned())))
}

/// Checks what gets which names.
///
/// # Errors
/// [`TagError`] for a source without a name, a target that is a digest or says `latest`.
pub(crate) fn apply(typed: args::Apply, session: &Session) -> Result<Apply, Stop> {
    let args::Apply { source, target: targets, naming, entrypoint, platform } = typed;
    if let Source::Image(image) = &source {
        self::image(image.clone())?;
    }
    for target in &targets {
        match target.selector() {
            Some(Selector::Digest(_)) => return Err(TagError::NamedByDigest(target.clone()).into()),
            Some(Selector::Tag(tag)) => name::chosen(tag)?,
            None => {}
        }
    }
    let page = session.env().text("GITHUB_SERVER_URL")?.zip(session.env().text("GITHUB_REPOSITORY")?);
    Ok(Apply {
        naming: self::naming(naming, session)?,
        source,
        targets,
        entrypoint,
        platform: platform.unwrap_or_else(Platform::host),
        created: epoch(session.env())?,
        source_url: page.map(|(server, repository)| format!("{server}/{repository}")),
    })
}

/// When a packed image counts as made: `SOURCE_DATE_EPOCH` (reproducible-builds.org), else the beginning of time; never the clock.
fn epoch(env: &Env) -> Result<Timestamp, Stop> {
    Ok(env.source_date()?.unwrap_or(Timestamp::UNIX_EPOCH))
}

/// Checks that one image is named.
///
/// # Errors
/// [`TagError::Unnamed`].
pub(crate) fn image(image: ImageRef) -> Result<Image, TagError> {
    match image.selector().cloned() {
        Some(selector) => Ok(Image { repository: ImageRef::repository(image.location().clone()), selector }),
        None => Err(TagError::Unnamed(image)),
    }
}

/// Checks which files go where.
///
/// # Errors
/// [`TagError::Unnamed`].
pub(crate) fn unpack(image: ImageRef, to: PathBuf, platform: Option<Platform>) -> Result<Unpack, TagError> {
    Ok(Unpack { image: self::image(image)?, to, platform: platform.unwrap_or_else(Platform::host) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_images_are_told_apart() {
        assert_eq!("dir:dist".parse(), Ok(Source::Files("dist".into())));
        assert_eq!("file:a:b".parse(), Ok(Source::Files("a:b".into())));
        assert_eq!("oci:d:1".parse(), Ok(Source::Image("oci:d:1".parse().unwrap())));
        assert!("dir:".parse::<Source>().is_err());
        assert!("dist".parse::<Source>().is_err());
    }
}
