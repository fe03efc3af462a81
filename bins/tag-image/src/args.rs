//! What may be typed; never what it means.

use std::path::PathBuf;

use contract::{ComponentName, ImageRef, Secret};
use oci::Platform;

use crate::{context::Source, manifest::VersionFrom, metadata::context::Source as RunSource};

/// Gives each image one name that never moves: `<component>:<semver>-<short sha>`, and never `latest`.
#[derive(clap::Parser, Debug)]
#[command(
    name = "tag-image",
    version,
    about = "What is this image called, and does exactly that digest carry the name?"
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// The flags that all binaries have.
    #[command(flatten)]
    pub(crate) common: ci::Common,
}

impl ci::Arguments for Args {
    const DEFAULT_COMMAND: Option<&'static str> = Some("compute");

    fn common(&self) -> &ci::Common {
        &self.common
    }
}

/// What the inputs of docker/metadata-action stand under in the help text.
const METADATA: &str = "As docker/metadata-action";

/// The commands.
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    /// Print what the image of this commit is called (the default)
    Compute {
        #[command(flatten)]
        naming: Naming,
        #[command(flatten)]
        metadata: Box<Metadata>,
    },
    /// Give an image, or the image packed from files, its names
    Apply(Box<Apply>),
    /// Store which digests make this release, under release-<version>
    Release(Release),
    /// Print what carries a name
    Resolve {
        /// HOST/REPOSITORY[:TAG|@DIGEST] or oci:DIR[:TAG|@DIGEST]
        image: ImageRef,
    },
    /// Write the files of an image into a new directory
    Unpack {
        /// HOST/REPOSITORY[:TAG|@DIGEST] or oci:DIR[:TAG|@DIGEST]
        image: ImageRef,
        /// The directory
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// Which image of an index; this machine's otherwise
        #[arg(long, value_name = "OS/ARCH")]
        platform: Option<Platform>,
    },
}

/// Where the parts of a name come from.
#[derive(clap::Args, Debug)]
pub(crate) struct Naming {
    /// The component; otherwise the one whose image this is
    #[arg(long, value_name = "NAME")]
    pub(crate) component: Option<ComponentName>,
    /// The version; otherwise that of the git tag
    #[arg(long, value_name = "SEMVER")]
    pub(crate) version: Option<String>,
    /// Where it is declared: git-tag, cargo, npm, pyproject or file:PATH
    #[arg(long, value_name = "SOURCE", conflicts_with = "version")]
    pub(crate) version_from: Option<VersionFrom>,
    /// What stands before it in the git tag, such as `worker/`
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) tag_prefix: String,
    /// What stands before it in the image's tag, where components share a repository
    #[arg(long, value_name = "NAME")]
    pub(crate) prefix: Option<ComponentName>,
    /// The repository the image lies in; otherwise that of the configuration
    #[arg(long, value_name = "IMAGE")]
    pub(crate) image: Option<ImageRef>,
    /// Where components and their images are declared [default: release.toml, if there]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// The inputs of docker/metadata-action, by its names. A flag is one line of an input.
#[derive(clap::Args, Debug)]
pub(crate) struct Metadata {
    /// A repository that gets the names
    #[arg(long, value_name = "LINE", help_heading = METADATA)]
    pub(crate) images: Vec<String>,
    /// A rule: type=semver,pattern={{version}}; or one more name of the component
    #[arg(long, value_name = "RULE", help_heading = METADATA)]
    pub(crate) tags: Vec<String>,
    /// What holds for all rules: prefix=, suffix=
    #[arg(long, value_name = "LINE", help_heading = METADATA)]
    pub(crate) flavor: Vec<String>,
    /// One more label, NAME=VALUE
    #[arg(long, value_name = "LINE", help_heading = METADATA)]
    pub(crate) labels: Vec<String>,
    /// One more annotation, NAME=VALUE
    #[arg(long, value_name = "LINE", help_heading = METADATA)]
    pub(crate) annotations: Vec<String>,
    /// Where reference and commit come from
    #[arg(long, value_enum, value_name = "workflow|git", hide_possible_values = true, help_heading = METADATA)]
    pub(crate) context: Option<RunSource>,
    /// What stands between two tags [default: a line end]
    #[arg(long, value_name = "TEXT", help_heading = METADATA)]
    pub(crate) sep_tags: Option<String>,
    /// What stands between two labels
    #[arg(long, value_name = "TEXT", help_heading = METADATA)]
    pub(crate) sep_labels: Option<String>,
    /// What stands between two annotations
    #[arg(long, value_name = "TEXT", help_heading = METADATA)]
    pub(crate) sep_annotations: Option<String>,
    /// The target in bake files
    #[arg(long, value_name = "NAME", default_value = "docker-metadata-action", help_heading = METADATA)]
    pub(crate) bake_target: String,
    /// Asks GitHub for what the event does not say
    #[arg(long, value_name = "TOKEN", help_heading = METADATA)]
    pub(crate) github_token: Option<Secret>,
    /// Do exactly what docker/metadata-action does, byte for byte
    #[arg(long, help_heading = METADATA)]
    pub(crate) compat: bool,
    /// Give `latest` too, for this reason
    #[arg(long, value_name = "REASON", help_heading = METADATA)]
    pub(crate) allow_latest: Option<String>,
}

impl Metadata {
    /// Whether one of these is given; `tags` alone may as well be further names of a component.
    pub(crate) fn is_given(&self) -> bool {
        let lists = [&self.images, &self.flavor, &self.labels, &self.annotations];
        let texts = [&self.sep_tags, &self.sep_labels, &self.sep_annotations, &self.allow_latest];
        self.compat
            || self.context.is_some()
            || lists.iter().any(|list| !list.is_empty())
            || texts.iter().any(|text| text.is_some())
    }
}

/// Where the release of the release file is named.
#[derive(clap::Args, Debug)]
pub(crate) struct Release {
    /// The repository; otherwise that of the configuration, or the one that all components share
    #[arg(long, value_name = "IMAGE")]
    pub(crate) target: Option<ImageRef>,
    /// The version; otherwise that of the release file
    #[arg(long, value_name = "SEMVER")]
    pub(crate) version: Option<String>,
    /// Begin the release file with what this version's manifest says, and store nothing
    #[arg(long, value_name = "SEMVER", conflicts_with = "version")]
    pub(crate) from_manifest: Option<String>,
    /// Where components are declared [default: release.toml, if there]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// What gets which names.
#[derive(clap::Args, Debug)]
pub(crate) struct Apply {
    /// An image, or files to pack: dir:PATH or file:PATH
    #[arg(long, value_name = "IMAGE|dir:PATH|file:PATH")]
    pub(crate) source: Source,
    /// A name to give; without a tag the standard one
    #[arg(long, value_name = "IMAGE", required = true)]
    pub(crate) target: Vec<ImageRef>,
    #[command(flatten)]
    pub(crate) naming: Naming,
    /// What a packed image runs, one word a flag
    #[arg(long, value_name = "WORD", allow_hyphen_values = true)]
    pub(crate) entrypoint: Vec<String>,
    /// What a packed image runs on; this machine's otherwise
    #[arg(long, value_name = "OS/ARCH")]
    pub(crate) platform: Option<Platform>,
}
